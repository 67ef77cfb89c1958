// SPDX-License-Identifier: Apache-2.0
// The kernel gives a pid to somebody else after its owner is gone; a signal for the one must not
// reach the other. In a pid namespace that is so small that this happens at once.
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/process.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

enum Verdict : int { as_it_should, no_reuse, wrong_process_opened, wrong_process_signalled, stale };

pid_t sleeper() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  return pid;
}

void end(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

/// Identities have the start time in ticks of 10 ms: two processes of one tick are not told apart
/// by it, which takes more processes in that time than any machine of more than 300 pids starts.
void await_another_tick(const ProcessIdentity& process) {
  for (ProcessIdentity now = process; now.start_time <= process.start_time + 1;) {
    const pid_t pid = sleeper();
    now = identify(pid);
    end(pid);
  }
}

/// A process with the pid of an earlier one; 0 when there is none after many.
pid_t reuse(pid_t wanted) {
  for (int attempt = 0; attempt < 5000; ++attempt) {
    const pid_t pid = sleeper();
    if (pid == wanted) return pid;
    end(pid);
  }
  return 0;
}

/// A process whose pid comes again: those below 300 are given once only (RESERVED_PIDS).
pid_t reusable_sleeper() {
  for (;;) {
    const pid_t pid = sleeper();
    if (pid >= 300) return pid;
    end(pid);
  }
}

Verdict try_reuse() {
  const pid_t first = reusable_sleeper();
  const ProcessIdentity old = identify(first);
  const auto pidfd = open_process(old);
  end(first);
  await_another_tick(old);
  if (reuse(first) == 0) return no_reuse;
  if (open_process(old)) return wrong_process_opened;
  if (!pidfd || send_signal(pidfd->get(), SIGKILL)) return wrong_process_signalled;
  if (is_alive(old) || is_zombie(old)) return stale;
  return is_alive(identify(first)) ? as_it_should : wrong_process_signalled;
}

/// As process 1 of a pid namespace with a /proc of its own and 310 pids.
[[noreturn]] void be_process_1() {
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("proc", "/proc", "proc", 0, nullptr) != 0)
    ::_exit(100);
  try {
    write_kernel_file("/proc/sys/kernel/pid_max", "310");
  } catch (const Error&) {
    ::_exit(101);
  }
  ::_exit(try_reuse());
}

/// Exit code of a process 1 that does be_process_1().
int in_a_small_namespace() {
  const pid_t outer = ::fork();
  if (outer == 0) {
    if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) ::_exit(102);
    const pid_t inner = ::fork();
    if (inner == 0) be_process_1();
    int status = 0;
    ::waitpid(inner, &status, 0);
    ::_exit(exit_code_of(status));
  }
  int status = 0;
  ::waitpid(outer, &status, 0);
  return exit_code_of(status);
}

TEST(PidReuse, ASignalNeverReachesThePidsNextOwner) {
  const std::string before = read_file("/proc/sys/kernel/pid_max");
  const int verdict = in_a_small_namespace();
  ASSERT_EQ(read_file("/proc/sys/kernel/pid_max"), before) << "pid_max is the namespace's own";
  if (verdict == 101)
    GTEST_SKIP() << "this kernel has one pid_max for all namespaces (before 6.14)";
  EXPECT_EQ(verdict, as_it_should);
}

}  // namespace
}  // namespace stack::runtime
