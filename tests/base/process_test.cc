// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/pipe.h"
#include "base/text.h"

namespace stack {
namespace {

/// A child that waits to be killed; gone, and reaped, when the test ends.
class SleepingChild {
 public:
  explicit SleepingChild(const char* name = "sleeper") : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, name);
    for (;;) ::pause();
  }
  SleepingChild(const SleepingChild&) = delete;
  SleepingChild& operator=(const SleepingChild&) = delete;
  ~SleepingChild() {
    if (pid_ > 0) end();
  }
  pid_t pid() const { return pid_; }
  /// Dead, but not reaped.
  void become_zombie() const {
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }
  int end() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

/// A process and its child, alone in a pid namespace; both wait to be killed. The child is traced:
/// killed, it stays until await_child().
class TracedFamily {
 public:
  TracedFamily() {
    Pipe pipe = make_pipe();
    parent_ = static_cast<pid_t>(
        ::syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, 0));
    if (parent_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::fork() > 0) [[maybe_unused]]
        const ssize_t told = ::write(pipe.writing.get(), "", 1);
      for (;;) ::pause();
    }
    if (parent_ < 0) return;
    char begun = 0;
    if (::read(pipe.reading.get(), &begun, 1) != 1) return;
    const auto children = read_file(fmt::format("/proc/{}/task/{}/children", parent_, parent_));
    child_ = parse_integer<pid_t>(trim(children)).value_or(0);
    is_traced_ = ::ptrace(PTRACE_SEIZE, child_, nullptr, nullptr) == 0;
  }
  TracedFamily(const TracedFamily&) = delete;
  TracedFamily& operator=(const TracedFamily&) = delete;
  ~TracedFamily() {
    if (parent_ <= 0) return;
    ::kill(parent_, SIGKILL);
    if (is_traced_) ::waitpid(child_, nullptr, 0);
    ::waitpid(parent_, nullptr, 0);
  }
  bool is_traced() const { return is_traced_; }
  pid_t parent() const { return parent_; }
  /// Until the child has heard of its parent's end.
  void kill_parent() const {
    ::kill(parent_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOWAIT);
  }

 private:
  pid_t parent_ = -1;
  pid_t child_ = 0;
  bool is_traced_ = false;
};

bool is_readable(int fd) {
  pollfd waited{fd, POLLIN, 0};
  return ::poll(&waited, 1, 0) == 1;
}

TEST(Process, IsEndingUntilItsNamespaceIsEmpty) {
  const TracedFamily family;
  if (!family.is_traced()) GTEST_SKIP() << "no user namespaces, or no tracing, here";
  const ProcessIdentity parent = identify(family.parent());
  EXPECT_FALSE(is_ending(parent));
  family.kill_parent();
  EXPECT_TRUE(is_alive(parent));
  EXPECT_TRUE(is_ending(parent));
}

TEST(Process, IsEndingWhenItHasEnded) {
  SleepingChild child;
  const ProcessIdentity process = identify(child.pid());
  EXPECT_FALSE(is_ending(process));
  child.become_zombie();
  EXPECT_TRUE(is_ending(process));
  child.end();
  EXPECT_TRUE(is_ending(process));
}

