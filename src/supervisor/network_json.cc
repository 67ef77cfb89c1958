// SPDX-License-Identifier: Apache-2.0
#include "supervisor/network_json.h"

#include <nlohmann/json.hpp>

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

void to_json(json& out, const NetworkSpec& spec) {
  out = json{{"name", spec.name},
             {"subnet", spec.subnet},
             {"gateway", spec.gateway},
             {"internal", spec.internal},
             {"bridge", spec.bridge}};
}

void from_json(const json& in, NetworkSpec& spec) {
  in.at("name").get_to(spec.name);
  in.at("subnet").get_to(spec.subnet);
  in.at("gateway").get_to(spec.gateway);
  in.at("internal").get_to(spec.internal);
  in.at("bridge").get_to(spec.bridge);
}

void to_json(json& out, const PublishedPort& port) {
  out = json{{"host_ip", port.host_ip},
             {"host_port", port.host_port},
             {"protocol", port.protocol},
             {"container_address", port.container_address},
             {"container_port", port.container_port}};
}

void from_json(const json& in, PublishedPort& port) {
  in.at("host_ip").get_to(port.host_ip);
  in.at("host_port").get_to(port.host_port);
  in.at("protocol").get_to(port.protocol);
  in.at("container_address").get_to(port.container_address);
  in.at("container_port").get_to(port.container_port);
}

void to_json(json& out, const UplinkSpec& uplink) {
  out = json{{"host_interface", uplink.host_interface},
             {"host_address", uplink.host_address},
             {"stack_address", uplink.stack_address},
             {"mtu", uplink.mtu}};
}

void from_json(const json& in, UplinkSpec& uplink) {
  in.at("host_interface").get_to(uplink.host_interface);
  in.at("host_address").get_to(uplink.host_address);
  in.at("stack_address").get_to(uplink.stack_address);
  in.at("mtu").get_to(uplink.mtu);
}

}  // namespace stack::network
