// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/network_options.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/truth.h"

namespace stack::orchestrator {
namespace {

using network::NetworkKind;
using network::NetworkSpec;

constexpr int smallest_mtu = 68;  // of IPv4; IPv6 wants 1280
constexpr int smallest_mtu6 = 1280;
constexpr int largest_mtu = 65535;
constexpr std::size_t longest_interface_name = 15;

/// An empty text: the value is fine. Otherwise what it should be.
using Apply = std::string (*)(NetworkSpec& spec, const std::string& value);

struct NetworkOption {
  std::string_view name;
  NetworkKind kind;
  Apply apply;
};

std::string set_truth(bool& target, const std::string& value) {
  const auto truth = parse_truth(value);
  if (!truth) return "true or false";
  target = *truth;
  return "";
}

bool is_interface_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_interface_name && text != "." && text != ".." &&
         text.find_first_of("/: \t\n\r\v\f") == std::string_view::npos;
}

std::string set_bridge_name(NetworkSpec& spec, const std::string& value) {
  if (!is_interface_name(value) || value == "lo" || value == "uplink")
    return "a name for an interface: at most 15 characters, neither lo nor uplink";
  spec.bridge = value;
  return "";
}

std::string set_mtu(NetworkSpec& spec, const std::string& value) {
  const auto mtu = parse_integer<int>(value);
  const int smallest = spec.enable_ipv6 ? smallest_mtu6 : smallest_mtu;
  if (!mtu || (*mtu != 0 && *mtu < smallest) || *mtu > largest_mtu)
    return fmt::format("between {} and {}", smallest, largest_mtu);
  spec.mtu = *mtu;
  return "";
}

std::string set_host_binding(NetworkSpec& spec, const std::string& value) {
  if (!network::parse_ipv4(value)) return "an IPv4 address of this host";
  spec.host_binding = value;
  return "";
}

std::string set_host_access(NetworkSpec& spec, const std::string& value) {
  if (value != "allow" && value != "deny") return "allow or deny";
  spec.reaches_host = value == "allow";
  return "";
}

std::string accept_gateway_mode(NetworkSpec&, const std::string& value) {
  return value == "nat" ? "" : "nat, the only mode there is here";
}

std::string set_parent(NetworkSpec& spec, const std::string& value) {
  if (!is_interface_name(value)) return "a device of this host, like eth0 or eth0.50";
  spec.parent = value;
  return "";
}

template <std::size_t Count>
std::string set_mode(std::string& mode, const std::string& value,
                     const std::array<std::string_view, Count>& known) {
  if (std::ranges::find(known, value) == known.end())
    return "one of " + join(std::vector<std::string>(known.begin(), known.end()), ", ");
  mode = value;
  return "";
}

std::string set_macvlan_mode(NetworkSpec& spec, const std::string& value) {
  static constexpr std::array<std::string_view, 4> modes = {"bridge", "private", "vepa",
                                                            "passthru"};
  return set_mode(spec.mode, value, modes);
}

std::string set_ipvlan_mode(NetworkSpec& spec, const std::string& value) {
  static constexpr std::array<std::string_view, 3> modes = {"l2", "l3", "l3s"};
  return set_mode(spec.mode, value, modes);
}

constexpr NetworkOption network_options[] = {
    {"com.docker.network.bridge.name", NetworkKind::bridge, &set_bridge_name},
    {"com.docker.network.bridge.enable_icc", NetworkKind::bridge,
     [](NetworkSpec& spec, const std::string& value) { return set_truth(spec.icc, value); }},
    {"com.docker.network.bridge.enable_ip_masquerade", NetworkKind::bridge,
     [](NetworkSpec& spec, const std::string& value) { return set_truth(spec.masquerade, value); }},
    {"com.docker.network.bridge.host_binding_ipv4", NetworkKind::bridge, &set_host_binding},
    {"com.docker.network.bridge.gateway_mode_ipv4", NetworkKind::bridge, &accept_gateway_mode},
    {"com.docker.network.bridge.gateway_mode_ipv6", NetworkKind::bridge, &accept_gateway_mode},
    {"com.docker.network.driver.mtu", NetworkKind::bridge, &set_mtu},
    {"stack.host_access", NetworkKind::bridge, &set_host_access},
    {"parent", NetworkKind::macvlan, &set_parent},
    {"macvlan_mode", NetworkKind::macvlan, &set_macvlan_mode},
    {"com.docker.network.driver.mtu", NetworkKind::macvlan, &set_mtu},
    {"parent", NetworkKind::ipvlan, &set_parent},
    {"ipvlan_mode", NetworkKind::ipvlan, &set_ipvlan_mode},
    {"com.docker.network.driver.mtu", NetworkKind::ipvlan, &set_mtu},
};

std::string hint_for(const std::string& name, const std::vector<std::string>& known) {
  const auto near = nearest(name, known);
  return near ? fmt::format("did you mean \"{}\"?", *near) : "known are " + join(known, ", ");
}

NetworkFinding unknown_option(const std::string& path, const std::string& name,
                              const std::vector<std::string>& known) {
  return {path, fmt::format("option {} is not known here and has no effect", stack::quoted(name)),
          hint_for(name, known)};
}

/// "net.ipv4.conf.IFNAME.log_martians"
bool is_interface_sysctl(const std::string& name) {
  const auto parts = split(name, '.');
  return parts.size() >= 5 && parts[0] == "net" && (parts[1] == "ipv4" || parts[1] == "ipv6") &&
         (parts[2] == "conf" || parts[2] == "neigh") && parts[3] == "IFNAME" &&
         name.find('/') == std::string::npos && name.find("..") == std::string::npos;
}

std::string set_sysctls(supervisor::Endpoint& endpoint, const std::string& value) {
  for (const std::string& each : split(value, ',')) {
    const auto equals = each.find('=');
    const std::string name(trim(std::string_view(each).substr(0, equals)));
    if (equals == std::string::npos || !is_interface_sysctl(name))
      return "a list like "
             "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.neigh.IFNAME.gc_stale_time=90";
    endpoint.sysctls[name] = trim(std::string_view(each).substr(equals + 1));
  }
  return "";
}

std::string set_interface(supervisor::Endpoint& endpoint, const std::string& value) {
  if (!is_interface_name(value) || value == "lo")
    return "a name for an interface: at most 15 characters, and not lo";
  if (endpoint.interface.empty()) endpoint.interface = value;
  return "";
}

NetworkFinding bad_value(const std::string& path, const std::string& name, const std::string& value,
                         const std::string& wanted) {
  return {path, fmt::format("{} of {} is not {}", stack::quoted(value), name, wanted)};
}

}  // namespace

