// SPDX-License-Identifier: Apache-2.0
#include "base/slow_close.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>

namespace stack {
namespace {

/// Both ends of a pipe.
std::array<Fd, 2> make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

/// Whether the pipe's last writer goes within ten seconds.
bool hangs_up(const Fd& reader) {
  pollfd look{reader.get(), 0, 0};
  return ::poll(&look, 1, 10'000) == 1 && (look.revents & POLLHUP) != 0;
}

TEST(SlowClose, WhatIsLeftToTheKernelIsClosed) {
  auto [reader, writer] = make_pipe();
  std::vector<Fd> left;
  left.push_back(std::move(writer));
  close_in_background(std::move(left));
  EXPECT_TRUE(hangs_up(reader));
}

TEST(SlowClose, MoreThanAMessageHolds) {
  auto [reader, writer] = make_pipe();
  std::vector<Fd> left;
  for (int copies = 0; copies < 600; ++copies) left.emplace_back(::dup(writer.get()));
  writer.reset();
  close_in_background(std::move(left));
  EXPECT_TRUE(hangs_up(reader));
}

TEST(SlowClose, NothingIsFine) {
  close_in_background({});
}

/// In a process of its own, as it takes descriptors from whoever has them.
TEST(SlowClose, OnlyThoseThatAreSlowAreLeft) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int watch = ::inotify_init1(IN_CLOEXEC);
    const int rules = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    const int other = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (watch < 0 || rules < 0 || other < 0) ::_exit(2);
    leave_slow_descriptors();
    const bool right = ::fcntl(watch, F_GETFD) < 0 && ::fcntl(rules, F_GETFD) < 0 &&
                       ::fcntl(other, F_GETFD) >= 0 && ::fcntl(STDERR_FILENO, F_GETFD) >= 0;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace stack
