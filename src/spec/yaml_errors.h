// SPDX-License-Identifier: Apache-2.0
// YAML syntax errors in words that help: what the scanner says, and what the author likely did.
#pragma once

#include <string>
#include <string_view>

namespace stack::spec {

struct PlainWords {
  std::string message;
  std::string hint;
  int line = 0;    ///< from 1: where the author's slip is, not where the scanner gave up
  int column = 0;  ///< from 1
  int length = 0;  ///< to underline; 0: the word there
};

/// `message` as yaml-cpp gives it, at `line`:`column` counted from 1 in `text`.
PlainWords explain_yaml_error(std::string_view message, int line, int column,
                              std::string_view text);

/// A value whose opening quote, there, is never closed: the rest of the file belongs to it.
PlainWords explain_endless_value(int line, int column);

/// What stands at `column` of the line `text` is no key, for want of a colon.
PlainWords explain_missing_colon(std::string_view text, int line, int column);

}  // namespace stack::spec
