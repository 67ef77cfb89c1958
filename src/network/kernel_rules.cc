// SPDX-License-Identifier: Apache-2.0
#include "network/kernel_rules.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/error.h"
#include "network/nftables.h"

namespace stack::network {
namespace {

/// nftables(8), "Address families".
std::string family_name(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_BRIDGE:
      return "bridge";
    case NFPROTO_NETDEV:
      return "netdev";
    default:
      return "";
  }
}

std::string family_of(const nlmsghdr* message) {
  return family_name(static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message))->nfgen_family);
}

std::string name_in(const nlattr* attribute) {
  return attribute == nullptr ? "" : mnl_attr_get_str(attribute);
}

/// Attributes of nf_tables are big endian.
template <std::size_t Count>
std::uint32_t number(const Attributes<Count>& from, std::size_t type) {
  return ntohl(from.u32_or(type, 0));
}

Hook hook_of(const nlattr* nest) {
  const Attributes<NFTA_HOOK_MAX + 1> hook(nest);
  switch (number(hook, NFTA_HOOK_HOOKNUM)) {
    case NF_INET_FORWARD:
      return Hook::forward;
    case NF_INET_POST_ROUTING:
      return Hook::postrouting;
    default:
      return Hook::other;
  }
}

ListedChain read_chain(const nlmsghdr* message) {
  const Attributes<NFTA_CHAIN_MAX + 1> chain(message, sizeof(nfgenmsg));
  ListedChain found{
      {family_of(message), name_in(chain[NFTA_CHAIN_TABLE]), name_in(chain[NFTA_CHAIN_NAME])},
      name_in(chain[NFTA_CHAIN_TYPE])};
  if (chain[NFTA_CHAIN_HOOK] == nullptr) return found;
  found.hook = hook_of(chain[NFTA_CHAIN_HOOK]);
  found.drops = chain[NFTA_CHAIN_POLICY] != nullptr && number(chain, NFTA_CHAIN_POLICY) == NF_DROP;
  return found;
}

/// Of the user's data, which nft writes as a type, a length and a value each.
std::string comment_in(const nlattr* data) {
  constexpr unsigned char comment_type = 0;  // NFTNL_UDATA_RULE_COMMENT of libnftnl
  if (data == nullptr) return "";
  const auto* bytes = static_cast<const unsigned char*>(mnl_attr_get_payload(data));
  const std::size_t size = mnl_attr_get_payload_len(data);
  for (std::size_t at = 0; at + 2 <= size && at + 2 + bytes[at + 1] <= size;
       at += 2UL + bytes[at + 1]) {
    if (bytes[at] != comment_type) continue;
    const std::string value(reinterpret_cast<const char*>(bytes + at + 2), bytes[at + 1]);
    return value.c_str();  // it ends with a zero
  }
  return "";
}

/// Notes what a `meta` expression looks at; a callback of libmnl.
int note_meta(const nlattr* expression, void* noting) {
  auto& rule = *static_cast<ListedRule*>(noting);
  const Attributes<NFTA_EXPR_MAX + 1> parts(expression);
  if (name_in(parts[NFTA_EXPR_NAME]) != "meta" || parts[NFTA_EXPR_DATA] == nullptr)
    return MNL_CB_OK;
  const Attributes<NFTA_META_MAX + 1> meta(parts[NFTA_EXPR_DATA]);
  const std::uint32_t key = number(meta, NFTA_META_KEY);
  rule.of_incoming = rule.of_incoming || key == NFT_META_IIFNAME;
  rule.of_outgoing = rule.of_outgoing || key == NFT_META_OIFNAME;
  return MNL_CB_OK;
}

ListedRule read_rule(const nlmsghdr* message) {
  const Attributes<NFTA_RULE_MAX + 1> attributes(message, sizeof(nfgenmsg));
  ListedRule rule;
  rule.comment = comment_in(attributes[NFTA_RULE_USERDATA]);
  if (rule.comment.empty()) return rule;
  rule.chain = {family_of(message), name_in(attributes[NFTA_RULE_TABLE]),
                name_in(attributes[NFTA_RULE_CHAIN])};
  if (attributes[NFTA_RULE_HANDLE] != nullptr)
    rule.handle = be64toh(mnl_attr_get_u64(attributes[NFTA_RULE_HANDLE]));
  if (attributes[NFTA_RULE_EXPRESSIONS] != nullptr)
    mnl_attr_parse_nested(attributes[NFTA_RULE_EXPRESSIONS], &note_meta, &rule);
  return rule;
}

/// One dump; false when the tables changed meanwhile.
bool dump(NetlinkSocket& socket, int message, const std::function<void(const nlmsghdr*)>& each) {
  bool whole = true;
  const int refused = socket.query(
      nft_message(message), NLM_F_DUMP,
      [](nlmsghdr* m) {
        put_header(m, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, 0});
      },
      [&](const nlmsghdr* m) {
        whole = whole && (m->nlmsg_flags & NLM_F_DUMP_INTR) == 0;
        each(m);
      });
  if (refused == EINTR) return false;
  if (refused != 0) throw Error("listing firewall rules", refused);
  return whole;
}

template <typename Item>
std::vector<Item> list(int message, Item (*read)(const nlmsghdr*)) {
  constexpr int attempts = 20;
  NetlinkSocket socket(NETLINK_NETFILTER);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    std::vector<Item> found;
    if (!dump(socket, message, [&](const nlmsghdr* m) { found.push_back(read(m)); })) continue;
    retire(std::move(socket));
    return found;
  }
  fail("listing firewall rules: they do not stand still");
}

}  // namespace

std::vector<ListedChain> list_chains() {
  return list(NFT_MSG_GETCHAIN, &read_chain);
}

std::vector<ListedRule> list_commented_rules() {
  auto rules = list(NFT_MSG_GETRULE, &read_rule);
  std::erase_if(rules, [](const ListedRule& rule) { return rule.comment.empty(); });
  return rules;
}

}  // namespace stack::network
