// SPDX-License-Identifier: Apache-2.0
#include "supervisor/guests.h"

#include <algorithm>

#include "base/error.h"
#include "network/links.h"
#include "supervisor/journal.h"
#include "supervisor/leases.h"
#include "supervisor/shared_namespaces.h"
#include "supervisor/status.h"

namespace stack::supervisor {
namespace {

/// What leases and bridges are asked for: all that StackNetwork looks at.
ContainerConfig as_container(const std::string& guest, Endpoint endpoint) {
  ContainerConfig config;
  config.name = guest;
  config.endpoints.push_back(std::move(endpoint));
  return config;
}

/// The part of a guest's name that is its stack's otherwise.
constexpr const char* no_stack = "@process";

bool is_process(const std::string& guest) {
  return guest.starts_with(std::string(no_stack) + "/");
}

std::set<std::string> container_names(const HostPaths& paths, const std::string& project) {
  std::set<std::string> names;
  for (const auto& each :
       read_containers(paths, project, ConfigParts::summary, Unreadable::is_left_out))
    names.insert(each.config.name);
  return names;
}

}  // namespace

Guests::Guests(Loop& loop, const ProjectFiles& files, StackNetwork& network,
               const std::shared_ptr<DnsForwarder>& forwarder, std::function<void()> changed)
    : loop_(loop),
      files_(files),
      network_(network),
      forwarder_(forwarder),
      changed_(std::move(changed)) {}

void Guests::adopt() {
  const auto records = network_.records();  // a copy: they change on the way
  for (const auto& [network, record] : records)
    for (const auto& [name, guest] : record.guests) adopt(network, name, guest);
}

/// One whose cable went with the namespace of a dead keeper gets another one.
void Guests::adopt(const std::string& network, const std::string& name, const Guest& guest) {
  hold(split_guest_name(name)->first);
  if (!is_alive(guest.process)) return ended(network, name, guest.process);
  try {
    const Fd space = open_namespace(guest.process, name, "net");
    if (network_.is_made(network)) {
      network_.adopt_guest(name, guest.endpoint, space.get());
    } else {
      plug_in(name, guest);
    }
    if (is_process(name)) serve_names(network, name, space.get());
  } catch (const Error& error) {
    journal::warning("adopting " + name + ": " + error.what());
  }
  watch(network, name, guest.process);
}

network::DualAddress Guests::lease(const LeaseGuest& request) {
  const auto name = split_guest_name(request.guest);
  if (!name) fail("\"{}\" is no guest", request.guest);
  if (!network_.has(request.endpoint.network))
    fail("there is no network {}", request.endpoint.network);
  drop_leases_of_the_gone();
  const ContainerConfig guest = as_container(request.guest, request.endpoint);
  network_.prepare(guest);
  hold(name->first);
  const network::DualAddress address = network_.lease(guest).at(request.endpoint.network);
  expected_.emplace(request.endpoint.network, request.guest);
  return address;
}

void Guests::plug(const PlugGuest& request) {
  const std::string& network = request.endpoint.network;
  const Guest guest{request.container_id, request.names, request.process, request.endpoint};
  const bool known = is_plugged(network, request.guest, guest);
  if (!known) plug_in(request.guest, guest);
  network_.note_guest(network, request.guest, guest);
  expected_.erase({network, request.guest});
  hold(split_guest_name(request.guest)->first);
  if (!known) watch(network, request.guest, request.process);
  changed_();
}

network::DualAddress Guests::join(const JoinProcess& request) {
  if (!network_.has(request.network)) fail("there is no network {}", request.network);
  const std::string name = guest_name(no_stack, request.container_id);
  const ContainerConfig process = as_container(name, Endpoint{request.network, {}, {}, {}});
  try {
    network_.prepare(process);
    const auto endpoints = network_.endpoints(process, network_.lease(process));
    plug({name, request.container_id, request.process, {}, endpoints.at(0)});
    const Fd space = open_namespace(request.process, name, "net");
    serve_names(request.network, name, space.get());
  } catch (...) {
    ended(request.network, name, request.process);
    throw;
  }
  return network_.host_gateway(process);
}

/// It knows nobody here: it only asks others.
void Guests::serve_names(const std::string& network, const std::string& name,
                         int process_namespace) {
  DnsSource source;
  source.answers = [this]() -> network::DnsAnswers& { return no_names_; };
  const auto& spec = network_.spec(network);
  source.forwarder = [this, has_way_out = !spec.internal] {
    return has_way_out ? forwarder_ : nullptr;
  };
  auto& resolver = resolvers_[name];
  if (!resolver)
    resolver = DnsServer::start(loop_, process_namespace, DnsPorts{}, std::move(source));
}

/// A container has its address again in its next run.
void Guests::ended(const std::string& network, const std::string& name,
                   const ProcessIdentity& process) {
  if (!is_process(name)) return network_.guest_ended(network, name, process);
  if (const auto resolver = resolvers_.find(name); resolver != resolvers_.end()) {
    if (resolver->second) resolver->second->stop();
    resolvers_.erase(resolver);
  }
  network_.release_guest(network, name);
}

bool Guests::is_plugged(const std::string& network, const std::string& name,
                        const Guest& wanted) const {
  const auto record = network_.records().find(network);
  if (record == network_.records().end()) fail("there is no network {}", network);
  const auto known = record->second.guests.find(name);
  return known != record->second.guests.end() && known->second.process == wanted.process &&
         known->second.endpoint.interface == wanted.endpoint.interface &&
         known->second.endpoint.address == wanted.endpoint.address;
}

/// What is there already under that name was made by a predecessor that was killed before it could
/// say so.
void Guests::plug_in(const std::string& name, const Guest& guest) {
  const Fd space = open_namespace(guest.process, name, "net");
  network_.prepare(as_container(name, Endpoint{guest.endpoint.network, {}, {}, {}}));
  network::unplug(space.get(), guest.endpoint.interface);
  network_.plug_guest(name, guest.endpoint, space.get(), guest.container_id);
}

std::vector<StackNetwork::Plugged> Guests::plugged() const {
  std::vector<StackNetwork::Plugged> found;
  for (const auto& [network, record] : network_.records()) {
    for (const auto& [name, guest] : record.guests) {
      try {
        found.push_back({name,
                         guest.container_id,
                         {guest.endpoint},
                         open_namespace(guest.process, name, "net")});
      } catch (const Error&) {
        // It is ending right now, and its network with it.
      }
    }
  }
  return found;
}

bool Guests::rename(const RenameGuest& request) {
  if (!network_.rename_guest(request.network, request.guest, request.name)) return false;
  // Who watches it knows it by its former name.
  const auto& guests = network_.records().at(request.network).guests;
  if (const auto guest = guests.find(request.name); guest != guests.end())
    watch(request.network, request.name, ProcessIdentity(guest->second.process));
  changed_();
  return true;
}

/// Forgotten first, or its link would be put back when it goes; its address is free when it is
/// gone.
bool Guests::release(const ReleaseGuest& request) {
  expected_.erase({request.network, request.guest});
  network_.forget_port(request.guest, request.network);
  take_out(request);
  const bool was_there = network_.release_guest(request.network, request.guest);
  if (was_there) changed_();
  return was_there;
}

void Guests::take_out(const ReleaseGuest& request) const {
  const auto record = network_.records().find(request.network);
  if (record == network_.records().end()) return;
  const auto guest = record->second.guests.find(request.guest);
  if (guest == record->second.guests.end() || !is_alive(guest->second.process)) return;
  try {
    const Fd space = open_namespace(guest->second.process, request.guest, "net");
    network::unplug(space.get(), guest->second.endpoint.interface);
  } catch (const Error& error) {
    journal::warning(error.what());  // it is ending
  }
}

bool Guests::is_idle(const std::string& network, const std::string& name) const {
  const auto parts = split_guest_name(name);
  if (!parts || is_process(name) || expected_.contains({network, name})) return false;
  const auto record = network_.records().find(network);
  if (record == network_.records().end()) return false;
  const auto guest = record->second.guests.find(name);
  if (guest != record->second.guests.end() && is_alive(guest->second.process)) return false;
  const auto containers =
      read_containers(files_.paths, parts->first, ConfigParts::summary, Unreadable::is_left_out);
  return std::ranges::any_of(containers, [&](const ObservedContainer& each) {
    return each.config.name == parts->second && each.status.phase == Phase::exited &&
           !has_fixed_address(each.config, network);
  });
}

void Guests::hold(const std::string& project) {
  if (stacks_.contains(project)) return;
  const auto keeper = read_keeper_pid({files_.paths, project});
  if (!keeper || process_name(*keeper) != "stack-keeper") return;
  auto pidfd = open_process(identify(*keeper));
  if (!pidfd) return;
  stacks_.insert(project);
  spawn(loop_, "watching a guest's stack", watch_stack(project, std::move(*pidfd)));
}

Awaitable<void> Guests::watch_stack(std::string project, Fd keeper) {
  Descriptor end(loop_, keeper.release());
  co_await readable(end);
  stacks_.erase(project);
  changed_();
}

void Guests::watch(const std::string& network, const std::string& name,
                   const ProcessIdentity& process) {
  auto pidfd = open_process(process);
  if (!pidfd) return ended(network, name, process);
  ++running_;
  spawn(loop_, "watching a guest", watch_process(network, name, process, std::move(*pidfd)));
}

Awaitable<void> Guests::watch_process(std::string network, std::string name,
                                      ProcessIdentity process, Fd pidfd) {
  Descriptor end(loop_, pidfd.release());
  co_await readable(end);
  --running_;
  ended(network, name, process);
  changed_();
}

/// Their supervisors could not ask us: we did not run. One that runs may have another name just
/// now.
void Guests::drop_leases_of_the_gone() {
  std::map<std::string, std::set<std::string>> known;  // containers by project
  std::vector<ReleaseGuest> gone;
  for (const auto& [network, record] : network_.records()) {
    for (const auto& [holder, address] : record.leases) {
      const auto name = split_guest_name(holder);
      if (!name || is_process(holder)) continue;
      const auto guest = record.guests.find(holder);
      if (guest != record.guests.end() && is_alive(guest->second.process)) continue;
      const auto [containers, unread] = known.try_emplace(name->first);
      if (unread) containers->second = container_names(files_.paths, name->first);
      if (!containers->second.contains(name->second)) gone.push_back({holder, network});
    }
  }
  for (const ReleaseGuest& each : gone) network_.release_guest(each.network, each.guest);
}

}  // namespace stack::supervisor
