// SPDX-License-Identifier: Apache-2.0
// The networks of one stack: their documents and address leases, and, from the first container that
// needs them on, their bridges in the stack's namespace, the uplink, and the rules around them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "network/firewall.h"
#include "network/network_spec.h"
#include "supervisor/async.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

using Addresses = std::map<std::string, network::DualAddress>;  ///< by network name

class StackNetwork {
 public:
  /// `stack_namespace` (network_fd) is not owned. Reads the documents.
  StackNetwork(Loop& loop, ProjectFiles files, int stack_namespace);

  enum class Change { made, none };
  /// Chooses what the config leaves open and writes the document; nothing in the kernel yet.
  Change create(NetworkConfig config);
  /// `in_use`: containers run, so its bridge has to go now and not with the whole namespace.
  enum class Stack { runs, is_down };
  Change remove(const std::string& name, Stack stack);
  bool has(const std::string& name) const { return records_.contains(name); }
  /// The network `name`. Throws Error when there is none.
  const network::NetworkSpec& spec(const std::string& name) const {
    return record(name).config.spec;
  }
  /// True when one of its networks is not internal. Networks of other stacks are not known here,
  /// and count as ways out.
  bool has_way_out(const ContainerConfig& config) const;

  /// The container's address in each of its networks; the same as last time where possible.
  Addresses lease(const ContainerConfig& config);
  void release(const std::string& container_name);

  /// Makes uplink and bridges that `config` needs and that are not there yet.
  void prepare(const ContainerConfig& config);
  /// Joins the namespace of a container that is being started to its networks.
  void plug(const ContainerConfig& config, const Addresses& addresses, int container_namespace);

  /// Takes note that bridges are in use by a container that already runs.
  void adopt(const ContainerConfig& config);
  /// What the host's firewall must know, with `published`; nothing while there is no network.
  std::optional<network::FirewallSpec> firewall(
      std::vector<network::PublishedPort> published) const;
  /// What `host-gateway` means inside; nothing before prepare().
  network::DualAddress host_gateway() const;
  /// Lets go of everything on the host that does not die with the stack's namespace.
  void close();

 private:
  const network::UplinkSpec& uplink();
  network::UplinkSpec choose_uplink() const;
  void choose_addresses(NetworkConfig& config) const;
  std::vector<network::Subnet> subnets_taken() const;
  std::vector<network::NetworkSpec> made_networks() const;
  std::vector<network::EndpointSpec> endpoints(const ContainerConfig& config,
                                               const Addresses& addresses) const;
  void remove_condemned();
  void write_leases();
  NetworkRecord& record(const std::string& name);
  const NetworkRecord& record(const std::string& name) const;

  ProjectFiles files_;
  int stack_namespace_;
  std::map<std::string, NetworkRecord> records_;
  std::optional<network::UplinkSpec> uplink_;
  std::set<std::string> made_;  ///< networks that have their bridge
  /// Bridges of removed networks: removing one takes 40 ms, letting go of the namespace nothing.
  std::vector<network::NetworkSpec> condemned_;
  std::set<std::string> changed_leases_;
  Coalesced save_leases_;
};

}  // namespace stack::supervisor
