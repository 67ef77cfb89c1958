// SPDX-License-Identifier: Apache-2.0
#include "network/nft_expressions.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

namespace stack::network {
namespace {

/// One message that expressions are appended to.
class Writer {
 public:
  explicit Writer(nlmsghdr* message) : message_(message) {}

  void operator()(const NftLoad& load) {
    const NftField& field = load.field;
    switch (field.source) {
      case NftSource::meta:
        return load_meta(field.place, load.into);
      case NftSource::payload:
        return add("payload", [&] {
          number(NFTA_PAYLOAD_DREG, load.into);
          place(field);
        });
      case NftSource::conntrack:
        return add("ct", [&] {
          number(NFTA_CT_DREG, load.into);
          number(NFTA_CT_KEY, field.place);
        });
      case NftSource::fib:
        return add("fib", [&] {
          number(NFTA_FIB_DREG, load.into);
          number(NFTA_FIB_RESULT, field.place);
          number(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
        });
    }
  }
  void operator()(const NftLoadFamily&) { load_meta(NFT_META_NFPROTO, NFT_REG_1); }
  void operator()(const NftLoadSegmentSize&) {
    add("rt", [&] {
      number(NFTA_RT_DREG, NFT_REG_1);
      number(NFTA_RT_KEY, NFT_RT_TCPMSS);
    });
    add("byteorder", [&] {
      number(NFTA_BYTEORDER_SREG, NFT_REG_1);
      number(NFTA_BYTEORDER_DREG, NFT_REG_1);
      number(NFTA_BYTEORDER_OP, NFT_BYTEORDER_HTON);
      number(NFTA_BYTEORDER_LEN, 2);
      number(NFTA_BYTEORDER_SIZE, 2);
    });
  }
  void operator()(const NftMask& mask) {
    add("bitwise", [&] {
      number(NFTA_BITWISE_SREG, NFT_REG_1);
      number(NFTA_BITWISE_DREG, NFT_REG_1);
      number(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(mask.mask.size()));
      value(NFTA_BITWISE_MASK, mask.mask);
      value(NFTA_BITWISE_XOR, std::string(mask.mask.size(), '\0'));
    });
  }
  void operator()(const NftCompare& compare) {
    add("cmp", [&] {
      number(NFTA_CMP_SREG, NFT_REG_1);
      number(NFTA_CMP_OP, compare.how);
      value(NFTA_CMP_DATA, compare.with);
    });
  }
  void operator()(const NftTurn& turn) {
    add("numgen", [&] {
      number(NFTA_NG_DREG, NFT_REG_1);
      number(NFTA_NG_TYPE, NFT_NG_INCREMENTAL);
      number(NFTA_NG_MODULUS, turn.modulus);
    });
  }
  void operator()(const NftLookup& lookup) {
    add("lookup", [&] {
      mnl_attr_put_strz(message_, NFTA_LOOKUP_SET, lookup.set.c_str());
      number(NFTA_LOOKUP_SREG, NFT_REG_1);
      if (lookup.is_map) number(NFTA_LOOKUP_DREG, NFT_REG_1);
      number(NFTA_LOOKUP_SET_ID, lookup.id);
      if (lookup.inverted) number(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    });
  }
  void operator()(const NftSetValue& set) {
    add("immediate", [&] {
      number(NFTA_IMMEDIATE_DREG, NFT_REG_1);
      value(NFTA_IMMEDIATE_DATA, set.value);
    });
  }
  void operator()(const NftStore& store) {
    add("payload", [&] {
      number(NFTA_PAYLOAD_SREG, NFT_REG_1);
      place(store.field);
      number(NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
      number(NFTA_PAYLOAD_CSUM_OFFSET, store.field.checksum);
    });
  }
  void operator()(const NftStoreSegmentSize&) {
    add("exthdr", [&] {
      number(NFTA_EXTHDR_SREG, NFT_REG_1);
      mnl_attr_put_u8(message_, NFTA_EXTHDR_TYPE, TCPOPT_MAXSEG);
      number(NFTA_EXTHDR_OFFSET, 2);  // behind its kind and its length
      number(NFTA_EXTHDR_LEN, 2);
      number(NFTA_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
    });
  }
  void operator()(const NftVerdict& verdict) {
    add("immediate", [&] {
      number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
      put_nest(message_, NFTA_IMMEDIATE_DATA, [&] {
        put_nest(message_, NFTA_DATA_VERDICT, [&] {
          number(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(verdict.code));
          if (!verdict.chain.empty())
            mnl_attr_put_strz(message_, NFTA_VERDICT_CHAIN, verdict.chain.c_str());
        });
      });
    });
  }
  void operator()(const NftTranslate& translate) {
    add("nat", [&] {
      number(NFTA_NAT_TYPE, NFT_NAT_DNAT);
      number(NFTA_NAT_FAMILY, translate.family);
      number(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
      if (translate.port != 0) number(NFTA_NAT_REG_PROTO_MIN, translate.port);
    });
  }
  void operator()(const NftReject& reject) {
    add("reject", [&] {
      number(NFTA_REJECT_TYPE, reject.type);
      mnl_attr_put_u8(message_, NFTA_REJECT_ICMP_CODE, reject.code);
    });
  }
  void operator()(const NftMasquerade&) {
    add("masq", [] {});
  }
  void operator()(const NftNoTrack&) {
    add("notrack", [] {});
  }
  void operator()(const NftCounter&) {
    add("counter", [] {});
  }

 private:
  void add(const char* name, const std::function<void()>& data) {
    put_nest(message_, NFTA_LIST_ELEM, [&] {
      mnl_attr_put_strz(message_, NFTA_EXPR_NAME, name);
      put_nest(message_, NFTA_EXPR_DATA, data);
    });
  }
  void number(std::uint16_t type, std::uint32_t value) { put_nft_number(message_, type, value); }
  void value(std::uint16_t type, std::string_view bytes) { put_nft_value(message_, type, bytes); }
  void place(const NftField& field) {
    number(NFTA_PAYLOAD_BASE, field.place);
    number(NFTA_PAYLOAD_OFFSET, field.offset);
    number(NFTA_PAYLOAD_LEN, field.size);
  }
  void load_meta(std::uint32_t key, std::uint32_t into) {
    add("meta", [&] {
      number(NFTA_META_KEY, key);
      number(NFTA_META_DREG, into);
    });
  }

  nlmsghdr* message_;
};

}  // namespace

void put_expressions(nlmsghdr* message, const std::vector<NftExpression>& expressions) {
  Writer writer(message);
  for (const NftExpression& expression : expressions) std::visit(writer, expression);
}

void put_nft_number(nlmsghdr* message, std::uint16_t type, std::uint32_t value) {
  mnl_attr_put_u32(message, type, htonl(value));
}

void put_nft_value(nlmsghdr* message, std::uint16_t type, std::string_view bytes) {
  put_nest(message, type,
           [&] { mnl_attr_put(message, NFTA_DATA_VALUE, bytes.size(), bytes.data()); });
}

}  // namespace stack::network
