// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/readiness.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "orchestrator/lower_network.h"
#include "spec/short_forms.h"

namespace stack::orchestrator {
namespace {

using supervisor::ReadyRule;

std::vector<std::string> probe_command(const std::vector<std::string>& test) {
  if (test.front() == "CMD-SHELL") return {"/bin/sh", "-c", test.at(1)};
  return {test.begin() + 1, test.end()};
}

/// Nothing of the image's that is zero: that is left to us.
supervisor::HealthPolicy policy_of(const image::ImageHealthcheck& check) {
  supervisor::HealthPolicy policy;
  if (check.interval.count() != 0) policy.interval = check.interval;
  if (check.timeout.count() != 0) policy.timeout = check.timeout;
  if (check.start_period.count() != 0) policy.start_period = check.start_period;
  if (check.start_interval.count() != 0) policy.start_interval = check.start_interval;
  if (check.retries != 0) policy.retries = check.retries;
  return policy;
}

void add_port(std::vector<ReadyRule::Port>& ports, std::uint16_t number, std::string protocol) {
  if (protocol == "sctp") return;  // the kernel tells of those only where its module is loaded
  ReadyRule::Port port{number, std::move(protocol)};
  if (std::ranges::find(ports, port) == ports.end()) ports.push_back(std::move(port));
}

/// "80", "8000-8010/udp"; checked by the loader, or by whoever made the image.
void add_exposed(std::vector<ReadyRule::Port>& ports, const std::string& text) {
  constexpr std::size_t most = 64;  // of a range, which is a handful or a mistake
  const std::size_t slash = text.find('/');
  const auto parsed = spec::parse_port_range(std::string_view(text).substr(0, slash), "port");
  const auto* range = std::get_if<spec::PortRange>(&parsed);
  if (range == nullptr) return;
  const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
  for (unsigned port = range->first; port <= range->last && ports.size() < most; ++port)
    add_port(ports, static_cast<std::uint16_t>(port), protocol);
}

std::vector<ReadyRule::Port> ports_to_listen_on(const DesiredContainer& wish) {
  std::vector<ReadyRule::Port> ports;
  for (const auto& port : wish.model.ports) add_port(ports, port.target, port.protocol);
  for (const auto& text : wish.model.expose) add_exposed(ports, text);
  if (!ports.empty()) return ports;
  for (const auto& text : wish.image.exposed_ports) add_exposed(ports, text);
  return ports;
}

ReadyRule::Kind kind_of(spec::Readiness::Kind kind) {
  using From = spec::Readiness::Kind;
  using To = ReadyRule::Kind;
  switch (kind) {
    case From::listening:
      return To::listening;
    case From::unix_socket:
      return To::unix_socket;
    case From::http:
      return To::http;
    case From::log:
      return To::log;
    case From::file:
      return To::file;
    case From::exec:
      return To::exec;
    case From::notify:
      return To::notify;
  }
  return To::listening;
}

}  // namespace

std::optional<supervisor::HealthPolicy> health_of(const spec::Service& model,
                                                  const image::ImageConfig& image) {
  const spec::Healthcheck check = model.healthcheck.value_or(spec::Healthcheck{});
  const image::ImageHealthcheck inherited = image.healthcheck.value_or(image::ImageHealthcheck{});
  const std::vector<std::string> test = check.test.value_or(inherited.test);
  if (check.disable || test.size() < 2) return std::nullopt;
  supervisor::HealthPolicy policy = policy_of(inherited);
  policy.command = probe_command(test);
  if (check.interval) policy.interval = *check.interval;
  if (check.timeout) policy.timeout = *check.timeout;
  if (check.start_period) policy.start_period = *check.start_period;
  if (check.start_interval) policy.start_interval = *check.start_interval;
  if (check.retries) policy.retries = *check.retries;
  return policy;
}

std::optional<ReadyRule> ready_of(const DesiredContainer& wish) {
  if (!wish.model.ready) return std::nullopt;
  const spec::Readiness& wanted = *wish.model.ready;
  ReadyRule rule;
  rule.kind = kind_of(wanted.kind);
  rule.host = wanted.host;
  rule.path = wanted.path;
  rule.status = wanted.status;
  rule.pattern = wanted.pattern;
  rule.count = wanted.count;
  rule.command = wanted.command;
  if (wanted.timeout) rule.timeout = *wanted.timeout;
  if (wanted.port != 0) {
    rule.ports.push_back({wanted.port, "tcp"});
  } else if (rule.kind == ReadyRule::Kind::listening) {
    rule.ports = ports_to_listen_on(wish);
    // Some programs set themselves up on 127.0.0.1, where nobody reaches them, and begin then.
    rule.loopback_counts = wish.network_names.empty();
  }
  return rule;
}

bool tells_health(const DesiredContainer& wish) {
  return wish.model.ready || health_of(wish.model, wish.image);
}

std::vector<Problem> check_conditions(const DesiredState& desired) {
  std::set<std::string> mute;
  for (const auto& [name, wish] : desired.containers)
    if (wish.step.empty() && !tells_health(wish)) mute.insert(wish.service);
  std::map<std::pair<std::string, std::string>, Problem> problems;  // once for all replicas
  for (const auto& [name, wish] : desired.containers) {
    for (const auto& [service, how] : wish.model.depends_on) {
      if (how.condition != spec::Condition::service_healthy || !how.required) continue;
      if (!mute.contains(service)) continue;
      const auto place = fmt::format("services.{}.depends_on.{}", wish.service, service);
      auto origin = desired.sources.find(place + ".condition");
      if (!origin) origin = desired.sources.find(place);
      problems.try_emplace(
          {wish.service, service},
          Problem{fmt::format("service {} waits until {} is healthy, which has no health check",
                              stack::quoted(wish.service), stack::quoted(service)),
                  origin,
                  fmt::format("give {} a healthcheck, or x-stack: {{ready: auto}}",
                              stack::quoted(service))});
    }
  }
  std::vector<Problem> list;
  for (auto& [key, problem] : problems) list.push_back(std::move(problem));
  return list;
}

}  // namespace stack::orchestrator
