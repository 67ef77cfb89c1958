// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/desired.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "orchestrator/desired_files.h"
#include "orchestrator/host_files.h"

namespace stack::orchestrator {
namespace {

std::vector<std::string> service_names(const spec::Project& project) {
  std::vector<std::string> names;
  for (const auto& [name, service] : project.services) names.push_back(name);
  return names;
}

void add_with_dependencies(const spec::Project& project, const std::string& name,
                           std::set<std::string>& selected) {
  const auto service = project.services.find(name);
  if (service == project.services.end() || !selected.insert(name).second) return;
  for (const auto& [dependency, how] : service->second.depends_on) {
    add_with_dependencies(project, dependency, selected);
  }
}

/// Puts the mounts of one service together: its own first, then the image's VOLUMEs, then what
/// volumes_from brings; the first to claim a target has it.
class MountCollector {
 public:
  MountCollector(const spec::Project& project, const ImageCatalog& images)
      : project_(project), images_(images) {}

  std::vector<DesiredMount> collect(const spec::Service& service, int number) const {
    std::vector<DesiredMount> mounts = own(service, number);
    for (const auto& source : service.volumes_from) {
      for (auto& inherited : from(source)) {
        if (!has_target(mounts, inherited.mount.target)) mounts.push_back(std::move(inherited));
      }
    }
    return mounts;
  }

 private:
  static bool has_target(const std::vector<DesiredMount>& mounts, const std::string& target) {
    return std::ranges::any_of(mounts,
                               [&](const auto& each) { return each.mount.target == target; });
  }

  std::vector<DesiredMount> own(const spec::Service& service, int number) const {
    std::vector<DesiredMount> mounts;
    for (const auto& mount : service.volumes)
      mounts.push_back({named(mount, service, number), "", image_of(mount)});
    const auto image = images_.find(service.image);
    if (image == images_.end()) return mounts;
    for (const auto& path : image->second.config.volumes) {
      if (has_target(mounts, path) || inherits_target(service, path)) continue;
      spec::Mount mount;
      mount.target = path;
      mounts.push_back({named(mount, service, number), ""});
    }
    return mounts;
  }

  std::string image_of(const spec::Mount& mount) const {
    const auto image = images_.find(mount.source);
    return mount.type == spec::MountType::image && image != images_.end() ? image->second.id : "";
  }

  /// An image's VOLUME gives way to a mount that comes by volumes_from at the same path.
  bool inherits_target(const spec::Service& service, const std::string& target) const {
    return std::ranges::any_of(
        service.volumes_from, [&](const auto& source) { return has_target(from(source), target); });
  }

  std::vector<DesiredMount> from(const spec::VolumesFrom& source) const {
    if (source.kind == spec::VolumesFrom::Kind::container) {
      throw Error(fmt::format("volumes_from container:{} is not supported yet", source.name))
          .with_hint("name the service instead, or give both a named volume");
    }
    const auto& service = project_.services.at(source.name);
    std::vector<DesiredMount> mounts = collect(service, 1);
    for (auto& each : mounts) {
      if (source.access == spec::Access::read_only) each.mount.access = spec::Access::read_only;
      if (each.inherited_from.empty()) each.inherited_from = source.name;
    }
    std::erase_if(mounts,
                  [](const auto& each) { return each.mount.type == spec::MountType::tmpfs; });
    return mounts;
  }

  spec::Mount named(spec::Mount mount, const spec::Service& service, int number) const {
    if (mount.type != spec::MountType::volume) return mount;
    mount.source = mount.source.empty()
                       ? anonymous_volume_name(project_.name, service.name, number, mount.target)
                       : project_.volumes.at(mount.source).name;
    return mount;
  }

