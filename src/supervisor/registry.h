// SPDX-License-Identifier: Apache-2.0
// The stack's containers in memory, and what must be known across all of them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/container_task.h"

namespace stack::supervisor {

class Registry {
 public:
  using Task = std::shared_ptr<ContainerTask>;

  /// The container `id`. Throws Error when there is none.
  Task get(const std::string& id) const;
  Task find(const std::string& id) const;
  void add(Task task);
  void erase(const std::string& id);

  const std::map<std::string, Task>& all() const { return tasks_; }
  bool any_active() const;
  bool any_runs() const;
  bool name_taken(const std::string& name) const;
  std::vector<const ContainerStatus*> statuses() const;

  /// The container whose process this is.
  Task find(const ProcessIdentity& process) const;

  /// Names as `client` sees them. Worked out again only after forget_views().
  const network::DnsView& view(const ContainerConfig& client);
  void forget_views() { views_.clear(); }

 private:
  std::map<std::string, Task> tasks_;
  std::map<std::string, network::DnsView> views_;  ///< by container id
};

}  // namespace stack::supervisor
