// SPDX-License-Identifier: Apache-2.0
// Habits of docker's JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/format.h"

namespace stack::cli {

/// An empty list is null.
template <typename List>
nlohmann::json list_or_null(const List& list) {
  return list.empty() ? nlohmann::json(nullptr) : nlohmann::json(list);
}

/// "80/tcp"
inline std::string port_key(unsigned port, const std::string& protocol) {
  return fmt::format("{}/{}", port, protocol);
}

}  // namespace stack::cli
