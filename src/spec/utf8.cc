// SPDX-License-Identifier: Apache-2.0
#include "spec/utf8.h"

#include "base/utf8.h"

namespace stack::spec {

std::string as_utf8(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    result += length == 0 ? "\xef\xbf\xbd" : text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return result;
}

}  // namespace stack::spec
