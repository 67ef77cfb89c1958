// SPDX-License-Identifier: Apache-2.0
// Whether a container listens: sockets of its network namespace that a process of its cgroup has
// open, so that nobody else in a shared namespace, nor our own resolver, is taken for it. Nothing
// is sent to it.
#pragma once

#include <string>

#include "network/bound_sockets.h"
#include "supervisor/container_config.h"

namespace stack::supervisor {

class ListeningProbe {
 public:
  /// Throws Error.
  ListeningProbe(int network_namespace, std::string cgroup, ReadyRule rule);
  bool any_listens();

 private:
  bool counts(const network::BoundSocket& socket) const;

  std::string cgroup_;
  ReadyRule rule_;
  network::NetlinkSocket netlink_;
};

}  // namespace stack::supervisor
