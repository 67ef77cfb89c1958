// SPDX-License-Identifier: Apache-2.0
#include "supervisor/registry.h"

#include <algorithm>

#include "base/error.h"
#include "supervisor/dns_view.h"

namespace stack::supervisor {

Registry::Task Registry::find(const std::string& id) const {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? nullptr : found->second;
}

Registry::Task Registry::get(const std::string& id) const {
  Task task = find(id);
  if (!task) fail("there is no container {}", id);
  return task;
}

Registry::Task Registry::find(const ProcessIdentity& process) const {
  for (const auto& [id, task] : tasks_)
    if (task->status().process == process) return task;
  return nullptr;
}

void Registry::add(Task task) {
  std::string id = task->config().id;
  tasks_[std::move(id)] = std::move(task);
}

void Registry::erase(const std::string& id) {
  tasks_.erase(id);
  forget_views();
}

bool Registry::any_active() const {
  return std::ranges::any_of(tasks_, [](const auto& entry) { return entry.second->active(); });
}

bool Registry::any_runs() const {
  return std::ranges::any_of(tasks_, [](const auto& entry) { return entry.second->runs(); });
}

Registry::Task Registry::find_by_name(const std::string& name) const {
  for (const auto& [id, task] : tasks_)
    if (task->config().name == name) return task;
  return nullptr;
}

std::vector<const ContainerStatus*> Registry::statuses() const {
  std::vector<const ContainerStatus*> all;
  for (const auto& [id, task] : tasks_) all.push_back(&task->status());
  return all;
}

namespace {

NamedContainer named(const ContainerTask& task) {
  return {&task.config(), &task.status().addresses, &task.status().virtual_addresses};
}

/// Where it is known.
template <typename Key, typename Value>
Value value_or_none(const std::map<Key, Value>& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? Value{} : found->second;
}

}  // namespace

bool Registry::any_virtual_address() const {
  return std::ranges::any_of(
      tasks_, [](const auto& entry) { return has_virtual_address(entry.second->config()); });
}

std::vector<network::VirtualAddress> Registry::virtual_addresses() const {
  std::map<std::pair<std::string, std::string>, network::VirtualAddress> found;
  for (const auto& [id, task] : tasks_) {
    for (const Endpoint& endpoint : task->config().endpoints) {
      if (!endpoint.vip) continue;
      const ContainerStatus& status = task->status();
      auto& each = found[{endpoint.network, endpoint.vip->service}];
      each.network = endpoint.network;
      each.service = endpoint.vip->service;
      const auto address = value_or_none(status.virtual_addresses, endpoint.network);
      if (!task->runs() || address == network::DualAddress{}) continue;
      each.address = address;
      each.targets.push_back(value_or_none(status.addresses, endpoint.network));
    }
  }
  std::vector<network::VirtualAddress> all;
  for (auto& [key, each] : found) {
    std::ranges::sort(each.targets, {}, [](const auto& it) { return std::pair(it.v4, it.v6); });
    all.push_back(std::move(each));
  }
  return all;
}

Registry::Zone Registry::zone(const std::string& network, const Strangers& strangers) {
  Zone& known = zones_[network];
  if (known) return known;
  std::vector<NamedContainer> running = strangers();
  for (const auto& [id, task] : tasks_)
    if (task->runs()) running.push_back(named(*task));
  network::NetworkSpec spec;
  spec.name = network;
  if (const auto* const found = network_.find_spec(network)) spec = *found;
  known = std::make_shared<network::DnsZone>(dns_zone(spec, running));
  return known;
}

network::DnsAnswers& Registry::answers(const ContainerConfig& client, const Strangers& strangers) {
  const auto known = answers_.find(client.id);
  if (known != answers_.end()) return known->second;
  std::vector<Zone> zones;
  for (const Endpoint& endpoint : client.endpoints)
    zones.push_back(zone(endpoint.network, strangers));
  auto view = dns_view(client, std::move(zones), network_.host_gateway(client));
  return answers_.emplace(client.id, network::DnsAnswers(std::move(view), clients_++))
      .first->second;
}

void Registry::forget_views() {
  zones_.clear();
  answers_.clear();
}

}  // namespace stack::supervisor
