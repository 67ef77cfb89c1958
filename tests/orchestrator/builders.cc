// SPDX-License-Identifier: Apache-2.0
#include "builders.h"

#include "base/ids.h"
#include "orchestrator/address_room.h"
#include "orchestrator/lower.h"
#include "orchestrator/restarts.h"
#include "orchestrator/takeover.h"

namespace stack::orchestrator::testing {

spec::Service service(const std::string& name) {
  spec::Service service;
  service.name = name;
  service.image = "busybox";
  service.command = std::vector<std::string>{"sleep", "1000"};
  service.networks["default"] = {};
  return service;
}

spec::Port port(std::uint16_t published) {
  spec::Port port;
  port.published = published;
  port.target = 80;
  return port;
}

spec::Project project(const std::vector<spec::Service>& services) {
  spec::Project project;
  project.name = "shop";
  project.working_dir = "/work/shop";
  for (const auto& each : services) {
    project.services[each.name] = each;
    for (const auto& [key, attachment] : each.networks) {
      project.networks[key].key = key;
      project.networks[key].name = "shop_" + key;
    }
    for (const auto& mount : each.volumes) {
      if (mount.type != spec::MountType::volume || mount.source.empty()) continue;
      project.volumes[mount.source].key = mount.source;
      project.volumes[mount.source].name = "shop_" + mount.source;
    }
  }
  return project;
}

ImageCatalog images() {
  return {{"busybox", {"sha256:1", {}}}};
}

DesiredState desired(const spec::Project& project) {
  return desired_state(project, select_services(project, {}), images());
}

supervisor::ObservedContainer observed(const DesiredContainer& wish) {
  supervisor::ObservedContainer container;
  const Places places{
      {"/layers/1"},
      [](const auto& volume, const auto&) { return "/volumes/" + volume; },
      [](const auto& id) { return std::vector<std::filesystem::path>{"/layers/of/" + id}; }};
  container.config = lower(wish, "shop", stable_hex(wish.name, 64), places);
  container.status.id = container.config.id;
  container.status.phase = supervisor::Phase::running;
  container.status.process = {100, 1};
  if (container.config.health) container.status.health = supervisor::Health::healthy;
  return container;
}

std::set<std::string> names_of(const spec::Project& project) {
  std::set<std::string> names;
  for (const auto& [name, service] : project.services) names.insert(name);
  return names;
}

Changes all_changes(const spec::Project& project, const DesiredState& wish,
                    const ObservedState& world) {
  Changes changes = diff(wish, world, names_of(project));
  untangle(wish, world, changes);
  add_restarts(wish, world, changes);
  changes.full_networks = find_full_networks(wish, world, changes);
  return changes;
}

ObservedState come_true(const DesiredState& state) {
  ObservedState world;
  for (const auto& [name, wish] : state.containers)
    world.containers[name] = wish.step.empty() ? observed(wish) : exited(observed(wish), 0);
  for (const auto& [name, wish] : state.networks) world.networks[name].config = lower(wish);
  for (const auto& [name, wish] : state.volumes)
    world.volumes[name] = {name, wish.labels, {}, "/volumes/" + name, wish.options};
  return world;
}

supervisor::ObservedContainer exited(supervisor::ObservedContainer container, int code) {
  container.status.phase = supervisor::Phase::exited;
  container.status.process = {};
  container.status.exit_code = code;
  return container;
}

}  // namespace stack::orchestrator::testing
