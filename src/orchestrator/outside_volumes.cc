// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/outside_volumes.h"

#include <algorithm>
#include <optional>

#include "base/format.h"
#include "supervisor/status.h"

namespace stack::orchestrator {
namespace {

using supervisor::ContainerConfig;

spec::Mount inherited_mount(const runtime::MountSpec& from, const std::string& volumes) {
  spec::Mount mount;
  mount.target = from.target;
  mount.recursive = from.recursive;
  mount.subpath = from.subpath;
  if (from.writable == runtime::Writable::no) mount.access = spec::Access::read_only;
  mount.type = spec::MountType::bind;
  mount.source = from.source;
  if (!from.volume.empty()) {
    mount.type = spec::MountType::volume;
    mount.source = from.volume;
    return mount;
  }
  const std::string prefix = volumes + "/";
  if (!from.source.starts_with(prefix)) return mount;
  mount.type = spec::MountType::volume;
  mount.source = from.source.substr(prefix.size());
  mount.source.resize(std::min(mount.source.size(), mount.source.find('/')));
  return mount;
}

bool is_outside(const spec::VolumesFrom& source) {
  return source.kind == spec::VolumesFrom::Kind::container;
}

std::optional<ContainerConfig> find_container(const HostPaths& paths, const std::string& name) {
  for (const std::string& project : supervisor::list_projects(paths))
    for (auto& each : supervisor::read_containers(paths, project))
      if (each.config.name == name) return std::move(each.config);
  return std::nullopt;
}

void inherit(const ContainerConfig& other, const spec::VolumesFrom& source, const HostPaths& paths,
             spec::Service& service, spec::Project& project) {
  for (spec::Mount& mount : mounts_to_inherit(other, paths)) {
    if (std::ranges::find(service.volumes, mount.target, &spec::Mount::target) !=
        service.volumes.end())
      continue;
    if (source.access == spec::Access::read_only) mount.access = spec::Access::read_only;
    if (mount.type == spec::MountType::volume) declare_external_volume(mount.source, project);
    service.volumes.push_back(std::move(mount));
  }
}

}  // namespace

std::vector<spec::Mount> mounts_to_inherit(const ContainerConfig& container,
                                           const HostPaths& paths) {
  std::vector<spec::Mount> mounts;
  for (const runtime::MountSpec& each : container.spec.mounts)
    if (is_of_host(each)) mounts.push_back(inherited_mount(each, paths.volumes()));
  return mounts;
}

void declare_external_volume(const std::string& name, spec::Project& project) {
  const auto has_name = [&](const auto& each) { return each.second.name == name; };
  if (std::ranges::any_of(project.volumes, has_name)) return;
  spec::Volume volume;
  volume.key = volume.name = name;
  volume.external = true;
  project.volumes.try_emplace(name, std::move(volume));
}

bool takes_outside_volumes(const spec::Project& project) {
  return std::ranges::any_of(project.services, [](const auto& each) {
    return std::ranges::any_of(each.second.volumes_from, &is_outside);
  });
}

void settle_outside_volumes(const HostPaths& paths, const std::set<std::string>& services,
                            spec::Project& project, std::vector<Problem>& problems) {
  for (const std::string& name : services) {
    spec::Service& service = project.services.at(name);
    for (const spec::VolumesFrom& source : service.volumes_from) {
      if (!is_outside(source)) continue;
      if (const auto other = find_container(paths, source.name)) {
        inherit(*other, source, paths, service, project);
      } else {
        problems.push_back(
            {fmt::format("volumes_from of service {}: there is no container {}", name, source.name),
             project.sources.find(fmt::format("services.{}.volumes_from", name)),
             "`stack container ls -a` lists those that are there"});
      }
    }
    std::erase_if(service.volumes_from, is_outside);
  }
}

}  // namespace stack::orchestrator
