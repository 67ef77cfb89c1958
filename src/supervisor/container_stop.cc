// SPDX-License-Identifier: Apache-2.0
// How a container is stopped, signalled, held, and waited for.
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/text.h"
#include "runtime/cgroup.h"
#include "runtime/freezer.h"
#include "runtime/signal_notice.h"
#include "runtime/signals.h"
#include "supervisor/container_task.h"
#include "supervisor/counted.h"
#include "supervisor/journal.h"

namespace stack::supervisor {
namespace {

/// ": what a program said", on one line, without what a terminal would take for orders; nothing
/// when it said nothing.
std::string after_colon(std::string_view said) {
  constexpr std::size_t most = 200;
  std::string text(trim(said).substr(0, most));
  std::ranges::replace(text, '\n', ' ');
  return text.empty() ? text : ": " + printable(text);
}

/// Whoever has run for so long has read its configuration and found its files.
constexpr auto long_enough_up = std::chrono::milliseconds(500);

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

// ---- stopping

Awaitable<void> ContainerTask::catch_up() {
  const ProcessIdentity process = status_.process;
  if (!runs() || is_alive(process)) co_return;
  co_await gone(process);
}

/// The keeper alone tells of ends. One that somebody has stopped is not waited for without a word.
Awaitable<void> ContainerTask::gone(ProcessIdentity process) {
  constexpr std::chrono::seconds longest_silence{10};
  while (status_.process == process) {
    const bool is_news = co_await news_.wait_until(Clock::now() + longest_silence);
    const pid_t keeper = ::getppid();
    if (is_news || status_.process != process || !is_stopped(keeper)) continue;
    throw Error(fmt::format("the end of container {} is not told: the stack's keeper (process {}) "
                            "is stopped",
                            config_.name, keeper))
        .with_hint(fmt::format("kill -CONT {}", keeper));
  }
}

Awaitable<Answer> ContainerTask::stop(std::chrono::nanoseconds grace) {
  ++generation_;
  status_.stopped_by_user = true;
  // A start under way has to come to its end first: until then there is nobody to hear a signal.
  if (launching_) {
    const auto guard = co_await starting_.lock();
    status_.stopped_by_user = true;
  }
  if (!runs()) {
    const bool was_restarting = status_.phase == Phase::restarting;
    no_longer_restarting();
    co_return Answer{was_restarting};
  }
  co_await note_stop();
  if (!runs()) co_return Answer{true};
  Answer answer = co_await bring_down(grace);
  tell("stop");
  co_return answer;
}

/// On disk before the signal: should we be killed, nobody takes this end for one of its own. A
/// stack whose end cannot be noted is stopped all the same.
Awaitable<void> ContainerTask::note_stop() {
  try {
    co_await shared_.status_saved.completed();
  } catch (const std::exception&) {
    // logged
  }
}

/// Hooks, signal, patience, kill; returns when it is gone.
Awaitable<Answer> ContainerTask::bring_down(std::chrono::nanoseconds grace) {
  Answer answer;
  std::optional<Error> failure;
  {
    const Counted stopping(stopping_);
    try {
      answer = co_await end_process(grace);
    } catch (const Error& error) {
      failure = error;
    }
  }
  news_.notify_all();
  if (failure) throw *failure;
  co_return answer;
}

Awaitable<Answer> ContainerTask::end_process(std::chrono::nanoseconds grace) {
  const ProcessIdentity stopped = status_.process;
  if (!config_.pre_stop.empty()) thaw();  // a paused container can run no hook
  // It ends all the same when they fail: a stack that cannot be taken down is worse.
  const std::string failure =
      co_await run_hooks(config_.pre_stop, "pre_stop", Clock::now() + grace);
  const auto deadline = Clock::now() + grace;
  Answer answer{true, failure};
  std::string note;
  if (status_.process == stopped) {
    fail_point("stop.signal");
    note = co_await signal_or_kill(grace);
    if (answer.note.empty()) answer.note = note;
    thaw();  // afterwards: the signal is the first that a paused process sees
  }
  bool has_time = true;
  while (status_.process == stopped && has_time) has_time = co_await news_.wait_until(deadline);
  const bool is_killed = !note.empty();
  if (status_.process == stopped && !is_killed) {
    kill();
    if (answer.note.empty()) answer.note = fmt::format("killed after {} s", seconds(grace));
  }
  co_await gone(stopped);
  co_return answer;
}

void ContainerTask::no_longer_restarting() {
  stay_down();
  save_state();
  note_change();
}

Awaitable<bool> ContainerTask::would_notice(int signal) {
  runtime::SignalNotice notice(status_.process, signal);
  for (;;) {
    if (const auto is_noticed = notice.look()) co_return *is_noticed;
    co_await sleep_for(shared_.loop, runtime::SignalNotice::pause);
  }
}

/// Sends the stop signal; kills at once when the kernel would drop it, which it does to signals
/// that process 1 of a pid namespace neither catches nor blocks: to wait would be to wait for
/// nothing. Unless somebody gave it more time than is usual: it may have something to bring to an
/// end, like the script of a shell.
Awaitable<std::string> ContainerTask::signal_or_kill(std::chrono::nanoseconds grace) {
  const ProcessIdentity process = status_.process;
  const int signal = runtime::signal_number(config_.stop.signal).value_or(SIGTERM);
  bool is_heard = grace > StopRule{}.grace;
  if (!is_heard) is_heard = co_await would_notice(signal);
  if (status_.process != process) co_return std::string();
  if (is_heard) {
    tell_kill(signal);
    send(signal);
    co_return std::string();
  }
  kill();
  co_return fmt::format("killed at once: process 1 ignores {}", runtime::signal_name(signal));
}

/// An adoption that came to grief may have left us without.
bool ContainerTask::send(int signal) {
  if (!pidfd_) pidfd_ = open_process(status_.process).value_or(Fd());
  return pidfd_ && send_signal(pidfd_.get(), signal);
}

void ContainerTask::kill() {
  tell_kill(SIGKILL);
  fail_point("stop.kill");
  send(SIGKILL);
  runtime::kill_cgroup(config_.spec.cgroup);
}

// ---- signals and pauses

bool ContainerTask::means_stop(int signal) const {
  return signal == SIGKILL ||
         signal == runtime::signal_number(config_.stop.signal).value_or(SIGTERM);
}

Awaitable<Answer> ContainerTask::signal(int number) {
  if (launching_) {
    const auto guard = co_await starting_.lock();
  }
  const bool stops = means_stop(number);
  if (stops && status_.phase == Phase::restarting) {
    ++generation_;
    status_.stopped_by_user = true;
    no_longer_restarting();
    co_return Answer{true};
  }
  if (!runs()) fail("container {} is not running", config_.name);
  const ProcessIdentity process = status_.process;
  const bool heard = co_await would_notice(number);
  if (!runs() || status_.process != process) fail("container {} is not running", config_.name);
  if (stops && heard) {
    status_.stopped_by_user = true;
    co_await note_stop();
    if (!runs()) fail("container {} is not running", config_.name);
  }
  if (number == SIGKILL) {
    co_await killed();
    co_return Answer{true};
  }
  if (!send(number)) fail("container {} is not running", config_.name);
  tell_kill(number);
  if (stops && status_.phase == Phase::paused) thaw();
  if (heard) co_return Answer{true};
  co_return Answer{true, "without effect: process 1 ignores " + runtime::signal_name(number)};
}

Awaitable<void> ContainerTask::killed() {
  const ProcessIdentity process = status_.process;
  kill();
  thaw();
  co_await gone(process);
}

Awaitable<Answer> ContainerTask::pause() {
  const auto guard = co_await pausing_.lock();
  if (!runs() || launching_) fail("container {} is not running", config_.name);
  if (status_.phase == Phase::paused) co_return Answer{};
  // First: a check under way would be frozen too, and its time would go on.
  stop_probing();
  const ProcessIdentity process = status_.process;
  std::optional<Error> failure;
  try {
    co_await freeze();
  } catch (const Error& error) {
    failure = error;
  }
  if (status_.process != process) fail("container {} has ended", config_.name);
  if (failure) {
    thaw();
    start_probing(known_health());
    throw *failure;
  }
  status_.phase = Phase::paused;
  tell("pause");
  note_change();
  co_return Answer{true};
}

/// Returns when all processes are at rest, or the container has ended. One that is in the midst of
/// something that cannot be interrupted (D) may take its time.
Awaitable<void> ContainerTask::freeze() {
  constexpr auto longest_step = std::chrono::milliseconds(50);
  const ProcessIdentity process = status_.process;
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  runtime::freeze_cgroup(config_.spec.cgroup);
  for (auto step = std::chrono::milliseconds(1);
       runtime::freezer_of(config_.spec.cgroup) != runtime::Freezer::frozen;
       step = std::min(2 * step, longest_step)) {
    if (Clock::now() > deadline)
      fail("container {} cannot be paused: its processes do not come to rest", config_.name);
    co_await sleep_for(shared_.loop, step);
    if (status_.process != process) co_return;
    if (stopping_ > 0) fail("container {} is being stopped", config_.name);
  }
}

Awaitable<Answer> ContainerTask::unpause() {
  const auto guard = co_await pausing_.lock();
  if (!runs()) fail("container {} is not running", config_.name);
  if (status_.phase != Phase::paused) co_return Answer{};
  runtime::thaw_cgroup(config_.spec.cgroup);
  resumed();
  co_return Answer{true};
}

/// For whoever cannot wait for pausing_: a pause under way notices.
void ContainerTask::thaw() {
  try {
    runtime::thaw_cgroup(config_.spec.cgroup);
  } catch (const Error& error) {
    journal::warning("thawing " + config_.name + ": " + error.what());
  }
  resumed();
}

void ContainerTask::resumed() {
  if (status_.phase != Phase::paused) return;
  status_.phase = Phase::running;
  tell("unpause");
  start_probing(known_health());
  note_change();
}

// ---- its input

Awaitable<Answer> ContainerTask::write_input(std::string bytes) {
  if (!runs() || !output_) fail("container {} is not running", config_.name);
  if (!config_.spec.process.open_stdin)
    fail("container {} has no standard input: its service has no stdin_open", config_.name);
  co_await Output::write_input(output_, std::move(bytes));
  co_return Answer{true};
}

void ContainerTask::close_input() {
  if (output_ && config_.by_hand && config_.by_hand->stdin_once) output_->close_input();
}

void ContainerTask::resize(std::uint16_t rows, std::uint16_t columns) {
  if (!runs() || !output_) fail("container {} is not running", config_.name);
  output_->resize(rows, columns);
}

// ---- waiting

/// A run of which the next one has begun before anybody looked has lost its code.
Awaitable<Answer> ContainerTask::await_end() {
  const ProcessIdentity process = status_.process;
  while (runs() && status_.process == process) co_await news_.wait();
  co_return Answer{false, {}, status_.exit_code};
}

bool ContainerTask::holds(AwaitedCondition condition) const {
  const bool is_running = status_.phase == Phase::running || status_.phase == Phase::paused;
  const bool over = status_.phase == Phase::exited && status_.error.empty();
  switch (condition) {
    case AwaitedCondition::running:
      return is_running || over;
    case AwaitedCondition::healthy:
      return status_.health == Health::healthy;
    case AwaitedCondition::completed:
      return status_.phase == Phase::exited && status_.exit_code == 0;
    case AwaitedCondition::up:
      if (config_.data_container && over && status_.exit_code == 0) return true;
      return is_running && Clock::now() >= running_since_ + long_enough_up;
    case AwaitedCondition::settled:
    case AwaitedCondition::ended:
      break;  // have coroutines of their own
  }
  return false;
}

/// Why it cannot come true any more.
std::optional<Error> ContainerTask::why_not(AwaitedCondition condition) const {
  if (condition == AwaitedCondition::healthy && !config_.health && !config_.ready) {
    return not_ready("has no health check")
        .with_hint("x-stack: {ready: auto} tells without one; see docs/readiness.md");
  }
  if (condition == AwaitedCondition::healthy && status_.health == Health::unhealthy)
    return unhealthy();
  if (!status_.error.empty() && !active() && !launching_) return not_ready(how_it_ended());
  if (status_.phase != Phase::exited || condition == AwaitedCondition::running) return std::nullopt;
  if (condition == AwaitedCondition::completed && config_.step.empty() && status_.exit_code)
    return Error(fmt::format("service \"{}\" didn't complete successfully: exit {}",
                             config_.service, *status_.exit_code))
        .with_exit_code(ExitCode::not_ready);
  return not_ready(how_it_ended());
}

Error ContainerTask::not_ready(const std::string& why) const {
  return Error("container " + config_.name + " " + why).with_exit_code(ExitCode::not_ready);
}

Error ContainerTask::unhealthy() const {
  return not_ready("is unhealthy" + after_colon(status_.last_probe)).with_hint(last_checks());
}

namespace {

std::string what_it_said(const HealthCheck& check) {
  return check.output.empty() ? fmt::format("exit {}", check.exit_code) : check.output;
}

}  // namespace

/// The last that failed, when there was more than one.
std::string ContainerTask::last_checks() const {
  constexpr std::size_t most = 3;
  std::vector<const HealthCheck*> failed;
  for (const HealthCheck& check : health_log_.checks)
    if (check.exit_code != 0) failed.push_back(&check);
  if (failed.size() < 2) return {};
  if (failed.size() > most) failed.erase(failed.begin(), failed.end() - most);
  std::string text = "its last health checks:";
  for (const HealthCheck* check : failed)
    text += fmt::format("\n    {:.1f} s ago{}",
                        seconds(std::chrono::system_clock::now() - check->ended),
                        after_colon(what_it_said(*check)));
  return text;
}

std::string ContainerTask::not_yet(AwaitedCondition condition) const {
  if (status_.phase == Phase::restarting || condition == AwaitedCondition::up)
    return fmt::format("does not stay up: {}", to_text(status_.phase));
  if (condition == AwaitedCondition::completed) return "has not ended in time";
  return "is not ready in time" + after_colon(status_.last_probe);
}

Awaitable<Answer> ContainerTask::await(Await request) {
  const AwaitedCondition condition = request.condition;
  if (condition == AwaitedCondition::ended) co_return co_await await_end();
  if (condition == AwaitedCondition::settled) {
    Answer answer = co_await settle();
    co_await watch_for(request.monitor);
    co_return answer;
  }
  const auto end = request.deadline.value_or(Clock::time_point::max());
  // One that runs may come true, however often it failed before.
  const std::uint64_t before = runs() || launching_ ? failures() : 0;
  for (;;) {
    if (holds(condition)) co_return Answer{};
    if (const auto error = why_not(condition)) throw Error(*error);
    if (request.bearable_failures && failures() > std::max(*request.bearable_failures, before))
      throw not_ready(fmt::format("{}, {} times", how_it_ended(), failures()));
    if (Clock::now() >= end) throw not_ready(not_yet(condition)).with_hint(last_checks());
    auto look = end;
    if (condition == AwaitedCondition::up && runs())
      look = std::min(look, Clock::now() + settling_time());
    co_await news_.wait_until(look);
  }
}

/// Until it has run for long enough.
Clock::duration ContainerTask::settling_time() const {
  const auto rest = running_since_ + long_enough_up - Clock::now();
  return std::clamp<Clock::duration>(rest, std::chrono::milliseconds(1), long_enough_up);
}

}  // namespace stack::supervisor
