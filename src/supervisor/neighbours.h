// SPDX-License-Identifier: Apache-2.0
// Containers of other stacks in networks that ours are in, as names need them. For networks of this
// stack its guests are known; for others it is read what their supervisors write down.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "supervisor/dns_view.h"
#include "supervisor/project_files.h"
#include "supervisor/stack_network.h"

namespace stack::supervisor {

class Neighbours {
 public:
  Neighbours(const ProjectFiles& files, const StackNetwork& network)
      : files_(files), network_(network) {}

  /// Another stack that we share a network with has written something since the last call. A system
  /// call, and none for who is in no network of others.
  bool changed();
  /// Those that run; good until the next call.
  std::vector<NamedContainer> all();

 private:
  struct Neighbour {
    ContainerConfig config;
    Addresses addresses;
    Addresses virtual_addresses{};
  };
  void add_guests(const std::string& network, const NetworkRecord& record);
  void add_owners_containers(const std::string& owner, const std::string& network);
  void watch(const std::string& owner);

  const ProjectFiles& files_;
  const StackNetwork& network_;
  std::vector<Neighbour> found_;
  Fd inotify_;  ///< of what the owners of joined networks write
};

}  // namespace stack::supervisor
