// SPDX-License-Identifier: Apache-2.0
#include "supervisor/container_task.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/fail_point.h"
#include "network/namespaces.h"
#include "runtime/cgroup.h"
#include "runtime/cgroup_stats.h"
#include "runtime/freezer.h"
#include "runtime/launch.h"
#include "runtime/replace_files.h"
#include "runtime/update.h"
#include "runtime/user_namespace.h"
#include "supervisor/etc_files.h"
#include "supervisor/inner_command.h"
#include "supervisor/journal.h"
#include "supervisor/volume_instances.h"

namespace stack::supervisor {
namespace {

/// In a trace: what the child does is on another.
constexpr const char* trace_row = "supervisor";

TimePoint now() {
  return std::chrono::system_clock::now();
}

Output::Stdin stdin_of(const ContainerConfig& config) {
  if (!config.spec.process.open_stdin) return Output::Stdin::null;
  const bool once = config.by_hand && config.by_hand->stdin_once;
  return once ? Output::Stdin::once : Output::Stdin::open;
}

std::map<std::string, std::string> hashes_of_read(const std::vector<runtime::FileSpec>& files) {
  std::map<std::string, std::string> hashes;
  for (const runtime::FileSpec& file : files)
    if (!file.source.empty()) hashes[file.source] = hash_of_text(file.content);
  return hashes;
}

/// When a process was made, to a clock tick, which is never too late.
TimePoint began_at(const ProcessIdentity& process) {
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const auto uptime = std::chrono::seconds(since_boot.tv_sec);
  const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto start = std::chrono::milliseconds(process.start_time * 1000 / ticks);
  return now() - uptime - std::chrono::nanoseconds(since_boot.tv_nsec) + start;
}

}  // namespace

ContainerTask::ContainerTask(SharedServices& shared, ContainerConfig config, ContainerStatus status)
    : shared_(shared),
      config_(std::move(config)),
      status_(std::move(status)),
      policy_(config_.restart),
      starting_(shared.loop),
      pausing_(shared.loop),
      news_(shared.loop) {}

void ContainerTask::note_change() {
  shared_.status_saved.request();
  news_.notify_all();
  shared_.changed();
}

void ContainerTask::save_state() const {
  try {
    fail_point("state.write");
    write_state(shared_.files, status_);
  } catch (const Error& error) {
    journal::warning(error.what());  // a full disk: status.json is on another
  }
}

// ---- what happens, told

void ContainerTask::tell(std::string action, std::map<std::string, std::string> attributes,
                         std::optional<TimePoint> time) const {
  Event event{time.value_or(now()), "container", std::move(action),
              config_.service,      config_.id,  config_.attributes};
  event.attributes.merge(attributes);
  event.attributes.try_emplace("name", config_.name);
  shared_.tell(std::move(event));
}

void ContainerTask::tell_kill(int signal) const {
  tell("kill", {{"signal", std::to_string(signal)}});
}

void ContainerTask::tell_end() const {
  if (status_.oom_killed) tell("oom", {}, status_.finished);
  std::map<std::string, std::string> attributes;
  if (status_.exit_code) attributes["exitCode"] = std::to_string(*status_.exit_code);
  const auto lived = status_.finished - status_.started;
  if (lived.count() >= 0)
    attributes["execDuration"] =
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(lived).count());
  tell("die", std::move(attributes), status_.finished);
}

bool ContainerTask::has_ended() const {
  const bool has_tried = status_.phase == Phase::exited || !status_.error.empty();
  return has_tried && !active() && !launching_;
}

// ---- starting

Awaitable<Answer> ContainerTask::start(Spans* trace) {
  Laps laps(trace, trace_row);
  const auto guard = co_await starting_.lock();
  while (stopping_ > 0 && runs()) co_await news_.wait();
  laps.end("waiting for its turn");
  status_.stopped_by_user = false;
  if (runs()) {
    co_await run_due_hooks(trace);
    co_return Answer{};
  }
  // Cut off from here on, it is one that was to run: not one that ended well, nor a stopped one.
  status_.exit_code.reset();
  ++generation_;
  policy_.reset();
  status_.restarts = 0;
  status_.hooks_due = !config_.post_start.empty();
  co_await launch(trace);
  co_await run_due_hooks(trace);
  co_return Answer{true};
}

