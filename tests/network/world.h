// SPDX-License-Identifier: Apache-2.0
// A private world: a "host" and a neighbour on its LAN, each a network namespace. The thread lives
// on the host for the life of the object, so that the code under test sees it as the machine; the
// machine's own links and firewall are never touched.
//
//   lan 192.0.2.2 -------- 192.0.2.1 host ---- uplink ---- stack namespace ---- containers
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "network/firewall.h"
#include "network/links.h"
#include "network/namespaces.h"

namespace stack::network::test {

/// A new namespace with nothing in it, as a container gets it.
Fd bare_namespace();

class World {
 public:
  static constexpr const char* host_ip = "192.0.2.1";
  static constexpr const char* lan_ip = "192.0.2.2";

  World();

  int host() const { return host_.get(); }
  int lan() const { return lan_.get(); }
  /// Gives the neighbour a route to `subnet` through the host.
  void route_from_lan(const Subnet& subnet) const;

 private:
  Fd host_;
  InNamespace inside_;
  Fd lan_;
};

/// A stack with networks "front", "back" (apart from each other) and "vault" (internal).
/// `number` keeps several stacks apart: 172.N.0.0/24, 172.N.1.0/24, 172.N.2.0/24.
struct TestStack {
  explicit TestStack(int number = 18);

  FirewallSpec firewall;
  Fd network_namespace;
  mutable std::vector<PortLock> ports;  ///< of the containers so far

  const NetworkSpec& network(const std::string& name) const;
  /// The address of `host_number` in a network: ip("front", 2) is "172.18.0.2".
  std::string ip(const std::string& network, std::uint32_t host_number) const;
  void publish(const std::string& host_ip, std::uint16_t host_port, const std::string& address,
               std::uint16_t port, const std::string& protocol = "tcp");
  /// Uplink, bridges and both rulesets; again after a change.
  void apply() const;
  /// A container with one interface in each of `networks` at `host_number`; the first is its
  /// default route.
  Fd container(const std::vector<std::string>& networks, std::uint32_t host_number) const;
};

/// In the thread's namespace, which is a stack's.
void lock_ports(const std::vector<PortLock>& locks);
/// Names of the links in the thread's namespace, sorted.
std::vector<std::string> link_names();
/// True once the link `name` is gone from the thread's namespace. The kernel's own event is
/// awaited.
bool vanishes(const std::string& name);

}  // namespace stack::network::test
