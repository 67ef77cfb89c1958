// SPDX-License-Identifier: Apache-2.0
// nftables. Three rulesets (a fourth, of the bridges, is in port_lock.h), each decided as text by a
// pure function and applied in one atomic transaction (nft_script.h):
//   host       table inet stack_ID on the host: DNAT of published ports, masquerade, guards
//              and the MSS clamp, where the way out is known
//   stack      table in the stack's own namespace: isolation between its bridges, internal
//              networks, and the host in the place of each network's gateway
//   container  127.0.0.11:53 <-> the port where the supervisor answers DNS in that namespace
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/network_spec.h"

namespace stack::network {

/// Everything the firewall must know of one stack.
struct FirewallSpec {
  std::string stack_id;  ///< 8 hex digits: table "stack_ID"
  UplinkSpec uplink;
  std::vector<NetworkSpec> networks;
  std::vector<PublishedPort> published;
  std::vector<VirtualAddress> virtual_addresses{};  ///< for the stack's table alone
  bool operator==(const FirewallSpec&) const = default;
};

/// The host's table as one nft script that replaces it whole. Ports published on loopback addresses
/// are not in it, nor those on an IPv6 address for a container without IPv6: the supervisor's
/// listeners serve those. Neither are ports of containers in internal networks.
std::string host_ruleset(const FirewallSpec& spec);
/// The table of the stack's namespace, likewise whole.
std::string stack_ruleset(const FirewallSpec& spec);
/// The table of a container's new namespace, to be read and tried out: redirect_names()
/// (name_redirection.h) puts it there.
std::string container_ruleset(std::uint16_t udp_port, std::uint16_t tcp_port);

/// Puts one of those texts into the current network namespace, all or nothing. Throws Error.
void apply_ruleset(const std::string& script);
/// Closes the sockets that the functions here leave open, which keep their namespaces alive: the
/// kernel would let a caller in a hurry wait for an RCU period (15 ms). Call when idle.
void close_firewall_sockets();
/// Deletes the host's table of a stack and its tagged rules in other tables; missing ones are fine.
void remove_host_ruleset(const std::string& stack_id);

/// Forward chains of other tables that drop what they have not let pass, by their policy (docker's)
/// or by a last rule (firewalld's), swallow our traffic whatever our own tables accept: inserts
/// accept rules for `interface`, tagged "stack:ID", into DOCKER-USER or the chain itself.
/// Idempotent. Does nothing where there is no such chain.
void pass_foreign_forward_chains(const std::string& stack_id, const std::string& interface,
                                 Families families = Families::ipv4);

/// net.ipv4.ip_forward = 1, remembering in `memory_file` (under the run directory) that it was 0.
void enable_forwarding(const std::string& memory_file);
/// The same for IPv6. Interfaces of the host that listen to routers go on doing so: a router would
/// not, and would lose its own way out.
void enable_forwarding6(const std::string& memory_file);
/// Sets it back when memory_file says that it was us, unless somebody else's table translates
/// addresses by now; call when no stack is left.
void restore_forwarding(const std::string& memory_file);
void restore_forwarding6(const std::string& memory_file);

}  // namespace stack::network
