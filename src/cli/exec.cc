// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/exec_session.h"
#include "cli/project.h"
#include "cli/style.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;

int wanted_index(const Options& options) {
  if (options.index.empty()) return 1;
  const auto index = parse_integer<int>(options.index);
  if (!index) throw Error("--index takes a number").with_exit_code(ExitCode::usage);
  return *index;
}

ObservedContainer find_container(const std::string& project, const Options& options) {
  const std::string& service = options.arguments.front();
  std::vector<std::string> names;
  for (auto& container : supervisor::read_containers(HostPaths::from_environment(), project)) {
    names.push_back(container.config.service);
    if (container.config.service != service || container.config.number != wanted_index(options))
      continue;
    if (container.status.process.pid == 0)
      fail("service \"{}\" is not running container #{}", service, wanted_index(options));
    return std::move(container);
  }
  Error error(fmt::format("service \"{}\" is not running", service));
  if (const auto near = nearest(service, names); near && *near != service) {
    error.with_hint(fmt::format("did you mean \"{}\"?", *near));
  }
  throw error;
}

/// The container's environment, with -e on top; -e KEY alone takes the value from ours.
std::vector<std::string> environment_of(const ObservedContainer& container,
                                        const Options& options) {
  std::vector<std::string> environment = container.config.spec.process.environment;
  for (const auto& entry : options.environment) {
    const std::string key = entry.substr(0, entry.find('='));
    std::erase_if(environment, [&](const auto& each) { return each.starts_with(key + "="); });
    const char* ours = std::getenv(key.c_str());
    if (entry.size() > key.size()) {
      environment.push_back(entry);
    } else if (ours != nullptr) {
      environment.push_back(key + "=" + ours);
    }
  }
  return environment;
}

}  // namespace

int run_exec(const Options& options) {
  const ObservedContainer container = find_container(project_name(options), options);
  ExecRequest request;
  request.container = container.status.process;
  request.spec = &container.config.spec;
  request.privileged = options.privileged;
  request.cache = HostPaths::from_environment().cache();
  runtime::ProcessSpec& process = request.process;
  process = container.config.spec.process;
  process.init = false;
  process.arguments.assign(options.arguments.begin() + 1, options.arguments.end());
  process.environment = environment_of(container, options);
  if (!options.user.empty()) process.user = options.user;
  if (!options.workdir.empty()) process.working_directory = options.workdir;
  process.terminal = !options.no_tty && is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
  return run_exec_session(request);
}

}  // namespace stack::cli
