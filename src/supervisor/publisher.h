// SPDX-License-Identifier: Apache-2.0
// Published ports. Each is held by a real socket from before its container starts, so that a
// conflict is the kernel's answer; connections that reach the socket (from the host itself, by
// loopback and by IPv6) are carried to the container, those from elsewhere go by the firewall's
// address translation and never come here.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "network/network_spec.h"
#include "network/ports.h"
#include "supervisor/async.h"
#include "supervisor/endpoint_plan.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

/// One socket that holds a port and serves it; gone when it is dropped.
class PortService;

class Publisher {
 public:
  Publisher(Loop& loop, ProjectFiles files) : loop_(&loop), files_(std::move(files)) {}

  /// Holds all ports of a container and has them lead in by `way`; without one nothing is
  /// published. Ports without an address of their own are held where the way's network says, and
  /// everywhere if it says nothing. Ports already held for the container stay.
  /// `before`: the ports it had, for those that the rule leaves to chance. Throws Error naming
  /// whoever holds one; nothing is held then.
  std::vector<network::PublishedPort> publish(const ContainerConfig& config,
                                              const std::optional<WayIn>& way,
                                              const std::vector<network::PublishedPort>& before);
  /// The same for a container whose rules were others (`rules`): ports of rules that stay are held
  /// throughout, the others are let go first. Throws Error as publish() does; the former rules
  /// apply again then, as far as nobody has taken their ports meanwhile.
  std::vector<network::PublishedPort> change(const ContainerConfig& config,
                                             const std::vector<PortRule>& rules,
                                             const std::optional<WayIn>& way,
                                             const std::vector<network::PublishedPort>& before);
  void withdraw(const std::string& container_id);
  /// All that is published now.
  std::vector<network::PublishedPort> published() const;

 private:
  struct Entry {
    network::PublishedPort port;
    PortRule rule;
    std::shared_ptr<PortService> service;
  };
  using Entries = std::vector<Entry>;

  void open_missing(const ContainerConfig& config, const std::vector<PortRule>& rules,
                    const WayIn& way, const std::vector<network::PublishedPort>& before);
  std::vector<network::PublishedPort> published(const std::string& container_id) const;
  Entries open(const ContainerConfig& config, const PortRule& rule,
               const network::DualAddress& address,
               const std::vector<network::PublishedPort>& before) const;
  Entries open_at(const PortRule& rule, std::uint16_t host_port,
                  const network::DualAddress& address) const;
  Entry hold(const std::string& ip, std::uint16_t host_port, const PortRule& rule,
             const network::DualAddress& address) const;
  [[noreturn]] void explain(const network::PortTaken& error, const ContainerConfig& config,
                            const PortRule& rule, std::uint16_t port) const;
  std::string holder_of(const network::PortTaken& error, const ContainerConfig& config,
                        const PortRule& rule, std::uint16_t port) const;

  Loop* loop_;
  ProjectFiles files_;
  std::map<std::string, Entries> entries_;       ///< by container id
  std::map<std::string, std::string> services_;  ///< of those containers
};

}  // namespace stack::supervisor
