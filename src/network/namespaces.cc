// SPDX-License-Identifier: Apache-2.0
#include "network/namespaces.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/stat.h>

#include <exception>

#include "base/error.h"
#include "base/files.h"
#include "network/link_requests.h"
#include "network/sysctl.h"

namespace stack::network {
namespace {

/// A router that trusts nobody: forwards, has IPv6 where it is switched on for an interface,
/// believes no redirect and sends none.
void configure_as_router() {
  // First: switching forwarding on resets the interface defaults (ip-sysctl.rst).
  set_sysctl("net/ipv4/ip_forward", "1");
  set_sysctl_if_exists("net/ipv6/conf/all/forwarding", "1");
  // A container in two networks may answer out of the other one, so the way back is no proof of
  // the sender; the stack's table checks senders instead. Both are inherited from the host.
  for (const char* scope : {"all", "default"}) {
    set_sysctl(fmt::format("net/ipv4/conf/{}/rp_filter", scope), "0");
    set_sysctl(fmt::format("net/ipv4/conf/{}/send_redirects", scope), "0");
    set_sysctl(fmt::format("net/ipv4/conf/{}/accept_redirects", scope), "0");
    set_sysctl_if_exists(fmt::format("net/ipv6/conf/{}/accept_ra", scope), "0");
    set_sysctl_if_exists(fmt::format("net/ipv6/conf/{}/accept_redirects", scope), "0");
    set_sysctl_if_exists(fmt::format("net/ipv6/conf/{}/disable_ipv6", scope), "1");
  }
  // Present when br_netfilter is loaded, and then on in every new namespace.
  set_sysctl_if_exists("net/bridge/bridge-nf-call-iptables", "0");
  set_sysctl_if_exists("net/bridge/bridge-nf-call-ip6tables", "0");
  set_sysctl_if_exists("net/bridge/bridge-nf-call-arptables", "0");
}

}  // namespace

Fd current_namespace() {
  return open_file("/proc/thread-self/ns/net", O_RDONLY);
}

Fd make_namespace() {
  const Fd home = current_namespace();
  const InNamespace back(home.get());
  if (::unshare(CLONE_NEWNET) != 0) throw_errno("making a network namespace");
  configure_as_router();
  NetlinkSocket socket(NETLINK_ROUTE);
  Batch batch;
  request_link_up(batch, loopback_index, "lo");
  socket.execute(batch);
  return current_namespace();
}

namespace {

/// A number that was closed would be the way home a moment later, and nobody would have moved.
Fd home_before(int network_namespace) {
  if (::fcntl(network_namespace, F_GETFD) < 0) throw_errno("entering a network namespace");
  return current_namespace();
}

}  // namespace

void require_another(int network_namespace) {
  const Fd own = current_namespace();
  struct stat here {};
  struct stat there {};
  if (::fstat(own.get(), &here) != 0 || ::fstat(network_namespace, &there) != 0)
    throw_errno("looking at a network namespace");
  if (here.st_ino == there.st_ino && here.st_dev == there.st_dev)
    fail("internal error: a network namespace that is to be a container's is our own");
}

InNamespace::InNamespace(int network_namespace) : home_(home_before(network_namespace)) {
  if (::setns(network_namespace, CLONE_NEWNET) != 0) throw_errno("entering a network namespace");
}

InNamespace::~InNamespace() {
  if (::setns(home_.get(), CLONE_NEWNET) != 0) std::terminate();
}

}  // namespace stack::network
