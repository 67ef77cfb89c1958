// SPDX-License-Identifier: Apache-2.0
// Containers of this stack in networks of others: addresses and cables are asked for at the other
// stack's supervisor.
#pragma once

#include "supervisor/async.h"
#include "supervisor/project_files.h"
#include "supervisor/stack_network.h"

namespace stack::supervisor {

class Visits {
 public:
  Visits(Loop& loop, const ProjectFiles& files, StackNetwork& network)
      : loop_(loop), files_(files), network_(network) {}

  /// The container's address in each of its networks that is not of this stack.
  Awaitable<Addresses> lease(ContainerConfig config);
  /// Joins the running container to those of `endpoints` that are not in networks of this stack.
  Awaitable<void> plug(ContainerConfig config, ProcessIdentity process,
                       std::vector<network::EndpointSpec> endpoints);
  /// Its address and its link there are those of the same container under another name. Where the
  /// other stack does not run nothing is done: it gives the container an address at its next start.
  Awaitable<void> rename(std::string container, std::string network, std::string name);
  /// Its address there is not needed any more. Never fails: the other side drops what it finds to
  /// be nobody's.
  Awaitable<void> release(std::string container, std::string network);

 private:
  ProjectFiles owner_of(const std::string& network) const;

  Loop& loop_;
  const ProjectFiles& files_;
  StackNetwork& network_;
};

}  // namespace stack::supervisor
