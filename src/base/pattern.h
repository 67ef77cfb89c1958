// SPDX-License-Identifier: Apache-2.0
// Extended regular expressions (regex(7)) for lines that strangers write: the C library's, which
// needs no stack for a long line, as std::regex does.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace stack {

class Pattern {
 public:
  /// Throws Error that says what is wrong with `expression`, classes of other dialects (\d) too.
  explicit Pattern(const std::string& expression);
  /// Somewhere in `line`, which may hold any bytes.
  bool matches(std::string_view line) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace stack
