// SPDX-License-Identifier: Apache-2.0
#include "cli/network_view.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/container_view.h"
#include "cli/labels.h"
#include "cli/name_filter.h"

namespace stack::cli {
namespace {

using orchestrator::HostNetwork;
using orchestrator::NetworkMember;
using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 7> filter_keys{"dangling", "driver", "id",  "label",
                                                      "name",     "scope",  "type"};

const char* yes_no(bool value) {
  return value ? "true" : "false";
}

bool holds(const HostNetwork& network, const std::string& key, const std::string& value,
           const std::vector<std::string>& unused) {
  if (key == "driver") return network.driver == value;
  if (key == "id") return network.id.starts_with(value);
  if (key == "label") return has_label(network.labels, value);
  if (key == "name") return is_name_wanted(value, network.name);
  if (key == "scope") return value == "local";
  if (key == "type") return value == "custom";
  const bool dangling = std::ranges::find(unused, network.name) != unused.end();
  return dangling == (value == "true" || value == "1");
}

Json pool(const std::string& subnet, const std::string& range, const std::string& gateway) {
  Json json{{"Subnet", subnet}};
  if (!range.empty()) json["IPRange"] = range;
  if (!gateway.empty()) json["Gateway"] = gateway;
  return json;
}

/// Those that are kept back, of one family.
void add_kept_back(const spec::StringMap& addresses, bool v6, Json& pool) {
  for (const auto& [name, address] : addresses)
    if ((address.find(':') != std::string::npos) == v6) pool["AuxiliaryAddresses"][name] = address;
}

Json pools(const HostNetwork& network) {
  const network::NetworkSpec& spec = network.spec;
  Json list = Json::array();
  if (spec.has_ipv4()) {
    list.push_back(
        pool(to_text(spec.subnet), spec.range ? to_text(*spec.range) : "", to_text(spec.gateway)));
    add_kept_back(network.aux_addresses, false, list.back());
  }
  if (spec.has_ipv6()) {
    list.push_back(pool(to_text(spec.subnet6), spec.range6 ? to_text(*spec.range6) : "",
                        to_text(spec.gateway6)));
    add_kept_back(network.aux_addresses, true, list.back());
  }
  return list;
}

Json member_json(const NetworkMember& member, const HostNetwork& network) {
  const auto& address = member.address;
  return {
      {"Name", member.name},
      {"EndpointID", endpoint_id(network, member.id)},
      {"MacAddress", member.mac},
      {"IPv4Address",
       address.v4 ? fmt::format("{}/{}", to_text(*address.v4), network.spec.subnet.prefix) : ""},
      {"IPv6Address",
       address.v6 ? fmt::format("{}/{}", to_text(*address.v6), network.spec.subnet6.prefix) : ""}};
}

/// An object also when it is empty.
Json object_of(const spec::StringMap& strings) {
  Json object = Json::object();
  for (const auto& [key, value] : strings) object[key] = value;
  return object;
}

}  // namespace

const Fields& network_headings() {
  static const Fields headings{{"CreatedAt", "CREATED AT"},
                               {"Driver", "DRIVER"},
                               {"ID", "NETWORK ID"},
                               {"IPv4", "IPV4"},
                               {"IPv6", "IPV6"},
                               {"Internal", "INTERNAL"},
                               {"Labels", "LABELS"},
                               {"Name", "NAME"},
                               {"Scope", "SCOPE"}};
  return headings;
}

const std::vector<std::string>& network_columns() {
  static const std::vector<std::string> columns{"ID", "Name", "Driver", "Scope"};
  return columns;
}

Fields network_fields(const HostNetwork& network, Ids ids) {
  return {{"CreatedAt", calendar_text(network.created, calendar_format)},
          {"Driver", network.driver},
          {"ID", ids == Ids::whole ? network.id : short_id(network.id)},
          {"IPv4", yes_no(network.spec.enable_ipv4)},
          {"IPv6", yes_no(network.spec.enable_ipv6)},
          {"Internal", yes_no(network.spec.internal)},
          {"Labels", labels_text(network.labels)},
          {"Name", network.name},
          {"Scope", "local"}};
}

NetworkFilter::NetworkFilter(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (equals == std::string::npos || std::ranges::find(filter_keys, key) == filter_keys.end()) {
      throw Error(fmt::format("invalid filter {}", stack::quoted(text)))
          .with_hint("KEY=VALUE, where KEY is dangling, driver, id, label, name, scope or type")
          .with_exit_code(ExitCode::usage);
    }
    wanted_[key].push_back(text.substr(equals + 1));
  }
}

bool NetworkFilter::passes(const HostNetwork& network,
                           const std::vector<std::string>& unused) const {
  return std::ranges::all_of(wanted_, [&](const auto& entry) {
    return std::ranges::any_of(entry.second, [&](const std::string& value) {
      return holds(network, entry.first, value, unused);
    });
  });
}

std::string endpoint_id(const HostNetwork& network, const std::string& container_id) {
  return stable_hex(network.id + "\n" + container_id, 64);
}

Json network_json(const HostNetwork& network) {
  Json containers = Json::object();
  for (const NetworkMember& member : network.members)
    containers[member.id] = member_json(member, network);
  return {
      {"Name", network.name},
      {"Id", network.id},
      {"Created", calendar_text(network.created, "%Y-%m-%dT%H:%M:%SZ")},
      {"Scope", "local"},
      {"Driver", network.driver},
      {"EnableIPv4", network.spec.enable_ipv4},
      {"EnableIPv6", network.spec.enable_ipv6},
      {"IPAM", {{"Driver", "default"}, {"Options", Json::object()}, {"Config", pools(network)}}},
      {"Internal", network.spec.internal},
      {"Attachable", network.attachable},
      {"Ingress", false},
      {"ConfigFrom", {{"Network", ""}}},
      {"ConfigOnly", false},
      {"Containers", containers},
      {"Options", object_of(network.options)},
      {"Labels", object_of(network.labels)}};
}

}  // namespace stack::cli
