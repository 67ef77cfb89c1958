// SPDX-License-Identifier: Apache-2.0
#include "network/nft_script.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "network/nft_notes.h"
#include "network/nft_rule.h"
#include "network/nft_sets.h"
#include "network/nft_words.h"
#include "network/nftables.h"

namespace stack::network {
namespace {

template <typename Value>
using Names = std::vector<std::pair<std::string_view, Value>>;

template <typename Value>
Value take_name(NftReader& reader, const Names<Value>& names) {
  for (const auto& [name, value] : names)
    if (reader.takes(name)) return value;
  reader.refuse();
}

std::uint8_t take_family(NftReader& reader) {
  return take_name<std::uint8_t>(reader, {{"inet", NFPROTO_INET},
                                          {"ip6", NFPROTO_IPV6},
                                          {"ip", NFPROTO_IPV4},
                                          {"bridge", NFPROTO_BRIDGE}});
}

struct Hook {
  std::string type;
  std::uint32_t hook = 0;
  std::int32_t priority = 0;
  std::uint32_t policy = NF_ACCEPT;
};

/// nft(8), "Standard priority names"
std::int32_t take_priority(NftReader& reader) {
  static const Names<std::int32_t> names{
      {"raw", -300}, {"mangle", -150}, {"dstnat", -100}, {"filter", 0}, {"srcnat", 100}};
  for (const auto& [name, value] : names)
    if (reader.takes(name)) return value;
  const auto number = parse_integer<std::int32_t>(reader.peek());
  if (!number) reader.refuse();
  reader.next();
  return *number;
}

/// "type filter hook input priority filter; policy drop;", where a chain is one of those.
std::optional<Hook> take_hook(NftReader& reader) {
  if (!reader.takes("type")) return std::nullopt;
  Hook hook;
  hook.type = reader.next();
  reader.expect("hook");
  hook.hook = take_name<std::uint32_t>(reader, {{"prerouting", NF_INET_PRE_ROUTING},
                                                {"input", NF_INET_LOCAL_IN},
                                                {"forward", NF_INET_FORWARD},
                                                {"output", NF_INET_LOCAL_OUT},
                                                {"postrouting", NF_INET_POST_ROUTING}});
  reader.expect("priority");
  hook.priority = take_priority(reader);
  reader.expect("; policy");
  hook.policy = take_name<std::uint32_t>(reader, {{"accept", NF_ACCEPT}, {"drop", NF_DROP}});
  reader.expect(";");
  return hook;
}

struct Place {
  std::uint8_t family = 0;
  std::string table;
  std::string chain;
};

enum class Position { first, last };

struct PlacedRule {
  std::string chain;
  NftRule rule;
};

/// A table as it is read: the kernel wants chains before what jumps to them, and sets before what
/// looks into them.
struct Content {
  std::vector<std::pair<std::string, std::optional<Hook>>> chains;
  std::vector<NftSet> sets;
  std::vector<PlacedRule> rules;
};

class Compiler {
 public:
  explicit Compiler(std::string_view script) : reader_(nft_words(script)) {}

  Batch compile() {
    for (reader_.skip_line_ends(); !reader_.at_end(); reader_.skip_line_ends()) read_command();
    return std::move(batch_);
  }

 private:
  void read_command() {
    if (reader_.takes("table")) return read_table();
    if (reader_.takes("delete table")) return request_table(NFT_MSG_DELTABLE, 0, take_place(false));
    if (reader_.takes("delete rule")) return delete_rule();
    if (!reader_.takes("insert rule")) reader_.refuse();
    const Place place = take_place(true);
    request_rule(place, take_rule(reader_, place.family, next_id_), Position::first);
  }

  Place take_place(bool with_chain) {
    Place place;
    place.family = take_family(reader_);
    place.table = reader_.next();
    if (with_chain) place.chain = reader_.next();
    return place;
  }

  void read_table() {
    const Place place = take_place(false);
    request_table(NFT_MSG_NEWTABLE, NLM_F_CREATE, place);
    if (!reader_.takes("{")) return;
    Content content;
    for (reader_.skip_line_ends(); !reader_.takes("}"); reader_.skip_line_ends())
      read_part(place, content);
    request_content(place, content);
  }

