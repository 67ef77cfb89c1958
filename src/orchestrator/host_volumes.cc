// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/host_volumes.h"

#include "base/error.h"
#include "supervisor/status.h"

namespace stack::orchestrator {
namespace {

/// The volume that is mounted; empty when it is something else.
std::string volume_of(const std::filesystem::path& volumes, const runtime::MountSpec& mount) {
  if (!mount.volume.empty()) return mount.volume;
  const std::string& source = mount.source;
  const std::string prefix = volumes.native() + "/";
  if (!source.starts_with(prefix)) return "";
  return source.substr(prefix.size(), source.find('/', prefix.size()) - prefix.size());
}

}  // namespace

std::map<std::string, std::vector<std::string>> volume_users(const HostPaths& paths) {
  std::map<std::string, std::vector<std::string>> users;
  for (const std::string& project : supervisor::list_projects(paths)) {
    for (const auto& container : supervisor::read_containers(paths, project)) {
      for (const auto& mount : container.config.spec.mounts) {
        const std::string volume = volume_of(paths.volumes(), mount);
        if (volume.empty()) continue;
        auto& names = users[volume];
        if (names.empty() || names.back() != container.config.name)
          names.push_back(container.config.name);
      }
    }
  }
  return users;
}

std::map<std::string, VolumeUser> volume_writers(const HostPaths& paths) {
  std::map<std::string, VolumeUser> writers;
  for (const std::string& project : supervisor::list_projects(paths)) {
    for (const auto& container : supervisor::read_containers(paths, project)) {
      if (container.status.phase != supervisor::Phase::running) continue;
      for (const auto& mount : container.config.spec.mounts)
        if (mount.writable == runtime::Writable::yes)
          writers.try_emplace(volume_of(paths.volumes(), mount),
                              VolumeUser{project, container.config.name});
    }
  }
  return writers;
}

void remove_volume(const HostPaths& paths, const std::string& name, Removal removal) {
  volumes::VolumeStore store(paths.volumes());
  if (!store.find(name)) fail("no such volume: {}", name);
  const auto users = volume_users(paths);
  if (const auto user = users.find(name); user != users.end())
    throw Error(fmt::format("volume {} is in use by {}", name, fmt::join(user->second, ", ")))
        .with_hint("`stack down` removes the containers, and leaves the volume");
  if (removal == Removal::for_good)
    store.remove(name);
  else
    store.set_aside(name);
}

}  // namespace stack::orchestrator
