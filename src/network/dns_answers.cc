// SPDX-License-Identifier: Apache-2.0
#include "network/dns_answers.h"

#include <algorithm>

namespace stack::network {
namespace {

/// Whoever asks for made-up names makes us parse each query, and forget what is really asked for.
constexpr std::size_t most_kept = 256 << 10;  ///< bytes, all in all
constexpr std::size_t longest_known = 300;
constexpr std::size_t most_orders = 16;
constexpr std::size_t id_size = 2;

}  // namespace

DnsVerdict DnsAnswers::answer_udp(std::string_view query, std::string& reply) {
  if (query.size() <= id_size) return DnsVerdict::malformed;
  const auto found = known_.find(query.substr(id_size));
  if (found == known_.end()) return answer_anew(query, reply);
  Known& known = found->second;
  known.turn = known.turn + 1 < known.replies.size() ? known.turn + 1 : 0;
  reply = query.substr(0, id_size);
  reply.append(known.replies[known.turn], id_size);
  return DnsVerdict::answered;
}

DnsVerdict DnsAnswers::answer_anew(std::string_view query, std::string& reply) {
  const std::uint32_t first = turn_++;
  DnsAnswer answer = answer_dns(query, view_, first, plain_udp_size);
  reply = answer.reply;
  if (answer.verdict != DnsVerdict::answered || query.size() > longest_known) return answer.verdict;
  const auto orders = static_cast<std::uint32_t>(std::min(answer.choices, most_orders));
  const auto step = static_cast<std::uint32_t>(answer.choices / orders);
  Known known;
  known.replies.push_back(std::move(answer.reply));
  for (std::uint32_t next = 1; next < orders; ++next)
    known.replies.push_back(answer_dns(query, view_, first + next * step, plain_udp_size).reply);
  keep(query.substr(id_size), std::move(known));
  return DnsVerdict::answered;
}

void DnsAnswers::keep(std::string_view question, Known known) {
  const std::size_t size = question.size() + known.replies.size() * known.replies.front().size();
  if (kept_ + size > most_kept) {
    known_.clear();
    kept_ = 0;
  }
  kept_ += size;
  known_.emplace(question, std::move(known));
}

DnsAnswer DnsAnswers::answer_tcp(std::string_view query) {
  return answer_dns(query, view_, turn_++, largest_message);
}

}  // namespace stack::network
