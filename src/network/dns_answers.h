// SPDX-License-Identifier: Apache-2.0
// The answers out of one view, kept in wire format: a question that is asked again, byte for byte
// but for its id, costs one look-up and no parsing.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "network/dns.h"

namespace stack::network {

class DnsAnswers {
 public:
  /// `first`: which of several addresses is the first one's turn; others come in turn after it.
  explicit DnsAnswers(DnsView view, std::uint32_t first = 0)
      : view_(std::move(view)), turn_(first) {}

  const DnsView& view() const { return view_; }
  /// As answer_dns, over UDP; the reply is written into `reply`, whose memory is used again.
  DnsVerdict answer_udp(std::string_view query, std::string& reply);
  DnsAnswer answer_tcp(std::string_view query);
  /// Bytes of questions and replies that are kept: at most 256 KiB.
  std::size_t kept() const { return kept_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  /// Replies to one question, one for each order of its addresses, as far as they were needed.
  struct Known {
    std::vector<std::string> replies;
    std::uint32_t turn = 0;
  };
  using Questions = std::unordered_map<std::string, Known, Hash, std::equal_to<>>;

  DnsVerdict answer_anew(std::string_view query, std::string& reply);
  void keep(std::string_view question, Known known);

  DnsView view_;
  std::uint32_t turn_;
  Questions known_;       ///< by the query without its id
  std::size_t kept_ = 0;  ///< bytes in known_
};

}  // namespace stack::network
