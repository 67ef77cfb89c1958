// SPDX-License-Identifier: Apache-2.0
#include "supervisor/publisher.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/text.h"
#include "supervisor/journal.h"
#include "supervisor/port_publishers.h"
#include "supervisor/port_service.h"

namespace stack::supervisor {

using network::PublishedPort;

namespace {

constexpr const char* any_v4 = "0.0.0.0";
constexpr const char* any_v6 = "::";
/// How often we ask the kernel for a port that is free for both families.
constexpr int most_random_tries = 16;

bool no_such_family(const Error& error) {
  return error.error_number() == EAFNOSUPPORT || error.error_number() == EADDRNOTAVAIL;
}

/// `rule` with its address decided.
PortRule bound_by(const WayIn& way, PortRule rule) {
  if (rule.host_ip.empty()) rule.host_ip = way.binding;
  return rule;
}

/// The host port that `rule` had before, when the rule does not fix it.
std::uint16_t port_before(const PortRule& rule, const std::vector<PublishedPort>& before) {
  for (const PublishedPort& port : before)
    if (port.container_port == rule.container_port && port.protocol == rule.protocol &&
        (rule.host_ip.empty() || port.host_ip == rule.host_ip))
      return port.host_port;
  return 0;
}

bool is_any_address(const std::string& host_ip) {
  return host_ip.empty() || host_ip == any_v4 || host_ip == any_v6;
}

bool is_fixed_port(const ContainerConfig& config, const PortRule& rule, std::uint16_t port) {
  return std::ranges::any_of(config.fixed_ports, [&](const PortRule& fixed) {
    return fixed.host_port == port && fixed.protocol == rule.protocol &&
           (is_any_address(fixed.host_ip) || is_any_address(rule.host_ip) ||
            fixed.host_ip == rule.host_ip);
  });
}

}  // namespace

Publisher::Entry Publisher::hold(const std::string& ip, std::uint16_t host_port,
                                 const PortRule& rule, const network::DualAddress& address) const {
  fail_point("port.hold");
  auto [socket, port] = network::hold_port(ip, host_port, rule.protocol);
  PublishedPort published{
      ip,        port, rule.protocol, address.v4.value_or(network::Ipv4{}), rule.container_port,
      address.v6};
  return {published, rule, PortService::start(*loop_, std::move(socket), published)};
}

Publisher::Entries Publisher::open_at(const PortRule& rule, std::uint16_t host_port,
                                      const network::DualAddress& address) const {
  Entries entries;
  entries.push_back(hold(rule.host_ip.empty() ? any_v4 : rule.host_ip, host_port, rule, address));
  if (!rule.host_ip.empty()) return entries;
  try {
    entries.push_back(hold(any_v6, entries.front().port.host_port, rule, address));
  } catch (const Error& error) {
    if (!no_such_family(error)) throw;  // a host without IPv6
  }
  return entries;
}

/// Empty: no container.
std::string Publisher::holder_of(const network::PortTaken& error, const ContainerConfig& config,
                                 const PortRule& rule, std::uint16_t port) const {
  for (const auto& [id, entries] : entries_)
    for (const Entry& entry : entries)
      if (entry.port.host_port == port && entry.port.protocol == rule.protocol)
        return in_words({files_.project, services_.at(id), ""});
  if (const auto other = find_publisher(files_.paths, port, rule.protocol)) return in_words(*other);
  // Just taken for this very container.
  if (error.pid() == ::getpid()) return in_words({files_.project, config.service, config.name});
  return stack_served_by(files_.paths, error.pid()).value_or("");
}

/// The refusal again, naming the service instead of a supervisor.
void Publisher::explain(const network::PortTaken& error, const ContainerConfig& config,
                        const PortRule& rule, std::uint16_t port) const {
  const std::string holder = holder_of(error, config, rule, port);
  if (holder.empty()) throw error;
  throw network::PortTaken(error.where(), " for " + holder);
}

Publisher::Entries Publisher::open(const ContainerConfig& config, const PortRule& rule,
                                   const network::DualAddress& address,
                                   const std::vector<PublishedPort>& before) const {
  const bool random = rule.host_port == 0;
  const std::uint16_t first = random ? port_before(rule, before) : rule.host_port;
  const int last = random ? first + most_random_tries : std::max(rule.host_port_last, first);
  const bool has_choice = random || last > first;
  std::optional<std::pair<network::PortTaken, std::uint16_t>> refusal;
  for (int candidate = first; candidate <= last; ++candidate) {
    // After the port it had, any port will do.
    const auto port = static_cast<std::uint16_t>(random && candidate > first ? 0 : candidate);
    if (has_choice && is_fixed_port(config, rule, port)) continue;
    try {
      Entries entries = open_at(rule, port, address);
      const std::uint16_t chosen = entries.front().port.host_port;
      if (!random || !is_fixed_port(config, rule, chosen)) return entries;
    } catch (const network::PortTaken& error) {
      refusal.emplace(error, port);
    }
  }
  if (refusal) explain(refusal->first, config, rule, refusal->second);
  fail("no host port is left for port {}/{}: all that it may have are given by number",
       rule.container_port, rule.protocol);
}

std::vector<PublishedPort> Publisher::publish(const ContainerConfig& config,
                                              const std::optional<WayIn>& way,
                                              const std::vector<PublishedPort>& before) {
  if (!way) return {};
  services_[config.id] = config.service;
  if (entries_[config.id].empty()) open_missing(config, config.ports, *way, before);
  return published(config.id);
}

/// All of them or none.
void Publisher::open_missing(const ContainerConfig& config, const std::vector<PortRule>& rules,
                             const WayIn& way, const std::vector<PublishedPort>& before) {
  Entries& entries = entries_[config.id];
  Entries opened;
  for (const PortRule& rule : rules) {
    if (std::ranges::find(entries, rule, &Entry::rule) != entries.end()) continue;
    for (Entry& entry : open(config, bound_by(way, rule), way.address, before)) {
      entry.rule = rule;
      opened.push_back(std::move(entry));
    }
  }
  for (Entry& entry : opened) entries.push_back(std::move(entry));
}

std::vector<PublishedPort> Publisher::change(const ContainerConfig& config,
                                             const std::vector<PortRule>& rules,
                                             const std::optional<WayIn>& way,
                                             const std::vector<PublishedPort>& before) {
  if (!way) return {};
  services_[config.id] = config.service;
  std::erase_if(entries_[config.id], [&](const Entry& entry) {
    return std::ranges::find(config.ports, entry.rule) == config.ports.end();
  });
  try {
    open_missing(config, config.ports, *way, before);
  } catch (const Error&) {
    try {
      open_missing(config, rules, *way, before);
    } catch (const Error& second) {
      journal::warning("ports of " + config.name + ": " + second.what());
    }
    throw;
  }
  return published(config.id);
}

std::vector<PublishedPort> Publisher::published(const std::string& container_id) const {
  std::vector<PublishedPort> ports;
  if (const auto found = entries_.find(container_id); found != entries_.end())
    for (const Entry& entry : found->second) ports.push_back(entry.port);
  return ports;
}

void Publisher::withdraw(const std::string& container_id) {
  entries_.erase(container_id);
  services_.erase(container_id);
}

std::vector<PublishedPort> Publisher::published() const {
  std::vector<PublishedPort> ports;
  for (const auto& [id, entries] : entries_)
    for (const Entry& entry : entries) ports.push_back(entry.port);
  return ports;
}

}  // namespace stack::supervisor
