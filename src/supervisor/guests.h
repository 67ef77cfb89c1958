// SPDX-License-Identifier: Apache-2.0
// Containers of other stacks in networks of this one. Their own supervisors come and go; what
// counts is whether their processes live, which is watched here. As long as a guest's stack runs,
// this one does: the bridges are in its namespace. Processes without a stack, the steps of builds,
// are guests as well, and have their resolver here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "supervisor/async.h"
#include "supervisor/client.h"
#include "supervisor/dns_server.h"
#include "supervisor/project_files.h"
#include "supervisor/stack_network.h"

namespace stack::supervisor {

class Guests {
 public:
  /// `forwarder`: whom resolvers of processes ask. `changed`: told when one has come or gone.
  Guests(Loop& loop, const ProjectFiles& files, StackNetwork& network,
         const std::shared_ptr<DnsForwarder>& forwarder, std::function<void()> changed);

  /// Those that a former supervisor let in and that still run.
  void adopt();
  network::DualAddress lease(const LeaseGuest& request);
  void plug(const PlugGuest& request);
  /// What host-gateway means to the process. On failure it has joined nothing.
  network::DualAddress join(const JoinProcess& request);
  /// Those that run, for repairs.
  std::vector<StackNetwork::Plugged> plugged() const;
  /// True when it was there.
  bool rename(const RenameGuest& request);
  /// The same.
  bool release(const ReleaseGuest& request);
  /// Whether its address in the network may be another's: it has ended, and nothing fixes it.
  bool is_idle(const std::string& network, const std::string& name) const;
  /// Somebody would lose a network if this stack ended.
  bool any() const { return !stacks_.empty() || running_ > 0; }

 private:
  void adopt(const std::string& network, const std::string& name, const Guest& guest);
  void hold(const std::string& project);
  Awaitable<void> watch_stack(std::string project, Fd keeper);
  /// Only its names may be others.
  bool is_plugged(const std::string& network, const std::string& name, const Guest& wanted) const;
  void plug_in(const std::string& name, const Guest& guest);
  void watch(const std::string& network, const std::string& name, const ProcessIdentity& process);
  Awaitable<void> watch_process(std::string network, std::string name, ProcessIdentity process,
                                Fd pidfd);
  void take_out(const ReleaseGuest& request) const;
  void serve_names(const std::string& network, const std::string& name, int process_namespace);
  void ended(const std::string& network, const std::string& name, const ProcessIdentity& process);
  void drop_leases_of_the_gone();

  Loop& loop_;
  const ProjectFiles& files_;
  StackNetwork& network_;
  const std::shared_ptr<DnsForwarder>& forwarder_;
  std::function<void()> changed_;
  std::set<std::string> stacks_;                                 ///< of guests, that run
  std::set<std::pair<std::string, std::string>> expected_;       ///< network and guest, on the way
  std::size_t running_ = 0;                                      ///< processes that are watched
  std::map<std::string, std::shared_ptr<DnsServer>> resolvers_;  ///< of processes without a stack
  network::DnsAnswers no_names_{network::DnsView{}};             ///< what those know by themselves
};

}  // namespace stack::supervisor
