// SPDX-License-Identifier: Apache-2.0
#include "runtime/join_child.h"

#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fresh_process.h"
#include "base/process.h"
#include "base/signal_mask.h"
#include "runtime/container_child.h"
#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

// Without the cgroup namespace: from inside it, a cgroup2 tree mounted with nsdelegate refuses to
// place a process of a parent that is outside (cgroups(7)). The program enters it itself.
constexpr int namespaces_of_guard =
    CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

pid_t fork_process(int unified_cgroup = -1) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  if (unified_cgroup >= 0) {
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(unified_cgroup);
  }
  return clone3(arguments);
}

[[noreturn]] void exit_as(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(exit_code_of(status));
}

void block_signals(int how, std::initializer_list<int> numbers) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : numbers) ::sigaddset(&set, number);
  ::sigprocmask(how, &set, nullptr);
}

[[noreturn]] void become_program(const JoinTask& task, const ChildReport& report) {
  // A session and group of its own at once: the guard kills by group.
  ::setsid();
  reset_signals();
  report.require(ChildStage::join_cgroup, enter_cgroups(task.cgroup_tasks));
  report.require(ChildStage::join_namespaces, errno_of(::setns(task.container, CLONE_NEWCGROUP)));
  PreparedProgram program{};
  prepare_program(task.program, report, program);
  if (task.program.ids.remaps())
    report.require(ChildStage::enter_user_namespace,
                   errno_of(::setns(task.container, CLONE_NEWUSER)));
  run_program(task.program, report, program);
}

[[noreturn]] void kill_program(pid_t program) {
  // The group exists once the program has called setsid(); until then it is one process.
  ::kill(program, SIGKILL);
  ::kill(-program, SIGKILL);
  exit_as(program);
}

/// Waits for the program's end or for the relay's, which the kernel tells by SIGTERM.
[[noreturn]] void watch(pid_t program, pid_t relay) {
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGTERM);
  ::sigaddset(&awaited, SIGCHLD);
  // The relay may have died before the kernel was asked to tell.
  if (::getppid() != relay) kill_program(program);
  for (;;) {
    int status = 0;
    if (::waitpid(program, &status, WNOHANG) == program) ::_exit(exit_code_of(status));
    if (::sigwaitinfo(&awaited, nullptr) == SIGTERM) kill_program(program);
  }
}

[[noreturn]] void become_guard(const JoinTask& task, pid_t relay) {
  const ChildReport report(task.control);
  // Not to be stopped by what is typed at the terminal of `stack exec`: only the relay is.
  ::setpgid(0, 0);
  block_signals(SIG_BLOCK, {SIGTERM, SIGCHLD});
  report.require(ChildStage::prepare, errno_of(::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0)));
  report.require(ChildStage::join_namespaces,
                 errno_of(::setns(task.container, namespaces_of_guard)));
  const pid_t program = fork_process(task.unified_cgroup);
  report.require(ChildStage::join_cgroup, program < 0 ? errno : 0);
  if (program == 0) become_program(task, report);
  // The socket's end of file must mean exec: nobody else may hold it.
  ::close_range(0, ~0U, 0);
  watch(program, relay);
}

}  // namespace

void become_relay(const JoinTask& task) {
  const ChildReport report(task.control);
  report.require(ChildStage::prepare, close_all_but(task.kept));
  // Before setns: nobody inside may trace or read a copy of the supervisor (CVE-2019-5736).
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  reset_signals();
  shed_inherited();
  // A program with a terminal of its own may be left to itself: what happens to the terminal that
  // we were started from is then nothing to it. Without one, what is typed there is for the
  // program.
  if (task.program.terminal == Terminal::own) ::setsid();
  const pid_t relay = ::getpid();
  const pid_t guard = fork_process();
  report.require(ChildStage::prepare, guard < 0 ? errno : 0);
  if (guard == 0) become_guard(task, relay);
  ::close_range(0, ~0U, 0);
  exit_as(guard);
}

}  // namespace stack::runtime