  void read_part(const Place& place, Content& content) {
    if (reader_.takes("chain")) return read_chain(place, content);
    if (!reader_.takes("set") && !reader_.takes("map")) reader_.refuse();
    NftSet set;
    set.name = reader_.next();
    set.id = next_id_++;
    reader_.expect("{");
    take_set_content(reader_, set);
    content.sets.push_back(std::move(set));
  }

  void read_chain(const Place& place, Content& content) {
    const std::string name = reader_.next();
    reader_.expect("{");
    reader_.skip_line_ends();
    content.chains.emplace_back(name, take_hook(reader_));
    for (reader_.skip_line_ends(); !reader_.takes("}"); reader_.skip_line_ends())
      content.rules.push_back({name, take_rule(reader_, place.family, next_id_)});
  }

  void request_content(const Place& place, const Content& content) {
    for (const auto& [name, hook] : content.chains)
      request_chain({place.family, place.table, name}, hook);
    for (const NftSet& set : content.sets) request_set(batch_, place.family, place.table, set);
    for (const auto& [chain, rule] : content.rules)
      request_rule({place.family, place.table, chain}, rule, Position::last);
  }

  void add(int message, int flags, const Place& place, std::string attempt,
           const std::function<void(nlmsghdr*)>& write) {
    add_nft_request(batch_, message, flags, place.family, std::move(attempt), write);
  }

  void request_table(int message, int flags, const Place& place) {
    add(message, flags, place, "table " + place.table,
        [&](nlmsghdr* m) { mnl_attr_put_strz(m, NFTA_TABLE_NAME, place.table.c_str()); });
  }

  void request_chain(const Place& place, const std::optional<Hook>& hook) {
    add(NFT_MSG_NEWCHAIN, NLM_F_CREATE, place, "chain " + place.chain, [&](nlmsghdr* m) {
      mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, place.table.c_str());
      mnl_attr_put_strz(m, NFTA_CHAIN_NAME, place.chain.c_str());
      if (!hook) return;
      mnl_attr_put_strz(m, NFTA_CHAIN_TYPE, hook->type.c_str());
      put_nft_number(m, NFTA_CHAIN_POLICY, hook->policy);
      put_nest(m, NFTA_CHAIN_HOOK, [&] {
        put_nft_number(m, NFTA_HOOK_HOOKNUM, hook->hook);
        put_nft_number(m, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(hook->priority));
      });
    });
  }

  void request_rule(const Place& place, const NftRule& rule, Position position) {
    for (const NftUnnamedSet& set : rule.sets)
      request_set(batch_, place.family, place.table, set_of(set));
    const int flags = position == Position::last ? NLM_F_CREATE | NLM_F_APPEND : NLM_F_CREATE;
    add(NFT_MSG_NEWRULE, flags, place, "a rule of chain " + place.chain, [&](nlmsghdr* m) {
      mnl_attr_put_strz(m, NFTA_RULE_TABLE, place.table.c_str());
      mnl_attr_put_strz(m, NFTA_RULE_CHAIN, place.chain.c_str());
      put_nest(m, NFTA_RULE_EXPRESSIONS, [&] { put_expressions(m, rule.expressions); });
      if (rule.comment.empty()) return;
      const std::string note = nft_comment_note(rule.comment);
      mnl_attr_put(m, NFTA_RULE_USERDATA, note.size(), note.data());
    });
  }

  /// "delete rule FAMILY TABLE CHAIN handle NUMBER"
  void delete_rule() {
    const Place place = take_place(true);
    reader_.expect("handle");
    const std::uint64_t handle = nft_number(reader_.next(), UINT64_MAX);
    add(NFT_MSG_DELRULE, 0, place, "a rule of chain " + place.chain, [&](nlmsghdr* m) {
      mnl_attr_put_strz(m, NFTA_RULE_TABLE, place.table.c_str());
      mnl_attr_put_strz(m, NFTA_RULE_CHAIN, place.chain.c_str());
      mnl_attr_put_u64(m, NFTA_RULE_HANDLE, htobe64(handle));
    });
  }

  NftReader reader_;
  Batch batch_ = Batch::transaction(NFNL_SUBSYS_NFTABLES);
  std::uint32_t next_id_ = 1;
};

}  // namespace

Batch compile_nft(std::string_view script) {
  return Compiler(script).compile();
}

}  // namespace stack::network
