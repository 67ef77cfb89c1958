// SPDX-License-Identifier: Apache-2.0
// The network folder's plain data as JSON: the control socket and the state files need it, the
// network folder does not.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "network/network_spec.h"

// In the types' own namespace, where nlohmann looks for them.
namespace stack::network {

/// "172.18.0.2"
void to_json(nlohmann::json& json, const Ipv4& address);
void from_json(const nlohmann::json& json, Ipv4& address);
/// "172.18.0.0/16"; a subnet of prefix 0 (not chosen yet) is "".
void to_json(nlohmann::json& json, const Subnet& subnet);
void from_json(const nlohmann::json& json, Subnet& subnet);
/// "fd00::2"
void to_json(nlohmann::json& json, const Ipv6& address);
void from_json(const nlohmann::json& json, Ipv6& address);
void to_json(nlohmann::json& json, const Subnet6& subnet);
void from_json(const nlohmann::json& json, Subnet6& subnet);
/// "172.18.0.2" for one that has IPv4 alone; otherwise a list, ["172.18.0.2", "fd00::2"].
void to_json(nlohmann::json& json, const DualAddress& address);
void from_json(const nlohmann::json& json, DualAddress& address);
/// Members that a document of an earlier version lacks have their defaults.
void to_json(nlohmann::json& json, const NetworkSpec& spec);
void from_json(const nlohmann::json& json, NetworkSpec& spec);
void to_json(nlohmann::json& json, const PublishedPort& port);
void from_json(const nlohmann::json& json, PublishedPort& port);
void to_json(nlohmann::json& json, const UplinkSpec& uplink);
void from_json(const nlohmann::json& json, UplinkSpec& uplink);
void to_json(nlohmann::json& json, const EndpointSpec& endpoint);
void from_json(const nlohmann::json& json, EndpointSpec& endpoint);

}  // namespace stack::network
