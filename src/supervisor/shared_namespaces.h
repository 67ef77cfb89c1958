// SPDX-License-Identifier: Apache-2.0
// Namespaces of other containers, found by name and opened: `network_mode: service:db`,
// `pid: container:shop-web-1`.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/host_paths.h"
#include "base/process.h"
#include "runtime/launch.h"

namespace stack::supervisor {

/// A container that runs, of this stack or of another.
struct RunningContainer {
  ProcessIdentity process;
  std::filesystem::path files;  ///< its /etc/hosts and /etc/resolv.conf are here
};
using FindRunning = std::function<std::optional<RunningContainer>(const std::string& name)>;

/// Owns what is open.
struct OpenNamespaces {
  Fd network;
  Fd pid;
  Fd ipc;
  Fd mount;
  Fd user;
  IdBlock ids;                                   ///< of `user`
  std::map<std::string, ProcessIdentity> hosts;  ///< whose they are, by container name
  std::filesystem::path network_files;  ///< of the container whose network is shared; or empty

  runtime::SharedNamespaces view() const;
};

/// A file of /proc/PID/ns ("net", "pid"...), of exactly that process. Throws Error when
/// `container`, whose process it is, has ended.
Fd open_namespace(const ProcessIdentity& process, const std::string& container, const char* kind);

/// Opens what `spaces` shares. Throws Error when the other container does not run, or when its user
/// namespace is another than `spaces` says.
OpenNamespaces open_namespaces(const runtime::NamespacesSpec& spaces, const FindRunning& find);

/// A running container of that name in any stack but `except`.
std::optional<RunningContainer> find_running_elsewhere(const HostPaths& paths,
                                                       const std::string& except,
                                                       const std::string& name);

}  // namespace stack::supervisor
