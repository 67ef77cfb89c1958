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

/// `message` as yaml-cpp gives it, at `line`:`column` counted from 1 in `source`.
PlainWords explain_yaml_error(std::string_view message, int line, int column,
                              std::string_view source);

}  // namespace stack::spec
