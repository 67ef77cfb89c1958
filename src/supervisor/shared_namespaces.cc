// SPDX-License-Identifier: Apache-2.0
#include "supervisor/shared_namespaces.h"

#include <fcntl.h>

#include "base/error.h"
#include "base/files.h"
#include "runtime/user_namespace.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {
namespace {

RunningContainer require_running(const std::string& name, const FindRunning& find,
                                 const char* what) {
  if (auto other = find(name)) return std::move(*other);
  throw Error(
      fmt::format("container {}, whose {} namespace is to be shared, does not run", name, what))
      .with_hint("start it first");
}

bool is_shared(const runtime::NamespaceSpec& space) {
  return space.kind == runtime::NamespaceKind::shared;
}

/// All that a container shares must belong to the user namespace that it is in itself: elsewhere
/// its root is nobody.
void require_same_user_namespace(const runtime::NamespacesSpec& spaces, const OpenNamespaces& open,
                                 const FindRunning& find) {
  for (const auto* space : {&spaces.network, &spaces.pid, &spaces.ipc}) {
    if (!is_shared(*space)) continue;
    const auto other = require_running(space->container, find, "user");
    if (runtime::id_block_of(other.process) == open.ids) continue;
    throw Error(fmt::format("container {} is in another user namespace, so none of its namespaces "
                            "can be shared",
                            space->container))
        .with_hint("give both the same userns_mode");
  }
}

int number(const Fd& fd) {
  return fd ? fd.get() : -1;
}

}  // namespace

// A pid may change its owner, so look again.
Fd open_namespace(const ProcessIdentity& process, const std::string& container, const char* kind) {
  Fd space;
  try {
    space = open_file(fmt::format("/proc/{}/ns/{}", process.pid, kind), O_RDONLY);
  } catch (const Error&) {
    if (!is_ending(process)) throw;
  }
  if (is_ending(process)) fail("container {} has ended", container);
  return space;
}

runtime::SharedNamespaces OpenNamespaces::view() const {
  return {number(network), number(pid), number(ipc), number(mount), number(user)};
}

OpenNamespaces open_namespaces(const runtime::NamespacesSpec& spaces, const FindRunning& find) {
  OpenNamespaces open;
  if (is_shared(spaces.network)) {
    const auto other = require_running(spaces.network.container, find, "network");
    open.network = open_namespace(other.process, spaces.network.container, "net");
    open.hosts[spaces.network.container] = other.process;
    open.network_files = other.files;
  }
  if (is_shared(spaces.pid)) {
    const auto other = require_running(spaces.pid.container, find, "PID");
    open.pid = open_namespace(other.process, spaces.pid.container, "pid");
    open.hosts[spaces.pid.container] = other.process;
  }
  if (is_shared(spaces.ipc)) {
    const auto other = require_running(spaces.ipc.container, find, "IPC");
    open.ipc = open_namespace(other.process, spaces.ipc.container, "ipc");
    open.hosts[spaces.ipc.container] = other.process;
    open.mount = open_namespace(other.process, spaces.ipc.container, "mnt");
  }
  if (is_shared(spaces.user)) {
    const auto other = require_running(spaces.user.container, find, "user");
    open.user = open_namespace(other.process, spaces.user.container, "user");
    open.hosts[spaces.user.container] = other.process;
    open.ids = runtime::id_block_of(other.process);
  }
  require_same_user_namespace(spaces, open, find);
  return open;
}

std::optional<RunningContainer> find_running_elsewhere(const HostPaths& paths,
                                                       const std::string& except,
                                                       const std::string& name) {
  for (const auto& project : list_projects(paths)) {
    if (project == except) continue;
    for (const auto& each :
         read_containers(paths, project, ConfigParts::summary, Unreadable::is_left_out)) {
      if (each.config.name != name || !is_alive(each.status.process)) continue;
      return RunningContainer{each.status.process,
                              ProjectFiles{paths, project}.running(each.config.id)};
    }
  }
  return std::nullopt;
}

}  // namespace stack::supervisor
