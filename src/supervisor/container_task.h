// SPDX-License-Identifier: Apache-2.0
// The life of one container: started, probed, restarted, stopped, adopted. Its decisions are made
// in restart_policy.h and health.h, its effects in runtime/ and network/; here is their order.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/launch.h"
#include "supervisor/async.h"
#include "supervisor/client.h"
#include "supervisor/dns_server.h"
#include "supervisor/exit_log.h"
#include "supervisor/fd_store.h"
#include "supervisor/health_log.h"
#include "supervisor/log_shipper.h"
#include "supervisor/notify_socket.h"
#include "supervisor/output.h"
#include "supervisor/prober.h"
#include "supervisor/project_files.h"
#include "supervisor/publisher.h"
#include "supervisor/ready_watch.h"
#include "supervisor/restart_policy.h"
#include "supervisor/secret_store.h"
#include "supervisor/shared_namespaces.h"
#include "supervisor/stack_network.h"
#include "supervisor/timeline.h"
#include "supervisor/visits.h"

namespace stack::supervisor {

/// What all containers of a stack share. Lives as long as the supervisor.
struct SharedServices {
  Loop& loop;
  const ProjectFiles& files;
  FdStore& store;
  StackNetwork& network;
  Publisher& publisher;
  const std::shared_ptr<DnsForwarder>& forwarder;  ///< to the host's own resolvers
  Coalesced& status_saved;                         ///< status.json holds what is known now
  Coalesced& firewall_ready;  ///< the host's table matches networks and published ports
  /// What `client` is answered when it asks for names; good until the next co_await.
  std::function<network::DnsAnswers&(const ContainerConfig& client)> names;
  /// Something is different from before: containers run or do not.
  std::function<void()> changed;
  const SecretStore& secrets;
  FindRunning find_running;         ///< in this stack, or in any other
  Visits& visits;                   ///< to networks of other stacks
  std::function<void(Event)> tell;  ///< the timeline
  /// A container was started again by its policy, or with another one.
  std::function<void(const std::string& id)> restarted;
};

/// What a request came to.
struct Answer {
  bool changed = false;
  std::string note = {};
  std::optional<int> exit_code = {};                 ///< of the run that was waited for
  std::optional<network::DualAddress> address = {};  ///< see Reply
};

class ContainerTask : public std::enable_shared_from_this<ContainerTask> {
 public:
  ContainerTask(SharedServices& shared, ContainerConfig config, ContainerStatus status);

  const ContainerConfig& config() const { return config_; }
  const ContainerStatus& status() const { return status_; }
  /// Its process 1 exists.
  bool runs() const { return status_.process.pid != 0; }
  /// It runs or is to be restarted.
  bool active() const { return runs() || status_.phase == Phase::restarting; }
  /// Its last run, or the attempt at one, is over, and nobody has begun another.
  bool has_ended() const;
  /// The network namespace of its own that it runs in, when its networks are of the stack.
  std::optional<Fd> network_namespace() const;
  /// How it is joined to its networks while it runs.
  std::vector<network::EndpointSpec> plugged_endpoints() const;

  /// Writes into the timeline that this happened to it: now, or at `time`.
  void tell(std::string action, std::map<std::string, std::string> attributes = {},
            std::optional<TimePoint> time = std::nullopt) const;

  // Requests. They may be made at any time, in any number.
  /// `trace`: where its phases are noted, or null; outlives the call.
  Awaitable<Answer> start(Spans* trace);
  Awaitable<Answer> update(UpdateContainer request);
  /// Gives it another name; `place`: see ContainerConfig.
  Awaitable<void> rename(std::string name, std::string place);
  /// The same for good: it is found by it, and by its old one no more.
  Awaitable<void> call_it(std::string name);
  Awaitable<Answer> connect(Endpoint endpoint);
  Awaitable<Answer> disconnect(std::string network);
  /// Returns when what is known of its process is what is: one that has ended may be ahead of the
  /// news of it.
  Awaitable<void> catch_up();
  /// What the end of its last run could not remove. Throws Error when it still cannot be.
  void clear_remains();
  Awaitable<Answer> stop(std::chrono::nanoseconds grace);
  Awaitable<Answer> signal(int number);
  Awaitable<Answer> pause();
  Awaitable<Answer> unpause();
  /// Done when all bytes have been taken, or the run is over.
  Awaitable<Answer> write_input(std::string bytes);
  /// HandRun::stdin_once: it comes to its end.
  void close_input();
  /// Of its terminal; throws Error when it has none.
  void resize(std::uint16_t rows, std::uint16_t columns);
  /// Throws Error (ExitCode::not_ready) when the condition cannot come true any more, or has not by
  /// the deadline. Of this container: Await::id does not count.
  Awaitable<Answer> await(Await request);

  /// Ends it and starts it again, because one that it depends on was; unless somebody has stopped
  /// it.
  Awaitable<void> restart_with_dependency();

  // Events.
  /// Takes over a process that a former supervisor started. `terminal`: its pty's master; `notify`:
  /// its NotifySocket.
  void adopt(std::optional<Fd> terminal, std::optional<Fd> notify);
  /// What a process said that ended while no supervisor looked. Call before ended().
  void adopt_output(std::optional<Fd> terminal);
  /// Its process ended; `record` is empty when nobody knows how.
  void ended(const std::optional<ExitRecord>& record);