void apply_network_options(const spec::StringMap& options, const std::string& path,
                           NetworkSpec& spec, NetworkFindings& findings) {
  std::vector<std::string> known;
  for (const NetworkOption& option : network_options)
    if (option.kind == spec.kind) known.emplace_back(option.name);
  for (const auto& [name, value] : options) {
    const std::string place = path + ".driver_opts." + name;
    const auto* const option = std::ranges::find_if(network_options, [&](const auto& each) {
      return each.kind == spec.kind && each.name == name;
    });
    if (option == std::end(network_options)) {
      findings.warnings.push_back(unknown_option(place, name, known));
    } else if (const auto wanted = option->apply(spec, value); !wanted.empty()) {
      findings.errors.push_back(bad_value(place, name, value, wanted));
    }
  }
}

void apply_endpoint_options(const spec::StringMap& options, const std::string& path,
                            supervisor::Endpoint& endpoint, NetworkFindings& findings) {
  static constexpr std::string_view sysctls = "com.docker.network.endpoint.sysctls";
  static constexpr std::string_view ifname = "com.docker.network.endpoint.ifname";
  for (const auto& [name, value] : options) {
    const std::string place = path + ".driver_opts." + name;
    std::string wanted;
    if (name == sysctls) {
      wanted = set_sysctls(endpoint, value);
    } else if (name == ifname) {
      wanted = set_interface(endpoint, value);
    } else {
      findings.warnings.push_back(
          unknown_option(place, name, {std::string(sysctls), std::string(ifname)}));
    }
    if (!wanted.empty()) findings.errors.push_back(bad_value(place, name, value, wanted));
  }
}

}  // namespace stack::orchestrator
