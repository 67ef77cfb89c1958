// SPDX-License-Identifier: Apache-2.0
// The lines of a YAML file as a person reads them. A scanner that stumbles says where it stands,
// often many lines behind the slip; to name the slip, the lines above are looked at one by one.
#pragma once

#include <string_view>
#include <vector>

namespace stack::spec {

/// A source cut into its lines, which are found in constant time.
class SourceLines {
 public:
  explicit SourceLines(std::string_view source);

  /// Line `number`, from 1, without its end; empty beyond the last one.
  std::string_view operator[](int number) const;
  int count() const { return static_cast<int>(lines_.size()); }

 private:
  std::vector<std::string_view> lines_;
};

struct OutlineLine {
  enum class Kind {
    nothing,    ///< empty or a comment
    entry,      ///< a key with its colon, or a list item with one
    item,       ///< a list item without a key
    text,       ///< neither: what a value may go on with
    structure,  ///< "---", anchors and tags, brackets, explicit keys
    inside,     ///< of a block scalar, a value in quotes or brackets that began above
  };
  Kind kind = Kind::nothing;
  int indent = 0;  ///< columns before the first character that is not a space
  int column = 0;  ///< columns before the innermost key, or before the dash of a bare item
};

/// A value in quotes that does not end on its own line.
struct LongQuote {
  int first_line = 0;
  int column = 0;                ///< of the opening quote, from 1
  int last_line = 0;             ///< 0: it never ends
  bool has_text_behind = false;  ///< something that cannot follow a value stands there
};

/// A "[" or "{" that begins a value.
struct Bracket {
  int first_line = 0;
  int column = 0;     ///< from 1
  int last_line = 0;  ///< 0: it is never closed
};

struct Outline {
  std::vector<OutlineLine> lines;  ///< of number 1 and up
  std::vector<LongQuote> quotes;
  std::vector<Bracket> brackets;  ///< in the order in which they open
};

/// A careful guess: for files that a YAML scanner has refused.
Outline outline_of(const SourceLines& source);

/// The column, from 0, behind the quote that closes the one at `column` of line `line`, which is
/// set to where that is; npos when it is never closed.
std::size_t end_of_quote(const SourceLines& source, int& line, std::size_t column);

/// Whether the key at `column` (from 0) of `line` ends with a colon on it. True too for a key that
/// is marked by "?", which needs none.
bool has_colon(std::string_view line, std::size_t column);

/// Skips "&anchor", "!tag" and blanks from `column` on.
std::size_t skip_properties(std::string_view line, std::size_t column);

}  // namespace stack::spec