/// Those that failed, or were cut off, stay due: whoever asks for a start once more tries again.
Awaitable<void> ContainerTask::run_due_hooks(Spans* trace) {
  if (!status_.hooks_due) co_return;
  const Timed hooks(trace, trace_row, "post_start");
  const std::string failure = co_await run_hooks(config_.post_start, "post_start", std::nullopt);
  if (!failure.empty())
    throw Error(failure).with_hint("it runs; `stack up` tries its post_start again");
  status_.hooks_due = false;
  note_change();
  co_await shared_.status_saved.completed();
}

/// One after the other; the first that fails ends it, and is what is answered. What they say goes
/// where the container's own words go.
Awaitable<std::string> ContainerTask::run_hooks(const std::vector<HookRule>& hooks,
                                                const char* what,
                                                std::optional<Clock::time_point> deadline) {
  for (const HookRule& hook : hooks) {
    if (!runs()) co_return std::string();
    const Fd output = output_ ? output_->open_out() : Fd();
    const InnerPlace place{config_.spec, status_.process, shared_.files.paths.cache()};
    const InnerCommand command{hook.process, hook.privileged, output ? output.get() : -1, deadline};
    const InnerResult result = co_await run_inside(shared_.loop, place, command);
    const std::string name = fmt::format("{} of {}", what, config_.name);
    if (!result.problem.empty()) co_return name + ": " + result.problem;
    if (result.timed_out) co_return name + " took too long";
    if (result.exit_code != 0)
      co_return fmt::format("{} exited ({})", name, result.exit_code.value_or(-1));
  }
  co_return std::string();
}

/// All or nothing: a launch that fails leaves no trace but its error in the status.
Awaitable<void> ContainerTask::launch(Spans* trace) {
  launching_ = true;
  began_ = now();
  early_end_.reset();
  status_.error.clear();
  std::optional<Error> failure;
  try {
    co_await try_launch(trace);
  } catch (const Error& error) {
    failure = error;
  } catch (const std::exception& error) {
    failure = Error(error.what());
  }
  launching_ = false;
  if (!failure) {
    const Timed noting(trace, trace_row, "state on disk");
    started();
    if (early_end_) ended(early_end_);
    co_return;
  }
  failure = explained(*failure);
  journal::attempt([&] { runtime::kill_cgroup(config_.spec.cgroup); });  // it may run already
  end_run();
  stay_down();
  status_.process = {};
  status_.error = failure->what();
  status_.exit_code = static_cast<int>(failure->exit_code());
  note_change();
  throw *failure;
}

/// Where a namespace or a file of another container is gone, because that has ended.
Error ContainerTask::explained(const Error& failure) const {
  const auto ended =
      std::ranges::find_if(status_.hosts, [](const auto& host) { return is_ending(host.second); });
  if (ended == status_.hosts.end()) return failure;
  return Error(fmt::format("container {}, whose namespaces it shares, has ended", ended->first))
      .with_hint("what others share must go on")
      .with_exit_code(failure.exit_code());
}

Awaitable<void> ContainerTask::try_launch(Spans* trace) {
  Laps laps(trace, trace_row);
  fail_point("start.network");
  co_await join_network();
  laps.end("networks, lease and ports");
  fail_point("start.directory");
  make_directories(running_files());
  fail_point("start.output");
  make_output();
  StandardStreams streams;
  if (!config_.spec.process.terminal) streams = output_->open_streams(stdin_of(config_));
  const OpenNamespaces shared = open_namespaces(config_.spec.namespaces, shared_.find_running);
  runtime::LaunchOptions options = launch_options(streams);
  options.shared = shared.view();
  status_.hosts = shared.hosts;
  options.trace = trace;
  laps.end("output");
  const OpenInstances instances =
      co_await open_instances(shared_.loop, shared_.files.paths, config_.spec);
  options.instances = instances.by_target;
  laps.end("volumes that others have");
  const runtime::ContainerSpec spec = completed_spec(shared);
  status_.texts = hashes_of_read(spec.files);
  laps.end("files for /etc");
  auto pending = runtime::launch(spec, options);
  laps.end("launch");
  // A process that has failed already left no namespace behind: why it failed is the error.
  const bool has_own = config_.spec.namespaces.network.kind == runtime::NamespaceKind::own;
  if (has_own && pending.network_namespace() < 0) pending.take_result();
  if (notifies())
    open_notify_socket(has_own ? pending.network_namespace() : options.shared.network);
  if (has_dns()) {
    fail_point("start.plug");
    co_await plug(pending.identity(), pending.network_namespace());
    laps.end("network plug");
    fail_point("start.dns");
    start_dns(pending.network_namespace(), {});
    laps.end("DNS");
  }
  // On disk before it may run: whatever happens to us from here on, the next supervisor knows it.
  status_.process = pending.identity();
  fail_point("start.status");
  co_await shared_.status_saved.completed();
  laps.end("status on disk");
  fail_point("start.firewall");
  co_await shared_.firewall_ready.completed();
  laps.end("firewall");
  fail_point("start.release");
  pending.release();
  Descriptor report = watch(shared_.loop, pending.report());
  co_await readable(report);
  fail_point("start.result");
  pending.take_result();
  pidfd_ = pending.take_pidfd();
  if (config_.spec.process.terminal) output_->open_terminal(pending.take_terminal());
  laps.end("ready");
}

