// SPDX-License-Identifier: Apache-2.0
// docker's --link between containers of the default network: what the one that has the link is told
// of the other, in its environment and its /etc/hosts. Pure.
#pragma once

#include <string>
#include <vector>

#include "spec/model.h"
#include "supervisor/status.h"

namespace stack::cli {

struct LinkedContainer {
  std::string alias;
  const supervisor::ObservedContainer* container;
  std::vector<std::string> exposed;  ///< "5432/tcp"
};

/// DATABASE_PORT_5432_TCP_ADDR and the like, DATABASE_NAME, DATABASE_ENV_*; lines of /etc/hosts.
/// What the service says itself stays. Throws Error (125) when the other one does not run.
void add_link(const LinkedContainer& linked, spec::Service& service);

}  // namespace stack::cli
