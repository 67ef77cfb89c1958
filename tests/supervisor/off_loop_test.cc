// SPDX-License-Identifier: Apache-2.0
#include "supervisor/off_loop.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <future>
#include <string>
#include <thread>

#include "base/error.h"

namespace stack::supervisor {
namespace {

Awaitable<void> note_end(Loop& loop, std::function<void()> work, std::string& outcome) {
  try {
    co_await off_loop(loop, std::move(work));
    outcome = "done";
  } catch (const std::exception& error) {
    outcome = error.what();
  }
}

TEST(OffLoop, LetsTheLoopGoOn) {
  Loop loop;
  std::promise<void> turned;
  std::string outcome;
  std::thread::id worker;
  // Ends only when the loop has had another turn meanwhile.
  std::function<void()> work = [&worker, turn = turned.get_future().share()] {
    worker = std::this_thread::get_id();
    turn.wait();
  };
  spawn(loop, "working", note_end(loop, std::move(work), outcome));
  loop.poll();
  EXPECT_EQ(outcome, "");
  turned.set_value();
  loop.run();
  EXPECT_EQ(outcome, "done");
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(OffLoop, PassesAFailureOn) {
  Loop loop;
  std::string outcome;
  std::function<void()> work = [] { fail("the disk is gone"); };
  spawn(loop, "working", note_end(loop, std::move(work), outcome));
  loop.run();
  EXPECT_EQ(outcome, "the disk is gone");
}

TEST(OffLoop, TakesNoSignalsFromTheLoop) {
  Loop loop;
  sigset_t inside;
  sigset_t before;
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  std::string outcome;
  std::function<void()> work = [&inside] { ::pthread_sigmask(SIG_SETMASK, nullptr, &inside); };
  spawn(loop, "working", note_end(loop, std::move(work), outcome));
  loop.run();
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int signal : {SIGTERM, SIGCHLD, SIGHUP}) {
    EXPECT_EQ(::sigismember(&inside, signal), 1);
    EXPECT_EQ(::sigismember(&after, signal), ::sigismember(&before, signal));
  }
}

}  // namespace
}  // namespace stack::supervisor
