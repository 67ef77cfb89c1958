// SPDX-License-Identifier: Apache-2.0
// The three rulesets as text. docs/networking.md follows a packet through them.
#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "network/firewall.h"
#include "network/links.h"

namespace stack::network {
namespace {

using Lines = std::vector<std::string>;

std::string quote(const std::string& name) {
  return '"' + name + '"';
}

/// A named set or map; nft has no empty braces, so without elements the line is left out.
std::string collection(const std::string& heading, const std::string& type, const Lines& elements) {
  std::string text = fmt::format("\t{} {{\n\t\ttype {}\n", heading, type);
  if (!elements.empty()) {
    text += fmt::format("\t\telements = {{\n\t\t\t{}\n\t\t}}\n", join(elements, ",\n\t\t\t"));
  }
  return text + "\t}\n";
}

std::string chain(const std::string& name, const Lines& lines) {
  return fmt::format("\tchain {} {{\n\t\t{}\n\t}}\n", name, join(lines, "\n\t\t"));
}

std::string new_table(const std::string& name, const std::string& content) {
  return fmt::format("table {} {{\n{}}}\n", name, content);
}

/// Declaring it first lets the deletion succeed when there was none.
std::string without(const std::string& table) {
  return fmt::format("table {0}\ndelete table {0}\n", table);
}

/// Replaces the table whole.
std::string table(const std::string& name, const std::string& content) {
  return without(name) + new_table(name, content);
}

bool is_internal(const FirewallSpec& spec, Ipv4 address) {
  return std::ranges::any_of(spec.networks, [&](const NetworkSpec& n) {
    return n.internal && n.subnet.contains(address);
  });
}

/// Published by address translation: not those on loopback, which an outsider could then reach
/// (security: a neighbour may send to 127.0.0.1), nor those of internal networks.
bool is_translated(const FirewallSpec& spec, const PublishedPort& port) {
  const auto host = parse_ipv4(port.host_ip);
  return host && host->value >> 24 != 127 && !is_internal(spec, port.container_address);
}

struct PortMaps {
  Lines anywhere;    ///< published on 0.0.0.0, by port
  Lines at_address;  ///< published on one address of the host
};

PortMaps port_maps(const FirewallSpec& spec, const std::string& protocol) {
  PortMaps maps;
  for (const PublishedPort& port : spec.published) {
    if (port.protocol != protocol || !is_translated(spec, port)) continue;
    const auto target =
        fmt::format("{} . {}", to_text(port.container_address), port.container_port);
    if (parse_ipv4(port.host_ip) == Ipv4{}) {
      maps.anywhere.push_back(fmt::format("{} : {}", port.host_port, target));
    } else {
      maps.at_address.push_back(fmt::format("{} . {} : {}", port.host_ip, port.host_port, target));
    }
  }
  return maps;
}

std::string port_map_texts(const FirewallSpec& spec) {
  std::string text;
  for (const char* protocol : {"tcp", "udp"}) {
    const PortMaps maps = port_maps(spec, protocol);
    text += collection(fmt::format("map {}_anywhere", protocol),
                       "inet_service : ipv4_addr . inet_service", maps.anywhere);
    text += collection(fmt::format("map {}_at_address", protocol),
                       "ipv4_addr . inet_service : ipv4_addr . inet_service", maps.at_address);
  }
  return text;
}

Lines translations(const std::string& protocol) {
  return {fmt::format("dnat ip to ip daddr . {0} dport map @{0}_at_address", protocol),
          fmt::format("dnat ip to {0} dport map @{0}_anywhere", protocol)};
}

Lines published_chain() {
  Lines lines = translations("tcp");
  for (const std::string& line : translations("udp")) lines.push_back(line);
  return lines;
}

Lines subnets_of(const FirewallSpec& spec) {
  Lines subnets;
  for (const NetworkSpec& network : spec.networks) subnets.push_back(to_text(network.subnet));
  return subnets;
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

std::string stack_sets(const FirewallSpec& spec) {
  const auto gateways = describe_networks(spec, [](const NetworkSpec& n) {
    return fmt::format("{} . {}", quote(n.bridge), to_text(n.gateway));
  });
  const auto open = describe_networks(
      spec, [](const NetworkSpec& n) { return n.internal ? "" : quote(n.bridge); });
  const auto internal = describe_networks(
      spec, [](const NetworkSpec& n) { return n.internal ? quote(n.bridge) : ""; });
  const auto within = describe_networks(
      spec, [](const NetworkSpec& n) { return quote(n.bridge) + " . " + quote(n.bridge); });
  return collection("set subnets", "ipv4_addr\n\t\tflags interval", subnets_of(spec)) +
         collection("set gateways", "ifname . ipv4_addr", gateways) +
         collection("set open", "ifname", open) + collection("set internal", "ifname", internal) +
         collection("set same", "ifname . ifname", within);
}

}  // namespace

std::string host_ruleset(const FirewallSpec& spec) {
  const std::string uplink = quote(spec.uplink.host_interface);
  auto own = subnets_of(spec);
  own.push_back(to_text(Subnet{{spec.uplink.host_address.value & ~std::uint32_t{3}}, 30}));
  const std::string content =
      collection("set subnets", "ipv4_addr\n\t\tflags interval", own) + port_map_texts(spec) +
      // Before any translation: whoever addresses a container directly is a stranger, and what
      // comes out of the stack is from the stack.
      chain("guard", {"type filter hook prerouting priority raw; policy accept;",
                      fmt::format("iifname != {{ \"lo\", {} }} ip daddr @subnets drop", uplink),
                      fmt::format("iifname {} ip saddr != @subnets drop", uplink)}) +
      chain("published", published_chain()) +
      chain("arriving", {"type nat hook prerouting priority dstnat; policy accept;",
                         "fib daddr type local jump published"}) +
      // The host's own UDP to its own addresses; TCP is accepted by the supervisor.
      chain("local", {"type nat hook output priority -100; policy accept;",
                      "meta l4proto udp ip daddr != 127.0.0.0/8 fib daddr type local jump "
                      "published"}) +
      chain("leaving",
            {"type nat hook postrouting priority srcnat; policy accept;",
             fmt::format("iifname {0} oifname != {0} masquerade", uplink),
             // From a container to a published port and back in: the answer must come back here.
             fmt::format("iifname {0} oifname {0} ct status dnat masquerade", uplink)}) +
      // Here, where the way out is known. The expression takes the smaller of both directions.
      chain("clamp",
            {"type filter hook forward priority mangle; policy accept;",
             fmt::format(
                 "iifname {} tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu",
                 uplink),
             fmt::format(
                 "oifname {} tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu",
                 uplink)});
  return table("inet stack_" + spec.stack_id, content);
}

std::string stack_ruleset(const FirewallSpec& spec) {
  const std::string uplink = quote(stack_end_of_uplink);
  const std::string host = to_text(spec.uplink.host_address);
  const std::string content =
      stack_sets(spec) +
      // rp_filter cannot be used: a container in two networks may answer out of the other one.
      chain("senders",
            {"type filter hook prerouting priority raw; policy accept;",
             fmt::format("iifname != {{ \"lo\", {} }} ip saddr != @subnets drop", uplink)}) +
      chain("arriving",
            {"type nat hook prerouting priority dstnat; policy accept;",
             fmt::format("iifname @open iifname . ip daddr @gateways dnat ip to {}", host)}) +
      chain("input", {"type filter hook input priority filter; policy drop;",
                      "ct state established,related accept",
                      fmt::format("iifname {{ \"lo\", {} }} accept", uplink),
                      "iifname . ip daddr @gateways icmp type echo-request accept"}) +
      chain("between",
            {"type filter hook forward priority filter; policy drop;",
             "ct state established,related accept",
             fmt::format("iifname {} oifname @open accept", uplink),
             fmt::format("iifname {} oifname @internal ip saddr {} accept", uplink, host),
             fmt::format("iifname @open oifname {} accept", uplink),
             // Bridged packets come here too while br_netfilter asks for them.
             "iifname . oifname @same accept"}) +
      // In each network the host appears as the gateway, as it does with docker: containers know
      // their neighbour, and the answer leaves by the network it came from.
      chain("leaving",
            {"type nat hook postrouting priority srcnat; policy accept;",
             fmt::format("iifname {0} oifname != {0} ip saddr {1} masquerade", uplink, host)});
  return table("inet stack", content);
}

std::string container_ruleset(std::uint16_t udp_port, std::uint16_t tcp_port) {
  return new_table(
      "ip stack_dns",
      chain("output",
            {"type nat hook output priority -100; policy accept;",
             fmt::format("ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:{}", udp_port),
             fmt::format("ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:{}", tcp_port)}));
}

std::string replacing_container_ruleset(std::uint16_t udp_port, std::uint16_t tcp_port) {
  return without("ip stack_dns") + container_ruleset(udp_port, tcp_port);
}

}  // namespace stack::network
