// SPDX-License-Identifier: Apache-2.0
// The stack's containers in memory, and what must be known across all of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "network/dns_answers.h"
#include "supervisor/container_task.h"
#include "supervisor/dns_view.h"

namespace stack::supervisor {

class Registry {
 public:
  using Task = std::shared_ptr<ContainerTask>;

  explicit Registry(const StackNetwork& network) : network_(network) {}

  /// The container `id`. Throws Error when there is none.
  Task get(const std::string& id) const;
  Task find(const std::string& id) const;
  void add(Task task);
  void erase(const std::string& id);

  const std::map<std::string, Task>& all() const { return tasks_; }
  bool any_active() const;
  bool any_runs() const;
  /// Null when there is none.
  Task find_by_name(const std::string& name) const;
  std::vector<const ContainerStatus*> statuses() const;

  /// Whether any of them has a part in one.
  bool any_virtual_address() const;
  /// Those that they have a part in, by network and service, with those that run as their targets:
  /// whoever a name leads to.
  std::vector<network::VirtualAddress> virtual_addresses() const;

  /// The container whose process this is.
  Task find(const ProcessIdentity& process) const;

  /// What `client` is answered when it asks for names. Worked out again only after forget_views().
  /// `strangers`: containers of other stacks in networks that ours are in, too.
  using Strangers = std::function<std::vector<NamedContainer>()>;
  network::DnsAnswers& answers(const ContainerConfig& client, const Strangers& strangers);
  void forget_views();

 private:
  using Zone = std::shared_ptr<const network::DnsZone>;
  Zone zone(const std::string& network, const Strangers& strangers);

  const StackNetwork& network_;
  std::map<std::string, Task> tasks_;
  std::map<std::string, Zone> zones_;                   ///< by network
  std::map<std::string, network::DnsAnswers> answers_;  ///< by container id
  std::uint32_t clients_ = 0;  ///< each begins with another one of a name's addresses
};

}  // namespace stack::supervisor