/// Keeps this thread, and what it starts, on one processor until the test ends.
class OneProcessor {
 public:
  OneProcessor() {
    CPU_ZERO(&before_);
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

/// A process that has no processor to die on: ours has the only one that it may use.
TEST(Process, IsEndingAsSoonAsItIsKilled) {
  const OneProcessor alone;
  SleepingChild child;
  const ProcessIdentity process = identify(child.pid());
  const sched_param parameters{};
  ::sched_setscheduler(child.pid(), SCHED_IDLE, &parameters);
  while (!is_asleep(child.pid())) ::sched_yield();
  EXPECT_FALSE(is_ending(process));
  ::kill(child.pid(), SIGKILL);
  EXPECT_TRUE(is_ending(process));
}

TEST(Process, RunsUnderItsNameUntilItIsKilled) {
  SleepingChild child("a (keeper)");
  while (process_name(child.pid()) != "a (keeper)") ::sched_yield();
  EXPECT_TRUE(is_running_as(child.pid(), "a (keeper)"));
  EXPECT_FALSE(is_running_as(child.pid(), "a keeper"));
  child.become_zombie();
  EXPECT_FALSE(is_running_as(child.pid(), "a (keeper)"));
  const pid_t pid = child.pid();
  child.end();
  EXPECT_FALSE(is_running_as(pid, "a (keeper)"));
}

TEST(Process, HasAParentUntilItIsReaped) {
  SleepingChild child;
  EXPECT_EQ(parent_of(child.pid()), ::getpid());
  child.become_zombie();
  EXPECT_EQ(parent_of(child.pid()), ::getpid());
  const pid_t pid = child.pid();
  child.end();
  EXPECT_EQ(parent_of(pid), 0);
}

/// Its file in /proc was opened in time, and read too late (ESRCH).
TEST(Process, HasNoParentWhenItIsReapedMeanwhile) {
  for (int round = 0; round < 300; ++round) {
    SleepingChild child;
    const pid_t pid = child.pid();
    std::jthread reaper([&] { child.end(); });
    while (parent_of(pid) != 0) {
    }
  }
}

TEST(Process, IsAliveWhileItRuns) {
  SleepingChild child;
  const ProcessIdentity identity = identify(child.pid());
  EXPECT_GT(identity.start_time, 0U);
  EXPECT_TRUE(is_alive(identity));
  child.end();
  EXPECT_FALSE(is_alive(identity));
  EXPECT_EQ(process_start_time(identity.pid), std::nullopt);
}

TEST(Process, ThatIsAZombieIsNotAliveButStillHasAStartTime) {
  const SleepingChild child;
  const ProcessIdentity identity = identify(child.pid());
  child.become_zombie();
  EXPECT_FALSE(is_alive(identity));
  EXPECT_EQ(process_start_time(child.pid()), identity.start_time);
}

TEST(Process, IsIdentifiedAsALivingOneUntilItIsAZombie) {
  const SleepingChild child;
  EXPECT_EQ(identify_living(child.pid()), identify(child.pid()));
  child.become_zombie();
  EXPECT_EQ(identify_living(child.pid()), std::nullopt);
  EXPECT_EQ(identify_living(-1), std::nullopt);
}

TEST(Process, WithThePidOfAnotherIsNotTakenForIt) {
  const SleepingChild child;
  ProcessIdentity earlier = identify(child.pid());
  --earlier.start_time;
  EXPECT_FALSE(is_alive(earlier));
  EXPECT_FALSE(open_process(earlier));
}

TEST(Process, NobodyIsNotAlive) {
  EXPECT_FALSE(is_alive(ProcessIdentity{}));
  EXPECT_FALSE(open_process(ProcessIdentity{}));
  EXPECT_FALSE(is_alive(ProcessIdentity{-1, 1}));
}

TEST(Process, CanHaveAnyNameWithoutConfusingTheReader) {
  const SleepingChild child(") R 1 1 (");
  // The name is set by the child; its pidfd shows nothing of that, so wait for the name itself.
  while (process_name(child.pid()) != ") R 1 1 (") ::sched_yield();
  EXPECT_EQ(process_start_time(child.pid()), identify(child.pid()).start_time);
  EXPECT_TRUE(is_alive(identify(child.pid())));
}

TEST(Process, IsSignalledThroughItsDescriptor) {
  SleepingChild child;
  const auto pidfd = open_process(identify(child.pid()));
  ASSERT_TRUE(pidfd);
  EXPECT_FALSE(is_readable(pidfd->get()));
  EXPECT_TRUE(send_signal(pidfd->get(), SIGTERM));
  const int status = child.end();
  EXPECT_EQ(exit_code_of(status), 128 + SIGTERM);
  EXPECT_TRUE(is_readable(pidfd->get()));
  EXPECT_FALSE(send_signal(pidfd->get(), SIGTERM)) << "it is gone";
}

TEST(Process, ExitCodeIsToldAsTheShellDoes) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(7);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(exit_code_of(status), 7);
}

TEST(Process, ThatIsGoneHasNoName) {
  SleepingChild child;
  const pid_t pid = child.pid();
  child.end();
  EXPECT_EQ(process_name(pid), "?");
}

TEST(BootId, IsAUuidWithoutItsNewline) {
  EXPECT_EQ(boot_id().size(), 36U);
  EXPECT_EQ(boot_id(), boot_id());
}

}  // namespace
}  // namespace stack
