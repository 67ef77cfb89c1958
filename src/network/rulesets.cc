// SPDX-License-Identifier: Apache-2.0
// The rulesets of host, stack and container as text. docs/networking.md follows a packet through
// them.
#include <algorithm>
#include <functional>

#include "base/format.h"
#include "base/text.h"
#include "network/firewall.h"
#include "network/links.h"
#include "network/ruleset_text.h"
#include "network/subnets.h"

namespace stack::network {
namespace {

bool has_ipv6(const FirewallSpec& spec) {
  return spec.uplink.host_address6.has_value();
}

/// The two families in the words of nft, and where the parts of a stack are.
struct Family4 {
  static constexpr const char* address = "ip";
  static constexpr const char* type = "ipv4_addr";
  static constexpr const char* suffix = "";
  static bool has(const NetworkSpec& network) { return network.has_ipv4(); }
  static const Subnet& subnet(const NetworkSpec& network) { return network.subnet; }
  static Ipv4 gateway(const NetworkSpec& network) { return network.gateway; }
  static std::string host(const UplinkSpec& uplink) { return to_text(uplink.host_address); }
  static const std::optional<Ipv4>& of(const DualAddress& address) { return address.v4; }
  static std::string uplink(const UplinkSpec& uplink) { return to_text(subnet_of(uplink)); }
  static std::optional<Ipv4> target(const PublishedPort& port) {
    return port.container_address == Ipv4{} ? std::nullopt : std::optional(port.container_address);
  }
  static std::optional<Ipv4> host_address(const PublishedPort& port) {
    return parse_ipv4(port.host_ip);
  }
  static bool is_loopback(Ipv4 host) { return host.value >> 24 == 127; }
};

struct Family6 {
  static constexpr const char* address = "ip6";
  static constexpr const char* type = "ipv6_addr";
  static constexpr const char* suffix = "6";
  static bool has(const NetworkSpec& network) { return network.has_ipv6(); }
  static const Subnet6& subnet(const NetworkSpec& network) { return network.subnet6; }
  static Ipv6 gateway(const NetworkSpec& network) { return network.gateway6; }
  static std::string host(const UplinkSpec& uplink) { return to_text(*uplink.host_address6); }
  static const std::optional<Ipv6>& of(const DualAddress& address) { return address.v6; }
  static std::string uplink(const UplinkSpec& uplink) { return to_text(*subnet6_of(uplink)); }
  static std::optional<Ipv6> target(const PublishedPort& port) { return port.container_address6; }
  static std::optional<Ipv6> host_address(const PublishedPort& port) {
    return parse_ipv6(port.host_ip);
  }
  static bool is_loopback(Ipv6 host) { return host == Ipv6{0, 1}; }
};

/// A virtual address of one family, and what it leads to.
struct Turns {
  std::string bridge;
  std::string address;
  Lines targets;
};

template <typename Family>
std::vector<Turns> turns_of(const FirewallSpec& spec) {
  std::vector<Turns> all;
  for (const VirtualAddress& each : spec.virtual_addresses) {
    const auto network = std::ranges::find(spec.networks, each.network, &NetworkSpec::name);
    const auto& address = Family::of(each.address);
    if (network == spec.networks.end() || !address) continue;
    Turns turns{network->bridge, to_text(*address), {}};
    for (const DualAddress& target : each.targets)
      if (const auto& own = Family::of(target)) turns.targets.push_back(to_text(*own));
    if (!turns.targets.empty()) all.push_back(std::move(turns));
  }
  return all;
}

template <typename Family>
bool has_turns(const FirewallSpec& spec) {
  return !turns_of<Family>(spec).empty();
}

template <typename Family, typename Address>
bool is_internal(const FirewallSpec& spec, Address address) {
  return std::ranges::any_of(spec.networks, [&](const NetworkSpec& n) {
    return n.internal && Family::has(n) && Family::subnet(n).contains(address);
  });
}

/// Published by address translation: not those on loopback, which an outsider could then reach
/// (security: a neighbour may send to 127.0.0.1), nor those of internal networks.
template <typename Family>
bool is_translated(const FirewallSpec& spec, const PublishedPort& port) {
  const auto host = Family::host_address(port);
  const auto target = Family::target(port);
  return host && target && !Family::is_loopback(*host) && !is_internal<Family>(spec, *target);
}

struct PortMaps {
  Lines anywhere;    ///< published on every address, by port
  Lines at_address;  ///< published on one address of the host
};

template <typename Family>
PortMaps port_maps(const FirewallSpec& spec, const std::string& protocol) {
  PortMaps maps;
  for (const PublishedPort& port : spec.published) {
    if (port.protocol != protocol || !is_translated<Family>(spec, port)) continue;
    const auto host = *Family::host_address(port);
    const auto target = fmt::format("{} . {}", to_text(*Family::target(port)), port.container_port);
    if (host == decltype(host){}) {
      maps.anywhere.push_back(fmt::format("{} : {}", port.host_port, target));
    } else {
      maps.at_address.push_back(fmt::format("{} . {} : {}", to_text(host), port.host_port, target));
    }
  }
  return maps;
}

/// Those of SCTP only where there are any: few kernels have it.
Lines protocols_of(const FirewallSpec& spec) {
  Lines protocols{"tcp", "udp"};
  const auto is_sctp = [](const PublishedPort& port) { return port.protocol == "sctp"; };
  if (std::ranges::any_of(spec.published, is_sctp)) protocols.push_back("sctp");
  return protocols;
}

/// Ports of `protocol` that this machine's own 127.0.0.1 has.
Lines ports_on_loopback(const FirewallSpec& spec, const std::string& protocol) {
  Lines ports;
  for (const PublishedPort& port : spec.published) {
    const auto host = parse_ipv4(port.host_ip);
    if (port.protocol != protocol || !host) continue;
    if (*host != Ipv4{} && !Family4::is_loopback(*host)) continue;
    std::string text = std::to_string(port.host_port);
    if (std::ranges::find(ports, text) == ports.end()) ports.push_back(std::move(text));
  }
  return ports;
}

std::string loopback_sets(const FirewallSpec& spec) {
  std::string text;
  for (const std::string& protocol : protocols_of(spec)) {
    const Lines ports = ports_on_loopback(spec, protocol);
    if (!ports.empty())
      text += collection(fmt::format("set {}_loopback", protocol), "inet_service", ports);
  }
  return text;
}

template <typename Family>
std::string port_map_texts(const FirewallSpec& spec) {
  std::string text;
  for (const std::string& protocol : protocols_of(spec)) {
    const PortMaps maps = port_maps<Family>(spec, protocol);
    text +=
        collection(fmt::format("map {}_anywhere{}", protocol, Family::suffix),
                   fmt::format("inet_service : {} . inet_service", Family::type), maps.anywhere);
    text += collection(fmt::format("map {}_at_address{}", protocol, Family::suffix),
                       fmt::format("{0} . inet_service : {0} . inet_service", Family::type),
                       maps.at_address);
  }
  return text;
}

template <typename Family>
void add_translations(const FirewallSpec& spec, Lines& lines) {
  for (const std::string& protocol : protocols_of(spec)) {
    lines.push_back(fmt::format("dnat {0} to {0} daddr . {1} dport map @{1}_at_address{2}",
                                Family::address, protocol, Family::suffix));
    lines.push_back(fmt::format("dnat {} to {} dport map @{}_anywhere{}", Family::address, protocol,
                                protocol, Family::suffix));
  }
}

Lines published_chain(const FirewallSpec& spec) {
  Lines lines;
  add_translations<Family4>(spec, lines);
  if (has_ipv6(spec)) add_translations<Family6>(spec, lines);
  return lines;
}

template <typename Family>
Lines subnets_of(const FirewallSpec& spec,
                 const std::function<bool(const NetworkSpec&)>& wanted = {}) {
  Lines subnets;
  for (const NetworkSpec& network : spec.networks)
    if (Family::has(network) && (!wanted || wanted(network)))
      subnets.push_back(to_text(Family::subnet(network)));
  return subnets;
}

bool is_masked(const NetworkSpec& network) {
  return network.masquerade;
}

bool is_plain(const NetworkSpec& network) {
  return !network.masquerade;
}

bool is_denied(const NetworkSpec& network) {
  return !network.reaches_host;
}

bool any_denied(const FirewallSpec& spec) {
  return std::ranges::any_of(spec.networks, &is_denied);
}

bool any_plain(const FirewallSpec& spec) {
  return std::ranges::any_of(spec.networks, &is_plain);
}

template <typename Describe>
Lines describe_networks(const FirewallSpec& spec, Describe describe) {
  Lines lines;
  for (const NetworkSpec& network : spec.networks) {
    const std::string line = describe(network);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

/// The type of a set of subnets.
std::string interval_of(const char* type) {
  return fmt::format("{}\n\t\tflags interval", type);
}

template <typename Family>
std::string stack_sets_of(const FirewallSpec& spec) {
  const auto gateways = describe_networks(spec, [](const NetworkSpec& n) {
    return Family::has(n) ? fmt::format("{} . {}", quote(n.bridge), to_text(Family::gateway(n)))
                          : "";
  });
  Lines virtuals;
  for (const Turns& turns : turns_of<Family>(spec)) virtuals.push_back(turns.address);
  return collection(fmt::format("set subnets{}", Family::suffix), interval_of(Family::type),
                    subnets_of<Family>(spec)) +
         collection(fmt::format("set gateways{}", Family::suffix),
                    fmt::format("ifname . {}", Family::type), gateways) +
         (virtuals.empty()
              ? ""
              : collection(fmt::format("set virtual{}", Family::suffix), Family::type, virtuals));
}

std::string stack_sets(const FirewallSpec& spec) {
  const auto open = describe_networks(
      spec, [](const NetworkSpec& n) { return n.internal ? "" : quote(n.bridge); });
  const auto internal = describe_networks(
      spec, [](const NetworkSpec& n) { return n.internal ? quote(n.bridge) : ""; });
  // Of the others a container would reach its neighbour by way of the gateway.
  const auto within = describe_networks(spec, [](const NetworkSpec& n) {
    return n.icc ? quote(n.bridge) + " . " + quote(n.bridge) : "";
  });
  return stack_sets_of<Family4>(spec) + (has_ipv6(spec) ? stack_sets_of<Family6>(spec) : "") +
         collection("set open", "ifname", open) + collection("set internal", "ifname", internal) +
         collection("set same", "ifname . ifname", within);
}

template <typename Family>
std::string host_sets(const FirewallSpec& spec) {
  auto own = subnets_of<Family>(spec, &is_masked);
  own.push_back(Family::uplink(spec.uplink));
  const std::string type = interval_of(Family::type);
  return collection(fmt::format("set subnets{}", Family::suffix), type, own) +
         (any_plain(spec) ? collection(fmt::format("set plain{}", Family::suffix), type,
                                       subnets_of<Family>(spec, &is_plain))
                          : "") +
         (any_denied(spec) ? collection(fmt::format("set denied{}", Family::suffix), type,
                                        subnets_of<Family>(spec, &is_denied))
                           : "") +
         port_map_texts<Family>(spec);
}

/// Neighbours find one another with addresses of the link.
constexpr const char* neighbour_discovery =
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept";

/// Before any translation: whoever addresses a container directly is a stranger, and what comes out
/// of the stack is from the stack.
template <typename Family>
void add_guards(const FirewallSpec& spec, const std::string& uplink, Lines& lines) {
  const std::string plain =
      any_plain(spec) ? fmt::format(" {} saddr != @plain{}", Family::address, Family::suffix) : "";
  lines.push_back(fmt::format("iifname != {{ \"lo\", {} }} {} daddr @subnets{} drop", uplink,
                              Family::address, Family::suffix));
  lines.push_back(fmt::format("iifname {} {} saddr != @subnets{}{} drop", uplink, Family::address,
                              Family::suffix, plain));
}

/// A neighbour may send to 127.0.0.1. The kernel drops that where it routes, unless it was told
/// not to, and translation comes before routing. What is sent to ::1 never gets that far.
void add_loopback_guards(const FirewallSpec& spec, Lines& lines) {
  for (const std::string& protocol : protocols_of(spec))
    if (!ports_on_loopback(spec, protocol).empty())
      lines.push_back(fmt::format(
          "iifname != \"lo\" ip daddr 127.0.0.0/8 {0} dport @{0}_loopback drop", protocol));
}

Lines guard_chain(const FirewallSpec& spec, const std::string& uplink) {
  Lines lines{"type filter hook prerouting priority raw; policy accept;"};
  add_loopback_guards(spec, lines);
  add_guards<Family4>(spec, uplink, lines);
  if (!has_ipv6(spec)) return lines;
  lines.push_back(fmt::format("iifname {} ip6 saddr fe80::/10 {}", uplink, neighbour_discovery));
  add_guards<Family6>(spec, uplink, lines);
  return lines;
}

/// Networks that go out under their own addresses must get their answers, which only conntrack can
/// tell from strangers.
std::string plain_guard(const FirewallSpec& spec, const std::string& uplink) {
  if (!any_plain(spec)) return "";
  Lines lines{"type filter hook prerouting priority mangle; policy accept;",
              "ct state established,related accept",
              fmt::format("iifname != {{ \"lo\", {} }} ip daddr @plain drop", uplink)};
  if (has_ipv6(spec))
    lines.push_back(fmt::format("iifname != {{ \"lo\", {} }} ip6 daddr @plain6 drop", uplink));
  return chain("guard_plain", lines);
}

/// Networks that may not use what the host serves: it may be the one who asks, and published ports
/// are no business of its own. Addresses of the link are where clouds tell their machines' secrets.
std::string host_access(const FirewallSpec& spec, const std::string& uplink) {
  if (!any_denied(spec)) return "";
  Lines input{"type filter hook input priority filter; policy accept;",
              fmt::format("iifname {} ct state established,related accept", uplink)};
  const std::string reject = "reject with icmpx type admin-prohibited";
  input.push_back(fmt::format("iifname {} ip saddr @denied {}", uplink, reject));
  if (has_ipv6(spec))
    input.push_back(fmt::format("iifname {} ip6 saddr @denied6 {}", uplink, reject));
  const Lines forward{
      "type filter hook forward priority filter; policy accept;",
      fmt::format("iifname {} ip saddr @denied ip daddr 169.254.0.0/16 {}", uplink, reject)};
  return chain("host_access", input) + chain("link_access", forward);
}

/// The host's own UDP to its own addresses; TCP is accepted by the supervisor.
Lines local_chain(const FirewallSpec& spec) {
  const bool sctp = protocols_of(spec).size() > 2;
  const std::string protocols = sctp ? "{ udp, sctp }" : "udp";
  Lines lines{"type nat hook output priority -100; policy accept;",
              fmt::format("meta l4proto {} ip daddr != 127.0.0.0/8 fib daddr type local jump "
                          "published",
                          protocols)};
  if (has_ipv6(spec))
    lines.push_back(fmt::format(
        "meta l4proto {} ip6 daddr != ::1 fib daddr type local jump published", protocols));
  return lines;
}

Lines host_leaving_chain(const FirewallSpec& spec, const std::string& uplink) {
  Lines lines{"type nat hook postrouting priority srcnat; policy accept;"};
  if (any_plain(spec)) {
    lines.push_back(fmt::format("iifname {0} oifname != {0} ip saddr @plain accept", uplink));
    if (has_ipv6(spec))
      lines.push_back(fmt::format("iifname {0} oifname != {0} ip6 saddr @plain6 accept", uplink));
  }
  lines.push_back(fmt::format("iifname {0} oifname != {0} masquerade", uplink));
  // From a container to a published port and back in: the answer must come back here.
  lines.push_back(fmt::format("iifname {0} oifname {0} ct status dnat masquerade", uplink));
  return lines;
}

/// Here only what the host itself sends or is sent, and what is sent to a virtual address, gets
/// other addresses, and answers of internal networks go to the host alone. All else is let through
/// by where it comes from and goes to, and following its connections, which the host does, would be
/// work for nothing.
template <typename Family>
void add_untracked(const FirewallSpec& spec, const std::string& uplink, Lines& lines) {
  const std::string host = Family::host(spec.uplink);
  const std::string real = has_turns<Family>(spec) ? fmt::format(" {} daddr != @virtual{}",
                                                                 Family::address, Family::suffix)
                                                   : "";
  lines.push_back(
      fmt::format("iifname {} {} saddr != {}{} notrack", uplink, Family::address, host, real));
  lines.push_back(
      fmt::format("iifname @open {0} daddr != {1} iifname . {0} daddr != @gateways{2}{3} "
                  "notrack",
                  Family::address, host, Family::suffix, real));
}

/// rp_filter cannot be used: a container in two networks may answer out of the other one.
Lines senders_chain(const FirewallSpec& spec, const std::string& uplink) {
  Lines lines{"type filter hook prerouting priority raw; policy accept;",
              fmt::format("iifname != {{ \"lo\", {} }} ip saddr != @subnets drop", uplink)};
  if (has_ipv6(spec)) {
    lines.push_back(fmt::format("ip6 saddr fe80::/10 {}", neighbour_discovery));
    lines.push_back(fmt::format("iifname != {{ \"lo\", {} }} ip6 saddr != @subnets6 drop", uplink));
  }
  add_untracked<Family4>(spec, uplink, lines);
  if (has_ipv6(spec)) add_untracked<Family6>(spec, uplink, lines);
  return lines;
}

template <typename Family>
std::string to_the_host(const FirewallSpec& spec) {
  return fmt::format("iifname @open iifname . {0} daddr @gateways{1} dnat {0} to {2}",
                     Family::address, Family::suffix, Family::host(spec.uplink));
}

/// Each connection to another container than the one before.
std::string in_turn(const Lines& targets) {
  if (targets.size() == 1) return targets.front();
  Lines numbered;
  for (const std::string& target : targets)
    numbered.push_back(fmt::format("{} : {}", numbered.size(), target));
  return fmt::format("numgen inc mod {} map {{ {} }}", targets.size(), join(numbered, ", "));
}

/// From its own network and from the host only: to everybody else it is nobody's address.
template <typename Family>
void add_turns(const FirewallSpec& spec, const std::string& uplink, Lines& lines) {
  for (const Turns& turns : turns_of<Family>(spec))
    lines.push_back(fmt::format("iifname {{ {}, {} }} {} daddr {} dnat {} to {}", uplink,
                                quote(turns.bridge), Family::address, turns.address,
                                Family::address, in_turn(turns.targets)));
}

Lines stack_arriving_chain(const FirewallSpec& spec, const std::string& uplink) {
  Lines lines{"type nat hook prerouting priority dstnat; policy accept;",
              to_the_host<Family4>(spec)};
  if (has_ipv6(spec)) lines.push_back(to_the_host<Family6>(spec));
  add_turns<Family4>(spec, uplink, lines);
  if (has_ipv6(spec)) add_turns<Family6>(spec, uplink, lines);
  return lines;
}

Lines input_chain(const FirewallSpec& spec, const std::string& uplink) {
  Lines lines{"type filter hook input priority filter; policy drop;",
              "ct state established,related accept",
              fmt::format("iifname {{ \"lo\", {} }} accept", uplink),
              "iifname . ip daddr @gateways icmp type echo-request accept"};
  if (has_ipv6(spec)) {
    lines.push_back(neighbour_discovery);
    lines.push_back("iifname . ip6 daddr @gateways6 icmpv6 type echo-request accept");
  }
  return lines;
}

Lines between_chain(const FirewallSpec& spec, const std::string& uplink) {
  Lines lines{"type filter hook forward priority filter; policy drop;",
              "ct state established,related accept",
              fmt::format("iifname {} oifname @open accept", uplink),
              fmt::format("iifname {} oifname @internal ip saddr {} accept", uplink,
                          Family4::host(spec.uplink))};
  if (has_ipv6(spec))
    lines.push_back(fmt::format("iifname {} oifname @internal ip6 saddr {} accept", uplink,
                                Family6::host(spec.uplink)));
  lines.push_back(fmt::format("iifname @open oifname {} accept", uplink));
  // Bridged packets come here too while br_netfilter asks for them.
  lines.push_back("iifname . oifname @same accept");
  return lines;
}

template <typename Family>
std::string as_the_gateway(const FirewallSpec& spec, const std::string& uplink) {
  return fmt::format("iifname {0} oifname != {0} {1} saddr {2} masquerade", uplink, Family::address,
                     Family::host(spec.uplink));
}

/// In each network the host appears as the gateway, as it does with docker: containers know their
/// neighbour, and the answer leaves by the network it came from.
Lines stack_leaving_chain(const FirewallSpec& spec, const std::string& uplink) {
  Lines lines{"type nat hook postrouting priority srcnat; policy accept;",
              as_the_gateway<Family4>(spec, uplink)};
  if (has_ipv6(spec)) lines.push_back(as_the_gateway<Family6>(spec, uplink));
  // Or a container would answer its neighbour by itself, who has asked another address.
  if (has_turns<Family4>(spec) || has_turns<Family6>(spec))
    lines.push_back(fmt::format("oifname != {} ct status dnat masquerade", uplink));
  return lines;
}

/// Here, where the way out is known. The expression takes the smaller of both directions.
Lines clamp_chain(const std::string& uplink) {
  Lines lines{"type filter hook forward priority mangle; policy accept;"};
  for (const char* direction : {"iifname", "oifname"})
    lines.push_back(
        fmt::format("{} {} tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu",
                    direction, uplink));
  return lines;
}

}  // namespace

std::string host_ruleset(const FirewallSpec& spec) {
  const std::string uplink = quote(spec.uplink.host_interface);
  const std::string content =
      host_sets<Family4>(spec) + (has_ipv6(spec) ? host_sets<Family6>(spec) : "") +
      loopback_sets(spec) + chain("guard", guard_chain(spec, uplink)) + plain_guard(spec, uplink) +
      host_access(spec, uplink) + chain("published", published_chain(spec)) +
      chain("arriving", {"type nat hook prerouting priority dstnat; policy accept;",
                         "fib daddr type local jump published"}) +
      chain("local", local_chain(spec)) + chain("leaving", host_leaving_chain(spec, uplink)) +
      chain("clamp", clamp_chain(uplink));
  return table("inet stack_" + spec.stack_id, content);
}

std::string stack_ruleset(const FirewallSpec& spec) {
  const std::string uplink = quote(stack_end_of_uplink);
  const std::string content = stack_sets(spec) + chain("senders", senders_chain(spec, uplink)) +
                              chain("arriving", stack_arriving_chain(spec, uplink)) +
                              chain("input", input_chain(spec, uplink)) +
                              chain("between", between_chain(spec, uplink)) +
                              chain("leaving", stack_leaving_chain(spec, uplink));
  return table("inet stack", content);
}

// No address translation: that would have the kernel follow every connection of the container. A
// container that has it do so by rules of its own (at -200) sees the supervisor's port both ways.
std::string container_ruleset(std::uint16_t udp_port, std::uint16_t tcp_port) {
  const Lines questions{"type filter hook output priority raw; policy accept;",
                        "ip daddr != 127.0.0.11 accept",
                        fmt::format("udp dport 53 udp dport set {}", udp_port),
                        fmt::format("tcp dport 53 tcp dport set {}", tcp_port)};
  const Lines answers{"type filter hook output priority mangle; policy accept;",
                      "ip saddr != 127.0.0.11 accept",
                      fmt::format("udp sport {} udp sport set 53", udp_port),
                      fmt::format("tcp sport {} tcp sport set 53", tcp_port)};
  return new_table("ip stack_dns", chain("questions", questions) + chain("answers", answers));
}

}  // namespace stack::network
