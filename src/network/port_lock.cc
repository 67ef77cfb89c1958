// SPDX-License-Identifier: Apache-2.0
#include "network/port_lock.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/ethernet.h>
#include <net/if.h>

#include "base/error.h"
#include "base/text.h"
#include "network/link_requests.h"
#include "network/nft_expressions.h"
#include "network/nft_types.h"
#include "network/nftables.h"
#include "network/ruleset_text.h"

namespace stack::network {
namespace {

constexpr const char* table_name = "stack";
constexpr const char* senders = "senders";
constexpr const char* senders6 = "senders6";
constexpr const char* neighbours6 = "neighbours6";

/// What the kernel gives an interface by itself (RFC 4291, appendix A).
Ipv6 link_local_for(const Mac& mac) {
  const auto byte = [&](std::size_t i) { return std::uint64_t{mac[i]}; };
  return {0xfe80ULL << 48, (byte(0) ^ 2) << 56 | byte(1) << 48 | byte(2) << 40 | 0xffULL << 32 |
                               0xfeULL << 24 | byte(3) << 16 | byte(4) << 8 | byte(5)};
}

template <typename Address>
void add_element(std::vector<LockElement>& elements, const char* set, const PortLock& lock,
                 Address address) {
  elements.push_back({set, lock.port, lock.mac, address});
}

Lines elements_in(const std::string& set, const std::vector<PortLock>& ports) {
  Lines lines;
  for (const PortLock& port : ports)
    for (const LockElement& element : elements_of(port))
      if (element.set == set) lines.push_back(to_text(element));
  return lines;
}

void request_elements(Batch& batch, int message, int flags, const PortLock& lock) {
  for (const LockElement& element : elements_of(lock)) {
    add_nft_request(batch, message, flags, NFPROTO_BRIDGE, "locking port " + lock.port,
                    [&](nlmsghdr* m) {
                      mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, table_name);
                      mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, element.set.c_str());
                      put_nest(m, NFTA_SET_ELEM_LIST_ELEMENTS, [&] {
                        put_nest(m, NFTA_LIST_ELEM,
                                 [&] { put_nft_value(m, NFTA_SET_ELEM_KEY, key_of(element)); });
                      });
                    });
  }
}

}  // namespace

PortLock lock_of(const std::string& port, const EndpointSpec& endpoint) {
  PortLock lock{port, endpoint.mac, endpoint.link_local, endpoint.link_local6};
  if (endpoint.address.v4) lock.addresses.push_back(*endpoint.address.v4);
  if (endpoint.address.v6) {
    lock.addresses6.push_back(*endpoint.address.v6);
    lock.addresses6.push_back(link_local_for(parse_mac(endpoint.mac)));
  }
  return lock;
}

/// The address of nobody is allowed: whoever looks for an address that is free (RFC 5227, RFC 4862)
/// asks under it, and nobody can be taken for another by it.
std::vector<LockElement> elements_of(const PortLock& lock) {
  std::vector<LockElement> elements;
  add_element(elements, senders, lock, Ipv4{});
  for (const Ipv4 address : lock.addresses) add_element(elements, senders, lock, address);
  if (!lock.addresses6.empty()) add_element(elements, senders6, lock, Ipv6{});
  for (const Ipv6 address : lock.addresses6) {
    add_element(elements, senders6, lock, address);
    add_element(elements, neighbours6, lock, address);
  }
  return elements;
}

std::string to_text(const LockElement& element) {
  std::string address = std::visit([](const auto& a) { return to_text(a); }, element.address);
  // Of a part of a packet nft knows only that it is a number.
  if (element.set == neighbours6) {
    address = "0x" + to_hex(wire(std::get<Ipv6>(element.address)));
  }
  return fmt::format("{} . {} . {}", quote(element.port), element.mac, address);
}

std::string key_of(const LockElement& element) {
  return nft_value(NftType::ifname, element.port, IFNAMSIZ) +
         nft_padded(nft_value(NftType::ether_addr, element.mac, ETH_ALEN)) +
         std::visit([](const auto& address) { return wire(address); }, element.address);
}

// Only what is named may pass. A frame of another type could be an ARP in disguise: receivers take
// the VLAN tag 0 off, and look inside (CVE-2021-27853).
std::string bridge_ruleset(const std::vector<PortLock>& ports) {
  const std::string content =
      collection("set senders", "ifname . ether_addr . ipv4_addr", elements_in(senders, ports)) +
      collection("set senders6", "ifname . ether_addr . ipv6_addr", elements_in(senders6, ports)) +
      declared("set neighbours6", "typeof iifname . ether saddr . @th,64,128",
               elements_in(neighbours6, ports)) +
      chain("ports",
            {"type filter hook prerouting priority -300; policy drop;",
             "ether type ip iifname . ether saddr . ip saddr @senders accept",
             "ether type arp iifname . ether saddr . arp saddr ip @senders "
             "iifname . arp saddr ether . arp saddr ip @senders accept",
             // Containers are no routers; and whoever says where an address is says its own.
             "ether type ip6 icmpv6 type { nd-router-advert, nd-redirect } drop",
             "ether type ip6 icmpv6 type nd-neighbor-advert "
             "iifname . ether saddr . @th,64,128 != @neighbours6 drop",
             "ether type ip6 iifname . ether saddr . ip6 saddr @senders6 accept"});
  return table(std::string("bridge ") + table_name, content);
}

void change_locks(NetlinkSocket& socket, const std::vector<PortLock>& added,
                  const std::vector<PortLock>& removed) {
  Batch batch = Batch::transaction(NFNL_SUBSYS_NFTABLES);
  for (const PortLock& lock : removed) request_elements(batch, NFT_MSG_DELSETELEM, 0, lock);
  for (const PortLock& lock : added)
    request_elements(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, lock);
  socket.execute(batch);
}

}  // namespace stack::network
