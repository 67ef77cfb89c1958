// SPDX-License-Identifier: Apache-2.0
#include "supervisor/visits.h"

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "supervisor/journal.h"
#include "supervisor/peer.h"
#include "supervisor/status.h"

namespace stack::supervisor {

ProjectFiles Visits::owner_of(const std::string& network) const {
  const auto owner = find_network_owner(files_.paths, network, files_.project);
  if (!owner) fail("network {} could not be found", network);
  return {files_.paths, *owner};
}

Awaitable<Addresses> Visits::lease(ContainerConfig config) {
  Addresses addresses;
  for (const Endpoint& endpoint : config.endpoints) {
    if (network_.has(endpoint.network)) continue;
    Request request = LeaseGuest{guest_name(files_.project, config.name), endpoint};
    const ProjectFiles owner = owner_of(endpoint.network);
    fail_point("visit.lease");
    const Reply reply = co_await ask_peer(loop_, owner, std::move(request));
    if (!reply.address) fail("stack {} gave no address", owner.project);
    network_.join(endpoint.network);
    addresses[endpoint.network] = *reply.address;
  }
  co_return addresses;
}

namespace {

std::vector<std::string> names_in(const ContainerConfig& config, const std::string& network) {
  const auto endpoint = std::ranges::find(config.endpoints, network, &Endpoint::network);
  std::vector<std::string> names;
  if (endpoint != config.endpoints.end()) names = endpoint->aliases;
  return names;
}

}  // namespace

Awaitable<void> Visits::plug(ContainerConfig config, ProcessIdentity process,
                             std::vector<network::EndpointSpec> endpoints) {
  for (network::EndpointSpec& endpoint : endpoints) {
    if (network_.has(endpoint.network)) continue;
    const ProjectFiles owner = owner_of(endpoint.network);
    auto names = names_in(config, endpoint.network);
    Request request = PlugGuest{guest_name(files_.project, config.name), config.id, process,
                                std::move(names), std::move(endpoint)};
    fail_point("visit.plug");
    co_await ask_peer(loop_, owner, std::move(request));
  }
}

Awaitable<void> Visits::rename(std::string container, std::string network, std::string name) {
  const ProjectFiles owner = owner_of(network);
  if (!is_kept(owner)) co_return;
  Request request =
      RenameGuest{guest_name(files_.project, container), network, guest_name(files_.project, name)};
  fail_point("visit.rename");
  co_await ask_peer(loop_, owner, std::move(request));
}

Awaitable<void> Visits::release(std::string container, std::string network) {
  try {
    const auto owner = find_network_owner(files_.paths, network, files_.project);
    if (!owner) co_return;
    const ProjectFiles stack{files_.paths, *owner};
    if (!is_kept(stack)) co_return;
    Request request = ReleaseGuest{guest_name(files_.project, container), network};
    fail_point("visit.release");
    co_await ask_peer(loop_, stack, std::move(request));
  } catch (const Error& error) {
    journal::warning(error.what());
  }
}

}  // namespace stack::supervisor
