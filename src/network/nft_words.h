// SPDX-License-Identifier: Apache-2.0
// The words of an nft script, one after the other (nft(8), "Lexical conventions"): as much of them
// as our own rulesets have.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stack::network {

/// A word, a mark such as "{" or ",", what stood between quotes, or the end of a line ("\n").
struct NftWord {
  std::string text;
  int line = 0;
  bool quoted = false;
  bool operator==(const NftWord&) const = default;
};

/// Empty lines give nothing, and one "\n" stands at the end of each other line.
std::vector<NftWord> nft_words(std::string_view script);

/// Words as they are consumed.
class NftReader {
 public:
  explicit NftReader(std::vector<NftWord> words) : words_(std::move(words)) {}

  bool at_end() const { return at_ == words_.size(); }
  /// Whether the next words are those of `texts`, which stand apart by one space. A quoted one
  /// never is.
  bool sees(std::string_view texts) const;
  /// Consumes what sees() sees, and says whether it was there.
  bool takes(std::string_view texts);
  /// Consumes what must be there. Throws Error.
  void expect(std::string_view texts);
  /// The next word, quoted or not, whatever it is. Throws Error at the end of a line.
  std::string next();
  /// The next word as it stands; none at the end.
  std::string peek() const { return at_end() ? "" : words_[at_].text; }
  void skip_line_ends();
  /// Throws Error about the next word.
  [[noreturn]] void refuse() const;
  int line() const;

 private:
  std::vector<NftWord> words_;
  std::size_t at_ = 0;
};

}  // namespace stack::network
