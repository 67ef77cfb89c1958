// SPDX-License-Identifier: Apache-2.0
// The networks of one stack: their documents and address leases, and, from the first container that
// needs them on, their bridges in the stack's namespace, the uplink, and the rules around them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "network/firewall.h"
#include "network/kernel_events.h"
#include "network/links.h"
#include "network/netlink.h"
#include "network/network_spec.h"
#include "network/port_lock.h"
#include "supervisor/async.h"
#include "supervisor/endpoint_plan.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

class StackNetwork {
 public:
  /// `stack_namespace` (network_fd) is not owned. Reads the documents.
  StackNetwork(Loop& loop, ProjectFiles files, int stack_namespace);

  /// Whether the container or guest needs its address in the network: see IsIdle (leases.h).
  using IsIdle = std::function<bool(const std::string& network, const std::string& holder)>;
  /// Whom to ask that; without, everybody keeps what they have.
  void ask_of_idleness(IsIdle is_idle) { is_idle_ = std::move(is_idle); }

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
  /// The same of networks of other stacks that have been joined, too; null for any other.
  const network::NetworkSpec* find_spec(const std::string& name) const;
  /// True when one of its networks is not internal.
  bool has_way_out(const ContainerConfig& config) const;

  /// Takes note of a network of another stack as it is on disk. Throws Error when there is none.
  void join(const std::string& name);
  const std::map<std::string, JoinedNetwork>& joined() const { return joined_; }
  const std::map<std::string, NetworkRecord>& records() const { return records_; }

  /// The container's address in each of its networks of this stack; the same as last time where
  /// possible.
  Addresses lease(const ContainerConfig& config);
  /// The virtual addresses that its services have in those of them with a bridge; likewise.
  Addresses lease_virtual(const ContainerConfig& config);
  /// Keeps the addresses that the file fixes for a container that has yet to start.
  void reserve(const ContainerConfig& config);
  /// The addresses of one name are another's from now on, in all networks of this stack.
  void move_leases(const std::string& from, const std::string& to);
  void release(const std::string& container_name);
  void release(const std::string& network, const std::string& container_name);

  /// Makes uplink and bridges that `config` needs and that are not there yet. With
  /// `Others::as_well`, when any is missing, all bridges of the stack: a first container makes in
  /// one go what the next ones need.
  enum class Others { later, as_well };
  void prepare(const ContainerConfig& config, Others others = Others::later);
  /// Joins the namespace of a container that is being started to its networks.
  void plug(const ContainerConfig& config, const std::vector<network::EndpointSpec>& endpoints,
            int container_namespace);
  /// Its run is over: nobody is plugged in for it any more.
  void unplug(const std::string& container_id);
  /// The same for one network alone, of a container or a guest.
  void forget_port(const std::string& holder, const std::string& network);
  /// How the container is joined to each of its networks, those of other stacks included.
  std::vector<network::EndpointSpec> endpoints(const ContainerConfig& config,
                                               const Addresses& addresses) const;

  // Containers of other stacks in networks of this one, as "PROJECT/CONTAINER".
  void plug_guest(const std::string& name, const network::EndpointSpec& endpoint,
                  int container_namespace, const std::string& container_id);
  void note_guest(const std::string& network, const std::string& name, Guest guest);
  /// Its bridge is there: not after the stack's namespace was lost with its keeper.
  bool is_made(const std::string& network) const;
  /// Takes note of the bridge and the port in use by one that already runs.
  void adopt_guest(const std::string& name, const network::EndpointSpec& endpoint,
                   int container_namespace);
  /// Its process is no more; unless it has another one by now.
  void guest_ended(const std::string& network, const std::string& name,
                   const ProcessIdentity& process);
  bool release_guest(const std::string& network, const std::string& name);
  /// Its address, its process and its port go on under the name `to`. False when there is none.
  bool rename_guest(const std::string& network, const std::string& from, const std::string& to);

  /// Takes note of the bridges and ports in use by a container that already runs.
  void adopt(const ContainerConfig& config, const std::vector<network::EndpointSpec>& endpoints,
             int container_namespace);

  // Repairs (network_repair.cc).
  /// A container that runs in networks of this stack, a guest as well.
  struct Plugged {
    std::string holder;  ///< the container's id, a guest's name
    std::string container_id;
    std::vector<network::EndpointSpec> endpoints;
    Fd network_namespace;
  };
  enum class Side { host, stack };
  /// Whether links or routes of ours are not as they should be after `changes`.
  bool damaged_by(const network::LinkChanges& changes, Side side) const;
  /// Makes the kernel's links what they should be: uplink, bridges, ports and the host's routes,
  /// all with the MTU of the host's default route as it is now.
  void repair_links(const std::vector<Plugged>& containers);
  /// The tables in the stack's namespace, whole.
  void apply_rules();

