// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/one_off.h"

#include <algorithm>

#include "spec/logging.h"

namespace stack::orchestrator {
namespace {

using spec::Service;

/// A seat in the network, but none that is somebody's already.
spec::NetworkAttachment seat_of(const spec::NetworkAttachment& seat, bool use_aliases) {
  spec::NetworkAttachment plain;
  if (use_aliases) plain.aliases = seat.aliases;
  plain.interface_name = seat.interface_name;
  plain.priority = seat.priority;
  plain.gw_priority = seat.gw_priority;
  plain.driver_opts = seat.driver_opts;
  return plain;
}

/// What is one container's and no other's, and what keeps a container up.
void drop_what_is_others(Service& service, const RunRequest& request) {
  service.container_name.clear();
  service.mac_address.clear();
  for (auto& [key, seat] : service.networks) seat = seat_of(seat, request.use_aliases);
  if (!request.service_ports) service.ports.clear();
  service.restart = {};
  service.deploy_restart.reset();
  service.restart_unhealthy = service.keeps_anonymous = false;
  service.pre_start.clear();
  service.scale = 1;
}

void set_process(Service& service, const RunRequest& request) {
  if (request.entrypoint) {
    service.entrypoint = request.entrypoint;
    service.command = spec::Strings{};
  }
  if (request.command) service.command = request.command;
  for (const auto& [key, value] : request.environment) service.environment[key] = value;
  if (!request.user.empty()) service.user = request.user;
  if (!request.working_dir.empty()) service.working_dir = request.working_dir;
  service.tty = request.tty;
  service.stdin_open = request.stdin_open;
  // What it says is shown from its log.
  if (!spec::limits_of(service.logging).keeps_output) service.logging = {};
}

void set_capabilities(Service& service, const RunRequest& request) {
  for (const auto& name : request.cap_add) {
    std::erase(service.cap_drop, name);
    service.cap_add.push_back(name);
  }
  for (const auto& name : request.cap_drop) {
    std::erase(service.cap_add, name);
    service.cap_drop.push_back(name);
  }
}

void add_volumes(spec::Project& project, Service& service, const RunRequest& request) {
  for (const spec::Mount& mount : request.volumes) {
    std::erase_if(service.volumes, [&](const auto& each) { return each.target == mount.target; });
    service.volumes.push_back(mount);
    // One that the file does not have is of the machine, as docker has it.
    if (mount.type != spec::MountType::volume || mount.source.empty()) continue;
    spec::Volume volume;
    volume.key = volume.name = mount.source;
    volume.of_nobody = true;
    project.volumes.try_emplace(mount.source, std::move(volume));
  }
}

}  // namespace

spec::Project project_to_run(const spec::Project& project, const RunRequest& request) {
  spec::Project changed = project;
  Service& service = changed.services.at(request.service);
  drop_what_is_others(service, request);
  set_process(service, request);
  set_capabilities(service, request);
  add_volumes(changed, service, request);
  service.ports.insert(service.ports.end(), request.ports.begin(), request.ports.end());
  for (const auto& [key, value] : request.labels) service.labels[key] = value;
  return changed;
}

}  // namespace stack::orchestrator
