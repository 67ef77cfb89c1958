// SPDX-License-Identifier: Apache-2.0
// One stack's supervisor: all parts, put together, and when it is time to go.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "network/firewall.h"
#include "supervisor/guests.h"
#include "supervisor/neighbours.h"
#include "supervisor/network_watch.h"
#include "supervisor/operations_mark.h"
#include "supervisor/registry.h"
#include "supervisor/secret_store.h"
#include "supervisor/server.h"
#include "supervisor/sweeper.h"
#include "supervisor/timeline.h"

namespace stack::supervisor {

class Supervisor {
 public:
  explicit Supervisor(ProjectFiles files);
  /// Adopts, serves, and returns when there is nothing left to do.
  void run();
  /// False when something was left that the next supervisor should try to take away.
  bool ended_well() const { return ended_well_; }

 private:
  // Requests (requests.cc).
  Awaitable<Reply> perform(Request request, Server::ClientNumber client, Spans* trace);
  void keep_pause(const std::string& id, Server::ClientNumber client);
  void let_go_of_pauses();
  Awaitable<void> let_go_of_pause(std::string id);
  // Containers run by hand (hand_runs.cc).
  void attend(const std::string& id, Server::ClientNumber client);
  void leave_hand_runs();
  bool is_attended(const std::string& id) const;
  void remove_ended_hand_runs();
  Awaitable<void> remove_hand_run(std::string id);
  void discard_directories(const ContainerConfig& config);
  Awaitable<Answer> handle(CreateNetwork request);
  Awaitable<Answer> handle(RemoveNetwork request);
  Awaitable<Answer> handle(CreateContainer request);
  Awaitable<Answer> handle(UpdateContainer request);
  Awaitable<Answer> handle(StartContainer request, Spans* trace);
  Awaitable<Answer> handle(StopContainer request);
  Awaitable<Answer> handle(RemoveContainer request);
  Awaitable<Answer> handle(SetContainerAside request);
  Awaitable<Answer> handle(BringContainerBack request);
  Awaitable<Answer> handle(RenameContainer request);
  Awaitable<Answer> handle(SignalContainer request);
  Awaitable<Answer> handle(PauseContainer request);
  Awaitable<Answer> handle(UnpauseContainer request);
  Awaitable<Answer> handle(WriteInput request);
  Awaitable<Answer> handle(ResizeTerminal request);
  Awaitable<Answer> handle(Await request);
  Awaitable<Answer> handle(ConnectContainer request);
  Awaitable<Answer> handle(DisconnectContainer request);
  Awaitable<Answer> with_address(network::DualAddress address);
  Awaitable<Answer> handle(LeaseGuest request);
  Awaitable<Answer> handle(PlugGuest request);
  Awaitable<Answer> handle(RenameGuest request);
  Awaitable<Answer> handle(ReleaseGuest request);
  Awaitable<Answer> handle(JoinProcess request);
  Awaitable<Answer> handle(Shutdown request);
  std::vector<std::string> users_of(const std::string& network) const;
  bool is_idle(const std::string& network, const std::string& holder) const;
  Awaitable<void> remove(Registry::Task task);
  void settle_log(const ContainerConfig& config) const;
  Awaitable<void> give_addresses_back(ContainerConfig config, std::string name);
  Awaitable<void> clear_name(const ContainerConfig& wanted);
  Answer create(const ContainerConfig& wanted);
  Answer make(const ContainerConfig& config);
  Awaitable<void> catch_up();

  // What a former supervisor left (adoption.cc).
  void adopt_all();
  void adopt(const Registry::Task& task, std::optional<Fd> terminal, std::optional<Fd> notify);
  void adopt_output(const Registry::Task& task, std::optional<Fd> terminal);
  void clear_cgroups();
  void clear_running_files();
  void catch_up(const std::vector<ExitRecord>& exits, const std::set<std::string>& adopted);

  // Events.
  Awaitable<void> watch_keeper();
  bool hear_keeper();
  Awaitable<void> read_exits();
  void take_exit(const ExitRecord& record);
  void end_without_keeper() const;
  bool take_exits();
  void changed();
  void tell(const Event& event);
  void tell_network(std::string action, const std::string& network,
                    const std::string& container = "");
  void restart_dependents(const std::string& id);
  std::optional<RunningContainer> find_running(const std::string& name) const;
  void save_status();
  void apply_firewall();
  void apply_host_rules();
  void pass_foreign_chains(const network::FirewallSpec& spec);
  void forget_stale_flows(const network::FirewallSpec& now);
  void repair_changes();
  void repair_network(const Damage& damage);
  std::vector<StackNetwork::Plugged> plugged() const;
  void close_firewall_later();

  // The end.
  bool idle() const;
  void consider_ending();
  Awaitable<void> end_when_idle_for(Clock::duration patience);
  Awaitable<void> let_go();
  void save_last_states();
  void give_network_back();
  bool others_have_uplinks() const;

  Loop loop_;
  ProjectFiles files_;
  FdStore store_;
  StackNetwork network_;
  NetworkWatch network_watch_;
  Guests guests_;
  Visits visits_;
  Neighbours neighbours_;
  Publisher publisher_;
  std::shared_ptr<DnsForwarder> forwarder_;
  ExitLog exits_;
  Coalesced status_saved_;
  Coalesced firewall_ready_;
  Sweeper sweeper_;
  SecretStore secrets_;
  TimelineWriter timeline_;
  bool timeline_failed_ = false;  ///< and that has been told
  Registry registry_;
  SharedServices shared_;
  Server server_;
  std::map<std::string, Server::ClientNumber> pauses_;  ///< by container, of clients that hold them
  /// Clients that wait for a container's end, or have seen it, by container.
  std::map<std::string, std::set<Server::ClientNumber>> attendants_;
  std::set<std::string> given_up_;  ///< that could not be removed
  std::set<std::string> removals_;  ///< of containers that have ended by themselves, under way
  std::optional<network::FirewallSpec> applied_firewall_;
  bool firewall_lost_ = false;     ///< somebody has changed it
  bool closing_firewall_ = false;  ///< a coroutine waits to do it
  std::size_t operations_ = 0;     ///< requests under way that change something
  Signal operation_ended_{loop_};
  OperationsMark mark_;   ///< of those that others have to wait for
  bool settled_ = false;  ///< a client has come, or time enough for one has passed
  bool ending_ = false;
  bool ended_well_ = true;
  bool keeper_gone_ = false;
};

/// A supervisor's whole life in a process that the keeper has forked: the descriptors of keeper.h
/// and the standard ones are open, and no other. Exits the process: with 0 when nothing is left to
/// do; else the keeper starts another one.
[[noreturn]] void run_supervisor(ProjectFiles files);

}  // namespace stack::supervisor
