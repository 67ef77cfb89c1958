// SPDX-License-Identifier: Apache-2.0
#include "supervisor/publisher.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/fail_point.h"
#include "network/ports.h"
#include "supervisor/journal.h"
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

/// The host port that `rule` had before, when the rule does not fix it.
std::uint16_t port_before(const PortRule& rule, const std::vector<PublishedPort>& before) {
  for (const PublishedPort& port : before)
    if (port.container_port == rule.container_port && port.protocol == rule.protocol &&
        (rule.host_ip.empty() || port.host_ip == rule.host_ip))
      return port.host_port;
  return 0;
}

/// Which container of another stack publishes this port.
std::optional<std::string> publishing_stack(const ProjectFiles& files, const PortRule& rule,
                                            std::uint16_t port) {
  for (const std::string& project : list_projects(files.paths)) {
    for (const RecordedContainer& container :
         read_recorded({files.paths, project}, ConfigParts::all, Unreadable::is_left_out)) {
      if (!is_alive(container.status.process)) continue;
      for (const PublishedPort& theirs : container.status.published)
        if (theirs.host_port == port && theirs.protocol == rule.protocol)
          return fmt::format("service \"{}\" of stack \"{}\"", container.config.service, project);
    }
  }
  return std::nullopt;
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

/// The refusal again, naming the stack and service where another supervisor is in the way.
void Publisher::explain(const Error& error, const PortRule& rule, std::uint16_t port) const {
  const auto stack = publishing_stack(files_, rule, port);
  if (!stack) throw error;
  throw Error(fmt::format("{}, for {}", error.message(), *stack))
      .with_hint(error.hint())
      .with_exit_code(error.exit_code());
}

Publisher::Entries Publisher::open(const PortRule& rule, const network::DualAddress& address,
                                   const std::vector<PublishedPort>& before) const {
  const bool random = rule.host_port == 0;
  const std::uint16_t first = random ? port_before(rule, before) : rule.host_port;
  const int last = random ? first + most_random_tries : std::max(rule.host_port_last, first);
  for (int candidate = first;; ++candidate) {
    // After the port it had, any port will do.
    const auto port = static_cast<std::uint16_t>(random && candidate > first ? 0 : candidate);
    try {
      return open_at(rule, port, address);
    } catch (const Error& error) {
      // An errno means that something else is wrong than a taken port: others will not help.
      if (error.error_number() != 0) throw;
      if (candidate >= last) explain(error, rule, port);
    }
  }
}

std::vector<PublishedPort> Publisher::publish(const ContainerConfig& config,
                                              const std::optional<network::DualAddress>& address,
                                              const std::vector<PublishedPort>& before) {
  if (!address) return {};
  if (entries_[config.id].empty()) open_missing(config.id, config.ports, *address, before);
  return published(config.id);
}

/// All of them or none.
void Publisher::open_missing(const std::string& container_id, const std::vector<PortRule>& rules,
                             const network::DualAddress& address,
                             const std::vector<PublishedPort>& before) {
  Entries& entries = entries_[container_id];
  Entries opened;
  for (const PortRule& rule : rules) {
    if (std::ranges::find(entries, rule, &Entry::rule) != entries.end()) continue;
    for (Entry& entry : open(rule, address, before)) opened.push_back(std::move(entry));
  }
  for (Entry& entry : opened) entries.push_back(std::move(entry));
}

std::vector<PublishedPort> Publisher::change(const ContainerConfig& config,
                                             const std::vector<PortRule>& rules,
                                             const std::optional<network::DualAddress>& address,
                                             const std::vector<PublishedPort>& before) {
  if (!address) return {};
  std::erase_if(entries_[config.id], [&](const Entry& entry) {
    return std::ranges::find(config.ports, entry.rule) == config.ports.end();
  });
  try {
    open_missing(config.id, config.ports, *address, before);
  } catch (const Error&) {
    try {
      open_missing(config.id, rules, *address, before);
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
}

std::vector<PublishedPort> Publisher::published() const {
  std::vector<PublishedPort> ports;
  for (const auto& [id, entries] : entries_)
    for (const Entry& entry : entries) ports.push_back(entry.port);
  return ports;
}

}  // namespace stack::supervisor