std::optional<WayIn> ContainerTask::way_in() const {
  return shared_.network.way_in(config_, status_.addresses);
}

bool ContainerTask::has_dns() const {
  return config_.spec.namespaces.network.kind == runtime::NamespaceKind::own &&
         !config_.endpoints.empty();
}

std::optional<Fd> ContainerTask::network_namespace() const {
  if (!runs() || !has_dns()) return std::nullopt;
  return open_namespace(status_.process, config_.name, "net");
}

/// Files of the host are read at each start; other secrets are kept in memory.
void ContainerTask::fill_files(runtime::ContainerSpec& spec,
                               const std::map<std::size_t, std::string>& secrets) const {
  for (std::size_t i = 0; i < spec.files.size(); ++i) {
    runtime::FileSpec& file = spec.files[i];
    if (!file.source.empty()) {
      file.content = read_file(file.source, runtime::largest_file_content);
    } else if (const auto given = secrets.find(i); given != secrets.end()) {
      file.content = given->second;
    } else if (file.secret) {
      auto text = shared_.secrets.get(config_.id, i);
      if (!text)
        throw Error(fmt::format("the text of secret {} is gone", file.target))
            .with_hint("`stack up --force-recreate` gives it again");
      file.content = std::move(*text);
    }
  }
}

runtime::ContainerSpec ContainerTask::completed_spec(const OpenNamespaces& shared) const {
  runtime::ContainerSpec spec = config_.spec;
  spec.root.upper = shared_.files.upper(config_.id);
  spec.root.work = shared_.files.work(config_.id);
  fail_point("start.etc-files");
  spec.etc = write_etc_files(running_files(), config_,
                             {shared_.network.own_addresses(config_, status_.addresses),
                              shared_.network.host_gateway(config_)});
  if (shared.user) spec.ids = shared.ids;
  give_to_root(spec.etc, spec.ids);
  fill_files(spec);
  if (shared.network_files.empty()) return spec;
  // Who shares a network has its names too.
  const auto hosts = shared.network_files / "hosts";
  const auto resolv_conf = shared.network_files / "resolv.conf";
  spec.etc.hosts = stack::exists(hosts) ? hosts.native() : "";
  spec.etc.resolv_conf = stack::exists(resolv_conf) ? resolv_conf.native() : "";
  return spec;
}

runtime::LaunchOptions ContainerTask::launch_options(const StandardStreams& streams) const {
  runtime::LaunchOptions options;
  options.parent = runtime::Parent::callers_parent;
  options.stdin_fd = streams.in.get();
  options.stdout_fd = streams.out.get();
  options.stderr_fd = streams.err.get();
  options.cache = shared_.files.paths.cache();
  return options;
}

void ContainerTask::started() {
  status_.phase = Phase::running;
  status_.started = now();
  running_since_ = Clock::now();
  status_.exit_code.reset();
  status_.oom_killed = false;
  status_.restart_due = RestartDue::no;
  status_.last_probe.clear();
  health_log_ = {};
  start_probing(Health::starting);
  save_state();
  tell("start");
  note_change();
}

/// Checks begin when it is ready, if there is a rule for that.
void ContainerTask::start_probing(Health known) {
  status_.health = config_.health || config_.ready ? known : Health::none;
  const bool is_checked = known == Health::unhealthy && config_.health;
  if (config_.ready && known != Health::healthy && !is_checked) {
    await_readiness(known);
  } else {
    start_checks(known);
  }
}

