// SPDX-License-Identifier: Apache-2.0
// Frames as an attacker with a raw socket would write them.
#pragma once

#include <string>

#include "base/fd.h"
#include "network/address.h"

namespace stack::network::test {

/// Six bytes; "02:42:..." as text elsewhere.
std::string mac_bytes(const std::string& text);

constexpr const char* everybody = "ff:ff:ff:ff:ff:ff";

/// An Ethernet frame.
std::string frame(const std::string& to, const std::string& from, int type,
                  const std::string& content);
/// An ARP reply: "`sender_ip` is at `sender_mac`", sent by `from`.
std::string arp(const std::string& from, const std::string& sender_mac, Ipv4 sender_ip);
/// What comes behind a VLAN tag of 0.
std::string tagged(const std::string& frame);
/// A UDP datagram to everybody.
std::string ipv4(const std::string& from, Ipv4 source);
/// ICMPv6 of `type` (134: router, 136: neighbour) about `target`, to all nodes.
std::string icmpv6(const std::string& from, Ipv6 source, int type, Ipv6 target);

/// Sends and receives whole frames at an interface of a namespace.
class Wire {
 public:
  Wire(int network_namespace, const std::string& interface);
  void send(const std::string& frame) const;
  /// True when `frame` comes before `last` does. `last` has to come.
  bool hears(const std::string& frame, const std::string& last) const;

 private:
  Fd socket_;
};

}  // namespace stack::network::test
