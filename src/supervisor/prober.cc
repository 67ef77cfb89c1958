// SPDX-License-Identifier: Apache-2.0
#include "supervisor/prober.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <optional>

#include "base/error.h"
#include "runtime/join.h"

namespace stack::supervisor {
namespace {

constexpr std::size_t kept_output = 4096;

/// Reads what a check prints, keeping the beginning of it.
Awaitable<void> collect(std::shared_ptr<Descriptor> pipe, std::shared_ptr<std::string> output) {
  while (co_await readable(*pipe)) {
    std::array<char, 4096> bytes;
    const ssize_t size = ::read(pipe->native_handle(), bytes.data(), bytes.size());
    if (size == 0) co_return;
    if (size < 0) continue;
    const auto room = kept_output - output->size();
    output->append(bytes.data(), std::min(static_cast<std::size_t>(size), room));
  }
}

/// A check's process: killed, with what it started, and reaped when dropped.
class Check {
 public:
  explicit Check(runtime::Joined joined) : joined_(std::move(joined)) {}
  ~Check() {
    if (!status_) end(SIGKILL);
  }
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;

  runtime::Joined& joined() { return joined_; }
  /// The exit code; call when it has ended.
  int take_exit_code() {
    if (!status_) end(0);
    return exit_code_of(*status_);
  }

 private:
  void end(int signal) {
    if (signal != 0) ::kill(joined_.pid, signal);  // our own child, not reaped yet: the pid is its
    int status = 0;
    while (::waitpid(joined_.pid, &status, 0) < 0 && errno == EINTR) {
    }
    status_ = status;
  }

  runtime::Joined joined_;
  std::optional<int> status_;
};

std::pair<Fd, Fd> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe");
  std::pair<Fd, Fd> pipe{Fd(ends[0]), Fd(ends[1])};
  ::fcntl(pipe.first.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

}  // namespace

Prober::Prober(Loop& loop, const ContainerConfig& config, ProcessIdentity container,
               std::filesystem::path cache, Health health, Listener listener)
    : loop_(&loop),
      spec_(config.spec),
      policy_(*config.health),
      container_(container),
      cache_(std::move(cache)),
      monitor_(policy_, Clock::now(), health),
      listener_(std::move(listener)),
      stop_signal_(loop) {}

std::shared_ptr<Prober> Prober::start(Loop& loop, const ContainerConfig& config,
                                      ProcessIdentity container, std::filesystem::path cache,
                                      Health health, Listener listener) {
  std::shared_ptr<Prober> prober(
      new Prober(loop, config, container, std::move(cache), health, std::move(listener)));
  spawn(loop, "checking the health of " + config.name, run(prober));
  return prober;
}

void Prober::stop() {
  stopped_ = true;
  listener_ = nullptr;
  stop_signal_.notify_all();
}

Awaitable<void> Prober::run(Self self) {
  while (!self->stopped_) {
    if (co_await self->stop_signal_.wait_until(self->monitor_.next_check())) continue;
    const auto begun = Clock::now();
    const Outcome outcome = co_await self->check();
    if (self->stopped_) co_return;
    self->monitor_.record(outcome.result, begun, Clock::now());
    const bool passed = outcome.result == ProbeResult::passed;
    self->listener_(self->monitor_.health(), passed ? "" : outcome.output);
  }
}

Prober::Outcome Prober::not_run(const std::string& why) const {
  return {ProbeResult::failed, why};
}

Awaitable<Prober::Outcome> Prober::check() {
  std::unique_ptr<Check> check;
  auto output = std::make_shared<std::string>();
  std::shared_ptr<Descriptor> pipe;
  std::string problem;
  try {
    auto [reading, writing] = make_pipe();
    runtime::JoinRequest request;
    request.container = container_;
    request.spec = &spec_;
    request.process = spec_.process;
    request.process.arguments = policy_.command;
    request.process.terminal = false;
    request.stdout_fd = writing.get();
    request.stderr_fd = writing.get();
    request.cache = cache_;
    check = std::make_unique<Check>(runtime::join_container(request));
    pipe = std::make_shared<Descriptor>(*loop_, reading.release());
  } catch (const Error& error) {
    problem = error.what();
  }
  if (!check) co_return not_run(problem);
  spawn(*loop_, "reading a health check", collect(pipe, output));

  Descriptor process = watch(*loop_, check->joined().pidfd.get());
  const bool ended = co_await readable_until(process, Clock::now() + policy_.timeout);
  // What the program left running may hold the pipe for ever: what is in it by now is all.
  co_await yield(*loop_);
  pipe->close();
  if (!ended)
    co_return not_run(
        fmt::format("no answer within {} s", policy_.timeout / std::chrono::seconds(1)));
  try {
    runtime::take_join_result(check->joined());
  } catch (const Error& error) {
    problem = error.what();
  }
  if (!problem.empty()) co_return not_run(problem);
  Outcome outcome{check->take_exit_code() == 0 ? ProbeResult::passed : ProbeResult::failed,
                  *output};
  co_return outcome;
}

}  // namespace stack::supervisor
