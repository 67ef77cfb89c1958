// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/copied_volumes.h"

#include <map>

#include "base/format.h"
#include "orchestrator/host_volumes.h"
#include "supervisor/status.h"

namespace stack::orchestrator {
namespace {

/// Volumes of `project` by their key in its file.
std::map<std::string, std::string> volumes_by_key(const ObservedState& observed,
                                                  const std::string& project) {
  std::map<std::string, std::string> volumes;
  for (const auto& [name, volume] : observed.volumes) {
    const auto key = volume.labels.find("com.docker.compose.volume");
    if (is_of_project(volume, project) && key != volume.labels.end())
      volumes.emplace(key->second, name);
  }
  return volumes;
}

std::string busy(const std::string& original, const VolumeUser& user) {
  return fmt::format("volume {} cannot be copied now: {} may be writing to it", original,
                     user.container);
}

}  // namespace

HostFindings choose_copies(DesiredState& desired, const ObservedState& observed,
                           const std::string& project, const HostPaths& paths) {
  HostFindings findings;
  const auto originals = volumes_by_key(observed, project);
  if (originals.empty())
    findings.errors.push_back({fmt::format("project {} has no volumes to copy", project),
                               {},
                               "`stack volume ls` lists all there are"});
  const auto writers = volume_writers(paths);
  for (auto& [name, volume] : desired.volumes) {
    const auto original = originals.find(volume.key);
    if (volume.key.empty() || volume.external || original == originals.end()) continue;
    const auto origin = desired.sources.find("volumes." + volume.key);
    if (!volume.options.empty() || !observed.volumes.at(original->second).options.empty()) {
      findings.warnings.push_back(
          {fmt::format("volume {} has driver_opts: nothing is copied into it", name), origin,
           "what is behind a device is copied by whoever knows it"});
      continue;
    }
    if (observed.volumes.contains(name)) {
      findings.warnings.push_back(
          {fmt::format("volume {} is there already: nothing is copied into it", name), origin, ""});
      continue;
    }
    volume.copied_from = original->second;
    if (const auto user = writers.find(original->second); user != writers.end())
      findings.errors.push_back(
          {busy(original->second, user->second), origin,
           fmt::format("`stack -p {0} pause` before, `stack -p {0} unpause` afterwards",
                       user->second.project)});
  }
  return findings;
}

}  // namespace stack::orchestrator
