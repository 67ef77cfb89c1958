// SPDX-License-Identifier: Apache-2.0
#include "supervisor/inner_command.h"

#include <fcntl.h>
#include <signal.h>

#include <array>
#include <memory>

#include "base/child.h"
#include "base/error.h"
#include "base/pipe.h"
#include "runtime/join.h"

namespace stack::supervisor {
namespace {

constexpr std::size_t kept_output = 4096;

/// Reads what a command prints, keeping the beginning of it.
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

/// Its process: killed, with what it started, and reaped when dropped.
class Running {
 public:
  explicit Running(runtime::Joined joined) : joined_(std::move(joined)) {}
  ~Running() {
    if (!status_) end(SIGKILL);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  runtime::Joined& joined() { return joined_; }
  /// The exit code; call when it has ended.
  int take_exit_code() {
    if (!status_) end(0);
    return exit_code_of(*status_);
  }

 private:
  void end(int signal) {
    if (signal != 0) ::kill(joined_.pid, signal);  // our own child, not reaped yet: the pid is its
    status_ = await_end(joined_.pid).value_or(0);
  }

  runtime::Joined joined_;
  std::optional<int> status_;
};

Pipe make_output_pipe() {
  Pipe pipe = make_pipe();
  ::fcntl(pipe.reading.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

runtime::JoinRequest request_for(const InnerPlace& place, const InnerCommand& command, int output) {
  runtime::JoinRequest request;
  request.container = place.container;
  request.spec = &place.spec;
  request.process = command.process;
  request.privileged = command.privileged;
  request.stdout_fd = output;
  request.stderr_fd = output;
  request.cache = place.cache;
  return request;
}

}  // namespace

Awaitable<InnerResult> run_inside(Loop& loop, InnerPlace place, InnerCommand command) {
  InnerResult result;
  std::unique_ptr<Running> running;
  auto output = std::make_shared<std::string>();
  std::shared_ptr<Descriptor> pipe;
  try {
    auto [reading, writing] = make_output_pipe();
    const int where = command.output < 0 ? writing.get() : command.output;
    running =
        std::make_unique<Running>(runtime::join_container(request_for(place, command, where)));
    pipe = std::make_shared<Descriptor>(loop, reading.release());
  } catch (const Error& error) {
    result.problem = error.what();
  }
  if (!running) co_return result;
  spawn(loop, "reading what a command says", collect(pipe, output));

  Descriptor process = watch(loop, running->joined().pidfd.get());
  bool ended = true;
  if (command.deadline) {
    ended = co_await readable_until(process, *command.deadline);
  } else {
    co_await readable(process);
  }
  // What the program left running may hold the pipe for ever: what is in it by now is all.
  co_await yield(loop);
  pipe->close();
  result.timed_out = !ended;
  if (!ended) co_return result;
  try {
    runtime::take_join_result(running->joined());
    result.exit_code = running->take_exit_code();
  } catch (const Error& error) {
    result.problem = error.what();
  }
  result.output = *output;
  co_return result;
}

}  // namespace stack::supervisor
