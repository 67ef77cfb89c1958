// SPDX-License-Identifier: Apache-2.0
#include "network/name_redirection.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "network/nftables.h"

namespace stack::network {
namespace {

constexpr const char* table = "stack_dns";
constexpr std::uint16_t name_port = 53;
constexpr std::uint32_t server = 0x7f00000b;  // 127.0.0.11

/// Where something stands in a packet.
struct Field {
  nft_payload_bases base;
  std::uint32_t offset;
  std::uint32_t size;
};

/// TCP or UDP: where its ports and its checksum are.
struct Transport {
  std::uint8_t number;
  std::uint32_t checksum;
};
constexpr Transport udp{IPPROTO_UDP, offsetof(udphdr, check)};
constexpr Transport tcp{IPPROTO_TCP, offsetof(tcphdr, check)};
constexpr Field source_port{NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2};
constexpr Field destination_port{NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2};

template <typename Number>
std::string_view bytes_of(const Number& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

void put_number(nlmsghdr* m, std::uint16_t type, std::uint32_t value) {
  mnl_attr_put_u32(m, type, htonl(value));
}

/// The expressions of a rule (linux/netfilter/nf_tables.h), all by way of register 1.
class Rule {
 public:
  explicit Rule(nlmsghdr* message) : message_(message) {}

  void load(Field field) {
    add("payload", [&] {
      put_number(message_, NFTA_PAYLOAD_DREG, NFT_REG_1);
      put_place(field);
    });
  }
  void load_protocol() {
    add("meta", [&] {
      put_number(message_, NFTA_META_KEY, NFT_META_L4PROTO);
      put_number(message_, NFTA_META_DREG, NFT_REG_1);
    });
  }
  void compare(nft_cmp_ops how, std::string_view bytes) {
    add("cmp", [&] {
      put_number(message_, NFTA_CMP_SREG, NFT_REG_1);
      put_number(message_, NFTA_CMP_OP, how);
      put_value(NFTA_CMP_DATA, bytes);
    });
  }
  void set(std::string_view bytes) {
    add("immediate", [&] {
      put_number(message_, NFTA_IMMEDIATE_DREG, NFT_REG_1);
      put_value(NFTA_IMMEDIATE_DATA, bytes);
    });
  }
  void store(Field field, std::uint32_t checksum) {
    add("payload", [&] {
      put_number(message_, NFTA_PAYLOAD_SREG, NFT_REG_1);
      put_place(field);
      put_number(message_, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
      put_number(message_, NFTA_PAYLOAD_CSUM_OFFSET, checksum);
    });
  }
  void accept() {
    add("immediate", [&] {
      put_number(message_, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
      put_nest(message_, NFTA_IMMEDIATE_DATA, [&] {
        put_nest(message_, NFTA_DATA_VERDICT,
                 [&] { put_number(message_, NFTA_VERDICT_CODE, NF_ACCEPT); });
      });
    });
  }

 private:
  void add(const char* name, const std::function<void()>& data) {
    put_nest(message_, NFTA_LIST_ELEM, [&] {
      mnl_attr_put_strz(message_, NFTA_EXPR_NAME, name);
      put_nest(message_, NFTA_EXPR_DATA, data);
    });
  }
  void put_place(Field field) {
    put_number(message_, NFTA_PAYLOAD_BASE, field.base);
    put_number(message_, NFTA_PAYLOAD_OFFSET, field.offset);
    put_number(message_, NFTA_PAYLOAD_LEN, field.size);
  }
  void put_value(std::uint16_t type, std::string_view bytes) {
    put_nest(message_, type,
             [&] { mnl_attr_put(message_, NFTA_DATA_VALUE, bytes.size(), bytes.data()); });
  }

  nlmsghdr* message_;
};

/// A chain of the table, and its rules.
class Chain {
 public:
  Chain(Batch& batch, const char* name, int priority) : batch_(batch), name_(name) {
    add(NFT_MSG_NEWCHAIN, NLM_F_CREATE, [&](nlmsghdr* m) {
      mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, table);
      mnl_attr_put_strz(m, NFTA_CHAIN_NAME, name_);
      mnl_attr_put_strz(m, NFTA_CHAIN_TYPE, "filter");
      put_number(m, NFTA_CHAIN_POLICY, NF_ACCEPT);
      put_nest(m, NFTA_CHAIN_HOOK, [&] {
        put_number(m, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
        put_number(m, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority));
      });
    });
  }

  /// ip ADDRESS != 127.0.0.11 accept
  void pass_others(Field address) {
    add_rule([&](Rule& rule) {
      rule.load(address);
      rule.compare(NFT_CMP_NEQ, bytes_of(htonl(server)));
      rule.accept();
    });
  }

  /// PROTOCOL PORT FROM PROTOCOL PORT set TO
  void rewrite(const Transport& protocol, Field port, std::uint16_t from, std::uint16_t to) {
    add_rule([&](Rule& rule) {
      rule.load_protocol();
      rule.compare(NFT_CMP_EQ, bytes_of(protocol.number));
      rule.load(port);
      rule.compare(NFT_CMP_EQ, bytes_of(htons(from)));
      rule.set(bytes_of(htons(to)));
      rule.store(port, protocol.checksum);
    });
  }

 private:
  void add_rule(const std::function<void(Rule&)>& write) {
    add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, [&](nlmsghdr* m) {
      mnl_attr_put_strz(m, NFTA_RULE_TABLE, table);
      mnl_attr_put_strz(m, NFTA_RULE_CHAIN, name_);
      put_nest(m, NFTA_RULE_EXPRESSIONS, [&] {
        Rule rule(m);
        write(rule);
      });
    });
  }
  void add(int type, int flags, const std::function<void(nlmsghdr*)>& write) {
    add_nft_request(batch_, type, flags, NFPROTO_IPV4, "redirecting names to the supervisor",
                    write);
  }

  Batch& batch_;
  const char* name_;
};

}  // namespace

void redirect_names(std::uint16_t udp_port, std::uint16_t tcp_port) {
  Batch batch = Batch::transaction(NFNL_SUBSYS_NFTABLES);
  renew_table(batch, NFPROTO_IPV4, table);
  Chain questions(batch, "questions", NF_IP_PRI_RAW);
  questions.pass_others({NFT_PAYLOAD_NETWORK_HEADER, offsetof(iphdr, daddr), 4});
  questions.rewrite(udp, destination_port, name_port, udp_port);
  questions.rewrite(tcp, destination_port, name_port, tcp_port);
  Chain answers(batch, "answers", NF_IP_PRI_MANGLE);
  answers.pass_others({NFT_PAYLOAD_NETWORK_HEADER, offsetof(iphdr, saddr), 4});
  answers.rewrite(udp, source_port, udp_port, name_port);
  answers.rewrite(tcp, source_port, tcp_port, name_port);
  run_nft_messages(batch);
}

}  // namespace stack::network
