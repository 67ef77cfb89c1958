// SPDX-License-Identifier: Apache-2.0
#include "network/facilities.h"

#include <functional>

#include "base/error.h"
#include "base/text.h"
#include "network/addresses.h"
#include "network/firewall.h"
#include "network/foreign_chains.h"
#include "network/kernel_rules.h"
#include "network/link_requests.h"
#include "network/links.h"
#include "network/name_redirection.h"
#include "network/namespaces.h"
#include "network/port_lock.h"
#include "network/subnets.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

constexpr int trial_mtu = 1500;

/// A stack as the rulesets know it, with every kind of element that they use.
FirewallSpec trial_firewall() {
  NetworkSpec open{"trial", {{10u << 24}, 24}, {(10u << 24) + 1}, false, "trial"};
  FirewallSpec spec{"trial",
                    {"trialup", {(11u << 24) + 1}, {(11u << 24) + 2}, trial_mtu},
                    {open},
                    {{"0.0.0.0", 80, "tcp", {(10u << 24) + 2}, 80}}};
  if (!has_ipv6()) return spec;
  const Ipv6 first{0xfd00ULL << 48, 0};
  spec.uplink.host_address6 = Ipv6{first.high | 0xffff, 1};
  spec.networks[0].enable_ipv6 = true;
  spec.networks[0].subnet6 = {first, 64};
  spec.networks[0].gateway6 = {first.high, 1};
  spec.published[0].container_address6 = Ipv6{first.high, 2};
  return spec;
}

PortLock trial_lock() {
  return {"trial", mac_for(Ipv4{}), {{(10u << 24) + 2}}, {{0xfd00ULL << 48, 2}}};
}

/// Runs `work` in a namespace that is thrown away afterwards; its Error becomes the detail.
Facility try_out(const std::string& name, const std::string& detail, const std::string& cure,
                 const std::function<void()>& work) {
  try {
    const Fd trial = make_namespace();
    const InNamespace inside(trial.get());
    work();
    return {name, FacilityState::ok, detail, ""};
  } catch (const Error& error) {
    return {name, FacilityState::missing, error.what(), error.hint().empty() ? cure : error.hint()};
  }
}

Facility try_bridge() {
  return try_out("bridge", "can be made", "modprobe bridge, or a kernel with CONFIG_BRIDGE", [] {
    NetlinkSocket socket(NETLINK_ROUTE);
    Batch batch;
    request_bridge(batch, 0, "trial", mac_for(Ipv4{}), trial_mtu);
    socket.execute(batch);
  });
}

Facility try_veth() {
  return try_out("veth", "can be made", "modprobe veth, or a kernel with CONFIG_VETH", [] {
    NetlinkSocket socket(NETLINK_ROUTE);
    Batch batch;
    request_veth(batch, NearEnd::up, {.name = "near", .mac = {}, .network_namespace = {}},
                 {.name = "far", .mac = {}, .network_namespace = {}}, trial_mtu, "making a veth");
    socket.execute(batch);
  });
}

Facility try_nftables() {
  const std::string cure =
      "a kernel with nf_tables, nft_nat, nft_masq, nft_fib_inet and nft_ct, also for bridges";
  const FirewallSpec spec = trial_firewall();
  return try_out("nftables", "all rulesets are accepted", cure, [&] {
    for (const auto& script :
         {host_ruleset(spec), stack_ruleset(spec), bridge_ruleset({trial_lock()})}) {
      apply_ruleset(script);
    }
    redirect_names(1053, 1053);
  });
}

/// Only services that ask for one need it.
Facility try_virtual_addresses() {
  const auto address = [](std::uint32_t number) {
    return DualAddress{Ipv4{(10u << 24) + number}, {}};
  };
  FirewallSpec spec = trial_firewall();
  spec.virtual_addresses = {{"trial", "trial", address(4), {address(2), address(3)}}};
  Facility found = try_out("virtual addresses", "containers can take turns behind them",
                           "modprobe nft_numgen; without it, no service with `endpoint_mode: vip`",
                           [&] { apply_ruleset(stack_ruleset(spec)); });
  if (found.state == FacilityState::missing) found.state = FacilityState::degraded;
  return found;
}

Facility look_at_ipv6() {
  if (has_ipv6()) return {"ipv6", FacilityState::ok, "on: networks may ask for it", ""};
  return {"ipv6", FacilityState::degraded, "switched off: networks with enable_ipv6 are refused",
          "sysctl net.ipv6.conf.all.disable_ipv6=0"};
}

Facility look_at_forwarding() {
  const bool on = get_sysctl("net/ipv4/ip_forward") == "1";
  return {"ip_forward", FacilityState::ok,
          on ? "on" : "off: `stack up` switches it on and the last `stack down` off again", ""};
}

Facility look_at_foreign_chains() {
  const std::string name = "other firewalls";
  try {
    const auto chains = chains_to_open(list_chains(), list_rules());
    if (chains.empty()) return {name, FacilityState::ok, "none drops forwarded packets", ""};
    std::vector<std::string> names;
    for (const ForeignChain& chain : chains) names.push_back(to_text(chain));
    return {name, FacilityState::degraded,
            "forwarded packets are dropped by default; each stack puts its accept rules into " +
                join(names, ", "),
            "nothing to do; they are removed with the stack"};
  } catch (const Error& error) {
    return {name, FacilityState::missing, error.what(), error.hint()};
  }
}

Facility look_for_docker() {
  try {
    NetlinkSocket socket(NETLINK_ROUTE);
    const bool present = find_link(socket, "docker0").has_value();
    return {"docker", FacilityState::ok,
            present ? "its bridge docker0 is here; its subnets are left alone" : "not here", ""};
  } catch (const Error& error) {
    return {"docker", FacilityState::degraded, error.what(), ""};
  }
}

}  // namespace

std::vector<Facility> facilities() {
  return {try_bridge(),   try_veth(),           try_nftables(),           try_virtual_addresses(),
          look_at_ipv6(), look_at_forwarding(), look_at_foreign_chains(), look_for_docker()};
}

}  // namespace stack::network
