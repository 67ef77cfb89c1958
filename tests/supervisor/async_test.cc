// SPDX-License-Identifier: Apache-2.0
#include "supervisor/async.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "base/pipe.h"

namespace stack::supervisor {
namespace {

/// What this process's epoll sets watch (proc(5), fdinfo).
std::size_t watched_files() {
  std::size_t count = 0;
  for (const std::string& fd : list_directory("/proc/self/fd")) {
    std::error_code closed;  // the directory's own
    const auto what = std::filesystem::read_symlink("/proc/self/fd/" + fd, closed);
    if (closed || what != "anon_inode:[eventpoll]") continue;
    const std::string info = read_file("/proc/self/fdinfo/" + fd, 1 << 20);
    for (std::size_t at = info.find("tfd:"); at != std::string::npos;
         at = info.find("tfd:", at + 1))
      ++count;
  }
  return count;
}

struct Outcome {
  bool ended = false;
  bool readable = false;
};

Awaitable<void> await_once(Descriptor& descriptor, Outcome& outcome) {
  outcome.readable = co_await readable(descriptor);
  outcome.ended = true;
}

TEST(Descriptor, IsNotWatchedOnceClosedThoughADuplicateStaysOpen) {
  Loop loop;
  const Pipe pipe = make_pipe();
  Outcome outcome;
  Descriptor descriptor = watch(loop, pipe.reading.get());
  spawn(loop, "waiting", await_once(descriptor, outcome));
  loop.poll();
  const std::size_t with_it = watched_files();
  descriptor.close();
  EXPECT_EQ(watched_files(), with_it - 1);
  loop.restart();
  loop.poll();
  EXPECT_TRUE(outcome.ended);
  EXPECT_FALSE(outcome.readable);
}

TEST(Descriptor, ClosesWhatItHeldWhenAnotherIsMovedIn) {
  Loop loop;
  const Pipe first = make_pipe();
  const Pipe second = make_pipe();
  Descriptor descriptor = watch(loop, first.reading.get());
  const int held = descriptor.native_handle();
  Descriptor other = watch(loop, second.reading.get());
  const int moved = other.native_handle();
  descriptor = std::move(other);
  EXPECT_EQ(descriptor.native_handle(), moved);
  EXPECT_FALSE(
      std::filesystem::exists(std::filesystem::path("/proc/self/fd") / std::to_string(held)));
}

struct Attempts {
  int made = 0;
  int failing = 0;

  void operator()() {
    if (++made <= failing) throw Error("not this time");
  }
};

TEST(Coalesced, WhatFailedIsMadeGoodWhenSomebodyComes) {
  Loop loop;
  Attempts attempts{.failing = 1};
  Coalesced work(loop, "trying", [&] { attempts(); });
  work.request();
  loop.poll();
  EXPECT_EQ(attempts.made, 1);
  bool done = false;
  spawn(loop, "coming", [](Coalesced& each, bool& flag) -> Awaitable<void> {
    co_await each.made_good();
    co_await each.made_good();  // there is nothing any more
    flag = true;
  }(work, done));
  loop.poll();
  EXPECT_TRUE(done);
  EXPECT_EQ(attempts.made, 2);
}

TEST(Coalesced, WhatFailedIsDoneAgainIfNobodyComes) {
  Loop loop;
  Attempts attempts{.failing = 1};
  Coalesced work(loop, "trying", [&] { attempts(); });
  work.request();
  loop.run();  // until there is nothing left to wait for
  EXPECT_EQ(attempts.made, 2);
}

}  // namespace
}  // namespace stack::supervisor
