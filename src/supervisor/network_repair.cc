// SPDX-License-Identifier: Apache-2.0
// What somebody took away by hand, put back: an administrator's `ip link del`, another default
// route.
#include <algorithm>

#include "base/error.h"
#include "network/subnets.h"
#include "supervisor/journal.h"
#include "supervisor/stack_network.h"

namespace stack::supervisor {

using network::EndpointSpec;
using network::NetworkSpec;
using network::PortPlace;

namespace {

/// One repair that cannot be made does not keep the others from being tried.
template <typename Work>
void attempt(const char* what, Work work) {
  journal::attempt(work, fmt::format("repairing the network: {}: ", what));
}

}  // namespace

std::vector<PortPlace> StackNetwork::places() const {
  std::vector<PortPlace> places;
  for (const auto& [id, ports] : ports_)
    for (const Port& port : ports) places.push_back({port.lock.port, port.network});
  return places;
}

bool StackNetwork::damaged_by(const network::LinkChanges& changes, Side side) const {
  if (!uplink_ || !uplink_made_) return false;
  if (changes.lost) return true;
  std::set<std::string> ports;
  std::map<std::string, int> mtus;  // by link, ports included
  if (side == Side::host) {
    mtus[uplink_->host_interface] = uplink_->mtu;
    if (changes.own_route_gone) return true;
    const bool another_way = changes.default_route || !changes.changed.empty();
    if (another_way && network::uplink_mtu() != uplink_->mtu) return true;
  } else {
    mtus[network::stack_end_of_uplink] = uplink_->mtu;
    for (const auto& spec : bridged_networks()) mtus[spec.bridge] = network::mtu_of(spec, *uplink_);
    for (const PortPlace& place : places()) {
      ports.insert(place.name);
      if (const NetworkSpec* spec = find_spec(place.network))
        mtus[place.name] = network::mtu_of(*spec, *uplink_);
    }
  }
  const auto is_ours = [&](const std::string& name) { return mtus.contains(name); };
  if (std::ranges::any_of(changes.gone, is_ours)) return true;
  return std::ranges::any_of(changes.changed, [&](const auto& change) {
    const auto& [name, link] = change;
    if (!is_ours(name)) return false;
    return !link.up || link.mtu != mtus.at(name) || (ports.contains(name) && link.master == 0);
  });
}

void StackNetwork::repair_links(const std::vector<Plugged>& containers) {
  if (!uplink_ || !uplink_made_) return;
  attempt("MTU", [&] { follow_mtu(containers); });
  attempt("uplink",
          [&] { network::ensure_uplink(*uplink_, stack_namespace_, bridged_networks()); });
  for (const NetworkSpec& spec : bridged_networks())
    attempt("bridge", [&] { network::ensure_bridge(spec, *uplink_, stack_namespace_); });
  if (serves_any()) attempt("virtual addresses", [&] { settle_virtual_addresses({}); });
  attempt("ports", [&] {
    const auto missing =
        network::restore_ports(places(), bridged_networks(), *uplink_, stack_namespace_);
    plug_again(containers, missing);
  });
}

void StackNetwork::follow_mtu(const std::vector<Plugged>& containers) {
  const int mtu = network::uplink_mtu();
  if (mtu == uplink_->mtu) return;
  journal::note(fmt::format("the MTU of the way out is {} now, was {}", mtu, uplink_->mtu));
  uplink_->mtu = mtu;
  write_uplink(files_, *uplink_);
  for (const Plugged& container : containers) {
    std::map<std::string, int> mtus;
    for (const EndpointSpec& endpoint : container.endpoints)
      if (is_bridged(endpoint.network))
        mtus[endpoint.interface] = network::mtu_of(*find_spec(endpoint.network), *uplink_);
    network::set_container_mtus(mtus, container.network_namespace.get());
  }
}

/// The container's end of a pair goes with the port.
void StackNetwork::plug_again(const std::vector<Plugged>& containers,
                              const std::vector<PortPlace>& missing) {
  const auto is_missing = [&](const std::string& holder, const EndpointSpec& endpoint) {
    const auto found = ports_.find(holder);
    if (found == ports_.end()) return false;
    return std::ranges::any_of(found->second, [&](const Port& port) {
      return port.network == endpoint.network &&
             std::ranges::find(missing, PortPlace{port.lock.port, port.network}) != missing.end();
    });
  };
  for (const Plugged& container : containers) {
    auto joining = container.endpoints;
    std::erase_if(joining, [&](const EndpointSpec& endpoint) {
      return !is_missing(container.holder, endpoint);
    });
    if (joining.empty()) continue;
    journal::note("plugging " + container.holder + " in again");
    attempt("port", [&] {
      plug_in(container.holder, container.container_id, joining, container.network_namespace.get());
    });
  }
}

}  // namespace stack::supervisor
