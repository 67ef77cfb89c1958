// SPDX-License-Identifier: Apache-2.0
#include "supervisor/stack_network.h"

#include <algorithm>

#include "base/error.h"
#include "base/ids.h"
#include "network/links.h"
#include "network/namespaces.h"
#include "network/subnets.h"

namespace stack::supervisor {

using network::DualAddress;
using network::Ipv4;
using network::NetworkSpec;
using network::Subnet;

StackNetwork::StackNetwork(Loop& loop, ProjectFiles files, int stack_namespace)
    : files_(std::move(files)),
      stack_namespace_(stack_namespace),
      uplink_(read_uplink(files_)),
      save_leases_(loop, "saving addresses", [this] { write_leases(); }) {
  for (NetworkRecord& found : read_network_records(files_)) {
    std::string name = found.config.spec.name;
    records_.emplace(std::move(name), std::move(found));
  }
}

NetworkRecord& StackNetwork::record(const std::string& name) {
  const auto found = records_.find(name);
  if (found == records_.end()) fail("there is no network {}", name);
  return found->second;
}

const NetworkRecord& StackNetwork::record(const std::string& name) const {
  return const_cast<StackNetwork*>(this)->record(name);
}

bool StackNetwork::has_way_out(const ContainerConfig& config) const {
  return std::ranges::any_of(config.endpoints, [&](const Endpoint& endpoint) {
    return !has(endpoint.network) || !spec(endpoint.network).internal;
  });
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
  choose_addresses(config);
  write_network(files_, {config, {}}, Durability::survives_power_loss);
  records_[config.spec.name] = {config, {}};
  return Change::made;
}

void StackNetwork::choose_addresses(NetworkConfig& config) const {
  NetworkSpec& spec = config.spec;
  if (spec.subnet.prefix == 0) {
    const auto seed = stable_hash(files_.stack_id() + "/" + spec.name);
    spec.subnet = network::choose_subnet(subnets_taken(), seed);
  }
  if (spec.gateway == Ipv4{}) spec.gateway = Ipv4{spec.subnet.address.value + 1};
  if (spec.bridge.empty()) spec.bridge = "br-" + stable_hex(spec.name, 10);
}

/// Subnets of the kernel, and of stacks that do not run but will want theirs back.
std::vector<Subnet> StackNetwork::subnets_taken() const {
  std::vector<Subnet> taken = network::subnets_in_use();
  for (const std::string& project : list_projects(files_.paths)) {
    const ProjectFiles other{files_.paths, project};
    for (const NetworkRecord& found : read_network_records(other))
      taken.push_back(found.config.spec.subnet);
    if (const auto uplink = read_uplink(other))
      taken.push_back({Ipv4{uplink->host_address.value & ~3U}, 30});
  }
  return taken;
}

StackNetwork::Change StackNetwork::remove(const std::string& name, Stack stack) {
  const auto found = records_.find(name);
  if (found == records_.end()) return Change::none;
  if (made_.erase(name) > 0) condemned_.push_back(found->second.config.spec);
  std::filesystem::remove(files_.network(name));
  records_.erase(found);
  if (stack == Stack::runs) remove_condemned();
  return Change::made;
}

void StackNetwork::remove_condemned() {
  for (const NetworkSpec& spec : condemned_) network::remove_bridge(spec, stack_namespace_);
  condemned_.clear();
}

namespace {

std::set<Ipv4> addresses_taken(const NetworkRecord& record, const std::string& except) {
  std::set<Ipv4> taken;
  for (const auto& [name, address] : record.leases)
    if (name != except && address.v4) taken.insert(*address.v4);
  return taken;
}

}  // namespace

Addresses StackNetwork::lease(const ContainerConfig& config) {
  Addresses addresses;
  for (const Endpoint& endpoint : config.endpoints) {
    NetworkRecord& joined = record(endpoint.network);
    const auto taken = addresses_taken(joined, config.name);
    const auto kept = joined.leases.find(config.name);
    Ipv4 address;
    if (endpoint.address) {
      address = *endpoint.address;
      if (taken.contains(address))
        fail("address {} is already in use in network {}", to_text(address), endpoint.network);
    } else if (kept != joined.leases.end()) {
      address = kept->second.v4.value_or(Ipv4{});
    } else {
      const NetworkSpec& spec = joined.config.spec;
      address = network::choose_address(spec.subnet, spec.gateway, taken);
    }
    addresses[endpoint.network].v4 = address;
    if (kept != joined.leases.end() && kept->second.v4 == address) continue;
    joined.leases[config.name].v4 = address;
    changed_leases_.insert(endpoint.network);
    save_leases_.request();
  }
  return addresses;
}

void StackNetwork::release(const std::string& container_name) {
  for (auto& [name, joined] : records_) {
    if (joined.leases.erase(container_name) == 0) continue;
    changed_leases_.insert(name);
    save_leases_.request();
  }
}

/// A lease lost in a power cut costs a container its old address, nothing else.
void StackNetwork::write_leases() {
  for (const std::string& name : std::exchange(changed_leases_, {})) {
    const auto found = records_.find(name);
    if (found == records_.end()) continue;
    write_network(files_, found->second, Durability::survives_crash);
  }
}

network::UplinkSpec StackNetwork::choose_uplink() const {
  const std::string id = files_.stack_id();
  const Subnet subnet = network::choose_uplink(subnets_taken(), stable_hash(id));
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
    write_uplink(files_, *uplink_);
  }
  return *uplink_;
}

