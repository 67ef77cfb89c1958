// SPDX-License-Identifier: Apache-2.0
// `run`: what becomes of a service that a person runs by hand, once, beside its containers. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spec/model.h"
#include "supervisor/status.h"

namespace stack::orchestrator {

using supervisor::lone_containers_project;

/// What the command line says of it. What is empty or unset is as the service has it.
struct RunRequest {
  std::string service;
  std::optional<spec::Strings> command;
  std::optional<spec::Strings> entrypoint;  ///< with it the service's command is left out
  spec::Environment environment;
  spec::StringMap labels;
  std::string user;
  std::string working_dir;
  std::vector<spec::Mount> volumes;  ///< instead of the service's at the same places
  std::vector<spec::Port> ports;
  bool service_ports = false;  ///< those of the service are published, too
  bool use_aliases = false;
  spec::Strings cap_add;
  spec::Strings cap_drop;
  bool tty = false;
  bool stdin_open = false;
};

/// The project with the service as it is run: its mounts, networks, limits and rights, but nothing
/// that another container of it has (its name, ports, aliases and addresses), and never restarted.
spec::Project project_to_run(const spec::Project& project, const RunRequest& request);

}  // namespace stack::orchestrator
