// SPDX-License-Identifier: Apache-2.0
#include "network/nft_words.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"

namespace stack::network {
namespace {

constexpr std::string_view line_end = "\n";

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

bool is_mark(char c) {
  return std::string_view("{},;()|&").find(c) != std::string_view::npos;
}

/// The words of one line.
class LineWords {
 public:
  LineWords(std::string_view text, int line, std::vector<NftWord>& words)
      : text_(text), line_(line), words_(words) {}

  void read() {
    const std::size_t before = words_.size();
    while (at_ < text_.size()) {
      if (is_space(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '"') {
        read_quoted();
      } else {
        read_word();
      }
    }
    if (words_.size() > before) add(std::string(line_end), false);
  }

 private:
  void add(std::string text, bool quoted) { words_.push_back({std::move(text), line_, quoted}); }

  void read_quoted() {
    const std::size_t end = text_.find('"', at_ + 1);
    if (end == std::string_view::npos) fail("firewall rules, line {}: a quote is open", line_);
    add(std::string(text_.substr(at_ + 1, end - at_ - 1)), true);
    at_ = end + 1;
  }

  void read_word() {
    std::size_t end = at_ + 1;
    if (!is_mark(text_[at_]))
      while (end < text_.size() && !is_space(text_[end]) && !is_mark(text_[end])) ++end;
    add(std::string(text_.substr(at_, end - at_)), false);
    at_ = end;
  }

  std::string_view text_;
  int line_;
  std::vector<NftWord>& words_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<NftWord> nft_words(std::string_view script) {
  std::vector<NftWord> words;
  int number = 0;
  while (!script.empty()) {
    const std::size_t end = script.find('\n');
    LineWords(script.substr(0, end), ++number, words).read();
    script.remove_prefix(end == std::string_view::npos ? script.size() : end + 1);
  }
  return words;
}

bool NftReader::sees(std::string_view texts) const {
  std::size_t at = at_;
  while (!texts.empty()) {
    const std::size_t end = texts.find(' ');
    if (at == words_.size() || words_[at].quoted || words_[at].text != texts.substr(0, end))
      return false;
    ++at;
    texts.remove_prefix(end == std::string_view::npos ? texts.size() : end + 1);
  }
  return true;
}

bool NftReader::takes(std::string_view texts) {
  if (!sees(texts)) return false;
  at_ += 1 + static_cast<std::size_t>(std::ranges::count(texts, ' '));
  return true;
}

void NftReader::expect(std::string_view texts) {
  if (!takes(texts)) refuse();
}

std::string NftReader::next() {
  if (at_end() || sees(line_end)) refuse();
  return words_[at_++].text;
}

void NftReader::skip_line_ends() {
  while (sees(line_end)) ++at_;
}

void NftReader::refuse() const {
  if (at_end()) fail("firewall rules: they end in the middle");
  const NftWord& word = words_[at_];
  fail("firewall rules, line {}: not understood here: {}", word.line,
       word.text == line_end ? "the end of the line" : word.text);
}

int NftReader::line() const {
  return at_end() ? 0 : words_[at_].line;
}

}  // namespace stack::network
