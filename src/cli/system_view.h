// SPDX-License-Identifier: Apache-2.0
// What `system df` shows, with docker's words. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/field_template.h"

namespace stack::cli {

struct UsedRoom {
  std::string name;
  std::uint64_t bytes = 0;
  bool active = false;  ///< something uses it
};

/// One kind of things: "Images".
struct RoomOfKind {
  std::string type;
  std::vector<UsedRoom> things;
  /// When things share what they are made of, their sum is too much.
  std::uint64_t bytes = 0;
  std::uint64_t reclaimable = 0;
};
/// Of things that share nothing.
RoomOfKind room_of(std::string type, std::vector<UsedRoom> things);

const Fields& df_headings();
/// TYPE TOTAL ACTIVE SIZE RECLAIMABLE
const std::vector<std::string>& df_columns();
Fields df_fields(const RoomOfKind& room);

}  // namespace stack::cli
