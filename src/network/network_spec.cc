// SPDX-License-Identifier: Apache-2.0
#include "network/network_spec.h"

#include <arpa/inet.h>

#include "base/format.h"
#include "base/text.h"

namespace stack::network {
namespace {

std::uint32_t mask_of(int prefix) {
  return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
}

}  // namespace

std::string to_text(Ipv4 address) {
  const std::uint32_t v = address.value;
  return fmt::format("{}.{}.{}.{}", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255);
}

std::optional<Ipv4> parse_ipv4(const std::string& text) {
  in_addr parsed{};
  if (::inet_pton(AF_INET, text.c_str(), &parsed) != 1) return std::nullopt;
  return Ipv4{ntohl(parsed.s_addr)};
}

bool Subnet::contains(Ipv4 other) const {
  return (other.value & mask_of(prefix)) == address.value;
}

bool Subnet::overlaps(const Subnet& other) const {
  return contains(other.address) || other.contains(address);
}

std::uint64_t Subnet::size() const {
  return std::uint64_t{1} << (32 - prefix);
}

std::string to_text(const Subnet& subnet) {
  return fmt::format("{}/{}", to_text(subnet.address), subnet.prefix);
}

std::optional<Subnet> parse_subnet(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto address = parse_ipv4(text.substr(0, slash));
  const auto prefix = parse_integer<int>(std::string_view(text).substr(slash + 1));
  if (!address || !prefix || *prefix < 0 || *prefix > 32) return std::nullopt;
  return Subnet{{address->value & mask_of(*prefix)}, *prefix};
}

}  // namespace stack::network
