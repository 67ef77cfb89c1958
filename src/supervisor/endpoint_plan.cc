// SPDX-License-Identifier: Apache-2.0
#include "supervisor/endpoint_plan.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/format.h"
#include "network/addresses.h"

namespace stack::supervisor {
namespace {

using network::DualAddress;
using network::EndpointSpec;
using network::NetworkSpec;

/// Smaller is better for the default route.
auto rank(const Endpoint& endpoint, const NetworkSpec& network) {
  return std::tuple(network.internal, -std::int64_t{endpoint.gw_priority},
                    std::string_view(endpoint.network));
}

/// One endpoint with what is known of it.
struct Seat {
  const Endpoint* endpoint;
  const DualAddress* address;
  const NetworkSpec* network;
};

std::vector<Seat> seats_of(const std::vector<Endpoint>& endpoints, const Addresses& addresses,
                           const FindNetwork& find) {
  std::vector<Seat> seats;
  for (const Endpoint& endpoint : endpoints) {
    const auto address = addresses.find(endpoint.network);
    const NetworkSpec* network = find(endpoint.network);
    if (address != addresses.end() && network != nullptr)
      seats.push_back({&endpoint, &address->second, network});
  }
  return seats;
}

/// The best of those that have an address of the family.
template <typename Member>
const Seat* best(const std::vector<Seat>& seats, Member family,
                 bool (*wanted)(const NetworkSpec&)) {
  const Seat* found = nullptr;
  for (const Seat& seat : seats) {
    if (!(seat.address->*family) || !wanted(*seat.network)) continue;
    if (found == nullptr ||
        rank(*seat.endpoint, *seat.network) < rank(*found->endpoint, *found->network))
      found = &seat;
  }
  return found;
}

bool any_network(const NetworkSpec&) {
  return true;
}

bool leads_out(const NetworkSpec& network) {
  return !network.internal;
}

bool leads_in(const NetworkSpec& network) {
  return !network.internal && network.kind == network::NetworkKind::bridge;
}

/// eth0, eth1, ... as far as nobody asked for those names.
class InterfaceNames {
 public:
  explicit InterfaceNames(const std::vector<Seat>& seats) {
    for (const Seat& seat : seats) taken_.insert(seat.endpoint->interface);
  }
  std::string next() {
    std::string name;
    do {
      name = fmt::format("eth{}", number_++);
    } while (taken_.contains(name));
    return name;
  }

 private:
  std::set<std::string> taken_;
  int number_ = 0;
};

}  // namespace

std::vector<EndpointSpec> plan_endpoints(const std::vector<Endpoint>& endpoints,
                                         const Addresses& addresses, const FindNetwork& find) {
  const auto seats = seats_of(endpoints, addresses, find);
  const Seat* const route = best(seats, &DualAddress::v4, &leads_out);
  const Seat* const route6 = best(seats, &DualAddress::v6, &leads_out);
  InterfaceNames names(seats);
  std::vector<EndpointSpec> specs;
  for (const Seat& seat : seats) {
    const Endpoint& endpoint = *seat.endpoint;
    EndpointSpec spec;
    spec.network = endpoint.network;
    spec.address = *seat.address;
    spec.mac = mac_of(endpoint, *seat.address);
    spec.interface = endpoint.interface.empty() ? names.next() : endpoint.interface;
    spec.default_route = &seat == route;
    spec.default_route6 = &seat == route6;
    spec.link_local = endpoint.link_local;
    spec.link_local6 = endpoint.link_local6;
    spec.sysctls = endpoint.sysctls;
    specs.push_back(std::move(spec));
  }
  return specs;
}

const Endpoint* leading_endpoint(const std::vector<Endpoint>& endpoints, const FindNetwork& find) {
  const auto place = [&](const Endpoint& it) { return rank(it, *find(it.network)); };
  const Endpoint* leading = nullptr;
  for (const Endpoint& endpoint : endpoints) {
    if (find(endpoint.network) == nullptr) continue;
    if (leading == nullptr || place(endpoint) < place(*leading)) leading = &endpoint;
  }
  return leading;
}

std::string mac_of(const Endpoint& endpoint, const DualAddress& address) {
  return endpoint.mac.empty() ? network::mac_for(address) : endpoint.mac;
}

DualAddress main_address(const std::vector<Endpoint>& endpoints, const Addresses& addresses,
                         const FindNetwork& find) {
  const auto seats = seats_of(endpoints, addresses, find);
  DualAddress address;
  if (const Seat* it = best(seats, &DualAddress::v4, &any_network)) address.v4 = it->address->v4;
  if (const Seat* it = best(seats, &DualAddress::v6, &any_network)) address.v6 = it->address->v6;
  return address;
}

std::optional<WayIn> way_in(const std::vector<Endpoint>& endpoints, const Addresses& addresses,
                            const FindNetwork& find) {
  const auto seats = seats_of(endpoints, addresses, find);
  const Seat* const v4 = best(seats, &DualAddress::v4, &leads_in);
  const Seat* const v6 = best(seats, &DualAddress::v6, &leads_in);
  if (v4 == nullptr && v6 == nullptr) return std::nullopt;
  WayIn way;
  if (v4 != nullptr) way.address.v4 = v4->address->v4;
  if (v6 != nullptr) way.address.v6 = v6->address->v6;
  way.binding = (v4 != nullptr ? v4 : v6)->network->host_binding;
  return way;
}

}  // namespace stack::supervisor
