// SPDX-License-Identifier: Apache-2.0
#include "build/run_command.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/pipe.h"
#include "base/process.h"
#include "runtime/cgroup.h"
#include "runtime/launch.h"

namespace stack::build {
namespace {

/// False at the end.
bool pass_on(int from, const std::function<void(std::string_view)>& output) {
  std::array<char, 1 << 16> buffer;
  const ssize_t got = ::read(from, buffer.data(), buffer.size());
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  output({buffer.data(), static_cast<std::size_t>(got)});
  return true;
}

/// Until process 1 has ended, with which the kernel ends all others, and its output is read.
void relay(int from, int pidfd, Turns& turns, const std::function<void(std::string_view)>& output) {
  std::array<pollfd, 2> waits = {{{from, POLLIN, 0}, {pidfd, POLLIN, 0}}};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    int error = 0;
    turns.away([&] {
      if (::poll(waits.data(), waits.size(), -1) < 0) error = errno;
    });
    if (error == EINTR) continue;
    if (error != 0) throw Error("poll", error);
    if (waits[0].revents != 0 && !pass_on(from, output)) waits[0].fd = -1;
    if (waits[1].revents != 0) waits[1].fd = -1;
  }
}

bool is_readable(int descriptor) {
  pollfd wait{descriptor, POLLIN, 0};
  return ::poll(&wait, 1, 0) > 0;
}

/// What cannot be done to a process that has failed meanwhile fails because of that: its own report
/// says why.
void tell_started(runtime::PendingContainer& container, const RunCalls& calls) {
  if (!calls.started) return;
  try {
    calls.started(container.identity());
  } catch (const Error&) {
    if (is_readable(container.report())) container.take_result();
    throw;
  }
}

/// A step that cannot be started is a build that has failed, not a container that could not be run.
runtime::PendingContainer start(const runtime::ContainerSpec& spec,
                                const runtime::LaunchOptions& options, const RunCalls& calls) {
  try {
    runtime::PendingContainer container = runtime::launch(spec, options);
    tell_started(container, calls);
    container.release();
    container.take_result();
    return container;
  } catch (Error& error) {
    error.with_exit_code(ExitCode::failure);
    throw;
  }
}

}  // namespace

int run_to_end(const runtime::ContainerSpec& spec, const std::filesystem::path& cache, Turns& turns,
               const RunCalls& calls) {
  if (turns.cancelled()) fail("another stage has failed");
  const Fd nothing = open_file("/dev/null", O_RDONLY);
  Pipe pipe = make_pipe();
  runtime::LaunchOptions options;
  options.stdin_fd = nothing.get();
  options.stdout_fd = pipe.writing.get();
  options.stderr_fd = pipe.writing.get();
  options.cache = cache;
  runtime::PendingContainer container = start(spec, options, calls);
  pipe.writing.reset();
  const pid_t pid = container.identity().pid;
  relay(pipe.reading.get(), container.pidfd(), turns, calls.output);
  const auto status = await_end(pid);
  if (!status) throw_errno("waitpid");
  runtime::kill_cgroup(spec.cgroup);
  runtime::remove_cgroup(spec.cgroup);
  return exit_code_of(*status);
}

runtime::ContainerSpec build_container() {
  runtime::ContainerSpec spec;
  spec.id = new_container_id();
  spec.name = "build";
  spec.hostname = "build";
  spec.security.capabilities = runtime::default_capabilities();
  return spec;
}

}  // namespace stack::build