DualAddress StackNetwork::host_gateway() const {
  if (!uplink_) return {};
  return {uplink_->host_address, uplink_->host_address6};
}

std::vector<NetworkSpec> StackNetwork::made_networks() const {
  std::vector<NetworkSpec> networks;
  for (const std::string& name : made_) networks.push_back(record(name).config.spec);
  return networks;
}

void StackNetwork::prepare(const ContainerConfig& config) {
  std::vector<NetworkSpec> missing;
  for (const Endpoint& endpoint : config.endpoints)
    if (!made_.contains(endpoint.network)) missing.push_back(record(endpoint.network).config.spec);
  if (missing.empty()) return;
  remove_condemned();

  // Held until the routes are there for others to see.
  const auto lock = FileLock::acquire(files_.net_lock());
  network::enable_forwarding(files_.forwarding_memory());
  std::vector<NetworkSpec> networks = made_networks();
  networks.insert(networks.end(), missing.begin(), missing.end());
  network::ensure_uplink(uplink(), stack_namespace_, networks);
  for (const NetworkSpec& spec : missing) {
    network::ensure_bridge(spec, uplink(), stack_namespace_);
    made_.insert(spec.name);
  }
  const network::InNamespace inside(stack_namespace_);
  network::apply_ruleset(network::stack_ruleset(*firewall({})));
}

void StackNetwork::adopt(const ContainerConfig& config) {
  for (const Endpoint& endpoint : config.endpoints)
    if (records_.contains(endpoint.network)) made_.insert(endpoint.network);
}

std::vector<network::EndpointSpec> StackNetwork::endpoints(const ContainerConfig& config,
                                                           const Addresses& addresses) const {
  std::vector<network::EndpointSpec> specs;
  for (const Endpoint& endpoint : config.endpoints) {
    const DualAddress& address = addresses.at(endpoint.network);
    specs.push_back(
        {endpoint.network, address,
         endpoint.mac.empty() ? network::mac_for(address.v4.value_or(Ipv4{})) : endpoint.mac,
         "eth" + std::to_string(specs.size()), specs.empty()});
  }
  return specs;
}

void StackNetwork::plug(const ContainerConfig& config, const Addresses& addresses,
                        int container_namespace) {
  network::plug(endpoints(config, addresses), made_networks(), uplink(), stack_namespace_,
                container_namespace, config.id);
}

std::optional<network::FirewallSpec> StackNetwork::firewall(
    std::vector<network::PublishedPort> published) const {
  if (!uplink_ || made_.empty()) return std::nullopt;
  return network::FirewallSpec{files_.stack_id(), *uplink_, made_networks(), std::move(published)};
}

void StackNetwork::close() {
  if (!uplink_) return;
  network::remove_host_ruleset(files_.stack_id());
  std::filesystem::remove(files_.uplink());
}

}  // namespace stack::supervisor
