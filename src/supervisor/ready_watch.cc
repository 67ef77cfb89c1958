// SPDX-License-Identifier: Apache-2.0
#include "supervisor/ready_watch.h"

#include "base/error.h"
#include "base/text.h"
#include "supervisor/http_probe.h"
#include "supervisor/inner_command.h"
#include "supervisor/listening_probe.h"
#include "supervisor/place_watch.h"
#include "supervisor/readiness.h"
#include "supervisor/shared_namespaces.h"

#include <sys/socket.h>
#include <sys/un.h>

namespace stack::supervisor {
namespace {

/// A look without an event, for what the kernel tells nobody (PlaceWatch::changed_until).
constexpr auto blind_look = std::chrono::seconds(1);
/// After an event, so that a busy directory is looked at seldom.
constexpr auto gathering = std::chrono::milliseconds(2);
constexpr auto longest_command = std::chrono::seconds(30);
constexpr std::size_t lines_a_turn = 1000;

std::string seconds_text(std::chrono::nanoseconds time) {
  return fmt::format("{} s", std::chrono::duration<double>(time).count());
}

/// Whether somebody listens on the socket of the file system that `place` is. By way of the
/// descriptor, so that no path of the container is followed.
bool accepts(const Fd& place) {
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}", place.get());
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return true;
  // EAGAIN: so many wait already. EPROTOTYPE: it is one of datagrams, which needs no listen(2).
  return errno == EAGAIN || errno == EPROTOTYPE;
}

}  // namespace

ReadyWatch::ReadyWatch(Loop& loop, const ContainerConfig& config, Run run, Health known,
                       Listener listener)
    : loop_(&loop),
      name_(config.name),
      spec_(config.spec),
      rule_(*config.ready),
      run_(std::move(run)),
      listener_(std::move(listener)),
      begun_(Clock::now()),
      woken_(loop),
      over_(loop),
      late_(known == Health::unhealthy) {}

std::shared_ptr<ReadyWatch> ReadyWatch::start(Loop& loop, const ContainerConfig& config, Run run,
                                              Health known, Listener listener) {
  std::shared_ptr<ReadyWatch> watch(
      new ReadyWatch(loop, config, std::move(run), known, std::move(listener)));
  spawn(loop, "waiting until " + config.name + " is ready", ReadyWatch::run(watch));
  spawn(loop, "waiting until " + config.name + " is ready", call_time(watch));
  return watch;
}

void ReadyWatch::stop() {
  stopped_ = true;
  listener_ = nullptr;
  if (cancel_) cancel_();
  woken_.notify_all();
  over_.notify_all();
}

void ReadyWatch::output_came() {
  ++outputs_;
  woken_.notify_all();
}

void ReadyWatch::notified() {
  run_.has_notified = true;
  woken_.notify_all();
}

Awaitable<void> ReadyWatch::run(Self self) {
  std::string problem;
  try {
    co_await self->until_ready();
  } catch (const Error& error) {
    problem = error.what();
  }
  self->cancel_ = nullptr;
  if (self->stopped_) co_return;
  if (problem.empty()) {
    const Listener listener = self->listener_;
    self->stop();
    listener(Health::healthy, "");
  } else if (!is_ending(self->run_.process)) {  // else its end is the news
    self->listener_(Health::unhealthy, problem);
  }
}

Awaitable<void> ReadyWatch::call_time(Self self) {
  if (self->rule_.timeout.count() == 0) co_return;
  const auto due = self->begun_ + self->rule_.timeout;
  bool is_due = false;
  while (!self->stopped_ && !is_due) is_due = !co_await self->over_.wait_until(due);
  if (self->stopped_) co_return;
  self->late_ = true;
  self->tell(self->missing_);
}

void ReadyWatch::tell(std::string missing) {
  missing_ = std::move(missing);
  if (stopped_) return;
  if (!late_) return listener_(Health::starting, missing_);
  listener_(Health::unhealthy,
            fmt::format("not ready within {}: {}", seconds_text(rule_.timeout), missing_));
}

Awaitable<bool> ReadyWatch::pause(std::chrono::nanoseconds time) {
  const auto due = Clock::now() + time;
  bool is_due = false;
  while (!stopped_ && !is_due) is_due = !co_await woken_.wait_until(due);
  co_return !stopped_;
}

Fd ReadyWatch::open_network() const {
  return open_namespace(run_.process, name_, "net");
}

