// SPDX-License-Identifier: Apache-2.0
#include "cli/network_wish.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/object_name.h"
#include "base/text.h"
#include "cli/labels.h"
#include "network/address.h"
#include "orchestrator/network_options.h"

namespace stack::cli {
namespace {

constexpr std::array<std::string_view, 5> reserved_names{"bridge", "default", "host", "none",
                                                         "container"};

[[noreturn]] void wrong(const std::string& message, const std::string& hint = "") {
  Error error(message);
  if (!hint.empty()) error.with_hint(hint);
  throw error.with_exit_code(ExitCode::usage);
}

void check_name(const std::string& name) {
  if (!is_object_name(name))
    wrong(fmt::format("{} is no name for a network", stack::quoted(name)),
          "letters, digits, and _ . - behind the first");
  if (is_predefined_network(name))
    wrong(fmt::format("operation is not permitted on predefined {} network", name));
}

bool contains(const std::string& subnet, const std::string& text) {
  const std::string address = text.substr(0, text.find('/'));
  const auto range = network::parse_subnet(subnet);
  const auto v4 = network::parse_ipv4(address);
  if (range && v4) return range->contains(*v4);
  const auto range6 = network::parse_subnet6(subnet);
  const auto v6 = network::parse_ipv6(address);
  return range6 && v6 && range6->contains(*v6);
}

/// The pool that an address belongs to.
spec::SubnetConfig& pool_of(spec::Network& network, const std::string& address, const char* flag) {
  for (auto& pool : network.ipam)
    if (contains(pool.subnet, address)) return pool;
  wrong(fmt::format("{} {} is in no --subnet", flag, stack::quoted(address)));
}

void add_pools(const Options& options, spec::Network& network) {
  for (const auto& subnet : options.subnets) {
    if (!network::parse_subnet(subnet) && !network::parse_subnet6(subnet))
      wrong(fmt::format("--subnet {} is no subnet", stack::quoted(subnet)), "10.5.0.0/24");
    network.ipam.push_back({subnet, {}, {}, {}});
  }
  for (const auto& gateway : options.gateways)
    pool_of(network, gateway, "--gateway").gateway = gateway;
  for (const auto& range : options.ip_ranges)
    pool_of(network, range, "--ip-range").ip_range = range;
  for (const auto& [name, address] : pairs(options.aux_addresses))
    pool_of(network, address, "--aux-address").aux_addresses[name] = address;
}

void check_driver(const std::string& driver) {
  for (const char* known : {"", "bridge", "macvlan", "ipvlan"})
    if (driver == known) return;
  wrong(fmt::format("unknown driver {}", stack::quoted(driver)), "bridge, macvlan or ipvlan");
}

/// "CONTAINER" or "CONTAINER:NAME"
supervisor::LinkRule link_wish(const std::string& text) {
  const auto parts = split(text, ':');
  if (parts.size() > 2 || parts.front().empty() || parts.back().empty())
    wrong(fmt::format("--link {} is no link", stack::quoted(text)), "CONTAINER or CONTAINER:NAME");
  return {parts.back(), parts.front()};
}

/// "com.docker.network.endpoint.sysctls" and the like.
void add_driver_options(const Options& options, supervisor::Endpoint& endpoint) {
  orchestrator::NetworkFindings findings;
  orchestrator::apply_endpoint_options(pairs(options.driver_options), "", endpoint, findings);
  for (const auto& problem : findings.errors) wrong("--driver-opt: " + problem.message);
  for (const auto& problem : findings.warnings) wrong("--driver-opt: " + problem.message);
}

}  // namespace

bool is_predefined_network(const std::string& name) {
  return std::ranges::find(reserved_names, name) != reserved_names.end();
}

spec::Network network_wish(const Options& options) {
  check_driver(options.driver);
  if (!options.ipam_driver.empty() && options.ipam_driver != "default")
    wrong(fmt::format("--ipam-driver {}: there is only \"default\"",
                      stack::quoted(options.ipam_driver)));
  if (!options.scope.empty() && options.scope != "local")
    wrong(fmt::format("--scope {}: there is only \"local\"", stack::quoted(options.scope)));
  spec::Network network;
  network.name = options.arguments.front();
  check_name(network.name);
  network.key = network.name;
  network.driver = options.driver;
  network.driver_opts = pairs(options.driver_options);
  network.labels = pairs(options.labels);
  network.internal = options.internal;
  network.enable_ipv4 = options.ipv4;
  network.enable_ipv6 = options.ipv6;
  add_pools(options, network);
  return network;
}

supervisor::Endpoint endpoint_wish(const Options& options) {
  supervisor::Endpoint endpoint;
  endpoint.aliases = options.aliases;
  for (const auto& text : options.links) endpoint.links.push_back(link_wish(text));
  if (!options.ip.empty()) {
    endpoint.address = network::parse_ipv4(options.ip);
    if (!endpoint.address)
      wrong(fmt::format("--ip {} is no IPv4 address", stack::quoted(options.ip)));
  }
  if (!options.ip6.empty()) {
    endpoint.address6 = network::parse_ipv6(options.ip6);
    if (!endpoint.address6)
      wrong(fmt::format("--ip6 {} is no IPv6 address", stack::quoted(options.ip6)));
  }
  for (const auto& text : options.link_local_ips) {
    const auto v4 = network::parse_ipv4(text);
    const auto v6 = network::parse_ipv6(text);
    if (v4) {
      endpoint.link_local.push_back(*v4);
    } else if (v6) {
      endpoint.link_local6.push_back(*v6);
    } else {
      wrong(fmt::format("--link-local-ip {} is no address", stack::quoted(text)));
    }
  }
  if (!options.gateway_priority.empty()) {
    const auto priority = parse_integer<int>(options.gateway_priority);
    if (!priority) wrong("--gw-priority takes a number");
    endpoint.gw_priority = *priority;
  }
  add_driver_options(options, endpoint);
  return endpoint;
}

}  // namespace stack::cli
