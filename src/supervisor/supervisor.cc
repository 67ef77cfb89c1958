// SPDX-License-Identifier: Apache-2.0
#include "supervisor/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/heap.h"
#include "base/scatter.h"
#include "base/scratch.h"
#include "base/slow_close.h"
#include "base/text.h"
#include "network/conntrack.h"
#include "network/nftables.h"
#include "supervisor/journal.h"
#include "supervisor/keeper.h"
#include "supervisor/store_message.h"

namespace stack::supervisor {
namespace {

/// How long a supervisor with nothing to do waits for whoever had it started.
constexpr auto first_client_patience = std::chrono::seconds(5);
/// Between attempts to read how containers ended.
constexpr auto first_retry = std::chrono::milliseconds(10);
constexpr auto last_retry = std::chrono::milliseconds(1000);
/// How long sockets of the firewall stay open after their use.
constexpr auto firewall_rest = std::chrono::milliseconds(500);
constexpr const char* host_resolv_conf = "/etc/resolv.conf";

}  // namespace

Supervisor::Supervisor(ProjectFiles files)
    : loop_(1),
      files_(std::move(files)),
      store_(store_fd),
      network_(loop_, files_, network_fd),
      network_watch_(loop_, network_, files_.stack_id(), [this] { firewall_ready_.request(); }),
      guests_(loop_, files_, network_, forwarder_, [this] { changed(); }),
      visits_(loop_, files_, network_),
      neighbours_(files_, network_),
      publisher_(loop_, files_),
      forwarder_(DnsForwarder::to_hosts_resolvers(loop_, host_resolv_conf)),
      exits_(files_.exits()),
      status_saved_(loop_, "saving the status", [this] { save_status(); }),
      firewall_ready_(loop_, "setting the firewall", [this] { apply_firewall(); }),
      sweeper_(loop_, files_.containers()),
      secrets_(files_.secrets()),
      timeline_(files_.events()),
      registry_(network_),
      shared_{loop_,
              files_,
              store_,
              network_,
              publisher_,
              forwarder_,
              status_saved_,
              firewall_ready_,
              [this](const ContainerConfig& client) -> network::DnsAnswers& {
                if (neighbours_.changed()) registry_.forget_views();
                return registry_.answers(client, [this] { return neighbours_.all(); });
              },
              [this] { changed(); },
              secrets_,
              [this](const std::string& name) { return find_running(name); },
              visits_,
              [this](const Event& event) { tell(event); },
              [this](const std::string& id) { restart_dependents(id); }},
      server_(
          loop_, files_,
          [this](Request request, Server::ClientNumber client, Spans* trace) {
            return perform(std::move(request), client, trace);
          },
          [this] {
            end_without_keeper();
            let_go_of_pauses();
            leave_hand_runs();
            consider_ending();
          }),
      mark_(files_.operations()) {
  network_.ask_of_idleness([this](const std::string& network, const std::string& holder) {
    return is_idle(network, holder);
  });
}

void Supervisor::run() {
  fail_point("supervisor.directories");
  make_directories(files_.containers());
  scatter_subdirectories(files_.containers());
  fail_point("supervisor.adopt");
  adopt_all();
  fail_point("supervisor.listen");
  server_.open();
  fail_point("supervisor.announce");
  store_.announce_ready();
  spawn(loop_, "watching the keeper", watch_keeper());
  sweeper_.sweep();
  spawn(loop_, "waiting for a first client", end_when_idle_for(first_client_patience));
  loop_.run();
}

// ---- events

/// False when that failed: all is read once more then.
bool Supervisor::take_exits() {
  try {
    fail_point("supervisor.take-exit");
    for (const ExitRecord& record : exits_.read_new()) take_exit(record);
    return true;
  } catch (const std::exception&) {
    journal::failure("reading of exits", std::current_exception());
    exits_.start_over();
    return false;
  }
}

void Supervisor::take_exit(const ExitRecord& record) {
  if (const auto task = registry_.find(record.process)) task->ended(record);
}

/// The keeper adds to the log of exits, tells us, and reaps then. What it tells is the line that it
/// has added: the log may have been removed.
bool Supervisor::hear_keeper() {
  StoreMessage message;
  int fd = -1;
  if (!receive_store_message(store_fd, message, fd, MSG_DONTWAIT)) return false;
  const Fd unexpected(fd);
  const auto record = parse_exit_record(trim(message.name.data()));
  if (message.verb != StoreVerb::exited || !record) return true;
  try {
    take_exit(*record);
  } catch (const std::exception&) {
    journal::failure("a container's end", std::current_exception());
  }
  return true;
}

/// Nobody tells of an end twice: it is not given up.
Awaitable<void> Supervisor::read_exits() {
  for (auto rest = first_retry; !take_exits(); rest = std::min(rest * 2, last_retry))
    co_await sleep_for(loop_, rest);
}

Awaitable<void> Supervisor::watch_keeper() {
  Descriptor keeper = watch(loop_, store_fd);
  co_await read_exits();
  while (co_await readable(keeper) && hear_keeper()) co_await read_exits();
  journal::warning("the keeper is gone: whoever wants something starts another one");
  keeper_gone_ = true;
  end_without_keeper();
}

/// Nobody tells of the ends of containers any more, and no descriptor can be kept. So this serves
/// those that run, and nobody else: a client finds the door shut and starts a new keeper.
void Supervisor::end_without_keeper() const {
  if (keeper_gone_ && server_.sessions() > 0) ::_exit(1);
}

void Supervisor::changed() {
  registry_.forget_views();
  if (registry_.any_virtual_address() || network_.serves_any()) firewall_ready_.request();
  remove_ended_hand_runs();
  consider_ending();
}

/// A full disk costs the story, and nothing else.
void Supervisor::tell(const Event& event) {
  try {
    timeline_.append(event);
    timeline_failed_ = false;
  } catch (const Error& error) {
    if (!std::exchange(timeline_failed_, true))
      journal::warning(std::string("the timeline cannot be written: ") + error.what());
  }
}

void Supervisor::tell_network(std::string action, const std::string& network,
                              const std::string& container) {
  Event event{std::chrono::system_clock::now(), "network", std::move(action), "", network, {}};
  event.attributes["name"] = network;
  if (!container.empty()) event.attributes["container"] = container;
  tell(event);
}

namespace {

/// Those that wait until what they depend on is healthy are restarted then, too.
Awaitable<void> restart_with(Registry::Task dependent, Registry::Task dependency,
                             bool when_healthy) {
  Await healthy{{}, AwaitedCondition::healthy};
  if (when_healthy) co_await dependency->await(std::move(healthy));
  co_await dependent->restart_with_dependency();
}

}  // namespace

/// `depends_on: {db: {restart: true}}`, for restarts that nobody asked for.
void Supervisor::restart_dependents(const std::string& id) {
  const auto dependency = registry_.find(id);
  if (!dependency) return;
  for (const auto& [other, dependent] : registry_.all()) {
    const auto& links = dependent->config().restart_with;
    const auto link = links.find(dependency->config().service);
    if (link == links.end() || !dependency->config().step.empty()) continue;
    spawn(loop_, "restarting " + dependent->config().name,
          restart_with(dependent, dependency, link->second));
  }
}

std::optional<RunningContainer> Supervisor::find_running(const std::string& name) const {
  for (const auto& [id, task] : registry_.all())
    if (task->config().name == name && task->runs())
      return RunningContainer{task->status().process, files_.running(id)};
  return find_running_elsewhere(files_.paths, files_.project, name);
}

void Supervisor::save_status() {
  fail_point("status.write");
  write_status(files_, registry_.statuses());
}

/// One transaction in each namespace for all that changed in this turn of the loop.
void Supervisor::apply_firewall() {
  close_firewall_later();
  repair_changes();
  apply_host_rules();
  network_.serve(registry_.virtual_addresses());
}

void Supervisor::apply_host_rules() {
  const auto spec = network_.firewall(publisher_.published());
  if (spec) network_watch_.begin(network_fd);
  if (!spec || (spec == applied_firewall_ && !firewall_lost_)) return;
  fail_point("firewall.host");
  network::apply_ruleset(network::host_ruleset(*spec));
  fail_point("firewall.foreign");
  pass_foreign_chains(*spec);
  kill_point("firewall.forget-flows");
  forget_stale_flows(*spec);
  applied_firewall_ = spec;
  firewall_lost_ = false;
}

void Supervisor::pass_foreign_chains(const network::FirewallSpec& spec) {
  network::pass_foreign_forward_chains(
      spec.stack_id, spec.uplink.host_interface,
      spec.uplink.host_address6 ? network::Families::both : network::Families::ipv4);
}

/// Those that went by the rules before `now`. Rules are what matters: what is not forgotten costs
/// one client its answers for some minutes.
void Supervisor::forget_stale_flows(const network::FirewallSpec& now) {
  try {
    network::forget_stale_flows(applied_firewall_.value_or(network::FirewallSpec{}), now);
  } catch (const Error& error) {
    journal::warning(error.what());
  }
}

void Supervisor::repair_changes() {
  const Damage& damage = network_watch_.damage();
  if (!damage.any() || ending_) return;
  journal::note("somebody changed the network: repairing it");
  repair_network(damage);
  network_watch_.repaired();
}

/// Everything is asked of the kernel anew: what is as it should be is left alone. The stack's table
/// on the host is what apply_host_rules() sees to.
void Supervisor::repair_network(const Damage& damage) {
  // Links of a stack that goes down go with its containers.
  const bool in_use = registry_.any_active() || guests_.any();
  if (damage.links && in_use) network_.repair_links(plugged());
  if (damage.stack_rules) network_.apply_rules();
  if (damage.host_rules) firewall_lost_ = true;
  const auto spec = network_.firewall({});
  if (damage.foreign_rules && spec) pass_foreign_chains(*spec);
}

std::vector<StackNetwork::Plugged> Supervisor::plugged() const {
  std::vector<StackNetwork::Plugged> found = guests_.plugged();
  for (const auto& [id, task] : registry_.all()) {
    try {
      auto space = task->network_namespace();
      if (space) found.push_back({id, id, task->plugged_endpoints(), std::move(*space)});
    } catch (const Error&) {
      // It is ending right now, and its network with it.
    }
  }
  return found;
}

void Supervisor::close_firewall_later() {
  if (std::exchange(closing_firewall_, true)) return;
  spawn(loop_, "closing firewall sockets", [](Supervisor* self) -> Awaitable<void> {
    co_await sleep_for(self->loop_, firewall_rest);
    self->closing_firewall_ = false;
    network::close_firewall_sockets();
  }(this));
}

// ---- the end

bool Supervisor::idle() const {
  return settled_ && operations_ == 0 && removals_.empty() && server_.sessions() == 0 &&
         !registry_.any_active() && !guests_.any();
}

void Supervisor::consider_ending() {
  if (server_.sessions() > 0) settled_ = true;
  if (idle() && !ending_) spawn(loop_, "ending", end_when_idle_for(std::chrono::seconds(0)));
}

Awaitable<void> Supervisor::end_when_idle_for(Clock::duration patience) {
  co_await sleep_for(loop_, patience);
  settled_ = true;
  remove_ended_hand_runs();
  if (!idle() || ending_) co_return;
  try {
    co_await let_go();
  } catch (const std::exception&) {
    journal::failure("ending", std::current_exception());
    ended_well_ = false;
  }
  loop_.stop();
}

/// Leaves nothing behind that would not go with the keeper. When that fails, this supervisor ends
/// all the same, with an error: the keeper starts another one, which tries again.
Awaitable<void> Supervisor::let_go() {
  ending_ = true;
  kill_point("end.close-server");
  server_.close();
  co_await sweeper_.finished();
  co_await yield(loop_);  // what was to be saved at the end of this turn
  save_last_states();
  fail_point("end.remove-status");
  std::filesystem::remove(files_.status());
  clear_cgroups();  // those that could not be removed when their containers ended
  give_network_back();
}

/// A full disk is no reason to stay: what is there of a container is known from before.
void Supervisor::save_last_states() {
  try {
    fail_point("end.states");
    for (const ContainerStatus* status : registry_.statuses()) write_state(files_, *status);
  } catch (const Error& error) {
    journal::warning(error.what());
  }
}

/// Whoever else has a way out at this moment: written down and removed under the network's lock, so
/// that of several that end at once the last one sees that it is.
bool Supervisor::others_have_uplinks() const {
  const auto has_uplink = [&](const std::string& project) {
    return project != files_.project && stack::exists(ProjectFiles{files_.paths, project}.uplink());
  };
  return std::ranges::any_of(list_directory(files_.paths.run / "stacks"), has_uplink);
}

void Supervisor::give_network_back() {
  const auto lock = FileLock::acquire(files_.net_lock());
  fail_point("end.network");
  network_.close();
  forget_stale_flows({});
  if (!others_have_uplinks()) {
    fail_point("end.forwarding");
    network::restore_forwarding(files_.forwarding_memory());
    fail_point("end.forwarding6");
    network::restore_forwarding6(files_.forwarding6_memory());
  }
  sweep_scratch(files_.paths.run);  // of writers that were killed: all of them hold this lock
  fail_point("end.network-lock");
  std::filesystem::remove(files_.net_lock());
}

namespace {

/// Each container costs some descriptors, each published connection two.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Ours, not the processes' that we start.
void keep_descriptors_private() {
  for (const int fd : {ready_fd, store_fd, network_fd}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void tell_starter(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(ready_fd, text.data(), text.size());
}

}  // namespace

void run_supervisor(ProjectFiles files) {
  ::prctl(PR_SET_NAME, "stack-superviso");  // 15 bytes are all that fits
  // The firewall library fills a dozen tables of 128 KiB for each of its uses.
  put_heap_on_large_pages();
  ::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  keep_descriptors_private();
  try {
    Supervisor supervisor(std::move(files));
    supervisor.run();
    if (!supervisor.ended_well()) ::_exit(1);
    // What coroutines still hold goes with the process; taking them down one by one would only run
    // their clean-up in no particular order. Whoever took the stack down waits for our end.
    leave_slow_descriptors();
    ::_exit(0);
  } catch (const std::exception& error) {
    journal::failure("supervisor", std::current_exception());
    tell_starter(error.what());
    ::_exit(1);
  }
}

}  // namespace stack::supervisor
