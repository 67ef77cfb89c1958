// SPDX-License-Identifier: Apache-2.0
// Addresses of services (`endpoint_mode: vip`): the bridge has them, the stack's table leads what
// is sent there to the containers that run, in turn.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/fail_point.h"
#include "network/conntrack.h"
#include "network/links.h"
#include "network/namespaces.h"
#include "supervisor/leases.h"
#include "supervisor/stack_network.h"

namespace stack::supervisor {

using network::DualAddress;
using network::IpAddress;
using network::VirtualAddress;

namespace {

void add_addresses(std::vector<IpAddress>& list, const DualAddress& address) {
  if (address.v4) list.emplace_back(*address.v4);
  if (address.v6) list.emplace_back(*address.v6);
}

void drop_those_without_targets(std::vector<VirtualAddress>& all) {
  std::erase_if(all, [](const VirtualAddress& each) { return each.targets.empty(); });
}

bool concerns(const std::vector<VirtualAddress>& all, const std::string& network,
              const std::string& holder) {
  return std::ranges::any_of(all, [&](const VirtualAddress& each) {
    return each.network == network && virtual_holder(each.service) == holder;
  });
}

std::vector<IpAddress> addresses_in(const std::string& network,
                                    const std::vector<VirtualAddress>& all) {
  std::vector<IpAddress> addresses;
  for (const VirtualAddress& each : all)
    if (each.network == network) add_addresses(addresses, each.address);
  return addresses;
}

void keep_missing(std::vector<IpAddress>& list, const std::vector<IpAddress>& others) {
  std::erase_if(
      list, [&](const IpAddress& each) { return std::ranges::find(others, each) != others.end(); });
}

}  // namespace

Addresses StackNetwork::lease_virtual(const ContainerConfig& config) {
  Addresses addresses;
  for (const Endpoint& endpoint : config.endpoints) {
    if (!endpoint.vip || !is_bridged(endpoint.network)) continue;
    const DualAddress address = choose_virtual_lease(record(endpoint.network), endpoint);
    addresses[endpoint.network] = address;
    note_lease(endpoint.network, virtual_holder(endpoint.vip->service), address);
  }
  return addresses;
}

/// Network and holder of each.
std::vector<std::pair<std::string, std::string>> StackNetwork::virtual_leases() const {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, record] : records_)
    for (const auto& [holder, address] : record.leases)
      if (is_virtual_holder(holder)) found.emplace_back(name, holder);
  return found;
}

void StackNetwork::expect_served(std::vector<VirtualAddress> all) {
  drop_those_without_targets(all);
  served_ = std::move(all);
}

/// Flows last: those that are forgotten go by the new rules.
void StackNetwork::serve(std::vector<VirtualAddress> all) {
  for (const auto& [network, holder] : virtual_leases())
    if (!concerns(all, network, holder)) release(network, holder);
  drop_those_without_targets(all);
  if (all == served_) return;
  const auto before = std::exchange(served_, std::move(all));
  try {
    settle_virtual_addresses(before);
    apply_rules();
    const network::InNamespace inside(stack_namespace_);
    network::forget_flows_to(network::lost_targets(before, served_));
  } catch (...) {
    served_ = before;  // to be tried again
    throw;
  }
}

/// Nobody answers for an address that leads nowhere.
void StackNetwork::settle_virtual_addresses(const std::vector<VirtualAddress>& before) const {
  for (const network::NetworkSpec& spec : bridged_networks()) {
    const auto held = addresses_in(spec.name, served_);
    auto dropped = addresses_in(spec.name, before);
    for (const auto& [holder, address] : record(spec.name).leases)
      if (is_virtual_holder(holder)) add_addresses(dropped, address);
    keep_missing(dropped, held);
    if (held.empty() && dropped.empty()) continue;
    fail_point("network.virtual-addresses");
    network::settle_virtual_addresses(spec, held, dropped, stack_namespace_);
  }
}

}  // namespace stack::supervisor
