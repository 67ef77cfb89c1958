// SPDX-License-Identifier: Apache-2.0
#include "supervisor/stack_network.h"

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/ids.h"
#include "network/direct_links.h"
#include "network/links.h"
#include "network/namespaces.h"
#include "network/subnets.h"
#include "supervisor/journal.h"
#include "supervisor/leases.h"
#include "supervisor/status.h"
#include "supervisor/subnet_holders.h"

namespace stack::supervisor {

using network::DualAddress;
using network::Ipv4;
using network::Ipv6;
using network::NetworkSpec;
using network::Subnet;

StackNetwork::StackNetwork(Loop& loop, ProjectFiles files, int stack_namespace)
    : files_(std::move(files)),
      stack_namespace_(stack_namespace),
      uplink_(read_uplink(files_)),
      save_leases_(loop, "saving addresses", [this] { write_leases(); }) {
  for (NetworkRecord& found : read_network_records(files_, Unreadable::is_left_out)) {
    std::string name = found.config.spec.name;
    if (found.config.spec.bridge.empty()) {  // it could not be read
      journal::warning(fmt::format("{} is damaged: network {} is left out",
                                   files_.network(name).native(), name));
      continue;
    }
    records_.emplace(std::move(name), std::move(found));
  }
  // There is one, and what is written of it cannot be read: it is chosen as it was.
  if (!uplink_ && stack::exists(files_.uplink())) uplink_ = choose_uplink();
}

NetworkRecord& StackNetwork::record(const std::string& name) {
  const auto found = records_.find(name);
  if (found == records_.end()) fail("there is no network {}", name);
  return found->second;
}

const NetworkRecord& StackNetwork::record(const std::string& name) const {
  return const_cast<StackNetwork*>(this)->record(name);
}

const NetworkSpec* StackNetwork::find_spec(const std::string& name) const {
  if (const auto own = records_.find(name); own != records_.end()) return &own->second.config.spec;
  const auto other = joined_.find(name);
  return other == joined_.end() ? nullptr : &other->second.spec;
}

bool StackNetwork::has_way_out(const ContainerConfig& config) const {
  return std::ranges::any_of(config.endpoints, [&](const Endpoint& endpoint) {
    const NetworkSpec* const spec = find_spec(endpoint.network);
    return spec != nullptr && !spec->internal;
  });
}

void StackNetwork::join(const std::string& name) {
  auto found = find_joined_network(files_, name);
  if (!found) fail("network {} could not be found", name);
  joined_[name] = std::move(*found);
}

namespace {

std::string of_stack(const std::string& project) {
  return project == lone_networks_project ? "" : " in stack " + project;
}

}  // namespace

/// A document of which it is not sure whether it is on disk is none: what has one is a network for
/// everybody but us.
void StackNetwork::write_new(const NetworkRecord& network) const {
  try {
    fail_point("network.document");
    write_network(files_, network, Durability::survives_power_loss);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(files_.network(network.config.spec.name), ignored);
    throw;
  }
}

StackNetwork::Change StackNetwork::create(NetworkConfig config) {
  const auto found = records_.find(config.spec.name);
  if (found != records_.end()) {
    if (found->second.config.applied == config.applied) return Change::none;
    // Only what is written about it differs: what it is made of is a new network's matter.
    found->second.config.applied = config.applied;
    write_network(files_, found->second, Durability::survives_power_loss);
    return Change::made;
  }
  // Held until the document is there for others to see.
  const auto lock = FileLock::acquire(files_.net_lock());
  if (const auto owner = find_network_owner(files_.paths, config.spec.name, files_.project))
    fail("network with name {} already exists{}", config.spec.name, of_stack(*owner));
  choose_addresses(config);
  NetworkRecord made{std::move(config), {}};
  made.created = std::chrono::system_clock::now();
  write_new(made);
  std::string name = made.config.spec.name;
  records_.insert_or_assign(std::move(name), std::move(made));
  return Change::made;
}

namespace {

template <typename Net>
std::vector<Net> taken_of(const std::vector<SubnetHolder>& holders, Net SubnetHolder::*member) {
  std::vector<Net> taken;
  for (const SubnetHolder& holder : holders)
    if ((holder.*member).prefix != 0) taken.push_back(holder.*member);
  return taken;
}

template <typename Net>
void refuse_taken(const Net& subnet, const std::vector<SubnetHolder>& holders,
                  Net SubnetHolder::*member) {
  if (subnet.prefix == 0) return;
  for (const SubnetHolder& holder : holders)
    if ((holder.*member).prefix != 0 && subnet.overlaps(holder.*member))
      fail("subnet {} overlaps with {}: {}", to_text(subnet), to_text(holder.*member),
           describe(holder));
}

/// Preflight has looked already; this is for what came in between. A network on a device of the
/// host lies in that device's subnet.
void refuse_taken(const NetworkSpec& spec, const std::vector<SubnetHolder>& holders) {
  if (spec.kind != network::NetworkKind::bridge) return;
  refuse_taken(spec.subnet, holders, &SubnetHolder::subnet);
  refuse_taken(spec.subnet6, holders, &SubnetHolder::subnet6);
}

}  // namespace

void StackNetwork::choose_addresses(NetworkConfig& config) const {
  NetworkSpec& spec = config.spec;
  const auto holders = subnet_holders(files_.paths, files_.project);
  const auto seed = stable_hash(files_.stack_id() + "/" + spec.name);
  if (spec.enable_ipv6 && !network::has_ipv6())
    fail("network {} wants IPv6, which is switched off on this machine", spec.name);
  refuse_taken(spec, holders);
  if (spec.enable_ipv4 && spec.subnet.prefix == 0) {
    spec.subnet = network::choose_subnet(taken_of(holders, &SubnetHolder::subnet), seed);
  }
  if (spec.enable_ipv6 && spec.subnet6.prefix == 0) {
    spec.subnet6 = network::choose_subnet6(taken_of(holders, &SubnetHolder::subnet6),
                                           stable_hash(files_.stack_id()), seed);
  }
  if (spec.has_ipv4() && spec.gateway == Ipv4{}) spec.gateway = Ipv4{spec.subnet.address.value + 1};
  if (spec.has_ipv6() && spec.gateway6 == Ipv6{})
    spec.gateway6 = Ipv6{spec.subnet6.address.high, spec.subnet6.address.low + 1};
  if (spec.bridge.empty()) spec.bridge = "br-" + stable_hex(spec.name, 10);
}

StackNetwork::Change StackNetwork::remove(const std::string& name, Stack stack) {
  const auto found = records_.find(name);
  if (found == records_.end())
    return std::filesystem::remove(files_.network(name)) ? Change::made : Change::none;
  const NetworkSpec& spec = found->second.config.spec;
  // A supervisor that took over knows only of those with containers in them.
  if (made_.erase(name) > 0 || (is_bridged(name) && network::has_bridge(spec, stack_namespace_)))
    condemned_.push_back(spec);
  fail_point("network.remove-document");
  std::filesystem::remove(files_.network(name));
  records_.erase(found);
  if (stack == Stack::runs) remove_condemned();
  return Change::made;
}

void StackNetwork::remove_condemned() {
  fail_point("network.remove-bridge");
  for (const NetworkSpec& spec : condemned_) network::remove_bridge(spec, stack_namespace_);
  condemned_.clear();
}

Addresses StackNetwork::lease(const ContainerConfig& config) {
  Addresses addresses;
  for (const Endpoint& endpoint : config.endpoints) {
    if (!has(endpoint.network)) continue;
    NetworkRecord& joined = record(endpoint.network);
    const auto is_idle = [&](const std::string& holder) {
      return is_idle_ && is_idle_(endpoint.network, holder);
    };
    const DualAddress address = choose_lease(joined, config.name, endpoint, is_idle);
    end_other_leases(joined, config.name, address);
    addresses[endpoint.network] = address;
    note_lease(endpoint.network, config.name, address);
  }
  return addresses;
}

void StackNetwork::reserve(const ContainerConfig& config) {
  for (const Endpoint& endpoint : config.endpoints) {
    if (!has(endpoint.network)) continue;
    const auto lease = reserve_lease(record(endpoint.network), config.name, endpoint);
    if (lease) note_lease(endpoint.network, config.name, *lease);
  }
}

void StackNetwork::note_lease(const std::string& network, const std::string& container,
                              const DualAddress& address) {
  DualAddress& lease = record(network).leases[container];
  if (lease == address) return;
  lease = address;
  changed_leases_.insert(network);
  save_leases_.request();
}

void StackNetwork::move_leases(const std::string& from, const std::string& to) {
  for (auto& [name, joined] : records_) {
    const auto lease = joined.leases.find(from);
    if (lease == joined.leases.end()) continue;
    const DualAddress address = lease->second;
    joined.leases.erase(lease);
    note_lease(name, to, address);
  }
}

void StackNetwork::release(const std::string& container_name) {
  for (const auto& [name, joined] : records_) release(name, container_name);
}

void StackNetwork::release(const std::string& network, const std::string& container_name) {
  if (record(network).leases.erase(container_name) == 0) return;
  changed_leases_.insert(network);
  save_leases_.request();
}

/// A lease lost in a power cut costs a container its old address, nothing else.
void StackNetwork::write_leases() {
  for (const std::string& name : std::exchange(changed_leases_, {})) {
    const auto found = records_.find(name);
    if (found == records_.end()) continue;
    fail_point("network.leases");
    write_network(files_, found->second, Durability::survives_crash);
  }
}

network::UplinkSpec StackNetwork::choose_uplink() const {
  const std::string id = files_.stack_id();
  const auto holders = subnet_holders(files_.paths, files_.project);
  const auto taken = taken_of(holders, &SubnetHolder::subnet);
  const Subnet subnet = network::choose_uplink(taken, stable_hash(id));
  return {"stk" + id,
          Ipv4{subnet.address.value + 1},
          Ipv4{subnet.address.value + 2},
          network::uplink_mtu(),
          {},
          {}};
}

/// The uplink, chosen at first need and the same as long as the stack runs.
const network::UplinkSpec& StackNetwork::uplink() {
  if (!uplink_) {
    uplink_ = choose_uplink();
    fail_point("uplink.document");
    write_uplink(files_, *uplink_);
  }
  return *uplink_;
}

/// From the first network with IPv6 on.
void StackNetwork::lead_out_ipv6() {
  network::enable_forwarding6(files_.forwarding6_memory());
  if (uplink().host_address6) return;
  const Ipv6 first = network::uplink_subnet6(stable_hash(files_.stack_id())).address;
  uplink_->host_address6 = Ipv6{first.high, first.low + 1};
  uplink_->stack_address6 = Ipv6{first.high, first.low + 2};
  fail_point("uplink.document6");
  write_uplink(files_, *uplink_);
}

/// The host's end of the uplink that its default route leads to.
DualAddress StackNetwork::host_gateway(const ContainerConfig& config) const {
  if (const Endpoint* leading = leading_endpoint(config.endpoints, finder())) {
    const auto elsewhere = joined_.find(leading->network);
    if (elsewhere != joined_.end()) return elsewhere->second.host_gateway;
  }
  if (!uplink_) return {};
  return {uplink_->host_address, uplink_->host_address6};
}

std::vector<NetworkSpec> StackNetwork::made_networks() const {
  std::vector<NetworkSpec> networks;
  for (const std::string& name : made_) networks.push_back(record(name).config.spec);
  return networks;
}

namespace {

/// Those that our uplink leads to.
void keep_bridged(std::vector<NetworkSpec>& networks) {
  std::erase_if(networks,
                [](const NetworkSpec& spec) { return spec.kind != network::NetworkKind::bridge; });
}

}  // namespace

std::vector<NetworkSpec> StackNetwork::bridged_networks() const {
  std::vector<NetworkSpec> networks = made_networks();
  keep_bridged(networks);
  return networks;
}

bool StackNetwork::is_bridged(const std::string& name) const {
  const auto found = records_.find(name);
  return found != records_.end() && found->second.config.spec.kind == network::NetworkKind::bridge;
}

std::vector<NetworkSpec> StackNetwork::missing_networks(const ContainerConfig& config,
                                                        Others others) const {
  std::set<std::string> missing;
  for (const Endpoint& endpoint : config.endpoints)
    if (has(endpoint.network) && !made_.contains(endpoint.network))
      missing.insert(endpoint.network);
  if (!missing.empty() && others == Others::as_well)
    for (const auto& [name, record] : records_)
      if (is_bridged(name) && !made_.contains(name)) missing.insert(name);
  std::vector<NetworkSpec> specs;
  for (const std::string& name : missing) specs.push_back(record(name).config.spec);
  return specs;
}

void StackNetwork::prepare(const ContainerConfig& config, Others others) {
  const std::vector<NetworkSpec> missing = missing_networks(config, others);
  if (missing.empty() && (uplink_made_ || !visits(config))) return;
  remove_condemned();

  // Held until the routes are there for others to see.
  const auto lock = FileLock::acquire(files_.net_lock());
  fail_point("forwarding.switch-on");
  network::enable_forwarding(files_.forwarding_memory());
  std::vector<NetworkSpec> networks = made_networks();
  networks.insert(networks.end(), missing.begin(), missing.end());
  keep_bridged(networks);
  if (std::ranges::any_of(networks, &NetworkSpec::has_ipv6)) lead_out_ipv6();
  try {
    make_links(networks, missing, visits(config));
  } catch (const Error& error) {
    if (error.error_number() == EEXIST) refuse_lost_subnets(missing);
    throw;
  }
  apply_rules();
}

/// What somebody else got hold of while the stack was down. In time for a message only: the kernel
/// has refused already.
void StackNetwork::refuse_lost_subnets(const std::vector<NetworkSpec>& missing) const {
  auto holders = subnet_holders(files_.paths, files_.project);
  std::erase_if(holders, [this](const auto& each) { return each.project == files_.project; });
  for (const NetworkSpec& spec : missing) {
    try {
      during("network " + spec.name, [&] { refuse_taken(spec, holders); });
    } catch (Error& error) {
      const bool is_fixed = record(spec.name).config.subnet_fixed;
      throw error.with_hint(is_fixed ? "remove what has it, or give the network another subnet"
                                     : "remove what has it, or take the stack down and up again: "
                                       "a free subnet is chosen then");
    }
  }
}

/// Of the uplink when there is a bridge that it leads to, or the networks of another stack.
void StackNetwork::make_links(const std::vector<NetworkSpec>& bridged,
                              const std::vector<NetworkSpec>& missing, bool visits) {
  if (!bridged.empty() || visits) {
    fail_point("uplink.ensure");
    network::ensure_uplink(uplink(), stack_namespace_, bridged);
    uplink_made_ = true;
  }
  for (const NetworkSpec& spec : missing) {
    if (spec.kind == network::NetworkKind::bridge) {
      fail_point("bridge.ensure");
      network::ensure_bridge(spec, uplink(), stack_namespace_);
    } else {
      network::ensure_parent(spec, stack_namespace_);
    }
    made_.insert(spec.name);
  }
}

/// Both tables in one transaction.
void StackNetwork::apply_rules() {
  auto spec = firewall({});
  if (!spec) return;
  spec->virtual_addresses = served_;
  const network::InNamespace inside(stack_namespace_);
  fail_point("firewall.stack");
  network::apply_ruleset(network::stack_ruleset(*spec) + network::bridge_ruleset(locks()));
  stale_locks_.clear();
}

bool StackNetwork::visits(const ContainerConfig& config) const {
  return !std::ranges::all_of(config.endpoints,
                              [this](const Endpoint& it) { return has(it.network); });
}

void StackNetwork::adopt(const ContainerConfig& config,
                         const std::vector<network::EndpointSpec>& endpoints,
                         int container_namespace) {
  for (const Endpoint& endpoint : config.endpoints) {
    if (has(endpoint.network)) {
      adopt(endpoint.network);
    } else if (auto found = find_joined_network(files_, endpoint.network)) {
      joined_[endpoint.network] = std::move(*found);
      uplink_made_ = uplink_.has_value();
    }
  }
  adopt_ports(config.id, endpoints, container_namespace);
}

void StackNetwork::adopt_guest(const std::string& name, const network::EndpointSpec& endpoint,
                               int container_namespace) {
  adopt(endpoint.network);
  adopt_ports(name, {endpoint}, container_namespace);
}

void StackNetwork::adopt(const std::string& network) {
  made_.insert(network);
  if (is_bridged(network)) uplink_made_ = uplink_.has_value();
}

void StackNetwork::adopt_ports(const std::string& holder,
                               const std::vector<network::EndpointSpec>& endpoints,
                               int container_namespace) {
  const auto ports = network::find_ports(stack_namespace_, container_namespace);
  for (const network::EndpointSpec& endpoint : endpoints) {
    if (!is_bridged(endpoint.network)) continue;
    const auto port = ports.find(endpoint.interface);
    // One that is gone is known by its absence, and plugged in again.
    const std::string name = port == ports.end() ? "" : port->second;
    remember_port(holder, {endpoint.network, network::lock_of(name, endpoint)});
  }
}

bool StackNetwork::is_made(const std::string& network) const {
  return !is_bridged(network) || network::has_bridge(record(network).config.spec, stack_namespace_);
}

std::vector<network::EndpointSpec> StackNetwork::endpoints(const ContainerConfig& config,
                                                           const Addresses& addresses) const {
  return plan_endpoints(config.endpoints, addresses, finder());
}

FindNetwork StackNetwork::finder() const {
  return [this](const std::string& name) { return find_spec(name); };
}

std::vector<DualAddress> StackNetwork::own_addresses(const ContainerConfig& config,
                                                     const Addresses& addresses) const {
  std::vector<DualAddress> own{main_address(config.endpoints, addresses, finder())};
  for (const Endpoint& endpoint : config.endpoints)
    if (const auto found = addresses.find(endpoint.network); found != addresses.end())
      own.push_back(found->second);
  return own;
}

std::optional<WayIn> StackNetwork::way_in(const ContainerConfig& config,
                                          const Addresses& addresses) const {
  return supervisor::way_in(config.endpoints, addresses, finder());
}

void StackNetwork::plug(const ContainerConfig& config,
                        const std::vector<network::EndpointSpec>& endpoints,
                        int container_namespace) {
  plug_in(config.id, config.id, endpoints, container_namespace);
}

void StackNetwork::plug_guest(const std::string& name, const network::EndpointSpec& endpoint,
                              int container_namespace, const std::string& container_id) {
  plug_in(name, container_id, {endpoint}, container_namespace);
}

void StackNetwork::plug_in(const std::string& holder, const std::string& container_id,
                           std::vector<network::EndpointSpec> joining, int container_namespace) {
  std::erase_if(joining, [this](const auto& endpoint) { return !has(endpoint.network); });
  if (joining.empty()) return;
  std::vector<network::EndpointSpec> bridged = joining;
  std::erase_if(bridged, [this](const auto& endpoint) { return !is_bridged(endpoint.network); });
  network::plug(
      joining, made_networks(), uplink(), stack_namespace_, container_namespace, container_id,
      [&](const std::vector<network::PortLock>& locks) { lock_ports(holder, bridged, locks); });
}

/// Called in the stack's namespace.
void StackNetwork::lock_ports(const std::string& holder,
                              const std::vector<network::EndpointSpec>& joined,
                              const std::vector<network::PortLock>& locks) {
  for (std::size_t i = 0; i < locks.size(); ++i)
    remember_port(holder, {joined[i].network, locks[i]});
  if (!rules_) rules_.emplace(NETLINK_NETFILTER);
  try {
    fail_point("firewall.port-locks");
    network::change_locks(*rules_, locks, stale_locks_);
    stale_locks_.clear();
  } catch (const Error&) {
    apply_rules();  // somebody has emptied the table, and the news has not reached us yet
  }
}

void StackNetwork::remember_port(const std::string& holder, Port port) {
  auto& ports = ports_[holder];
  const auto before = std::ranges::find(ports, port.network, &Port::network);
  if (before == ports.end()) {
    ports.push_back(std::move(port));
    return;
  }
  if (!before->lock.port.empty()) stale_locks_.push_back(before->lock);
  *before = std::move(port);
}

void StackNetwork::unplug(const std::string& holder) {
  const auto found = ports_.find(holder);
  if (found == ports_.end()) return;
  for (const Port& port : found->second)
    if (!port.lock.port.empty()) stale_locks_.push_back(port.lock);
  ports_.erase(found);
}

void StackNetwork::forget_port(const std::string& holder, const std::string& network) {
  const auto found = ports_.find(holder);
  if (found == ports_.end()) return;
  std::erase_if(found->second, [&](const Port& port) {
    if (port.network != network) return false;
    if (!port.lock.port.empty()) stale_locks_.push_back(port.lock);
    return true;
  });
  if (found->second.empty()) ports_.erase(found);
}

std::vector<network::PortLock> StackNetwork::locks() const {
  std::vector<network::PortLock> locks;
  for (const auto& [id, ports] : ports_)
    for (const Port& port : ports)
      if (!port.lock.port.empty()) locks.push_back(port.lock);
  return locks;
}

/// Written at once: others read there who their neighbours are.
void StackNetwork::note_guest(const std::string& network, const std::string& name, Guest guest) {
  NetworkRecord& joined = record(network);
  fail_point("guest.note");
  joined.guests[name] = std::move(guest);
  write_network(files_, joined, Durability::survives_crash);
}

void StackNetwork::guest_ended(const std::string& network, const std::string& name,
                               const ProcessIdentity& process) {
  const auto joined = records_.find(network);
  if (joined == records_.end()) return;
  const auto guest = joined->second.guests.find(name);
  if (guest == joined->second.guests.end() || guest->second.process != process) return;
  joined->second.guests.erase(guest);
  forget_port(name, network);
  fail_point("guest.end");
  write_network(files_, joined->second, Durability::survives_crash);
}

bool StackNetwork::release_guest(const std::string& network, const std::string& name) {
  const auto joined = records_.find(network);
  if (joined == records_.end()) return false;
  const bool leased = joined->second.leases.erase(name) > 0;
  const bool was_there = joined->second.guests.erase(name) > 0;
  forget_port(name, network);
  fail_point("guest.release");
  if (leased || was_there) write_network(files_, joined->second, Durability::survives_crash);
  return leased || was_there;
}

namespace {

/// What a map has at `from`, at `to`.
template <typename Map>
bool move_entry(Map& map, const std::string& from, const std::string& to) {
  auto entry = map.extract(from);
  if (entry.empty()) return false;
  map.erase(to);
  entry.key() = to;
  map.insert(std::move(entry));
  return true;
}

}  // namespace

bool StackNetwork::rename_guest(const std::string& network, const std::string& from,
                                const std::string& to) {
  const auto joined = records_.find(network);
  if (joined == records_.end()) return false;
  const bool leased = move_entry(joined->second.leases, from, to);
  const bool was_there = move_entry(joined->second.guests, from, to);
  if (!leased && !was_there) return false;
  move_port(network, from, to);
  fail_point("guest.rename");
  write_network(files_, joined->second, Durability::survives_crash);
  return true;
}

void StackNetwork::move_port(const std::string& network, const std::string& from,
                             const std::string& to) {
  const auto found = ports_.find(from);
  if (found == ports_.end()) return;
  const auto port = std::ranges::find(found->second, network, &Port::network);
  if (port == found->second.end()) return;
  Port moved = std::move(*port);
  found->second.erase(port);
  if (found->second.empty()) ports_.erase(found);
  remember_port(to, std::move(moved));
}

/// Its container has no other family in another network: both go by the same rules.
bool StackNetwork::is_joined_and_internal(const network::PublishedPort& port) const {
  return std::ranges::any_of(joined_, [&](const auto& entry) {
    const NetworkSpec& spec = entry.second.spec;
    const auto& six = port.container_address6;
    return spec.internal && ((spec.has_ipv4() && spec.subnet.contains(port.container_address)) ||
                             (spec.has_ipv6() && six && spec.subnet6.contains(*six)));
  });
}

std::optional<network::FirewallSpec> StackNetwork::firewall(
    std::vector<network::PublishedPort> published) const {
  if (!uplink_ || !uplink_made_) return std::nullopt;
  std::erase_if(published, [this](const auto& port) { return is_joined_and_internal(port); });
  return network::FirewallSpec{
      files_.stack_id(), *uplink_, bridged_networks(), std::move(published), {}};
}

void StackNetwork::close() {
  if (!uplink_) return;
  fail_point("firewall.remove");
  network::remove_host_ruleset(files_.stack_id());
  fail_point("uplink.remove-document");
  std::filesystem::remove(files_.uplink());
}

}  // namespace stack::supervisor
