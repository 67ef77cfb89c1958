// SPDX-License-Identifier: Apache-2.0
#include "supervisor/network_json.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace stack::network {

using nlohmann::json;

void to_json(json& out, const Ipv4& address) {
  out = to_text(address);
}

void from_json(const json& in, Ipv4& address) {
  const auto& text = in.get_ref<const std::string&>();
  const auto parsed = parse_ipv4(text);
  if (!parsed) fail("\"{}\" is not an IPv4 address", text);
  address = *parsed;
}

void to_json(json& out, const Subnet& subnet) {
  out = subnet.prefix == 0 ? "" : to_text(subnet);
}

void from_json(const json& in, Subnet& subnet) {
  const auto& text = in.get_ref<const std::string&>();
  const auto parsed = text.empty() ? Subnet{} : parse_subnet(text);
  if (!parsed) fail("\"{}\" is not an IPv4 subnet", text);
  subnet = *parsed;
}

void to_json(json& out, const Ipv6& address) {
  out = to_text(address);
}

void from_json(const json& in, Ipv6& address) {
  const auto& text = in.get_ref<const std::string&>();
  const auto parsed = parse_ipv6(text);
  if (!parsed) fail("\"{}\" is not an IPv6 address", text);
  address = *parsed;
}

void to_json(json& out, const Subnet6& subnet) {
  out = subnet.prefix == 0 ? "" : to_text(subnet);
}

void from_json(const json& in, Subnet6& subnet) {
  const auto& text = in.get_ref<const std::string&>();
  const auto parsed = text.empty() ? Subnet6{} : parse_subnet6(text);
  if (!parsed) fail("\"{}\" is not an IPv6 subnet", text);
  subnet = *parsed;
}

void to_json(json& out, const DualAddress& address) {
  if (address.v4 && !address.v6) {
    out = *address.v4;
    return;
  }
  out = json::array();
  if (address.v4) out.push_back(*address.v4);
  if (address.v6) out.push_back(*address.v6);
}

void from_json(const json& in, DualAddress& address) {
  const json list = in.is_array() ? in : json::array({in});
  for (const json& each : list) {
    if (each.get_ref<const std::string&>().find(':') == std::string::npos) {
      address.v4 = each.get<Ipv4>();
    } else {
      address.v6 = each.get<Ipv6>();
    }
  }
}

namespace {

constexpr std::array<std::pair<NetworkKind, std::string_view>, 3> kind_names{
    {{NetworkKind::bridge, "bridge"},
     {NetworkKind::macvlan, "macvlan"},
     {NetworkKind::ipvlan, "ipvlan"}}};

std::string_view kind_name(NetworkKind kind) {
  return kind_names.at(static_cast<std::size_t>(kind)).second;
}

NetworkKind kind_from(std::string_view text) {
  for (const auto& [kind, name] : kind_names)
    if (name == text) return kind;
  fail("\"{}\" is not a kind of network", text);
}

/// Keeps what `value` is when there is no such member.
template <typename Value>
void read_if_there(const json& in, const char* key, Value& value) {
  if (const auto found = in.find(key); found != in.end()) found->get_to(value);
}
template <typename Value>
void read_if_there(const json& in, const char* key, std::optional<Value>& value) {
  if (const auto found = in.find(key); found != in.end()) value = found->get<Value>();
}

/// What most networks have as it is by default stays out.
void write_options(json& out, const NetworkSpec& spec) {
  if (spec.range) out["range"] = *spec.range;
  if (spec.range6) out["range6"] = *spec.range6;
  if (!spec.reserved.empty()) out["reserved"] = spec.reserved;
  if (!spec.reserved6.empty()) out["reserved6"] = spec.reserved6;
  if (spec.mtu != 0) out["mtu"] = spec.mtu;
  if (!spec.icc) out["icc"] = false;
  if (!spec.masquerade) out["masquerade"] = false;
  if (!spec.reaches_host) out["reaches_host"] = false;
  if (!spec.host_binding.empty()) out["host_binding"] = spec.host_binding;
  if (spec.kind == NetworkKind::bridge) return;
  out["kind"] = kind_name(spec.kind);
  out["parent"] = spec.parent;
  out["mode"] = spec.mode;
}

void read_options(const json& in, NetworkSpec& spec) {
  read_if_there(in, "range", spec.range);
  read_if_there(in, "range6", spec.range6);
  read_if_there(in, "reserved", spec.reserved);
  read_if_there(in, "reserved6", spec.reserved6);
  read_if_there(in, "mtu", spec.mtu);
  read_if_there(in, "icc", spec.icc);
  read_if_there(in, "masquerade", spec.masquerade);
  read_if_there(in, "reaches_host", spec.reaches_host);
  read_if_there(in, "host_binding", spec.host_binding);
  if (in.contains("kind")) spec.kind = kind_from(in.at("kind").get_ref<const std::string&>());
  read_if_there(in, "parent", spec.parent);
  read_if_there(in, "mode", spec.mode);
}

}  // namespace

