// SPDX-License-Identifier: Apache-2.0
// Any text as an address, a subnet, a MAC and a published port. What the file's reader accepts, the
// network must be able to use; what is printed must read back as the same.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/error.h"
#include "network/address.h"
#include "network/dns.h"
#include "network/link_requests.h"
#include "spec/short_forms.h"

namespace {

using namespace stack;
using namespace stack::network;

void require(bool truth) {
  if (!truth) std::abort();
}

template <typename Value>
void require_same(const std::optional<Value>& value,
                  std::optional<Value> (*parse)(const std::string&)) {
  require(!value || parse(to_text(*value)) == value);
}

/// It begins and ends within itself, and nowhere does it contradict itself.
template <typename Net>
void check_subnet(const std::optional<Net>& net) {
  if (!net) return;
  require(net->contains(net->address) && net->contains(net->last()));
  require(net->address <= net->last() && net->overlaps(*net));
  const Net all{};
  require(net->overlaps(all) && all.overlaps(*net));
}

void check_addresses(const std::string& text) {
  const auto v4 = parse_ipv4(text);
  const auto v6 = parse_ipv6(text);
  require_same(v4, &parse_ipv4);
  require_same(v6, &parse_ipv6);
  require(!v4 || !v6);
  require(spec::is_ipv4(text) == v4.has_value());
  require(spec::is_ip_address(text) == (v4 || v6));
}

void check_subnets(const std::string& text) {
  const auto v4 = parse_subnet(text);
  const auto v6 = parse_subnet6(text);
  require_same(v4, &parse_subnet);
  require_same(v6, &parse_subnet6);
  check_subnet(v4);
  check_subnet(v6);
  require(spec::is_subnet(text) == (v4 || v6));
}

void check_ports(const std::string& text) {
  const auto ports = spec::parse_ports(text);
  const auto* accepted = std::get_if<std::vector<spec::PortParts>>(&ports);
  if (accepted == nullptr) return;
  require(!accepted->empty());
  for (const spec::PortParts& port : *accepted) {
    require(port.host_ip.empty() || parse_ipv4(port.host_ip) || parse_ipv6(port.host_ip));
    require(port.target != 0);
    if (port.published.empty()) continue;
    const auto range = spec::parse_port_range(port.published, "host port");
    require(std::holds_alternative<spec::PortRange>(range));
  }
}

void check_mac(const std::string& text) {
  const bool accepted = spec::is_mac(text);
  try {
    static_cast<void>(parse_mac(text));
  } catch (const Error&) {
    require(!accepted);
  }
}

/// Whatever a host's file says, words are words.
void check_resolv_conf(const std::string& text) {
  const ResolvConf conf = parse_resolv_conf(text);
  for (const auto* words : {&conf.nameservers, &conf.search, &conf.options})
    for (const std::string& word : *words)
      require(!word.empty() && word.find_first_of(" \t\n") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_addresses(text);
  check_subnets(text);
  check_ports(text);
  check_mac(text);
  check_resolv_conf(text);
  return 0;
}
