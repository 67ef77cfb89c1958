// SPDX-License-Identifier: Apache-2.0
#include "runtime/child_hooks.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "base/process.h"
#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

bool write_text(int file, const char* text) {
  return ::write(file, text, std::strlen(text)) >= 0;
}

/// A file at its beginning that says the state, or -1 with errno.
int make_state(const HooksTask& task) {
  char pid[16];
  std::snprintf(pid, sizeof pid, "%d", static_cast<int>(::getpid()));
  const int file = ::memfd_create("state", MFD_CLOEXEC);
  if (file < 0) return -1;
  if (write_text(file, task.state_before_pid) && write_text(file, pid) &&
      write_text(file, task.state_after_pid) && ::lseek(file, 0, SEEK_SET) == 0)
    return file;
  close_quietly(file);
  return -1;
}

/// Tells by `news` why it could not; exec closes that otherwise.
[[noreturn]] void become_hook(const HookTask& hook, const HooksTask& task, int state, int news) {
  ::umask(022);
  const bool placed = ::dup2(state, STDIN_FILENO) >= 0 && ::dup2(task.output, STDOUT_FILENO) >= 0 &&
                      ::dup2(task.errors, STDERR_FILENO) >= 0 && ::chdir("/") == 0;
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (placed) ::execve(hook.path, hook.arguments, hook.environment);
  const int error = errno;
  // Who reads it sees an end without a word otherwise, and takes the exit code for the reason.
  while (::write(news, &error, sizeof error) < 0 && errno == EINTR) {
  }
  ::_exit(127);
}

/// What became of exec: an errno, 0 when it happened.
int read_news(int news) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(news, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == sizeof error ? error : 0;
}

/// Until it has ended or its time is over. 0, or ETIME.
int await_hook(pid_t hook, int timeout) {
  if (timeout < 0) return 0;
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, hook, 0));
  if (process < 0) return errno;
  pollfd ready{process, POLLIN, 0};
  int count = 0;
  do {
    count = ::poll(&ready, 1, timeout);
  } while (count < 0 && errno == EINTR);
  ::close(process);
  return count == 0 ? ETIME : 0;
}

/// Its exit code; 128 and the number of the signal that killed it.
int reap_hook(pid_t hook) {
  int status = 0;
  while (::waitpid(hook, &status, 0) < 0 && errno == EINTR) {
  }
  return exit_code_of(status);
}

ChildFailure run_hook(const HooksTask& task, std::uint32_t index, int state) {
  const HookTask& hook = task.hooks[index];
  int news[2];
  if (::pipe2(news, O_CLOEXEC) != 0) return {ChildStage::hook, errno, index};
  const auto process =
      static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (process == 0) become_hook(hook, task, state, news[1]);
  int error = process < 0 ? errno : 0;
  ::close(news[1]);
  if (error == 0) error = read_news(news[0]);
  ::close(news[0]);
  if (process < 0) return {ChildStage::hook, error, index};
  if (error == 0) error = await_hook(process, hook.timeout);
  if (error != 0) ::kill(process, SIGKILL);
  const int code = reap_hook(process);
  if (error != 0) return {ChildStage::hook, error, index};
  return {ChildStage::hook_ended, code, index};
}

}  // namespace

ChildFailure run_hooks(const HooksTask& task) {
  for (std::uint32_t index = 0; index < task.hooks.size(); ++index) {
    const int state = make_state(task);
    if (state < 0) return {ChildStage::hook, errno, index};
    const ChildFailure outcome = run_hook(task, index, state);
    ::close(state);
    if (outcome.failed()) return outcome;
  }
  return {ChildStage::hook, 0, static_cast<std::uint32_t>(task.hooks.size())};
}

}  // namespace stack::runtime
