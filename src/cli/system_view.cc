// SPDX-License-Identifier: Apache-2.0
#include "cli/system_view.h"

#include <algorithm>

#include "base/text.h"

namespace stack::cli {

RoomOfKind room_of(std::string type, std::vector<UsedRoom> things) {
  RoomOfKind room{std::move(type), std::move(things)};
  for (const auto& each : room.things) {
    room.bytes += each.bytes;
    if (!each.active) room.reclaimable += each.bytes;
  }
  return room;
}

const Fields& df_headings() {
  static const Fields headings{{"Active", "ACTIVE"},
                               {"Reclaimable", "RECLAIMABLE"},
                               {"Size", "SIZE"},
                               {"TotalCount", "TOTAL"},
                               {"Type", "TYPE"}};
  return headings;
}

const std::vector<std::string>& df_columns() {
  static const std::vector<std::string> columns{"Type", "TotalCount", "Active", "Size",
                                                "Reclaimable"};
  return columns;
}

Fields df_fields(const RoomOfKind& room) {
  const auto active = std::ranges::count(room.things, true, &UsedRoom::active);
  std::string reclaimable = human_size(room.reclaimable);
  if (room.bytes > 0) reclaimable += fmt::format(" ({}%)", room.reclaimable * 100 / room.bytes);
  return {{"Active", fmt::format("{}", active)},
          {"Reclaimable", reclaimable},
          {"Size", human_size(room.bytes)},
          {"TotalCount", fmt::format("{}", room.things.size())},
          {"Type", room.type}};
}

}  // namespace stack::cli
