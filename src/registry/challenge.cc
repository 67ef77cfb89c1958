// SPDX-License-Identifier: Apache-2.0
#include "registry/challenge.h"

#include <algorithm>

#include "base/text.h"

namespace stack::registry {
namespace {

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~/:?@").find(c) != std::string_view::npos;
}

/// Reads RFC 9110's challenges, which share the comma with their parameters.
class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : rest_(text) {}

  std::vector<Challenge> read() {
    std::vector<Challenge> challenges;
    for (;;) {
      skip(" \t,");
      const std::string word = take_token();
      if (word.empty()) return challenges;
      skip(" \t");
      if (!rest_.starts_with('=')) {
        challenges.push_back({to_lower(word), {}});
        continue;
      }
      rest_.remove_prefix(1);
      skip(" \t");
      if (challenges.empty()) return challenges;
      challenges.back().parameters[to_lower(word)] =
          rest_.starts_with('"') ? take_quoted() : take_token();
    }
  }

 private:
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  std::string take_token() {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
    const std::string token(rest_.begin(), end);
    rest_.remove_prefix(token.size());
    return token;
  }
  std::string take_quoted() {
    std::string text;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return text;
  }

  std::string_view rest_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  return ChallengeReader(header).read();
}

}  // namespace stack::registry
