// SPDX-License-Identifier: Apache-2.0
#include "runtime/signal_notice.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <initializer_list>
#include <string>

#include "base/files.h"

namespace stack::runtime {
namespace {

bool would_notice(const ProcessIdentity& init, int signal) {
  SignalNotice notice(init, signal);
  for (;;) {
    if (const auto is_noticed = notice.look()) return *is_noticed;
    const timespec pause{0, std::chrono::nanoseconds(SignalNotice::pause).count()};
    ::nanosleep(&pause, nullptr);
  }
}

/// Returns when the kernel shows the process asleep: what it is about to do is done then.
void await_sleep(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/wchan";
  while (read_file(path) == "0") ::sched_yield();
}

/// A child with a program of its own, in namespaces of its own (0: in ours). Does not outlive its
/// test, whatever becomes of that: a child left over keeps the runner waiting.
class Child {
 public:
  /// `program` calls ready() when its signals are as it wants them, and does not return.
  Child(unsigned long namespaces, void (*program)()) {
    if (::pipe(pipe_) != 0) return;
    pid_ = static_cast<pid_t>(
        ::syscall(SYS_clone, namespaces | SIGCHLD, nullptr, nullptr, nullptr, 0));
    if (pid_ == 0) {
      program();
      ::_exit(1);
    }
    char word = 0;
    if (pid_ > 0 && ::read(pipe_[0], &word, 1) != 1) ADD_FAILURE() << "the child does not begin";
  }
  ~Child() {
    end();
    for (const int fd : pipe_) ::close(fd);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// False where there are no such namespaces for us.
  [[nodiscard]] bool exists() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] ProcessIdentity identity() const { return identify(pid_); }
  void end() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
  }
  static void ready() { [[maybe_unused]] const ssize_t sent = ::write(pipe_[1], "x", 1); }

 private:
  inline static int pipe_[2];
  pid_t pid_ = -1;
};

/// As process 1 of a container.
constexpr unsigned long as_init = CLONE_NEWUSER | CLONE_NEWPID;

void block(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_SETMASK, &set, nullptr);
}

/// Catches SIGTERM, ignores SIGINT and blocks SIGHUP; asleep.
void listen_and_sleep() {
  ::signal(SIGTERM, [](int) {});
  ::signal(SIGINT, SIG_IGN);
  block({SIGHUP});
  Child::ready();
  for (;;) ::pause();
}

TEST(SignalNotice, Process1NoticesWhatItCatchesOrBlocks) {
  Child child(as_init, listen_and_sleep);
  if (!child.exists()) GTEST_SKIP() << "no user namespaces here";
  await_sleep(child.pid());
  const ProcessIdentity identity = child.identity();
  EXPECT_TRUE(would_notice(identity, SIGTERM));
  EXPECT_TRUE(would_notice(identity, SIGHUP));
  EXPECT_FALSE(would_notice(identity, SIGINT));
  EXPECT_FALSE(would_notice(identity, SIGUSR1));
  EXPECT_TRUE(would_notice(identity, SIGKILL));
  child.end();
  EXPECT_TRUE(would_notice(identity, SIGUSR1)) << "a process that is gone tells nothing";
}

TEST(SignalNotice, WhatIsNotProcess1NoticesAll) {
  const Child child(0, listen_and_sleep);
  ASSERT_TRUE(child.exists());
  EXPECT_TRUE(would_notice(child.identity(), SIGUSR1)) << "which ends it";
}

// tini and dumb-init: while they wait, the kernel shows nothing as blocked. On a busy machine they
// may be put aside just before: whoever is killed for that loses what it would have written down.
TEST(SignalNotice, AProcessInSigwaitNoticesThem) {
  const Child child(as_init, [] {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    Child::ready();
    const timespec moment{0, 20'000};
    for (;;) ::sigtimedwait(&all, nullptr, &moment);
  });
  if (!child.exists()) GTEST_SKIP() << "no user namespaces here";
  const ProcessIdentity identity = child.identity();
  for (int look = 0; look < 1000; ++look) ASSERT_TRUE(would_notice(identity, SIGTERM)) << look;
}

TEST(SignalNotice, ABusyProcessNoticesOnlyWhatItCatchesOrBlocks) {
  const Child child(as_init, [] {
    block({SIGHUP});
    Child::ready();
    for (;;) asm volatile("");
  });
  if (!child.exists()) GTEST_SKIP() << "no user namespaces here";
  EXPECT_TRUE(would_notice(child.identity(), SIGHUP));
  EXPECT_FALSE(would_notice(child.identity(), SIGTERM));
}

// The script of a shell: while it makes a process, all signals are blocked (fork(3) of the GNU C
// library), which says nothing.
TEST(SignalNotice, WhoeverForksBlocksSignalsForAMomentOnly) {
  const Child child(as_init, [] {
    Child::ready();
    for (;;) {
      const pid_t forked = ::fork();
      if (forked == 0) ::_exit(0);
      ::waitpid(forked, nullptr, 0);
    }
  });
  if (!child.exists()) GTEST_SKIP() << "no user namespaces here";
  const ProcessIdentity identity = child.identity();
  for (int look = 0; look < 200; ++look) ASSERT_FALSE(would_notice(identity, SIGTERM)) << look;
}

}  // namespace
}  // namespace stack::runtime
