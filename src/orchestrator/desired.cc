// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/desired.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "orchestrator/anonymous_volumes.h"
#include "orchestrator/command_words.h"
#include "orchestrator/desired_files.h"
#include "orchestrator/host_files.h"
#include "orchestrator/no_such_service.h"
#include "orchestrator/service_networks.h"
#include "spec/paths.h"

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

  /// `owner`: whose the anonymous volumes are; its service, but for one-offs.
  std::vector<DesiredMount> collect(const spec::Service& service, const std::string& owner,
                                    int number) const {
    std::vector<DesiredMount> mounts = own(service, owner, number);
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

  std::vector<DesiredMount> own(const spec::Service& service, const std::string& owner,
                                int number) const {
    std::vector<DesiredMount> mounts;
    for (const auto& mount : service.volumes)
      mounts.push_back({named(mount, owner, number), "", image_of(mount)});
    const auto image = images_.find(service.image);
    if (image == images_.end()) return mounts;
    for (const auto& written : image->second.config.volumes) {
      const std::string path = spec::clean_path("/" + written);  // an image has them word for word
      if (has_target(mounts, path) || inherits_target(service, path)) continue;
      spec::Mount mount;
      mount.target = path;
      mounts.push_back({named(mount, owner, number), ""});
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
    // Of a container outside: settle_outside_volumes() has made them mounts of the service's own.
    if (source.kind == spec::VolumesFrom::Kind::container) return {};
    const auto& service = project_.services.at(source.name);
    std::vector<DesiredMount> mounts = collect(service, service.name, 1);
    for (auto& each : mounts) {
      if (source.access == spec::Access::read_only) each.mount.access = spec::Access::read_only;
      if (each.inherited_from.empty()) each.inherited_from = source.name;
    }
    std::erase_if(mounts,
                  [](const auto& each) { return each.mount.type == spec::MountType::tmpfs; });
    return mounts;
  }

  spec::Mount named(spec::Mount mount, const std::string& owner, int number) const {
    if (mount.type != spec::MountType::volume) return mount;
    mount.source = mount.source.empty()
                       ? anonymous_volume_name(project_.name, owner, number, mount.target)
                       : project_.volumes.at(mount.source).name;
    return mount;
  }

  const spec::Project& project_;
  const ImageCatalog& images_;
};

std::map<std::string, std::string> volume_labels(const spec::Project& project,
                                                 const std::string& key) {
  std::map<std::string, std::string> labels{{"com.docker.compose.project", project.name}};
  if (!key.empty()) labels["com.docker.compose.volume"] = key;
  return labels;
}

bool is_volume_source(const spec::Project& project, const std::string& name) {
  return std::ranges::any_of(project.services, [&](const auto& service) {
    return std::ranges::any_of(service.second.volumes_from, [&](const auto& source) {
      return source.kind == spec::VolumesFrom::Kind::service && source.name == name;
    });
  });
}

/// Of an anonymous volume: kept_label's value; empty when it goes with its container.
std::string why_kept(const spec::Project& project, const std::string& service) {
  const auto owner = project.services.find(service);
  if (owner != project.services.end() && owner->second.keeps_anonymous) return kept_as_asked;
  return is_volume_source(project, service) ? kept_for_data : "";
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
    volume.driver = named->second.driver;
    volume.options = named->second.driver_opts;
  } else {
    volume.service = mount.inherited_from.empty() ? container.service : mount.inherited_from;
    volume.labels["com.docker.volume.anonymous"] = "";
    volume.labels["stack.service"] = volume.service;
    volume.labels["stack.target"] = mount.mount.target;
    const std::string kept = why_kept(project, volume.service);
    if (container.one_off && mount.inherited_from.empty())
      volume.labels["stack.container"] = container.name;
    else if (!kept.empty())
      volume.labels[kept_label] = kept;
  }
  volume.of_nobody = named != project.volumes.end() && named->second.of_nobody;
  if (!volume.of_nobody) volume.labels.merge(volume_labels(project, volume.key));
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

bool is_awaited_to_its_end(const spec::Project& project, const std::string& name) {
  return std::ranges::any_of(project.services, [&](const auto& service) {
    const auto awaited = service.second.depends_on.find(name);
    return awaited != service.second.depends_on.end() &&
           awaited->second.condition == spec::Condition::service_completed_successfully;
  });
}

/// "pre_start-0", of one replica "2-pre_start-0".
std::string step_name(const spec::PreStart& step, std::size_t index, int number) {
  return step.per_replica ? fmt::format("{}-pre_start-{}", number, index)
                          : fmt::format("pre_start-{}", index);
}

/// "shop-web-1"
std::string joined_name(const spec::Project& project, const std::string& service,
                        const std::string& last) {
  const char mark = project.name_separator;
  return fmt::format("{}{}{}{}{}", project.name, mark, service, mark, last);
}

std::string step_container_name(const spec::Project& project, const spec::Service& service,
                                const std::string& step) {
  return joined_name(project, service.name, step);
}

/// The service as a step of its `pre_start` runs it: with its mounts, networks, limits and rights,
/// but nothing by which others reach it, and to its end.
spec::Service model_of_step(const spec::Service& service, const spec::PreStart& step) {
  spec::Service model = service;
  if (!step.image.empty()) model.image = step.image;
  model.command = step.run.command;
  model.entrypoint.reset();
  if (!step.run.user.empty()) model.user = step.run.user;
  if (!step.run.working_dir.empty()) model.working_dir = step.run.working_dir;
  model.privileged = model.privileged || step.run.privileged;
  for (const auto& [key, value] : step.run.environment) model.environment[key] = value;
  model.container_name.clear();
  model.mac_address.clear();
  model.ports.clear();
  model.expose.clear();
  for (auto& [key, attachment] : model.networks) {
    spec::NetworkAttachment plain;
    plain.priority = attachment.priority;
    plain.gw_priority = attachment.gw_priority;
    attachment = std::move(plain);
  }
  model.healthcheck.emplace().disable = true;
  model.ready.reset();
  model.restart_unhealthy = model.keeps_anonymous = false;
  model.on_change = {};
  model.restart = {};
  model.deploy_restart.reset();
  model.tty = model.stdin_open = false;
  model.post_start.clear();
  model.pre_stop.clear();
  model.pre_start.clear();
  return model;
}

bool is_given_by_number(const spec::Port& port) {
  return port.published && !is_range(port);
}

std::vector<spec::Port> fixed_ports(const spec::Project& project) {
  std::vector<spec::Port> ports;
  for (const auto& [name, service] : project.services)
    std::ranges::copy_if(service.ports, std::back_inserter(ports), is_given_by_number);
  return ports;
}

/// Adds what services want to a state.
class Wisher {
 public:
  Wisher(const spec::Project& project, const ImageCatalog& images, const HostFiles& files,
         const CdiGrants& devices, DesiredState& state)
      : project_(project),
        images_(images),
        files_(files),
        devices_(devices),
        mounts_(project, images),
        address_wishes_(address_wishes(project)),
        fixed_ports_(fixed_ports(project)),
        state_(state) {}

  void add(const spec::Service& service) {
    if (!has_images(service)) return;
    state_.services.insert(service.name);
    for (int number = 1; number <= service.scale; ++number) {
      add_replica(service, number);
      for (std::size_t index = 0; index < service.pre_start.size(); ++index) {
        if (number == 1 || service.pre_start[index].per_replica) add_step(service, index, number);
      }
    }
  }

  void add(const spec::Service& service, const OneOff& one_off) {
    if (!images_.contains(service.image)) return;
    const std::string step = "run-" + one_off.slug;
    const std::string owner = fmt::format("{}-{}", service.name, step);
    DesiredContainer container = wish(service, service, 1, owner);
    if (!one_off.is_the_service) container.step = step;
    container.one_off = one_off;
    container.name =
        one_off.name.empty()
            ? joined_name(project_, service.name,
                          fmt::format("run{}{}", project_.name_separator, one_off.slug))
            : one_off.name;
    add(std::move(container));
  }

 private:
  bool has_images(const spec::Service& service) const {
    return images_.contains(service.image) &&
           std::ranges::all_of(service.pre_start, [&](const spec::PreStart& step) {
             return step.image.empty() || images_.contains(step.image);
           });
  }

  void add_replica(const spec::Service& service, int number) {
    DesiredContainer container = wish(service, service, number, service.name);
    container.name = container_name(project_, service, number);
    container.holds_volumes_for_others = is_volume_source(project_, service.name);
    container.is_awaited_to_its_end = is_awaited_to_its_end(project_, service.name);
    container.prepared_by = preparations(project_, service, number, service.pre_start.size());
    add(std::move(container));
  }

  void add_step(const spec::Service& service, std::size_t index, int number) {
    const spec::PreStart& step = service.pre_start[index];
    DesiredContainer container = wish(service, model_of_step(service, step), number, service.name);
    container.step = step_name(step, index, number);
    container.name = step_container_name(project_, service, container.step);
    // What all replicas share comes after what each of them did before.
    const int last = step.per_replica ? number : service.scale;
    for (int replica = number; replica <= last; ++replica) {
      for (auto& name : preparations(project_, service, replica, index)) {
        if (std::ranges::find(container.prepared_by, name) == container.prepared_by.end())
          container.prepared_by.push_back(std::move(name));
      }
    }
    add(std::move(container));
  }

  /// A container of `service` that runs `model`, without a name.
  DesiredContainer wish(const spec::Service& service, spec::Service model, int number,
                        const std::string& owner) const {
    DesiredContainer container;
    container.service = service.name;
    container.number = number;
    container.image_id = images_.at(model.image).id;
    container.image = images_.at(model.image).config;
    container.mounts = mounts_.collect(service, owner, number);
    container.files = desired_files(project_, service, files_);
    if (const auto profile = files_.find(seccomp_file(project_, service)); profile != files_.end())
      container.seccomp = profile->second.content;
    if (const auto granted = devices_.find(service.name); granted != devices_.end())
      container.devices = granted->second;
    for (const spec::PreStart& step : model.pre_start)
      container.step_images.push_back(step.image.empty() ? "" : images_.at(step.image).id);
    container.shares = shared_namespaces(project_, service);
    container.model = std::move(model);
    return container;
  }

  void add(DesiredContainer container) {
    if (const auto found = address_wishes_.find(container.name); found != address_wishes_.end())
      container.address_wishes = found->second;
    if (!container.step.empty()) keep_off_fixed_addresses(container);
    if (!std::ranges::all_of(container.model.ports, is_given_by_number))
      container.fixed_ports = fixed_ports_;
    for (const auto& [key, attachment] : container.model.networks) {
      const DesiredNetwork network = desired_network(project_.networks.at(key));
      container.network_names[key] = network.name;
      state_.networks.emplace(network.name, network);
    }
    for (const auto& mount : container.mounts) {
      add_volume(project_, container, mount, state_);
      if (mount.mount.type == spec::MountType::volume)
        container.volume_names.push_back(mount.mount.source);
    }
    if (state_.containers.contains(container.name))
      throw Error(fmt::format("two containers would be called {}", container.name))
          .with_hint("give one of the services another name");
    state_.containers.emplace(container.name, std::move(container));
  }

  /// It takes any address but those that the file gives to somebody.
  void keep_off_fixed_addresses(DesiredContainer& container) const {
    for (const auto& [key, attachment] : container.model.networks) {
      AddressWish& wish = container.address_wishes[key];
      wish.place = -1;
      for (const auto& [name, service] : project_.services) {
        const auto seat = service.networks.find(key);
        if (seat == service.networks.end()) continue;
        for (const std::string* text : {&seat->second.ipv4_address, &seat->second.ipv6_address})
          if (!text->empty()) wish.kept_free.push_back(*text);
      }
    }
  }

  const spec::Project& project_;
  const ImageCatalog& images_;
  const HostFiles& files_;
  const CdiGrants& devices_;
  MountCollector mounts_;
  std::map<std::string, std::map<std::string, AddressWish>> address_wishes_;
  std::vector<spec::Port> fixed_ports_;
  DesiredState& state_;
};

}  // namespace

