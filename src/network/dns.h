// SPDX-License-Identifier: Apache-2.0
// DNS, pure: the wire format by ldns, and the answer to a query out of one container's own view of
// names. Sockets and forwarding are the supervisor's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/network_spec.h"

namespace stack::network {

/// Names as one container sees them: its networks' services, container names and aliases, and its
/// own links. Lower case, without a final dot.
struct DnsView {
  std::map<std::string, std::vector<Ipv4>> names;
  std::map<Ipv4, std::string> reverse;
};

enum class DnsVerdict {
  answered,   ///< `reply` is complete
  forward,    ///< not ours: ask an upstream with the same query
  malformed,  ///< drop, or FORMERR in `reply` when it has an id
};

struct DnsAnswer {
  DnsVerdict verdict = DnsVerdict::malformed;
  std::string reply;  ///< wire format
};

/// `rotation` turns the order of several addresses (a counter of the caller's). A reply over
/// `max_size` bytes comes without its answers and with the TC bit: pass 512 for UDP, and what the
/// query offers by EDNS (up to 1232) is allowed on top; 65535 for TCP. A single-label name that we
/// do not know is answered NXDOMAIN here, never forwarded; AAAA of a known name is NODATA.
DnsAnswer answer_dns(std::string_view query, const DnsView& view, std::uint32_t rotation,
                     std::size_t max_size);

/// True when `reply` answers exactly `query` (id and question).
bool reply_matches(std::string_view query, std::string_view reply);
/// A SERVFAIL for `query`.
std::string servfail(std::string_view query);

/// nameserver lines of a resolv.conf, and its search and options lines.
struct ResolvConf {
  std::vector<std::string> nameservers;
  std::vector<std::string> search;
  std::vector<std::string> options;
};
ResolvConf parse_resolv_conf(std::string_view text);

}  // namespace stack::network
