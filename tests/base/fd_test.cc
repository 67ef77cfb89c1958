// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>
#include <utility>

namespace stack {
namespace {

Fd open_null() {
  return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}
bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(Fd, NothingIsFalse) {
  EXPECT_FALSE(Fd());
  EXPECT_FALSE(Fd(-1));
  EXPECT_TRUE(open_null());
}

TEST(Fd, ClosesWhenItGoes) {
  int number = -1;
  {
    const Fd file = open_null();
    number = file.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, MovesItsDescriptorAndKeepsNone) {
  Fd from = open_null();
  const int number = from.get();
  const Fd to(std::move(from));
  EXPECT_EQ(to.get(), number);
  EXPECT_EQ(from.get(), -1);  // NOLINT(bugprone-use-after-move): this is the promise
}

TEST(Fd, AssignmentClosesWhatItHeldBefore) {
  Fd file = open_null();
  const int old_number = file.get();
  Fd other = open_null();
  const int new_number = other.get();
  file = std::move(other);
  EXPECT_EQ(file.get(), new_number);
  EXPECT_FALSE(is_open(old_number));
  EXPECT_TRUE(is_open(new_number));
}

TEST(Fd, SurvivesAssignmentToItself) {
  Fd file = open_null();
  Fd& same = file;
  file = std::move(same);
  EXPECT_TRUE(is_open(file.get()));
}

TEST(Fd, ReleaseLeavesTheDescriptorOpen) {
  Fd file = open_null();
  const Fd owner(file.release());
  EXPECT_FALSE(file);
  EXPECT_TRUE(is_open(owner.get()));
}

TEST(Fd, ResetClosesOnce) {
  Fd file = open_null();
  const int number = file.get();
  file.reset();
  EXPECT_FALSE(is_open(number));
  const Fd reused(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  file.reset();
  EXPECT_TRUE(is_open(reused.get()));
}

static_assert(!std::is_copy_constructible_v<Fd> && !std::is_copy_assignable_v<Fd>);
static_assert(std::is_nothrow_move_constructible_v<Fd> && std::is_nothrow_move_assignable_v<Fd>);

}  // namespace
}  // namespace stack
