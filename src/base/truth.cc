// SPDX-License-Identifier: Apache-2.0
#include "base/truth.h"

namespace stack {

std::optional<bool> parse_truth(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return true;
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return false;
  return std::nullopt;
}

}  // namespace stack
