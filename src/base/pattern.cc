// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include <regex.h>

#include <array>
#include <cctype>

#include "base/error.h"
#include "base/text.h"

namespace stack {
namespace {

/// A letter or digit behind a backslash that the library would take for itself: \d for "d".
void refuse_other_dialects(const std::string& expression) {
  constexpr std::string_view known = "wWsSbB";
  for (std::size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] != '\\') continue;
    const char escaped = expression[++i];
    if (std::isalnum(static_cast<unsigned char>(escaped)) == 0) continue;
    if (known.find(escaped) != std::string_view::npos) continue;
    throw Error(fmt::format("{} has \\{}, which extended regular expressions do not know",
                            stack::quoted(expression), escaped))
        .with_hint(escaped == 'd' ? "[0-9]" : "see regex(7)");
  }
}

}  // namespace

struct Pattern::Compiled {
  Compiled() = default;
  ~Compiled() { ::regfree(&expression); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  regex_t expression{};
};

Pattern::Pattern(const std::string& expression) {
  refuse_other_dialects(expression);
  if (expression.find('\0') != std::string::npos) fail("a regular expression cannot hold a NUL");
  auto compiled = std::make_shared<Compiled>();
  const int error =
      ::regcomp(&compiled->expression, expression.c_str(), REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
  if (error != 0) {
    std::array<char, 128> reason{};
    ::regerror(error, &compiled->expression, reason.data(), reason.size());
    fail("{} is no regular expression: {}", stack::quoted(expression), to_lower(reason.data()));
  }
  compiled_ = std::move(compiled);
}

bool Pattern::matches(std::string_view line) const {
  regmatch_t range{};
  range.rm_so = 0;
  range.rm_eo = static_cast<regoff_t>(line.size());
  // REG_STARTEND: the line as it lies there, NULs and all.
  return ::regexec(&compiled_->expression, line.data(), 1, &range, REG_STARTEND) == 0;
}

}  // namespace stack
