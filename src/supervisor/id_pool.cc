// SPDX-License-Identifier: Apache-2.0
#include "supervisor/id_pool.h"

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {
namespace {

constexpr std::uint64_t largest_file = 1 << 20;

bool overlap(const IdSpan& a, const IdSpan& b) {
  return a.first < b.first + b.count && b.first < a.first + a.count;
}

/// The lowest place in `pool`: each span that is in the way moves it behind its end.
std::optional<std::uint32_t> place_in(const IdSpan& pool, std::uint32_t count,
                                      const std::vector<IdSpan>& sorted) {
  IdSpan place{pool.first, count};
  for (const IdSpan& each : sorted)
    if (overlap(place, each)) place.first = each.first + each.count;
  if (place.first + count > pool.first + pool.count) return std::nullopt;
  return static_cast<std::uint32_t>(place.first);
}

std::vector<SubordinateIds> read_subordinate_ids(const char* path) {
  return parse_subordinate_ids(read_file_if_exists(path, largest_file).value_or(""));
}

std::uint32_t require_ids(std::uint32_t count, const char* path, const std::vector<IdSpan>& taken) {
  const auto first = choose_ids(count, read_subordinate_ids(path), taken);
  if (first) return *first;
  throw Error(fmt::format("there are no {} ids left for a user namespace", count))
      .with_hint(fmt::format("a line \"{}:FIRST:COUNT\" in {} says which ids are for containers",
                             id_owner, path));
}

}  // namespace

std::vector<SubordinateIds> parse_subordinate_ids(std::string_view text) {
  std::vector<SubordinateIds> all;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> parts = split(trim(line), ':');
    if (parts.size() != 3) continue;
    const auto first = parse_integer<std::uint32_t>(parts[1]);
    const auto count = parse_integer<std::uint32_t>(parts[2]);
    if (first && count && *count > 0) all.push_back({parts[0], {*first, *count}});
  }
  return all;
}

std::optional<std::uint32_t> choose_ids(std::uint32_t count,
                                        const std::vector<SubordinateIds>& granted,
                                        const std::vector<IdSpan>& taken) {
  std::vector<IdSpan> ours;
  std::vector<IdSpan> in_the_way = taken;
  for (const SubordinateIds& each : granted)
    if (each.owner == id_owner) ours.push_back(each.ids);
  if (ours.empty()) {
    ours.push_back(usual_ids);
    for (const SubordinateIds& each : granted) in_the_way.push_back(each.ids);
  }
  std::ranges::sort(in_the_way, {}, &IdSpan::first);
  for (const IdSpan& pool : ours)
    if (const auto place = place_in(pool, count, in_the_way)) return place;
  return std::nullopt;
}

std::vector<IdBlock> id_blocks_in_use(const HostPaths& paths) {
  std::vector<IdBlock> blocks;
  for (const std::string& project : list_projects(paths))
    for (const RecordedContainer& each : read_recorded({paths, project}))
      if (each.config.spec.ids.remaps()) blocks.push_back(each.config.spec.ids);
  return blocks;
}

IdBlock choose_id_block(const HostPaths& paths, std::uint32_t count) {
  std::vector<IdSpan> uids;
  std::vector<IdSpan> gids;
  for (const IdBlock& block : id_blocks_in_use(paths)) {
    uids.push_back({block.first_uid, block.count});
    gids.push_back({block.first_gid, block.count});
  }
  return {require_ids(count, "/etc/subuid", uids), require_ids(count, "/etc/subgid", gids), count};
}

}  // namespace stack::supervisor
