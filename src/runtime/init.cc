// SPDX-License-Identifier: Apache-2.0
#include "runtime/init.h"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/own_arguments.h"
#include "base/process.h"

namespace stack::runtime {
namespace {

constexpr std::uint64_t all_signals = ~std::uint64_t{0};

/// Reaps everybody that is dead; ends with the program.
void reap(pid_t program) {
  for (;;) {
    int status = 0;
    const long pid = ::syscall(SYS_wait4, -1, &status, WNOHANG, nullptr);
    if (pid <= 0) return;
    if (pid == program) ::_exit(exit_code_of(status));
  }
}

}  // namespace

pid_t fork_from_init() {
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all_signals, nullptr, sizeof all_signals);
  return static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

void run_init(pid_t program) {
  // The control socket must not stay open here: its end of file tells the parent of exec. The
  // streams belong to the program alone.
  ::close_range(0, ~0U, 0);
  // Whose copy it is, of which project, is not the container's to know.
  ::prctl(PR_SET_NAME, "stack-init", 0, 0, 0);
  overwrite_own_arguments("stack-init");
  for (;;) {
    siginfo_t info{};
    const long number =
        ::syscall(SYS_rt_sigtimedwait, &all_signals, &info, nullptr, sizeof all_signals);
    if (number == SIGCHLD) reap(program);
    if (number > 0 && number != SIGCHLD) ::syscall(SYS_kill, program, number);
  }
}

}  // namespace stack::runtime