std::vector<std::string> preparations(const spec::Project& project, const spec::Service& service,
                                      int number, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t index = 0; index < count; ++index) {
    names.push_back(
        step_container_name(project, service, step_name(service.pre_start[index], index, number)));
  }
  return names;
}

DesiredNetwork desired_network(const spec::Network& network) {
  DesiredNetwork desired;
  desired.key = network.key;
  desired.name = network.name;
  desired.external = network.external;
  desired.model = network;
  return desired;
}

std::string anonymous_volume_name(const std::string& project, const std::string& service,
                                  int number, const std::string& target) {
  return stable_hex(fmt::format("{}\n{}\n{}\n{}", project, service, number, target), 64);
}

std::string container_name(const spec::Project& project, const spec::Service& service, int number) {
  if (!service.container_name.empty()) return service.container_name;
  return joined_name(project, service.name, std::to_string(number));
}

std::vector<std::string> arguments_of(const DesiredContainer& container) {
  return words_of(
      command_words(container.model.entrypoint, container.model.command, container.image));
}

bool has_nothing_to_run(const DesiredContainer& container) {
  return container.holds_volumes_for_others && arguments_of(container).empty();
}

std::set<std::string> select_services(const spec::Project& project,
                                      const std::vector<std::string>& named) {
  std::set<std::string> selected;
  for (const auto& name : named.empty() ? service_names(project) : named) {
    if (project.providers.contains(name)) continue;
    if (!project.services.contains(name)) throw NoSuchService(name, service_names(project));
    add_with_dependencies(project, name, selected);
  }
  return selected;
}

