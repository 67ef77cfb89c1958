// SPDX-License-Identifier: Apache-2.0
#include "runtime/signals.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "base/files.h"

namespace stack::runtime {
namespace {

TEST(Signals, AreKnownByNameAndNumber) {
  EXPECT_EQ(signal_number("SIGTERM"), SIGTERM);
  EXPECT_EQ(signal_number("term"), SIGTERM);
  EXPECT_EQ(signal_number("15"), 15);
  EXPECT_EQ(signal_number("SIGRTMIN+3"), 37);
  EXPECT_EQ(signal_number("rtmax-1"), 63);
}

TEST(Signals, NonsenseIsNone) {
  for (const char* text : {"", "SIG", "0", "65", "-1", "SIGTERMINATE", "SIGRTMIN+31", "RTMIN-1"})
    EXPECT_EQ(signal_number(text), std::nullopt) << text;
}

TEST(Signals, EveryNumberHasANameThatLeadsBack) {
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(37), "SIGRTMIN+3");
  for (int number = 1; number <= 64; ++number) {
    if (number != 32 && number != 33) {
      EXPECT_EQ(signal_number(signal_name(number)), number) << signal_name(number);
    }
  }
}

/// Returns when the kernel shows the process asleep: what it is about to do is done then.
void await_sleep(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/wchan";
  while (read_file(path) == "0") ::sched_yield();
}

/// Catches SIGTERM, ignores SIGINT and blocks SIGHUP; asleep. -1 where there are no such namespaces
/// for us.
pid_t start_listener(unsigned long namespaces) {
  int ready[2];
  if (::pipe(ready) != 0) return -1;
  const auto child =
      static_cast<pid_t>(::syscall(SYS_clone, namespaces | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (child == 0) {
    ::signal(SIGTERM, [](int) {});
    ::signal(SIGINT, SIG_IGN);
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGHUP);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
    [[maybe_unused]] const ssize_t sent = ::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  if (child < 0) return child;
  char word = 0;
  if (::read(ready[0], &word, 1) == 1) await_sleep(child);
  return child;
}

TEST(Signals, Process1NoticesWhatItCatchesOrBlocks) {
  const pid_t child = start_listener(CLONE_NEWUSER | CLONE_NEWPID);
  if (child < 0) GTEST_SKIP() << "no user namespaces here";
  const ProcessIdentity identity = identify(child);
  EXPECT_TRUE(init_would_notice(identity, SIGTERM));
  EXPECT_TRUE(init_would_notice(identity, SIGHUP));
  EXPECT_FALSE(init_would_notice(identity, SIGINT));
  EXPECT_FALSE(init_would_notice(identity, SIGUSR1));
  EXPECT_TRUE(init_would_notice(identity, SIGKILL));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(init_would_notice(identity, SIGUSR1)) << "a process that is gone tells nothing";
}

TEST(Signals, WhatIsNotProcess1NoticesAll) {
  const pid_t child = start_listener(0);
  ASSERT_GT(child, 0);
  EXPECT_TRUE(init_would_notice(identify(child), SIGUSR1)) << "which ends it";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

/// Does not outlive its test, whatever becomes of that: a child left over keeps the runner waiting.
struct KilledInTheEnd {
  pid_t pid;
  ~KilledInTheEnd() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
};

// tini and dumb-init: while they wait, the kernel shows nothing as blocked.
TEST(Signals, AProcessInSigwaitNoticesThem) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    [[maybe_unused]] const ssize_t sent = ::write(ready[1], "x", 1);
    for (int signal = 0;;) ::sigwait(&all, &signal);
  }
  const KilledInTheEnd guard{child};
  char word = 0;
  ASSERT_EQ(::read(ready[0], &word, 1), 1);
  const ProcessIdentity identity = identify(child);
  for (int look = 0; look < 1000; ++look) ASSERT_TRUE(init_would_notice(identity, SIGTERM)) << look;
}

// On a busy machine it may have been put aside just before it waits: whoever is killed for that
// loses what it would have written down.
TEST(Signals, AProcessThatRunsIsGivenItsTime) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) asm volatile("");
  }
  const KilledInTheEnd guard{child};
  EXPECT_TRUE(init_would_notice(identify(child), SIGTERM));
}

}  // namespace
}  // namespace stack::runtime
