// SPDX-License-Identifier: Apache-2.0
#include "supervisor/neighbours.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/inotify.h"
#include "supervisor/status.h"

namespace stack::supervisor {
namespace {

/// Everything is written by renaming.
constexpr std::uint32_t renamed = IN_MOVED_TO | IN_DELETE | IN_ONLYDIR;

/// Of its other networks we are not.
Addresses only_in(const std::string& network, const Addresses& addresses) {
  const auto found = addresses.find(network);
  if (found == addresses.end()) return {};
  return {*found};
}

}  // namespace

bool Neighbours::changed() {
  if (!inotify_) return false;
  std::array<char, 4096> events;
  bool any = false;
  while (::read(inotify_.get(), events.data(), events.size()) > 0) any = true;
  return any;
}

std::vector<NamedContainer> Neighbours::all() {
  found_.clear();
  for (const auto& [name, record] : network_.records()) add_guests(name, record);
  for (const auto& [name, joined] : network_.joined()) {
    watch(joined.owner);  // before it is read, so that no change is missed
    const auto record = read_network_record({files_.paths, joined.owner}, name);
    if (record) add_guests(name, *record);
    add_owners_containers(joined.owner, name);
  }
  std::vector<NamedContainer> all;
  for (const Neighbour& each : found_)
    all.push_back({&each.config, &each.addresses, &each.virtual_addresses});
  return all;
}

void Neighbours::add_guests(const std::string& network, const NetworkRecord& record) {
  for (const auto& [name, guest] : record.guests) {
    const auto parts = split_guest_name(name);
    const auto address = record.leases.find(name);
    const bool ours = !parts || parts->first == files_.project;
    if (ours || address == record.leases.end() || !is_alive(guest.process)) continue;
    Neighbour neighbour;
    neighbour.config.id = guest.container_id;
    neighbour.config.name = parts->second;
    neighbour.config.endpoints.push_back(Endpoint{network, {}, {}, guest.names});
    neighbour.addresses[network] = address->second;
    found_.push_back(std::move(neighbour));
  }
}

void Neighbours::add_owners_containers(const std::string& owner, const std::string& network) {
  for (auto& each :
       read_containers(files_.paths, owner, ConfigParts::summary, Unreadable::is_left_out)) {
    const bool inside = std::ranges::any_of(
        each.config.endpoints, [&](const Endpoint& it) { return it.network == network; });
    if (!inside || !is_alive(each.status.process)) continue;
    found_.push_back({std::move(each.config), only_in(network, each.status.addresses),
                      only_in(network, each.status.virtual_addresses)});
  }
}

void Neighbours::watch(const std::string& owner) {
  if (!inotify_) inotify_ = make_inotify();
  const ProjectFiles files{files_.paths, owner};
  for (const auto& directory : {files.run(), files.networks()}) {
    // A second time it is the same watch. What is missing, no one writes to.
    ::inotify_add_watch(inotify_.get(), directory.c_str(), renamed);
  }
}

}  // namespace stack::supervisor
