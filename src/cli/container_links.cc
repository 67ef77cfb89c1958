// SPDX-License-Identifier: Apache-2.0
#include "cli/container_links.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/ids.h"
#include "cli/container_view.h"

namespace stack::cli {
namespace {

/// "my-db" as the beginning of a variable: "MY_DB".
std::string prefix_of(const std::string& alias) {
  std::string prefix;
  for (const char letter : alias) {
    const auto byte = static_cast<unsigned char>(letter);
    prefix += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return prefix;
}

std::string address_of(const LinkedContainer& linked, const std::string& linking) {
  const auto& container = *linked.container;
  for (const auto& [network, address] : container.status.addresses)
    if (address.v4 && container.status.process.pid != 0) return network::to_text(*address.v4);
  throw Error(fmt::format("Cannot link to a non running container: /{} AS /{}/{}",
                          container.config.name, linking, linked.alias))
      .with_hint(fmt::format("`stack container start {}`", container.config.name))
      .with_exit_code(ExitCode::runtime_error);
}

void add_ports(const LinkedContainer& linked, const std::string& address,
               spec::Environment& variables) {
  const std::string prefix = prefix_of(linked.alias);
  for (const auto& [port, protocol] : port_numbers(*linked.container, linked.exposed)) {
    const std::string name = fmt::format("{}_PORT_{}_{}", prefix, port, prefix_of(protocol));
    const std::string url = fmt::format("{}://{}:{}", protocol, address, port);
    variables.try_emplace(fmt::format("{}_PORT", prefix), url);  // of the lowest
    variables.try_emplace(name, url);
    variables.try_emplace(name + "_ADDR", address);
    variables.try_emplace(name + "_PORT", fmt::format("{}", port));
    variables.try_emplace(name + "_PROTO", protocol);
  }
}

/// What the other one was given, but for what every container has.
void add_environment(const LinkedContainer& linked, spec::Environment& variables) {
  const std::string prefix = prefix_of(linked.alias);
  for (const auto& entry : linked.container->config.spec.process.environment) {
    const std::size_t equals = entry.find('=');
    const std::string key = entry.substr(0, equals);
    if (equals == std::string::npos || key == "PATH" || key == "HOME" || key == "HOSTNAME")
      continue;
    variables.try_emplace(fmt::format("{}_ENV_{}", prefix, key), entry.substr(equals + 1));
  }
}

}  // namespace

void add_link(const LinkedContainer& linked, spec::Service& service) {
  const auto& config = linked.container->config;
  const std::string address = address_of(linked, service.name);
  service.environment.try_emplace(fmt::format("{}_NAME", prefix_of(linked.alias)),
                                  fmt::format("/{}/{}", service.name, linked.alias));
  add_ports(linked, address, service.environment);
  add_environment(linked, service.environment);
  for (const std::string& name : {linked.alias, config.name, short_id(config.id)}) {
    std::string line = fmt::format("{}={}", name, address);
    if (std::ranges::find(service.extra_hosts, line) == service.extra_hosts.end())
      service.extra_hosts.push_back(std::move(line));
  }
}

}  // namespace stack::cli