void to_json(json& out, const NetworkSpec& spec) {
  out = json{{"name", spec.name},
             {"subnet", spec.subnet},
             {"gateway", spec.gateway},
             {"internal", spec.internal},
             {"bridge", spec.bridge}};
  if (!spec.enable_ipv4) out["enable_ipv4"] = false;
  if (spec.enable_ipv6) {
    out["enable_ipv6"] = true;
    out["subnet6"] = spec.subnet6;
    out["gateway6"] = spec.gateway6;
  }
  write_options(out, spec);
}

void from_json(const json& in, NetworkSpec& spec) {
  in.at("name").get_to(spec.name);
  in.at("subnet").get_to(spec.subnet);
  in.at("gateway").get_to(spec.gateway);
  in.at("internal").get_to(spec.internal);
  in.at("bridge").get_to(spec.bridge);
  read_if_there(in, "enable_ipv4", spec.enable_ipv4);
  read_if_there(in, "enable_ipv6", spec.enable_ipv6);
  read_if_there(in, "subnet6", spec.subnet6);
  read_if_there(in, "gateway6", spec.gateway6);
  read_options(in, spec);
}

void to_json(json& out, const PublishedPort& port) {
  out = json{{"host_ip", port.host_ip},
             {"host_port", port.host_port},
             {"protocol", port.protocol},
             {"container_address", port.container_address},
             {"container_port", port.container_port}};
  if (port.container_address6) out["container_address6"] = *port.container_address6;
}

void from_json(const json& in, PublishedPort& port) {
  in.at("host_ip").get_to(port.host_ip);
  in.at("host_port").get_to(port.host_port);
  in.at("protocol").get_to(port.protocol);
  in.at("container_address").get_to(port.container_address);
  in.at("container_port").get_to(port.container_port);
  read_if_there(in, "container_address6", port.container_address6);
}

void to_json(json& out, const UplinkSpec& uplink) {
  out = json{{"host_interface", uplink.host_interface},
             {"host_address", uplink.host_address},
             {"stack_address", uplink.stack_address},
             {"mtu", uplink.mtu}};
  if (uplink.host_address6) out["host_address6"] = *uplink.host_address6;
  if (uplink.stack_address6) out["stack_address6"] = *uplink.stack_address6;
}

void from_json(const json& in, UplinkSpec& uplink) {
  in.at("host_interface").get_to(uplink.host_interface);
  in.at("host_address").get_to(uplink.host_address);
  in.at("stack_address").get_to(uplink.stack_address);
  in.at("mtu").get_to(uplink.mtu);
  read_if_there(in, "host_address6", uplink.host_address6);
  read_if_there(in, "stack_address6", uplink.stack_address6);
}

void to_json(json& out, const EndpointSpec& endpoint) {
  out = json{{"network", endpoint.network},
             {"address", endpoint.address},
             {"mac", endpoint.mac},
             {"interface", endpoint.interface},
             {"default_route", endpoint.default_route},
             {"default_route6", endpoint.default_route6},
             {"link_local", endpoint.link_local},
             {"link_local6", endpoint.link_local6},
             {"sysctls", endpoint.sysctls}};
}

void from_json(const json& in, EndpointSpec& endpoint) {
  in.at("network").get_to(endpoint.network);
  in.at("address").get_to(endpoint.address);
  in.at("mac").get_to(endpoint.mac);
  in.at("interface").get_to(endpoint.interface);
  in.at("default_route").get_to(endpoint.default_route);
  in.at("default_route6").get_to(endpoint.default_route6);
  in.at("link_local").get_to(endpoint.link_local);
  in.at("link_local6").get_to(endpoint.link_local6);
  in.at("sysctls").get_to(endpoint.sysctls);
}

}  // namespace stack::network
