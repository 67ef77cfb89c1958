// SPDX-License-Identifier: Apache-2.0
#include "supervisor/listening_probe.h"

#include <linux/netlink.h>

#include <algorithm>

#include "network/namespaces.h"
#include "runtime/cgroup.h"

namespace stack::supervisor {
namespace {

network::NetlinkSocket open_in(int network_namespace) {
  const network::InNamespace inside(network_namespace);
  return network::NetlinkSocket(NETLINK_SOCK_DIAG);
}

}  // namespace

ListeningProbe::ListeningProbe(int network_namespace, std::string cgroup, ReadyRule rule)
    : cgroup_(std::move(cgroup)), rule_(std::move(rule)), netlink_(open_in(network_namespace)) {
  if (rule_.ports.empty()) rule_.ports.push_back({});
}

/// Whose it is comes last: that is a look through all of /proc/PID/fd.
bool ListeningProbe::counts(const network::BoundSocket& socket) const {
  if (!rule_.loopback_counts && network::is_loopback(socket)) return false;
  const auto processes = runtime::cgroup_processes(cgroup_);
  return std::ranges::any_of(
      processes, [&](pid_t process) { return network::has_socket(process, socket.inode); });
}

bool ListeningProbe::any_listens() {
  return std::ranges::any_of(rule_.ports, [&](const ReadyRule::Port& port) {
    const auto sockets = network::bound_sockets(netlink_, port.number, port.protocol);
    return std::ranges::any_of(sockets, [&](const auto& socket) { return counts(socket); });
  });
}

}  // namespace stack::supervisor
