// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string_view>

namespace stack {

/// docker's rule for names of containers, networks and volumes: [a-zA-Z0-9][a-zA-Z0-9_.-]*.
constexpr bool is_object_name(std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && is_word(name.front()) && std::ranges::all_of(name, [&](char c) {
    return is_word(c) || c == '_' || c == '.' || c == '-';
  });
}

}  // namespace stack