void ContainerTask::start_checks(Health known) {
  if (!config_.health) return;
  health_log_ = read_health_log(running_files());
  prober_ = Prober::start(shared_.loop, config_, status_.process, shared_.files.paths.cache(),
                          known, [this](const Prober::Outcome& outcome) {
                            remember_check(outcome);
                            const bool passed = outcome.result == ProbeResult::passed;
                            probed(outcome.health, passed ? "" : outcome.check.output);
                          });
}

/// A full run directory costs the story of it, and nothing else.
void ContainerTask::remember_check(const Prober::Outcome& outcome) {
  health_log_.failing_streak = outcome.failing_streak;
  add_check(health_log_, outcome.check);
  journal::attempt([&] { write_health_log(running_files(), health_log_); });
}

void ContainerTask::await_readiness(Health known) {
  const auto listener = [this](Health health, const std::string& missing) {
    if (health == Health::healthy && config_.health) return start_checks(Health::starting);
    probed(health, missing);
  };
  const bool notified = notify_ && notify_->has_said_ready();
  ready_watch_ = ReadyWatch::start(shared_.loop, config_,
                                   {status_.process, shared_.files.container(config_.id), began_,
                                    shared_.files.paths.cache(), notified},
                                   known, listener);
}

void ContainerTask::stop_probing() {
  if (prober_) prober_->stop();
  if (ready_watch_) ready_watch_->stop();
  prober_.reset();
  ready_watch_.reset();
}

bool ContainerTask::notifies() const {
  return config_.ready && config_.ready->kind == ReadyRule::Kind::notify;
}

/// `network_namespace`: of its process; -1: the host's.
void ContainerTask::open_notify_socket(int network_namespace) {
  const Fd host = network_namespace < 0 ? network::current_namespace() : Fd();
  Fd socket =
      NotifySocket::open(config_.id, network_namespace < 0 ? host.get() : network_namespace);
  shared_.store.keep(notify_name(), socket.get());
  read_notifications(std::move(socket));
}

void ContainerTask::read_notifications(Fd socket) {
  notify_ = NotifySocket::read(shared_.loop, std::move(socket), config_, [this] {
    if (ready_watch_) ready_watch_->notified();
  });
}

std::string ContainerTask::notify_name() const {
  return config_.id + "/notify";
}

void ContainerTask::probed(Health health, const std::string& failure) {
  if (health == status_.health && failure == status_.last_probe) return;
  const bool turned = health != status_.health;
  status_.health = health;
  status_.last_probe = failure;
  if (turned) tell(fmt::format("health_status: {}", to_text(health)));
  note_change();
  if (turned && health == Health::unhealthy && config_.restart.when_unhealthy)
    spawn(shared_.loop, "restarting " + config_.name,
          end_to_restart(shared_from_this(), RestartDue::unhealthy));
}

// ---- changes

/// Covered by new ones in a container that runs, and kept for its next start.
void ContainerTask::change_texts(const UpdateContainer& request) {
  const ContainerConfig& wanted = request.config;
  if (request.texts == UpdateContainer::Texts::at_once && active()) {
    runtime::ContainerSpec spec = wanted.spec;
    fill_files(spec, request.secrets);
    fail_point("update.files");
    spec.ids = runtime::id_block_of(status_.process);
    runtime::replace_files(status_.process, spec);
  }
  for (const auto& [index, text] : request.secrets) shared_.secrets.put(config_.id, index, text);
}

Awaitable<Answer> ContainerTask::update(UpdateContainer request) {
  const ContainerConfig& wanted = request.config;
  const auto guard = co_await starting_.lock();  // a start under way reads the configuration
  if (wanted == config_ && status_.texts.empty()) co_return Answer{};
  ContainerConfig changed = config_;
  replace_changeable(changed, wanted);
  if (changed != wanted)
    fail("container {} cannot become what is asked for without being made anew", config_.name);
  fail_point("update.limits");
  change_kernel(changed, request);
  // After the kernel: what is on disk as applied is true. Cut off between the two, it is done
  // again.
  fail_point("update.config");
  write_config(shared_.files, changed, status_.created);
  const bool knew_texts = !std::exchange(status_.texts, {}).empty();
  const bool led_elsewhere = has_virtual_address(changed) || has_virtual_address(config_);
  const bool renamed = changed.endpoints != config_.endpoints;
  const bool republished = changed.ports != config_.ports;
  const bool reprobed = changed.health != config_.health;
  config_ = std::move(changed);
  policy_ = RestartPolicy(config_.restart);
  if (reprobed) probe_anew();
  const bool in_back_off = !runs() && status_.phase == Phase::restarting;
  if (in_back_off) go_on_from_last_end();
  tell("update");
  if (renamed) co_await tell_names();
  if (renamed && led_elsewhere) co_await shared_.firewall_ready.completed();
  if (republished) co_await ports_changed();
  if (knew_texts) {
    note_change();
    co_await shared_.status_saved.completed();
  }
  co_return Answer{true};
}

