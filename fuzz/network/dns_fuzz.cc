// SPDX-License-Identifier: Apache-2.0
// Any bytes as a DNS query of a container, and as an upstream's reply.
#include <cstdint>
#include <cstdlib>

#include "network/dns.h"

namespace {

using stack::network::DnsVerdict;
using stack::network::DnsView;

constexpr std::size_t udp_limit = 512;
constexpr std::size_t edns_limit = 1232;

const DnsView& view() {
  static const DnsView shop = [] {
    DnsView names;
    names.names["web"] = {{0xac120002}};
    for (std::uint32_t i = 3; i < 120; ++i) names.names["db"].push_back({0xac120000 + i});
    names.reverse[{0xac120002}] = "shop-web-1";
    return names;
  }();
  return shop;
}

void require(bool truth) {
  if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto answer = stack::network::answer_dns(bytes, view(), 1, udp_limit);
  require(answer.verdict != DnsVerdict::forward || answer.reply.empty());
  if (answer.verdict == DnsVerdict::answered) {
    require(!answer.reply.empty() && answer.reply.size() <= edns_limit);
    require(stack::network::reply_matches(bytes, answer.reply));
  }
  const auto failure = stack::network::servfail(bytes);
  require(failure.empty() == (size < 12));
  static_cast<void>(stack::network::reply_matches(failure, bytes));
  static_cast<void>(stack::network::parse_resolv_conf(bytes));
  return 0;
}
