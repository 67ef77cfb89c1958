// SPDX-License-Identifier: Apache-2.0
// Who has which subnet on this machine: the kernel's routes and addresses, and the networks of
// every stack, also of those that do not run and will want theirs back.
#pragma once

#include <string>
#include <vector>

#include "base/host_paths.h"
#include "network/network_spec.h"

namespace stack::supervisor {

/// One subnet, of either family, and whose it is.
struct SubnetHolder {
  network::Subnet subnet{};    ///< prefix 0: it is one of IPv6
  network::Subnet6 subnet6{};  ///< prefix 0: it is one of IPv4
  std::string project{};       ///< of a stack's network; empty: of the host
  std::string network{};
  std::string way{};  ///< of the host: "a route over eth0"
};

/// `project`'s own uplink and the routes over it are left out; its networks are not.
std::vector<SubnetHolder> subnet_holders(const HostPaths& paths, const std::string& project);

/// "network shop_front of stack \"shop\"", "a route of this machine over eth0"
std::string describe(const SubnetHolder& holder);

}  // namespace stack::supervisor
