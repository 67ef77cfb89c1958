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

bool Registry::name_taken(const std::string& name) const {
  return std::ranges::any_of(
      tasks_, [&](const auto& entry) { return entry.second->config().name == name; });
}

std::vector<const ContainerStatus*> Registry::statuses() const {
  std::vector<const ContainerStatus*> all;
  for (const auto& [id, task] : tasks_) all.push_back(&task->status());
  return all;
}

const network::DnsView& Registry::view(const ContainerConfig& client) {
  const auto known = views_.find(client.id);
  if (known != views_.end()) return known->second;
  std::vector<NamedContainer> running;
  for (const auto& [id, task] : tasks_)
    if (task->runs()) running.push_back({&task->config(), &task->status().addresses});
  return views_[client.id] = dns_view(client, running);
}

}  // namespace stack::supervisor
