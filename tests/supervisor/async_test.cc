// SPDX-License-Identifier: Apache-2.0
#include "supervisor/async.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

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

}  // namespace
}  // namespace stack::supervisor
