// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/service_networks.h"

#include <algorithm>

#include "network/address.h"

namespace stack::orchestrator {

std::string mode_of(const spec::Network& network) {
  const std::string& word = network.external ? network.name : network.driver;
  return word == "host" || word == "none" ? word : "";
}

namespace {

/// Whose ports are published: the network with the IPv4 default route.
const spec::Network* way_in(const spec::Project& project, const spec::Service& service) {
  const spec::Network* best = nullptr;
  int best_priority = 0;
  for (const auto& [key, attachment] : service.networks) {
    const spec::Network& network = project.networks.at(key);
    const bool open = !network.internal && network.enable_ipv4;
    const bool first = best == nullptr || attachment.gw_priority > best_priority ||
                       (attachment.gw_priority == best_priority && network.name < best->name);
    if (!open || !first) continue;
    best = &network;
    best_priority = attachment.gw_priority;
  }
  return best;
}

/// The network's own address for ports, else the machine's.
std::string binding_of(const spec::Project& project, const spec::Network& network) {
  const auto own = network.driver_opts.find("com.docker.network.bridge.host_binding_ipv4");
  const bool is_set = own != network.driver_opts.end() && network::parse_ipv4(own->second);
  return is_set ? own->second : project.default_bind;
}

void bind_ports(const spec::Project& project, spec::Service& service) {
  const spec::Network* network = way_in(project, service);
  if (network == nullptr) return;
  const std::string binding = binding_of(project, *network);
  for (auto& port : service.ports)
    if (port.host_ip.empty()) port.host_ip = binding;
}

/// A container in one network.
struct Seat {
  std::string container;
  std::string service;
  const spec::NetworkAttachment* attachment;
};

/// First containers of all services come first, then the second ones: more of one service do not
/// move the others.
std::map<std::string, std::vector<Seat>> seats_by_network(const spec::Project& project) {
  int most = 0;
  for (const auto& [name, service] : project.services) most = std::max(most, service.scale);
  std::map<std::string, std::vector<Seat>> seats;
  for (int number = 1; number <= most; ++number) {
    for (const auto& [name, service] : project.services) {
      if (number > service.scale) continue;
      for (const auto& [key, attachment] : service.networks)
        seats[key].push_back({container_name(project, service, number), name, &attachment});
    }
  }
  return seats;
}

bool is_fixed(const Seat& seat) {
  return !seat.attachment->ipv4_address.empty() || !seat.attachment->ipv6_address.empty();
}

std::vector<std::string> fixed_by_others(const std::vector<Seat>& seats, const Seat& own) {
  std::vector<std::string> addresses;
  for (const Seat& seat : seats) {
    if (seat.container == own.container) continue;
    for (const std::string* text : {&seat.attachment->ipv4_address, &seat.attachment->ipv6_address})
      if (!text->empty()) addresses.push_back(*text);
  }
  return addresses;
}

/// Of services with a virtual address, by network and service: the how manieth it is there.
std::map<std::string, std::map<std::string, int>> virtual_places(const spec::Project& project) {
  std::map<std::string, std::map<std::string, int>> places;
  for (const auto& [name, service] : project.services) {
    if (!service.virtual_address) continue;
    for (const auto& [key, attachment] : service.networks) {
      auto& in_network = places[key];
      in_network.emplace(name, static_cast<int>(in_network.size()));
    }
  }
  return places;
}

}  // namespace

spec::Service with_networks_settled(const spec::Project& project, const spec::Service& service) {
  spec::Service settled = service;
  for (const auto& [key, attachment] : service.networks) {
    const std::string mode = mode_of(project.networks.at(key));
    if (mode.empty()) continue;
    settled.network_mode = mode;
    settled.networks.clear();
    return settled;
  }
  bind_ports(project, settled);
  return settled;
}

std::map<std::string, std::map<std::string, AddressWish>> address_wishes(
    const spec::Project& project) {
  std::map<std::string, std::map<std::string, AddressWish>> wishes;
  auto virtuals = virtual_places(project);
  for (const auto& [key, seats] : seats_by_network(project)) {
    int place = 0;
    const bool any_fixed = std::ranges::any_of(seats, is_fixed);
    for (const Seat& seat : seats) {
      AddressWish& wish = wishes[seat.container][key];
      wish.place = is_fixed(seat) ? -1 : place++;
      if (any_fixed) wish.kept_free = fixed_by_others(seats, seat);
      const auto& places = virtuals[key];
      if (const auto own = places.find(seat.service); own != places.end())
        wish.virtual_place = own->second;
    }
  }
  return wishes;
}

}  // namespace stack::orchestrator