 private:
  using Self = std::shared_ptr<ContainerTask>;
  Awaitable<void> launch(Spans* trace);
  Awaitable<void> try_launch(Spans* trace);
  Error explained(const Error& failure) const;
  void change_kernel(const ContainerConfig& wanted, const UpdateContainer& request);
  void change_limits(const runtime::ResourceSpec& now, const runtime::ResourceSpec& wanted);
  void take_limits_back(const runtime::ResourceSpec& from);
  void change_ports(const ContainerConfig& now, const ContainerConfig& wanted);
  Awaitable<void> ports_changed();
  void probe_anew();
  Awaitable<Answer> settle();
  Awaitable<void> watch_for(std::chrono::nanoseconds time);
  std::uint64_t failures() const;
  std::string how_it_ended() const;
  Error failed() const;
  Error unhealthy() const;
  Awaitable<void> join_network();
  Awaitable<void> plug(ProcessIdentity process, int network_namespace);
  bool is_in(const std::string& network) const;
  ContainerConfig without(const std::string& network) const;
  Awaitable<void> plug_in(std::string network);
  Awaitable<void> plug_out(std::string network);
  void lead_out();
  void refresh_hosts() const;
  Awaitable<void> tell_endpoints();
  Awaitable<void> networks_changed();
  Awaitable<void> tell_names();
  void make_output();
  std::filesystem::path running_files() const;
  runtime::ContainerSpec completed_spec(const OpenNamespaces& shared) const;
  void fill_files(runtime::ContainerSpec& spec,
                  const std::map<std::size_t, std::string>& secrets = {}) const;
  void change_texts(const UpdateContainer& request);
  /// Writes down `changed`, under this name, and goes by it.
  void take_name(std::string name, ContainerConfig changed);
  runtime::LaunchOptions launch_options(const StandardStreams& streams) const;
  void started();
  void start_dns(int network_namespace, DnsPorts before);
  DnsSource dns_source(int network_namespace);
  void start_probing(Health known);
  Health known_health() const;
  void start_checks(Health known);
  void remember_check(const Prober::Outcome& outcome);
  void await_readiness(Health known);
  void stop_probing();
  bool notifies() const;
  std::string notify_name() const;
  void open_notify_socket(int network_namespace);
  void read_notifications(Fd socket);
  void probed(Health health, const std::string& failure);

  Awaitable<void> run_due_hooks(Spans* trace);
  Awaitable<std::string> run_hooks(const std::vector<HookRule>& hooks, const char* what,
                                   std::optional<Clock::time_point> deadline);
  void end_run();
  void remove_cgroup() const;
  void plan_restart(RunEnd end);
  void restart_after(std::chrono::nanoseconds pause);
  void go_on_from_last_end();
  static Awaitable<void> end_to_restart(Self self, RestartDue why);
  Awaitable<void> note_stop();
  Awaitable<Answer> bring_down(std::chrono::nanoseconds grace);
  void failed_to_restart();
  void tell_kill(int signal) const;
  void tell_end() const;
  static Awaitable<void> restart_later(Self self, std::chrono::nanoseconds pause,
                                       std::uint64_t generation);
  Awaitable<bool> try_restart();
  void stay_down();
  Awaitable<bool> would_notice(int signal);
  Awaitable<std::string> signal_or_kill(std::chrono::nanoseconds grace);
  bool send(int signal);
  void kill();
  Awaitable<void> killed();
  bool means_stop(int signal) const;
  Awaitable<Answer> end_process(std::chrono::nanoseconds grace);
  Awaitable<void> gone(ProcessIdentity process);
  void no_longer_restarting();
  Awaitable<void> freeze();
  void thaw();
  void resumed();
  Awaitable<Answer> await_end();
  std::optional<Error> why_not(AwaitedCondition condition) const;
  bool holds(AwaitedCondition condition) const;
  Error not_ready(const std::string& why) const;
  std::string not_yet(AwaitedCondition condition) const;
  std::string last_checks() const;
  Clock::duration settling_time() const;
  void note_change();
  void save_state() const;
  bool has_dns() const;
  std::optional<WayIn> way_in() const;

  SharedServices& shared_;
  ContainerConfig config_;  ///< changes by update() alone
  ContainerStatus status_;
  RestartPolicy policy_;
  Mutex starting_;            ///< held by whoever starts it
  Mutex pausing_;             ///< held by whoever freezes or thaws it
  Signal news_;               ///< status_ changed
  bool files_left_ = false;   ///< the last run's could not be removed
  bool cgroup_left_ = false;  ///< same
  std::size_t stopping_ = 0;  ///< stops under way
  bool launching_ = false;
  std::optional<ExitRecord> early_end_;  ///< it ended before we knew that it had begun
  std::uint64_t generation_ = 0;         ///< a restart that was planned under an older one is off
  Fd pidfd_;
  std::shared_ptr<Output> output_;
  std::shared_ptr<DnsServer> dns_;
  std::shared_ptr<Prober> prober_;
  std::shared_ptr<ReadyWatch> ready_watch_;
  std::shared_ptr<LogShipper> log_shipper_;  ///< of all its runs
  std::shared_ptr<NotifySocket> notify_;
  HealthLog health_log_;
  TimePoint began_{};                  ///< the run's output came after this
  Clock::time_point running_since_{};  ///< as far as this supervisor has seen it
};

}  // namespace stack::supervisor