  // Virtual addresses (virtual_addresses.cc).
  /// Has each of them lead to its targets, and no other one to anybody; leases of services that are
  /// not among them end. Asks nothing of the kernel when they lead where they did.
  void serve(std::vector<network::VirtualAddress> all);
  /// What a former supervisor has served: repair_links() and apply_rules() see to it.
  void expect_served(std::vector<network::VirtualAddress> all);
  bool serves_any() const { return !served_.empty(); }
  /// What the host's firewall must know, with `published`; nothing while there is no network.
  std::optional<network::FirewallSpec> firewall(
      std::vector<network::PublishedPort> published) const;
  /// The container's address in the network with the default route, and then all of them.
  std::vector<network::DualAddress> own_addresses(const ContainerConfig& config,
                                                  const Addresses& addresses) const;
  /// Where its published ports lead; nothing when it is in no network that has a way in.
  std::optional<WayIn> way_in(const ContainerConfig& config, const Addresses& addresses) const;
  /// What `host-gateway` means inside; nothing before prepare().
  network::DualAddress host_gateway(const ContainerConfig& config) const;
  /// Lets go of everything on the host that does not die with the stack's namespace.
  void close();

 private:
  const network::UplinkSpec& uplink();
  network::UplinkSpec choose_uplink() const;
  void lead_out_ipv6();
  void write_new(const NetworkRecord& network) const;
  void choose_addresses(NetworkConfig& config) const;
  void make_links(const std::vector<network::NetworkSpec>& bridged,
                  const std::vector<network::NetworkSpec>& missing, bool visits);
  void refuse_lost_subnets(const std::vector<network::NetworkSpec>& missing) const;
  std::vector<network::NetworkSpec> missing_networks(const ContainerConfig& config,
                                                     Others others) const;
  std::vector<network::NetworkSpec> made_networks() const;
  /// Those of them that our uplink leads to.
  std::vector<network::NetworkSpec> bridged_networks() const;
  /// Of this stack, with a bridge.
  bool is_bridged(const std::string& name) const;
  /// True when it is in a network of another stack.
  bool visits(const ContainerConfig& config) const;
  void adopt(const std::string& network);
  void adopt_ports(const std::string& holder, const std::vector<network::EndpointSpec>& endpoints,
                   int container_namespace);
  FindNetwork finder() const;
  void note_lease(const std::string& network, const std::string& container,
                  const network::DualAddress& address);
  bool is_joined_and_internal(const network::PublishedPort& port) const;
  void remove_condemned();
  /// What is plugged in for an endpoint.
  struct Port {
    std::string network;
    network::PortLock lock;
  };
  void lock_ports(const std::string& holder, const std::vector<network::EndpointSpec>& joined,
                  const std::vector<network::PortLock>& locks);
  void remember_port(const std::string& holder, Port port);
  void move_port(const std::string& network, const std::string& from, const std::string& to);
  void plug_in(const std::string& holder, const std::string& container_id,
               std::vector<network::EndpointSpec> joining, int container_namespace);
  std::vector<network::PortLock> locks() const;
  std::vector<std::pair<std::string, std::string>> virtual_leases() const;
  void settle_virtual_addresses(const std::vector<network::VirtualAddress>& before) const;
  std::vector<network::PortPlace> places() const;
  void follow_mtu(const std::vector<Plugged>& containers);
  void plug_again(const std::vector<Plugged>& containers,
                  const std::vector<network::PortPlace>& missing);
  void write_leases();
  NetworkRecord& record(const std::string& name);
  const NetworkRecord& record(const std::string& name) const;

  ProjectFiles files_;
  int stack_namespace_;
  IsIdle is_idle_;
  std::map<std::string, NetworkRecord> records_;
  std::optional<network::UplinkSpec> uplink_;
  bool uplink_made_ = false;
  std::map<std::string, JoinedNetwork> joined_;  ///< networks of other stacks, by name
  std::set<std::string> made_;                   ///< networks that have their bridge
  /// Bridges of removed networks: removing one takes 40 ms, letting go of the namespace nothing.
  std::vector<network::NetworkSpec> condemned_;
  std::map<std::string, std::vector<Port>> ports_;  ///< by container id or guest's name
  /// Of ports that are no more: unlocked with the next one that is locked.
  std::vector<network::PortLock> stale_locks_;
  std::vector<network::VirtualAddress> served_;  ///< that lead to somebody
  std::optional<network::NetlinkSocket> rules_;  ///< of the stack's namespace
  std::set<std::string> changed_leases_;
  Coalesced save_leases_;
};

}  // namespace stack::supervisor
