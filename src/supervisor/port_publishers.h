// SPDX-License-Identifier: Apache-2.0
// Who of the stacks of this machine has a port, for a person who wanted it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "network/network_spec.h"

namespace stack::supervisor {

struct PortPublisher {
  std::string project;
  std::string service;
  std::string container;
};

bool publishes(const std::vector<network::PublishedPort>& published, std::uint16_t port,
               const std::string& protocol);

/// The container, of whatever stack, that runs and is written down to publish a host port.
std::optional<PortPublisher> find_publisher(const HostPaths& paths, std::uint16_t port,
                                            const std::string& protocol);

/// `service "db" of stack "shop"`; `container "db"` for one without a stack.
std::string in_words(const PortPublisher& publisher);

/// The stack whose supervisor a process is, as `stack "shop"`: what it publishes is not always
/// written down yet.
std::optional<std::string> stack_served_by(const HostPaths& paths, int process);

}  // namespace stack::supervisor