/// All or nothing, as far as the kernel takes back what it took.
void ContainerTask::change_kernel(const ContainerConfig& wanted, const UpdateContainer& request) {
  change_limits(config_.spec.resources, wanted.spec.resources);
  try {
    change_ports(config_, wanted);
    try {
      change_texts(request);
    } catch (const Error&) {
      change_ports(wanted, config_);
      throw;
    }
  } catch (const Error&) {
    take_limits_back(wanted.spec.resources);
    throw;
  }
}

/// Those that stay are held throughout. All or nothing, unless somebody takes what was let go.
void ContainerTask::change_ports(const ContainerConfig& now, const ContainerConfig& wanted) {
  if (!active() || wanted.ports == now.ports) return;
  status_.published = shared_.publisher.change(wanted, now.ports, way_in(), status_.published);
}

Awaitable<void> ContainerTask::ports_changed() {
  note_change();
  shared_.firewall_ready.request();
  co_await shared_.firewall_ready.completed();
  co_await shared_.status_saved.completed();
}

/// What other checks have said is no news of what these will say.
void ContainerTask::probe_anew() {
  if (status_.phase != Phase::running) return;
  stop_probing();
  health_log_ = {};
  journal::attempt([&] { write_health_log(running_files(), health_log_); });
  status_.last_probe.clear();
  start_probing(Health::starting);
  note_change();
}

Awaitable<void> ContainerTask::rename(std::string name, std::string place) {
  const auto guard = co_await starting_.lock();  // a start under way reads the configuration
  ContainerConfig changed = config_;
  changed.place = std::move(place);
  take_name(std::move(name), std::move(changed));
  note_change();
}

Awaitable<void> ContainerTask::call_it(std::string name) {
  const auto guard = co_await starting_.lock();  // a start under way reads the configuration
  ContainerConfig changed = config_;
  for (Endpoint& endpoint : changed.endpoints)
    std::ranges::replace(endpoint.aliases, config_.name, name);
  if (changed.service == changed.name) changed.service = name;
  take_name(std::move(name), std::move(changed));
  co_await tell_names();
  co_await shared_.status_saved.completed();
}

void ContainerTask::take_name(std::string name, ContainerConfig changed) {
  changed.name = changed.attributes["name"] = std::move(name);
  write_config(shared_.files, changed, status_.created);
  config_ = std::move(changed);
  tell("rename");
}

void ContainerTask::change_limits(const runtime::ResourceSpec& now,
                                  const runtime::ResourceSpec& wanted) {
  if (!runs() || wanted == now) return;
  try {
    runtime::update_limits(config_.spec.cgroup, now, wanted);
  } catch (Error& error) {
    take_limits_back(wanted);
    if (error.error_number() == EBUSY)  // of memory, on cgroup v1
      error.with_hint(
          "more than that is in use; a new container (`up --force-recreate`) keeps to it");
    throw error.add_frame("changing the limits of " + config_.name);
  }
}

void ContainerTask::take_limits_back(const runtime::ResourceSpec& from) {
  const runtime::ResourceSpec& now = config_.spec.resources;
  if (!runs() || from == now) return;
  try {
    runtime::update_limits(config_.spec.cgroup, from, now);
  } catch (const Error& error) {
    journal::warning("limits of " + config_.name + ": " + error.what());
  }
}

// ---- adoption