std::set<std::string> select_services(const spec::Project& project,
                                      const std::vector<std::string>& named,
                                      Dependencies dependencies) {
  auto selected = select_services(project, named);
  if (named.empty() || dependencies == Dependencies::included) return selected;
  std::erase_if(selected,
                [&](const auto& name) { return std::ranges::find(named, name) == named.end(); });
  return selected;
}

namespace {

/// What no service uses, when that is asked for.
void add_unused(const spec::Project& project, DesiredState& state) {
  for (const auto& [key, network] : project.networks) {
    const DesiredNetwork desired = desired_network(network);
    if (mode_of(network).empty()) state.networks.emplace(desired.name, desired);
  }
  for (const auto& [key, volume] : project.volumes) {
    DesiredVolume desired{volume.name, key, {}, volume.external, volume.labels};
    desired.labels.merge(volume_labels(project, key));
    desired.driver = volume.driver;
    desired.options = volume.driver_opts;
    state.volumes.emplace(volume.name, std::move(desired));
  }
}

}  // namespace

DesiredState desired_state(const spec::Project& project, const std::set<std::string>& services,
                           const ImageCatalog& images, const HostFiles& files,
                           const CdiGrants& devices) {
  DesiredState state{project.name, project.working_dir, {}, {}, {}, project.sources};
  Wisher wisher(project, images, files, devices, state);
  for (const auto& name : services)
    wisher.add(with_networks_settled(project, project.services.at(name)));
  if (project.all_resources) add_unused(project, state);
  return state;
}

void add_one_off(DesiredState& state, const spec::Project& project, const OneOff& one_off,
                 const ImageCatalog& images, const HostFiles& files, const CdiGrants& devices) {
  Wisher(project, images, files, devices, state)
      .add(with_networks_settled(project, project.services.at(one_off.service)), one_off);
}

}  // namespace stack::orchestrator
