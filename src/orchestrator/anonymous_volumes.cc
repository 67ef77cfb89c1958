// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/anonymous_volumes.h"

#include <algorithm>
#include <tuple>

#include "base/format.h"
#include "base/ids.h"

namespace stack::orchestrator {
namespace {

using volumes::VolumeInfo;
using Names = std::map<std::string, std::string>;  // old -> new

/// The name of the first volume that was in its place.
const std::string& place_of(const std::string& name,
                            const std::map<std::string, std::string>& labels) {
  const auto first = labels.find(in_place_of_label);
  return first == labels.end() ? name : first->second;
}

/// How near to whoever has the place: its container, somebody else who has the volume, nobody.
int nearness(const VolumeInfo& volume, const DesiredState& desired, const ObservedState& observed) {
  int nearest = 0;
  for (const auto& [name, container] : observed.containers)
    if (has_volume(container, volume))
      nearest = std::max(nearest, desired.containers.contains(name) ? 2 : 1);
  return nearest;
}

void rename_all(DesiredState& desired, const Names& names) {
  for (auto& [name, container] : desired.containers) {
    for (auto& each : container.mounts) {
      if (each.mount.type != spec::MountType::volume) continue;
      if (const auto other = names.find(each.mount.source); other != names.end())
        each.mount.source = other->second;
    }
    for (auto& volume : container.volume_names)
      if (const auto other = names.find(volume); other != names.end()) volume = other->second;
  }
  for (const auto& [before, after] : names) {
    auto node = desired.volumes.extract(before);
    DesiredVolume& volume = node.mapped();
    const std::string first = place_of(before, volume.labels);
    if (first == after)
      volume.labels.erase(in_place_of_label);
    else
      volume.labels[in_place_of_label] = first;
    node.key() = volume.name = after;
    desired.volumes.insert(std::move(node));
  }
}

/// One that does not exist.
std::string next_name(const std::string& first, const ObservedState& observed) {
  for (int life = 2;; ++life) {
    std::string name = stable_hex(fmt::format("{}\n{}", first, life), 64);
    if (!observed.volumes.contains(name)) return name;
  }
}

bool is_made(const Changes& changes, const std::string& container) {
  const auto change = changes.containers.find(container);
  return change != changes.containers.end() &&
         (change->second.verdict == Verdict::create || change->second.verdict == Verdict::recreate);
}

}  // namespace

bool has_volume(const supervisor::ObservedContainer& container, const VolumeInfo& volume) {
  return std::ranges::any_of(container.config.spec.mounts, [&](const auto& mount) {
    const std::string& data = volume.data.native();
    return !data.empty() && mount.source.starts_with(data) &&
           (mount.source.size() == data.size() || mount.source[data.size()] == '/');
  });
}

void find_renewed_volumes(DesiredState& desired, const ObservedState& observed) {
  using Rank = std::tuple<int, std::chrono::system_clock::time_point>;
  std::map<std::string, std::pair<Rank, std::string>> best;  // by the first one's name
  for (const auto& [name, volume] : observed.volumes) {
    const std::string& first = place_of(name, volume.labels);
    const auto wish = desired.volumes.find(first);
    if (wish == desired.volumes.end() || !wish->second.key.empty()) continue;
    const Rank rank{nearness(volume, desired, observed), volume.created};
    const auto [place, fresh] = best.try_emplace(first, rank, name);
    if (!fresh && rank > place->second.first) place->second = {rank, name};
  }
  Names names;
  for (const auto& [first, chosen] : best)
    if (chosen.second != first) names.emplace(first, chosen.second);
  rename_all(desired, names);
}

std::vector<std::string> own_anonymous_volumes(const DesiredState& desired,
                                               const DesiredContainer& container) {
  std::vector<std::string> names;
  if (container.one_off || !container.step.empty()) return names;
  for (const auto& each : container.mounts) {
    const auto volume = desired.volumes.find(each.mount.source);
    if (each.mount.type == spec::MountType::volume && each.inherited_from.empty() &&
        volume != desired.volumes.end() && volume->second.key.empty())
      names.push_back(volume->first);
  }
  return names;
}

std::map<std::string, std::string> renew_volumes(DesiredState& desired,
                                                 const ObservedState& observed,
                                                 const Changes& changes) {
  Names names;
  std::map<std::string, std::string> renewed;
  for (const auto& [name, container] : desired.containers) {
    if (!is_made(changes, name)) continue;
    for (const std::string& volume : own_anonymous_volumes(desired, container)) {
      if (!observed.volumes.contains(volume)) continue;
      const auto& labels = desired.volumes.at(volume).labels;
      const std::string next = next_name(place_of(volume, labels), observed);
      names.emplace(volume, next);
      renewed.emplace(next, volume);
    }
  }
  rename_all(desired, names);
  return renewed;
}

}  // namespace stack::orchestrator