void ContainerTask::adopt(std::optional<Fd> terminal, std::optional<Fd> notify) {
  adopt_output(std::move(terminal));  // first: should it have ended, its last words are to be had
  if (notify) read_notifications(std::move(*notify));
  auto process = open_process(status_.process);
  if (!process) fail("{} has ended", config_.name);
  pidfd_ = std::move(*process);
  began_ = began_at(status_.process);
  if (const auto network = network_namespace()) {
    shared_.network.adopt(config_, plugged_endpoints(), network->get());
    start_dns(network->get(), {status_.dns_udp_port, status_.dns_tcp_port});
  }
  status_.published = shared_.publisher.publish(config_, way_in(), status_.published);
  // Killed between its release and the news of its exec: it runs all the same.
  if (!is_up(status_.phase)) status_.started = now();
  running_since_ = Clock::now();  // a former supervisor's clock tells nothing: somebody may set it
  // The kernel knows best whether it is paused.
  const bool frozen = runtime::freezer_of(config_.spec.cgroup) == runtime::Freezer::frozen;
  status_.phase = frozen ? Phase::paused : Phase::running;
  if (!frozen) start_probing(known_health());
  // What a former supervisor decided, or was about to.
  RestartDue due = status_.restart_due;
  const bool is_ill = status_.health == Health::unhealthy && config_.restart.when_unhealthy;
  if (due == RestartDue::no && is_ill) due = RestartDue::unhealthy;
  if (due != RestartDue::no)
    spawn(shared_.loop, "restarting " + config_.name, end_to_restart(shared_from_this(), due));
}

Health ContainerTask::known_health() const {
  const bool known = status_.health == Health::healthy || status_.health == Health::unhealthy;
  return known ? status_.health : Health::starting;
}

void ContainerTask::make_output() {
  output_ = std::make_shared<Output>(shared_.loop, shared_.store, config_.id, running_files(),
                                     LogWriter(shared_.files.container(config_.id), config_.log));
  if (config_.log.shipping && !log_shipper_)
    log_shipper_ = LogShipper::start(shared_.loop, config_.name, *config_.log.shipping,
                                     shared_.files.container(config_.id));
  output_->on_output([this] {
    if (ready_watch_) ready_watch_->output_came();
    if (log_shipper_) log_shipper_->output_came();
  });
}

std::filesystem::path ContainerTask::running_files() const {
  return shared_.files.running(config_.id);
}

void ContainerTask::adopt_output(std::optional<Fd> terminal) {
  make_output();
  output_->adopt(std::move(terminal));
}

// ---- the end, and what comes after

void ContainerTask::ended(const std::optional<ExitRecord>& record) {
  if (launching_) {
    early_end_ = record;
    return;
  }
  // As docker: whichever of its processes it was.
  status_.oom_killed = runtime::read_oom_kills(config_.spec.cgroup) > 0;
  const bool ran = runs();
  end_run();
  status_.process = {};
  status_.phase = Phase::exited;
  status_.health = Health::none;
  status_.finished = record ? record->time : now();
  status_.exit_code.reset();
  if (record) status_.exit_code = exit_code_of(record->wait_status);
  if (status_.exit_code == 0 && !status_.stopped_by_user && stopping_ == 0)
    status_.ended_well = true;
  if (ran) tell_end();
  plan_restart({status_.exit_code, status_.finished - status_.started});
  save_state();
  note_change();
}

/// Lets go of everything that was for this run only. Safe at any point of a launch.
void ContainerTask::end_run() {
  stop_probing();
  if (dns_) dns_->stop();
  kill_point("end.unplug");
  shared_.network.unplug(config_.id);
  dns_.reset();
  if (notifies()) shared_.store.drop(notify_name());
  if (notify_) notify_->stop();
  notify_.reset();
  pidfd_.reset();
  status_.dns_udp_port = status_.dns_tcp_port = 0;
  journal::attempt([&] {
    fail_point("end.output");
    if (output_) output_->finish();
    if (log_shipper_) log_shipper_->flush();
  });
  output_.reset();
  files_left_ = !journal::attempt([&] {
    fail_point("end.running-files");
    remove_tree(running_files());
  });
  cgroup_left_ = !journal::attempt([&] { remove_cgroup(); });
}

void ContainerTask::remove_cgroup() const {
  // Its namespace's process 1 is not its own: the kernel ends nobody with it.
  if (config_.spec.namespaces.pid.kind != runtime::NamespaceKind::own)
    runtime::kill_cgroup(config_.spec.cgroup);
  fail_point("end.cgroup");
  runtime::remove_cgroup(config_.spec.cgroup);
}

void ContainerTask::clear_remains() {
  if (files_left_) remove_tree(running_files());
  files_left_ = false;
  if (cgroup_left_) remove_cgroup();
  cgroup_left_ = false;
  if (log_shipper_) log_shipper_->stop();
}

}  // namespace stack::supervisor
