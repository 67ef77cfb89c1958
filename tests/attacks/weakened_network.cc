// SPDX-License-Identifier: Apache-2.0
// As weakened_functions.cc, for the rules of networks. Only the whole program has them.
#include <sys/socket.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/format.h"
#include "network/conntrack.h"
#include "network/dns.h"
#include "network/firewall.h"
#include "network/port_lock.h"
#include "network/ports.h"
#include "network/ruleset_text.h"
#include "network/subnets.h"
#include "weakness.h"

namespace stack::attacks {
namespace {

using network::FirewallSpec;
using network::PortLock;
using network::PublishedPort;

void remove_line_with(std::string& text, const std::string& part) {
  const auto at = text.find(part);
  if (at == std::string::npos) return;
  const auto start = text.rfind('\n', at);
  text = text.substr(0, start) + text.substr(text.find('\n', at));
}

/// The address and port of each one, and where they lead.
network::Lines ports_on_loopback(const FirewallSpec& spec) {
  network::Lines ports;
  for (const PublishedPort& port : spec.published) {
    if (!port.host_ip.starts_with("127.")) continue;
    ports.push_back(fmt::format("{} . {} : {} . {}", port.host_ip, port.host_port,
                                to_text(port.container_address), port.container_port));
  }
  return ports;
}

}  // namespace

using HostRuleset = std::string(const FirewallSpec&);
#define HOST_RULESET "_ZN5stack7network12host_rulesetB5cxx11ERKNS0_12FirewallSpecE"
HostRuleset real_host_ruleset asm("__real_" HOST_RULESET);
HostRuleset wrapped_host_ruleset asm("__wrap_" HOST_RULESET);

std::string wrapped_host_ruleset(const FirewallSpec& spec) {
  std::string rules = real_host_ruleset(spec);
  if (weakened(Weakness::unguarded)) remove_line_with(rules, "ip daddr @subnets drop");
  if (weakened(Weakness::loopback_unguarded) || weakened(Weakness::loopback_translated))
    remove_line_with(rules, "@tcp_loopback drop");
  if (weakened(Weakness::loopback_translated)) {
    const auto rule = rules.find("fib daddr type local jump published");
    rules.insert(rule, "dnat ip to ip daddr . tcp dport map @loopback\n\t\t");
    rules.insert(
        rules.find("\tchain guard"),
        network::collection("map loopback", "ipv4_addr . inet_service : ipv4_addr . inet_service",
                            ports_on_loopback(spec)));
  }
  return rules;
}

using BridgeRuleset = std::string(const std::vector<PortLock>&);
#define BRIDGE_RULESET "_ZN5stack7network14bridge_rulesetB5cxx11ERKSt6vectorINS0_8PortLockESaIS2_EE"
BridgeRuleset real_bridge_ruleset asm("__real_" BRIDGE_RULESET);
BridgeRuleset wrapped_bridge_ruleset asm("__wrap_" BRIDGE_RULESET);

std::string wrapped_bridge_ruleset(const std::vector<PortLock>& ports) {
  return weakened(Weakness::ports_unlocked) ? "" : real_bridge_ruleset(ports);
}

using ChangeLocks = void(network::NetlinkSocket&, const std::vector<PortLock>&,
                         const std::vector<PortLock>&);
#define CHANGE_LOCKS                                                                          \
  "_ZN5stack7network12change_locksERNS0_13NetlinkSocketERKSt6vectorINS0_8PortLockESaIS4_EES8" \
  "_"
ChangeLocks real_change_locks asm("__real_" CHANGE_LOCKS);
ChangeLocks wrapped_change_locks asm("__wrap_" CHANGE_LOCKS);

void wrapped_change_locks(network::NetlinkSocket& socket, const std::vector<PortLock>& added,
                          const std::vector<PortLock>& removed) {
  if (!weakened(Weakness::ports_unlocked)) real_change_locks(socket, added, removed);
}

using ForgetFlows = void(const FirewallSpec&, const FirewallSpec&);
#define FORGET_FLOWS "_ZN5stack7network18forget_stale_flowsERKNS0_12FirewallSpecES3_"
ForgetFlows real_forget_flows asm("__real_" FORGET_FLOWS);
ForgetFlows wrapped_forget_flows asm("__wrap_" FORGET_FLOWS);

void wrapped_forget_flows(const FirewallSpec& before, const FirewallSpec& now) {
  if (!weakened(Weakness::flows_kept)) real_forget_flows(before, now);
}

using HoldPort = std::pair<Fd, std::uint16_t>(const std::string&, std::uint16_t,
                                              const std::string&);
#define HOLD_PORT \
  "_ZN5stack7network9hold_portERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEtS8_"
HoldPort real_hold_port asm("__real_" HOLD_PORT);
HoldPort wrapped_hold_port asm("__wrap_" HOLD_PORT);

std::pair<Fd, std::uint16_t> wrapped_hold_port(const std::string& ip, std::uint16_t port,
                                               const std::string& protocol) {
  if (!weakened(Weakness::ports_not_held)) return real_hold_port(ip, port, protocol);
  return {real_hold_port(ip, 0, protocol).first, port};
}

using PassForeignChains = void(const std::string&, const std::string&, network::Families);
#define PASS_FOREIGN_CHAINS                                                                       \
  "_ZN5stack7network27pass_foreign_forward_chainsERKNSt7__cxx1112basic_stringIcSt11char_traitsIc" \
  "ESaIcEEES8_NS0_8FamiliesE"
PassForeignChains real_pass_foreign_chains asm("__real_" PASS_FOREIGN_CHAINS);
PassForeignChains wrapped_pass_foreign_chains asm("__wrap_" PASS_FOREIGN_CHAINS);

void wrapped_pass_foreign_chains(const std::string& stack_id, const std::string& interface,
                                 network::Families families) {
  if (!weakened(Weakness::foreign_chains_closed))
    real_pass_foreign_chains(stack_id, interface, families);
}

using ChooseSubnet = network::Subnet(std::span<const network::Subnet>, std::uint64_t);
#define CHOOSE_SUBNET \
  "_ZN5stack7network13choose_subnetESt4spanIKNS0_6SubnetELm18446744073709551615EEm"
ChooseSubnet real_choose_subnet asm("__real_" CHOOSE_SUBNET);
ChooseSubnet wrapped_choose_subnet asm("__wrap_" CHOOSE_SUBNET);

network::Subnet wrapped_choose_subnet(std::span<const network::Subnet> taken, std::uint64_t seed) {
  if (weakened(Weakness::subnets_unseen)) taken = {};
  return real_choose_subnet(taken, seed);
}

using AnswerDns = network::DnsAnswer(std::string_view, const network::DnsView&, std::uint32_t,
                                     std::size_t);
#define ANSWER_DNS \
  "_ZN5stack7network10answer_dnsESt17basic_string_viewIcSt11char_traitsIcEERKNS0_7DnsViewEjm"
AnswerDns real_answer_dns asm("__real_" ANSWER_DNS);
AnswerDns wrapped_answer_dns asm("__wrap_" ANSWER_DNS);

network::DnsAnswer wrapped_answer_dns(std::string_view query, const network::DnsView& view,
                                      std::uint32_t rotation, std::size_t max_size) {
  network::DnsAnswer answer = real_answer_dns(query, view, rotation, max_size);
  const bool is_nobodys = answer.reply.size() > 3 && (answer.reply[3] & 15) == 3;
  if (weakened(Weakness::names_leave) && is_nobodys)
    return {network::DnsVerdict::forward, {}, answer.choices};
  return answer;
}

}  // namespace stack::attacks
