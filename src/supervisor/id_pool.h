// SPDX-License-Identifier: Apache-2.0
// Which ids of the host containers with user namespaces get. What is taken is read from the records
// of all stacks: there is no other account of it. Choosing is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_paths.h"
#include "base/id_block.h"

namespace stack::supervisor {

struct IdSpan {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  bool operator==(const IdSpan&) const = default;
};

/// A line of /etc/subuid or /etc/subgid (subuid(5)): "stack:200000:655360".
struct SubordinateIds {
  std::string owner;
  IdSpan ids;
  bool operator==(const SubordinateIds&) const = default;
};
/// Lines that are none are left out.
std::vector<SubordinateIds> parse_subordinate_ids(std::string_view text);

/// Of whom the files of subordinate ids speak when they speak of us.
inline constexpr std::string_view id_owner = "stack";
/// Without such a line: between the ids that systemd leaves to containers of its own and those it
/// calls foreign (systemd's UIDS-GIDS), above all that useradd(8) hands out.
inline constexpr IdSpan usual_ids{0x7000'0000, 0x0ffe'0000};

/// The lowest `count` ids of what is ours that are not taken. Nothing when there are none. What is
/// ours: our own lines in a file of subordinate ids, or `usual_ids` without those of all others.
std::optional<std::uint32_t> choose_ids(std::uint32_t count,
                                        const std::vector<SubordinateIds>& granted,
                                        const std::vector<IdSpan>& taken);

/// The blocks of all containers of all stacks.
std::vector<IdBlock> id_blocks_in_use(const HostPaths& paths);
/// A block of `count` ids for a new container: call it with a lock on all stacks. Throws Error when
/// there are not so many left.
IdBlock choose_id_block(const HostPaths& paths, std::uint32_t count);

}  // namespace stack::supervisor
