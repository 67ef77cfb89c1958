// SPDX-License-Identifier: Apache-2.0
// Addresses that containers have in a network; pure. A lease outlives the container's runs, and
// ends with the container.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "supervisor/project_files.h"

namespace stack::supervisor {

/// Whether somebody with an address has no need of it now: as in docker, who has ended gives it to
/// whoever would have none.
using IsIdle = std::function<bool(const std::string& holder)>;

/// What `container` has in the network: the address that its endpoint fixes, else the one it had,
/// else a free one, else one whose holder is idle. Throws Error: "address 10.5.0.9 in network
/// shop_front is already in use by shop-db-1".
network::DualAddress choose_lease(const NetworkRecord& network, const std::string& container,
                                  const Endpoint& endpoint, const IsIdle& is_idle = {});
/// Ends the leases of all others on what `container` has been given.
void end_other_leases(NetworkRecord& network, const std::string& container,
                      const network::DualAddress& given);
/// Whether the file fixes the container's address in that network: it is kept for it, then, also
/// while it does not run.
bool has_fixed_address(const ContainerConfig& config, const std::string& network);

/// What of an endpoint's fixed addresses can be kept for a container that has yet to start: those
/// that are nobody's. Nothing when there is nothing to keep.
std::optional<network::DualAddress> reserve_lease(const NetworkRecord& network,
                                                  const std::string& container,
                                                  const Endpoint& endpoint);

/// By what name the virtual address of a service is leased, which is no container's: "service web".
std::string virtual_holder(const std::string& service);
bool is_virtual_holder(const std::string& holder);

/// What the service of `endpoint.vip` has in the network, as choose_lease().
network::DualAddress choose_virtual_lease(const NetworkRecord& network, const Endpoint& endpoint);

}  // namespace stack::supervisor
