// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/member_place.h"

#include <array>

#include "base/format.h"

namespace stack::orchestrator {
namespace {

/// Where else a service may say what a member of its description has.
struct OtherPlace {
  std::string_view key;
  std::string_view path;
};
constexpr std::array<OtherPlace, 9> other_places{{
    {"cpus", "deploy.resources.limits.cpus"},
    {"gpus", "deploy.resources.reservations.devices"},
    {"image_id", "image"},
    {"image_id", "build"},
    {"mem_limit", "deploy.resources.limits.memory"},
    {"mem_reservation", "deploy.resources.reservations.memory"},
    {"pids_limit", "deploy.resources.limits.pids"},
    {"restart", "deploy.restart_policy"},
    {"volumes", "tmpfs"},
}};

}  // namespace

std::optional<spec::Origin> place_of_member(const spec::SourceMap& sources, std::string_view prefix,
                                            std::string_view path) {
  const std::string_view key = path.substr(0, path.find('.'));
  if (!sources.find_exactly(fmt::format("{}{}", prefix, key)))
    for (const OtherPlace& other : other_places)
      if (other.key == key)
        if (auto place = sources.find_exactly(fmt::format("{}{}", prefix, other.path)))
          return place;
  return sources.find(fmt::format("{}{}", prefix, path));
}

}  // namespace stack::orchestrator
