// SPDX-License-Identifier: Apache-2.0
#include "base/borrowing_child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/child.h"
#include "base/fd.h"
#include "base/pipe.h"
#include "base/process.h"

namespace stack {
namespace {

alignas(16) std::array<char, 1 << 16> room;

int exit_code_of_child(pid_t child) {
  const auto status = await_end(child);
  return status ? exit_code_of(*status) : -1;
}

#if defined(__x86_64__)
TEST(BorrowingChild, WritesToOurMemoryBeforeWeGoOn) {
  int written = 0;
  const auto body = [](void* argument) {
    *static_cast<int*>(argument) = 42;
    ::_exit(3);
  };
  const pid_t child = start_borrowing_child(room, -1, body, &written);
  EXPECT_EQ(written, 42);
  EXPECT_EQ(exit_code_of_child(child), 3);
}

TEST(BorrowingChild, IsOnTheStackThatItIsGiven) {
  const char* place = nullptr;
  const auto body = [](void* argument) {
    const char here = 0;
    *static_cast<const char**>(argument) = &here;
    ::_exit(0);
  };
  EXPECT_EQ(exit_code_of_child(start_borrowing_child(room, -1, body, &place)), 0);
  EXPECT_GE(place, room.data());
  EXPECT_LT(place, room.data() + room.size());
}
#endif

TEST(BorrowingChild, HasDescriptorsOfItsOwn) {
  const Pipe pipe = make_pipe();
  int end = pipe.reading.get();
  const auto body = [](void* argument) { ::_exit(::close(*static_cast<int*>(argument)) + 5); };
  EXPECT_EQ(exit_code_of_child(start_borrowing_child(room, -1, body, &end)), 5);
  EXPECT_GE(::fcntl(end, F_GETFD), 0);
}

TEST(BorrowingChild, RunsNoHandlerOfOurs) {
  static bool handled = false;
  const auto before = ::signal(SIGUSR1, [](int) { handled = true; });
  const auto body = [](void*) {
    ::kill(::getpid(), SIGUSR1);
    ::_exit(0);
  };
  EXPECT_EQ(exit_code_of_child(start_borrowing_child(room, -1, body, nullptr)), 128 + SIGUSR1);
  EXPECT_FALSE(handled);
  ::signal(SIGUSR1, before);
}

TEST(BorrowingChild, TellsWhyThereIsNone) {
  const Fd no_cgroup(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto body = [](void*) { ::_exit(0); };
  errno = 0;
  EXPECT_EQ(start_borrowing_child(room, no_cgroup.get(), body, nullptr), -1);
  EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace stack