Awaitable<void> ReadyWatch::until_ready() {
  switch (rule_.kind) {
    case ReadyRule::Kind::listening:
      return until_listening();
    case ReadyRule::Kind::http:
      return until_answering();
    case ReadyRule::Kind::log:
      return until_logged();
    case ReadyRule::Kind::file:
      return until_file();
    case ReadyRule::Kind::unix_socket:
      return until_unix_socket();
    case ReadyRule::Kind::exec:
      return until_successful();
    case ReadyRule::Kind::notify:
      break;
  }
  return until_notified();
}

Awaitable<void> ReadyWatch::until_listening() {
  ListeningProbe probe(open_network().get(), spec_.cgroup, rule_);
  tell(what_is_missing(rule_));
  while (!probe.any_listens())
    if (!co_await pause(pause_between_looks(waited()))) co_return;
}

/// Until it listens the question costs nobody anything.
Awaitable<void> ReadyWatch::until_answering() {
  const Fd network = open_network();
  while (!stopped_) {
    const HttpAnswer answer = co_await ask_by_http(*loop_, network.get(), rule_);
    if (answer.ready) co_return;
    tell(answer.problem);
    const auto time =
        answer.connected ? pause_between_questions(waited()) : pause_between_looks(waited());
    co_await pause(time);
  }
}

/// False when there is more to read, and others have had their turn.
Awaitable<bool> ReadyWatch::read_lines(LogReader& reader, const Pattern& pattern) {
  for (std::size_t lines = 0; lines < lines_a_turn && matched_ < rule_.count; ++lines) {
    const LogLine* const line = reader.front(LastLine::not_yet);
    if (line == nullptr) co_return true;
    if (line->time >= run_.began && pattern.matches(line->text)) ++matched_;
    reader.take();
  }
  co_await yield(*loop_);
  co_return false;
}

Awaitable<void> ReadyWatch::until_logged() {
  const Pattern pattern(rule_.pattern);
  LogReader reader(run_.log);
  reader.skip_before(run_.began);
  while (!stopped_) {
    const auto outputs = outputs_;
    bool is_at_end = false;
    while (!stopped_ && !is_at_end) {
      is_at_end = co_await read_lines(reader, pattern);
      if (!is_at_end && matched_ >= rule_.count) co_return;
    }
    tell(fmt::format("{} of {} lines of its output match {}", matched_, rule_.count,
                     stack::quoted(rule_.pattern)));
    if (outputs == outputs_ && !stopped_) co_await woken_.wait();
    reader.look_again();
  }
}

Awaitable<void> ReadyWatch::until_file() {
  PlaceWatch place(*loop_, run_.process, rule_.path);
  cancel_ = [&place] { place.cancel(); };
  tell(what_is_missing(rule_));
  while (!stopped_ && !place.find()) {
    co_await place.changed_until(Clock::now() + blind_look);
    if (!stopped_) co_await pause(gathering);
  }
}

Awaitable<void> ReadyWatch::until_unix_socket() {
  PlaceWatch place(*loop_, run_.process, rule_.path);
  cancel_ = [&place] { place.cancel(); };
  tell(what_is_missing(rule_));
  while (!stopped_) {
    const Fd socket = place.find();
    if (socket && accepts(socket)) break;
    if (socket) {
      co_await pause(pause_between_looks(waited()));
    } else {
      co_await place.changed_until(Clock::now() + blind_look);
    }
  }
}

Awaitable<void> ReadyWatch::until_successful() {
  InnerCommand command;
  command.process = spec_.process;
  command.process.arguments = rule_.command;
  command.process.terminal = false;
  while (!stopped_) {
    const InnerPlace place{spec_, run_.process, run_.cache};
    command.deadline = Clock::now() + longest_command;
    const InnerResult result = co_await run_inside(*loop_, place, command);
    if (result.exit_code == 0) co_return;
    if (result.timed_out) {
      tell("no answer within " + seconds_text(longest_command));
    } else {
      tell(result.problem.empty()
               ? fmt::format("exited ({}): {}", result.exit_code.value_or(-1), result.output)
               : result.problem);
    }
    co_await pause(pause_between_questions(waited()));
  }
}

Awaitable<void> ReadyWatch::until_notified() {
  tell(what_is_missing(rule_));
  while (!stopped_ && !run_.has_notified) co_await woken_.wait();
}

}  // namespace stack::supervisor
