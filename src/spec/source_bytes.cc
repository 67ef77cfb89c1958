// SPDX-License-Identifier: Apache-2.0
#include "spec/source_bytes.h"

#include <cstdint>
#include <string_view>
#include <utility>

namespace stack::spec {
namespace {

enum class ByteOrder { little_endian, big_endian };

char32_t unit_at(std::string_view bytes, std::size_t at, ByteOrder order) {
  const auto first = static_cast<unsigned char>(bytes[at]);
  const auto second = static_cast<unsigned char>(bytes[at + 1]);
  return order == ByteOrder::little_endian ? first | static_cast<char32_t>(second) << 8
                                           : static_cast<char32_t>(first) << 8 | second;
}

void append_utf8(std::string& text, char32_t code) {
  const auto tail = [&](unsigned shift) {
    text += static_cast<char>(0x80 | (code >> shift & 0x3f));
  };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_high_surrogate(char32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}
bool is_low_surrogate(char32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

std::string utf8_of_utf16(std::string_view bytes, ByteOrder order) {
  std::string text;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    char32_t code = unit_at(bytes, at, order);
    if (is_high_surrogate(code) && at + 3 < bytes.size()) {
      const char32_t low = unit_at(bytes, at + 2, order);
      if (is_low_surrogate(low)) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 2;
      }
    }
    append_utf8(text, code);
  }
  if (bytes.size() % 2 != 0) text += bytes.back();
  return text;
}

std::string with_newlines(std::string text) {
  if (text.find('\r') == std::string::npos) return text;
  std::string lines;
  lines.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_pair = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (is_pair) continue;
    lines += text[at] == '\r' ? '\n' : text[at];
  }
  return lines;
}

}  // namespace

std::string as_source_text(std::string bytes) {
  const std::string_view all = bytes;
  if (all.starts_with("\xff\xfe")) {
    bytes = utf8_of_utf16(all.substr(2), ByteOrder::little_endian);
  } else if (all.starts_with("\xfe\xff")) {
    bytes = utf8_of_utf16(all.substr(2), ByteOrder::big_endian);
  } else if (all.starts_with("\xef\xbb\xbf")) {
    bytes.erase(0, 3);
  }
  return with_newlines(std::move(bytes));
}

}  // namespace stack::spec
