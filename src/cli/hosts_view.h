// SPDX-License-Identifier: Apache-2.0
// Names under which containers are reached from this machine, as hosts(5) has them. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "supervisor/status.h"

namespace stack::cli {

struct HostsEntry {
  std::string address;
  std::vector<std::string> names;  ///< "web.shop.stack", "web-1.shop.stack"
  std::string project;
  std::string service;
  std::string container;  ///< empty: of the service as a whole
  bool operator==(const HostsEntry&) const = default;
};

/// Of a container that runs, an entry for each family of addresses that it has: those of its first
/// network but for `unreachable` ones, by which the machine has no way to its containers. A
/// replica is called as its service, and as that with its number; by a name of its own, too. Where
/// its service has a virtual address, that is called as the service, in entries of no container
/// which each replica has.
std::vector<HostsEntry> hosts_entries(const std::string& project,
                                      const supervisor::ObservedContainer& container,
                                      const std::set<std::string>& unreachable);

/// "172.31.0.2\tweb.shop.stack web-1.shop.stack", a line each.
std::string hosts_text(const std::vector<HostsEntry>& entries);
/// A list of {"Address", "Names", "Project", "Service", "Container"}, and the end of a line.
std::string hosts_json(const std::vector<HostsEntry>& entries);

}  // namespace stack::cli