  const spec::Project& project_;
  const ImageCatalog& images_;
};

DesiredNetwork desired_network(const spec::Network& network) {
  DesiredNetwork desired;
  desired.key = network.key;
  desired.name = network.name;
  desired.internal = network.internal;
  desired.external = network.external;
  if (!network.ipam.empty()) {
    desired.subnet = network.ipam.front().subnet;
    desired.gateway = network.ipam.front().gateway;
  }
  return desired;
}

std::map<std::string, std::string> volume_labels(const spec::Project& project,
                                                 const std::string& key) {
  std::map<std::string, std::string> labels{{"com.docker.compose.project", project.name}};
  if (!key.empty()) labels["com.docker.compose.volume"] = key;
  return labels;
}

void add_volume(const spec::Project& project, const DesiredContainer& container,
                const DesiredMount& mount, DesiredState& state) {
  if (mount.mount.type != spec::MountType::volume) return;
  DesiredVolume volume;
  volume.name = mount.mount.source;
  const auto named = std::ranges::find_if(
      project.volumes, [&](const auto& each) { return each.second.name == volume.name; });
  if (named != project.volumes.end()) {
    volume.key = named->first;
    volume.external = named->second.external;
    volume.labels = named->second.labels;
  } else {
    volume.service = mount.inherited_from.empty() ? container.service : mount.inherited_from;
    volume.labels["com.docker.volume.anonymous"] = "";
    volume.labels["stack.service"] = volume.service;
    volume.labels["stack.target"] = mount.mount.target;
  }
  volume.labels.merge(volume_labels(project, volume.key));
  state.volumes.emplace(volume.name, std::move(volume));
}

/// The first container of a service shares its namespaces, as in docker compose.
std::map<std::string, std::string> shared_namespaces(const spec::Project& project,
                                                     const spec::Service& service) {
  std::map<std::string, std::string> shares;
  const auto add = [&](const char* key, const std::string& mode) {
    const auto colon = mode.find(':');
    if (colon == std::string::npos) return;
    const std::string name = mode.substr(colon + 1);
    const auto other = project.services.find(name);
    const bool is_service = mode.starts_with("service:") && other != project.services.end();
    shares[key] = is_service ? container_name(project, other->second, 1) : name;
  };
  add("network_mode", service.network_mode);
  add("pid", service.pid);
  add("ipc", service.ipc);
  return shares;
}

bool is_volume_source(const spec::Project& project, const std::string& name) {
  return std::ranges::any_of(project.services, [&](const auto& service) {
    return std::ranges::any_of(service.second.volumes_from, [&](const auto& source) {
      return source.kind == spec::VolumesFrom::Kind::service && source.name == name;
    });
  });
}

}  // namespace

std::string anonymous_volume_name(const std::string& project, const std::string& service,
                                  int number, const std::string& target) {
  return stable_hex(fmt::format("{}\n{}\n{}\n{}", project, service, number, target), 64);
}

std::string container_name(const spec::Project& project, const spec::Service& service, int number) {
  if (!service.container_name.empty()) return service.container_name;
  return fmt::format("{}-{}-{}", project.name, service.name, number);
}

std::vector<std::string> arguments_of(const DesiredContainer& container) {
  const spec::Service& model = container.model;
  std::vector<std::string> arguments = model.entrypoint.value_or(container.image.entrypoint);
  // An entrypoint of the file's own drops the image's command (docker's rule).
  const auto command = model.command.value_or(model.entrypoint ? std::vector<std::string>{}
                                                               : container.image.command);
  arguments.insert(arguments.end(), command.begin(), command.end());
  return arguments;
}

bool has_nothing_to_run(const DesiredContainer& container) {
  return container.holds_volumes_for_others && arguments_of(container).empty();
}

std::set<std::string> select_services(const spec::Project& project,
                                      const std::vector<std::string>& named) {
  std::set<std::string> selected;
  for (const auto& name : named.empty() ? service_names(project) : named) {
    if (!project.services.contains(name)) {
      Error error(fmt::format("no such service: {}", name));
      if (const auto near = nearest(name, service_names(project))) {
        error.with_hint(fmt::format("did you mean \"{}\"?", *near));
      }
      throw error;
    }
    add_with_dependencies(project, name, selected);
  }
  return selected;
}

DesiredState desired_state(const spec::Project& project, const std::set<std::string>& services,
                           const ImageCatalog& images, const HostFiles& files) {
  DesiredState state{project.name, project.working_dir, {}, {}, {}, project.sources};
  const MountCollector mounts(project, images);
  for (const auto& name : services) {
    const spec::Service& service = project.services.at(name);
    const auto image = images.find(service.image);
    if (image == images.end()) continue;
    for (int number = 1; number <= service.scale; ++number) {
      DesiredContainer container;
      container.name = container_name(project, service, number);
      container.service = name;
      container.number = number;
      container.image_id = image->second.id;
      container.image = image->second.config;
      container.model = service;
      container.mounts = mounts.collect(service, number);
      container.files = desired_files(project, service, files);
      if (const auto profile = files.find(seccomp_file(project, service)); profile != files.end())
        container.seccomp = profile->second.content;
      container.shares = shared_namespaces(project, service);
      container.holds_volumes_for_others = is_volume_source(project, name);
      for (const auto& [key, attachment] : service.networks) {
        const DesiredNetwork network = desired_network(project.networks.at(key));
        container.network_names[key] = network.name;
        state.networks.emplace(network.name, network);
      }
      for (const auto& mount : container.mounts) {
        add_volume(project, container, mount, state);
        if (mount.mount.type == spec::MountType::volume) {
          container.volume_names.push_back(mount.mount.source);
        }
      }
      state.containers.emplace(container.name, std::move(container));
    }
  }
  return state;
}

}  // namespace stack::orchestrator
