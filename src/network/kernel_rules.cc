// SPDX-License-Identifier: Apache-2.0
#include "network/kernel_rules.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <utility>

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

/// A rule while its expressions are read, one after the other.
struct RuleReader {
  ListedRule rule;
  bool asks_family = false;  ///< and the next expression compares it
};

/// What a `meta` expression looks at. `reject with icmp` in a table of both families asks for the
/// family first.
void take_meta(const nlattr* data, RuleReader& reader) {
  const Attributes<NFTA_META_MAX + 1> meta(data);
  const std::uint32_t key = number(meta, NFTA_META_KEY);
  reader.rule.of_incoming = reader.rule.of_incoming || key == NFT_META_IIFNAME;
  reader.rule.of_outgoing = reader.rule.of_outgoing || key == NFT_META_OIFNAME;
  reader.asks_family = key == NFT_META_NFPROTO;
  reader.rule.for_all = reader.rule.for_all && reader.asks_family;
}

Verdict verdict_of(std::int32_t code) {
  switch (code) {
    case NF_ACCEPT:
      return Verdict::accept;
    case NF_DROP:
      return Verdict::drop;
    case NFT_JUMP:
      return Verdict::jump;
    case NFT_GOTO:
      return Verdict::go_to;
    case NFT_RETURN:
      return Verdict::back;
    default:
      return Verdict::none;
  }
}

void take_immediate(const nlattr* nest, RuleReader& reader) {
  const Attributes<NFTA_IMMEDIATE_MAX + 1> immediate(nest);
  if (immediate[NFTA_IMMEDIATE_DATA] == nullptr) return;
  const Attributes<NFTA_DATA_MAX + 1> data(immediate[NFTA_IMMEDIATE_DATA]);
  if (data[NFTA_DATA_VERDICT] == nullptr) return;
  const Attributes<NFTA_VERDICT_MAX + 1> verdict(data[NFTA_DATA_VERDICT]);
  reader.rule.verdict = verdict_of(static_cast<std::int32_t>(number(verdict, NFTA_VERDICT_CODE)));
  reader.rule.target = name_in(verdict[NFTA_VERDICT_CHAIN]);
}

/// An extension of iptables.
void take_target(const nlattr* nest, RuleReader& reader) {
  const Attributes<NFTA_TARGET_MAX + 1> target(nest);
  if (name_in(target[NFTA_TARGET_NAME]) == "REJECT") reader.rule.verdict = Verdict::drop;
}

/// What is neither known here nor harmless is taken for a question.
void take_expression(const std::string& name, const nlattr* data, RuleReader& reader) {
  if (name == "meta") return take_meta(data, reader);
  const bool is_of_family = std::exchange(reader.asks_family, false) && name == "cmp";
  if (is_of_family || name == "counter" || name == "log") return;
  if (name == "immediate") return take_immediate(data, reader);
  if (name == "target") return take_target(data, reader);
  if (name == "reject") {
    reader.rule.verdict = Verdict::drop;
  } else {
    reader.rule.for_all = false;
  }
}

/// A callback of libmnl.
int read_expression(const nlattr* expression, void* reading) {
  const Attributes<NFTA_EXPR_MAX + 1> parts(expression);
  if (parts[NFTA_EXPR_DATA] != nullptr)
    take_expression(name_in(parts[NFTA_EXPR_NAME]), parts[NFTA_EXPR_DATA],
                    *static_cast<RuleReader*>(reading));
  return MNL_CB_OK;
}

ListedRule read_rule(const nlmsghdr* message) {
  const Attributes<NFTA_RULE_MAX + 1> attributes(message, sizeof(nfgenmsg));
  RuleReader reader;
  ListedRule& rule = reader.rule;
  rule.comment = comment_in(attributes[NFTA_RULE_USERDATA]);
  rule.for_all = true;
  rule.chain = {family_of(message), name_in(attributes[NFTA_RULE_TABLE]),
                name_in(attributes[NFTA_RULE_CHAIN])};
  if (attributes[NFTA_RULE_HANDLE] != nullptr)
    rule.handle = be64toh(mnl_attr_get_u64(attributes[NFTA_RULE_HANDLE]));
  if (attributes[NFTA_RULE_EXPRESSIONS] != nullptr)
    mnl_attr_parse_nested(attributes[NFTA_RULE_EXPRESSIONS], &read_expression, &reader);
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

std::vector<ListedRule> list_rules() {
  return list(NFT_MSG_GETRULE, &read_rule);
}

}  // namespace stack::network
