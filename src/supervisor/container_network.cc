// SPDX-License-Identifier: Apache-2.0
// A container in its networks: joined at its start, and to others and out of them while it runs.
#include <algorithm>

#include "base/error.h"
#include "network/links.h"
#include "supervisor/container_task.h"
#include "supervisor/etc_files.h"
#include "supervisor/journal.h"

namespace stack::supervisor {

/// Addresses and ports are taken first: they are what another can be in the way of.
Awaitable<void> ContainerTask::join_network() {
  status_.addresses.clear();
  status_.virtual_addresses.clear();
  status_.interfaces.clear();
  if (!config_.endpoints.empty()) {
    shared_.network.prepare(config_, StackNetwork::Others::as_well);
    status_.addresses = shared_.network.lease(config_);
    Addresses elsewhere = co_await shared_.visits.lease(config_);
    status_.addresses.merge(elsewhere);
    status_.virtual_addresses = shared_.network.lease_virtual(config_);
  }
  status_.published = shared_.publisher.publish(config_, way_in(), status_.published);
}

Awaitable<void> ContainerTask::plug(ProcessIdentity process, int network_namespace) {
  auto endpoints = shared_.network.endpoints(config_, status_.addresses);
  for (const auto& endpoint : endpoints) status_.interfaces[endpoint.network] = endpoint.interface;
  shared_.network.plug(config_, endpoints, network_namespace);
  co_await shared_.visits.plug(config_, process, std::move(endpoints));
}

namespace {

/// "eth2": the lowest that none of its networks has.
std::string free_interface(const std::map<std::string, std::string>& taken) {
  for (int number = 0;; ++number) {
    const std::string name = fmt::format("eth{}", number);
    if (std::ranges::none_of(taken, [&](const auto& each) { return each.second == name; }))
      return name;
  }
}

}  // namespace

bool ContainerTask::is_in(const std::string& network) const {
  return std::ranges::find(config_.endpoints, network, &Endpoint::network) !=
         config_.endpoints.end();
}

/// Written down first: a start to come finds it there whatever happens to this.
Awaitable<Answer> ContainerTask::connect(Endpoint endpoint) {
  const auto guard = co_await starting_.lock();
  if (config_.spec.namespaces.network.kind != runtime::NamespaceKind::own)
    throw Error(
        "container sharing network namespace with another container or host cannot be "
        "connected to any other network");
  if (is_in(endpoint.network))
    fail("endpoint with name {} already exists in network {}", config_.name, endpoint.network);
  const ContainerConfig before = config_;
  const std::string network = endpoint.network;
  config_.endpoints.push_back(std::move(endpoint));
  std::optional<Error> failure;
  try {
    if (runs()) co_await plug_in(network);
    write_config(shared_.files, config_, status_.created);
  } catch (const Error& error) {
    failure = error;
  }
  if (failure) {
    config_ = before;
    co_await plug_out(network);
    // The way out may have been led there already.
    if (runs()) journal::attempt([&] { lead_out(); });
    throw Error(*failure).add_frame(fmt::format("connecting {} to {}", config_.name, network));
  }
  if (runs()) refresh_hosts();
  co_await networks_changed();
  co_return Answer{true};
}

/// A container that runs, into the network that it is said to be in.
Awaitable<void> ContainerTask::plug_in(std::string network) {
  ContainerConfig joining = config_;
  std::erase_if(joining.endpoints, [&](const Endpoint& it) { return it.network != network; });
  shared_.network.prepare(joining);
  Addresses addresses = shared_.network.lease(joining);
  Addresses elsewhere = co_await shared_.visits.lease(joining);
  addresses.merge(elsewhere);
  status_.addresses[network] = addresses.at(network);
  if (joining.endpoints.front().interface.empty())
    status_.interfaces[network] = free_interface(status_.interfaces);
  else
    status_.interfaces[network] = joining.endpoints.front().interface;
  // Of all its networks together: one that ranks before the others takes the way out from them.
  auto specs = plugged_endpoints();
  std::erase_if(specs, [&](const network::EndpointSpec& it) { return it.network != network; });
  const ProcessIdentity process = status_.process;
  const Fd space = open_namespace(process, config_.name, "net");
  shared_.network.plug(joining, specs, space.get());
  co_await shared_.visits.plug(joining, process, std::move(specs));
}

ContainerConfig ContainerTask::without(const std::string& network) const {
  ContainerConfig rest = config_;
  std::erase_if(rest.endpoints, [&](const Endpoint& it) { return it.network == network; });
  return rest;
}

/// Whatever of it is there. Never fails: what stays behind goes with the container. The network
/// forgets the port before its link goes: it would put back what somebody took away.
Awaitable<void> ContainerTask::plug_out(std::string network) {
  shared_.network.forget_port(config_.id, network);
  const bool own = shared_.network.has(network);
  if (!own) co_await shared_.visits.release(config_.name, network);
  const auto interface = status_.interfaces.find(network);
  try {
    if (runs() && interface != status_.interfaces.end())
      network::unplug(open_namespace(status_.process, config_.name, "net").get(),
                      interface->second);
  } catch (const Error& error) {
    journal::warning(error.what());
  }
  if (own) shared_.network.release(network, config_.name);
  status_.interfaces.erase(network);
  status_.addresses.erase(network);
  status_.virtual_addresses.erase(network);
}

Awaitable<Answer> ContainerTask::disconnect(std::string network) {
  const auto guard = co_await starting_.lock();
  if (!is_in(network)) fail("container {} is not connected to network {}", config_.name, network);
  config_ = without(network);
  write_config(shared_.files, config_, status_.created);
  co_await plug_out(network);
  if (runs()) {
    lead_out();
    refresh_hosts();
  }
  co_await networks_changed();
  co_return Answer{true};
}

/// Its own addresses, while it runs: somebody may have changed the file, and it is theirs then. One
/// that cannot be written is as it was.
void ContainerTask::refresh_hosts() const {
  try {
    replace_own_addresses(running_files() / "hosts", config_,
                          shared_.network.own_addresses(config_, status_.addresses));
  } catch (const Error& error) {
    journal::warning(error.what());
  }
}

/// As it sits in them now: what was joined while it runs has the interface that was free.
std::vector<network::EndpointSpec> ContainerTask::plugged_endpoints() const {
  auto specs = shared_.network.endpoints(config_, status_.addresses);
  for (network::EndpointSpec& spec : specs) {
    const auto known = status_.interfaces.find(spec.network);
    if (known != status_.interfaces.end()) spec.interface = known->second;
  }
  return specs;
}

/// The default route may have gone with a network: the best of those that are left has it now.
void ContainerTask::lead_out() {
  for (const network::EndpointSpec& spec : plugged_endpoints()) {
    if (!spec.default_route && !spec.default_route6) continue;
    const network::NetworkSpec* const joined = shared_.network.find_spec(spec.network);
    if (joined == nullptr) continue;
    network::lead_out_by(open_namespace(status_.process, config_.name, "net").get(), spec, *joined);
  }
}

/// Others find it by its new aliases from now on, and by its service's virtual address.
Awaitable<void> ContainerTask::tell_names() {
  if (runs()) status_.virtual_addresses = shared_.network.lease_virtual(config_);
  if (runs()) {
    auto specs = plugged_endpoints();
    const ProcessIdentity process = status_.process;
    co_await shared_.visits.plug(config_, process, std::move(specs));
  }
  note_change();
}

/// Others who have networks of it know which one has the way out: repairs are theirs.
Awaitable<void> ContainerTask::tell_endpoints() {
  try {
    const ProcessIdentity process = status_.process;
    auto specs = plugged_endpoints();
    co_await shared_.visits.plug(config_, process, std::move(specs));
  } catch (const Error& error) {
    journal::warning(error.what());
  }
}

/// Published ports lead to its first network; names are told anew.
Awaitable<void> ContainerTask::networks_changed() {
  if (runs()) {
    co_await tell_endpoints();
    shared_.publisher.withdraw(config_.id);
    status_.published = shared_.publisher.publish(config_, way_in(), status_.published);
    co_await shared_.firewall_ready.completed();
  }
  note_change();
  co_await shared_.status_saved.completed();
}

}  // namespace stack::supervisor
