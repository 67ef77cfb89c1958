// SPDX-License-Identifier: Apache-2.0
// DNS, pure: the answer to a query out of one container's own view of names. Sockets and forwarding
// are the supervisor's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/address.h"

namespace stack::network {

/// All addresses of one name.
struct DnsAddresses {
  std::vector<Ipv4> v4;
  std::vector<Ipv6> v6;
  bool operator==(const DnsAddresses&) const = default;
};
/// By name: lower case, without a final dot.
using DnsNames = std::map<std::string, DnsAddresses, std::less<>>;

/// The names of one network: services, containers, aliases. All views of it share it.
struct DnsZone {
  std::string name;  ///< of the network, lower case; each name is known as NAME.NETWORK, too
  DnsNames names;
  std::map<Ipv4, std::string> reverse;
  std::map<Ipv6, std::string> reverse6;
  Subnet subnet;  ///< prefix 0: none
  Subnet6 subnet6;
};

/// Names as one container sees them.
struct DnsView {
  DnsNames own;  ///< what its configuration says for it alone: extra hosts, links
  std::vector<std::shared_ptr<const DnsZone>> zones;  ///< of its networks, in the order of joining
};

/// Own names come first, then the first network that has the name decides, as in docker; nullptr
/// when nobody has it.
const DnsAddresses* find_name(const DnsView& view, std::string_view name);

/// NAME.NETWORK, whether somebody has that name or not. Only of networks whose own name has an
/// underscore, as SHOP_DEFAULT has: no domain of the world ends in such a label, while a network
/// may well be called "dev".
bool is_in_network(const DnsView& view, std::string_view name);

enum class DnsVerdict {
  answered,   ///< `reply` is complete
  forward,    ///< not ours: ask an upstream with the same query
  malformed,  ///< drop, or an error in `reply` when it has an id
};

struct DnsAnswer {
  DnsVerdict verdict = DnsVerdict::malformed;
  std::string reply;        ///< wire format
  std::size_t choices = 1;  ///< how many orders of answers there are to rotate through
};

/// What a client of ours can take over UDP without EDNS (RFC 1035), and what we let it offer by
/// that: the way is a loopback interface, where nothing is fragmented.
constexpr std::size_t plain_udp_size = 512;
constexpr std::size_t largest_udp_size = 4096;
constexpr std::size_t largest_message = 65535;

/// `rotation` turns the order of several addresses (a counter of the caller's). A reply over
/// `max_size` bytes has only the answers that fit, and the TC bit: pass plain_udp_size for UDP, and
/// what the query offers by EDNS is allowed on top; largest_message for TCP.
///
/// What is asked about a name of the view, or about an address in one of its subnets, is answered
/// here: without such data NODATA, without such a name NXDOMAIN. So is each other name of a single
/// label, or of NAME.NETWORK, unless the question is one about zones (NS, SOA, DS, DNSKEY: a
/// validating resolver asks that of top-level domains): names of a stack never leave the machine.
DnsAnswer answer_dns(std::string_view query, const DnsView& view, std::uint32_t rotation,
                     std::size_t max_size);

/// How large a reply to `query` over UDP may be.
std::size_t udp_room(std::string_view query);

/// nameserver lines of a resolv.conf, and its search and options lines.
struct ResolvConf {
  std::vector<std::string> nameservers;
  std::vector<std::string> search;
  std::vector<std::string> options;
};
ResolvConf parse_resolv_conf(std::string_view text);

}  // namespace stack::network
