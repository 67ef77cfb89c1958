// SPDX-License-Identifier: Apache-2.0
#include "base/child.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "base/pipe.h"
#include "base/process.h"

namespace stack {
namespace {

TEST(Child, TellsHowItEndedOnce) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(7);
  const auto status = await_end(child);
  ASSERT_TRUE(status);
  EXPECT_EQ(exit_code_of(*status), 7);
  EXPECT_FALSE(await_end(child));
  EXPECT_EQ(errno, ECHILD);
}

TEST(Pipe, CarriesBytesAndEndsWithItsWriter) {
  Pipe pipe = make_pipe();
  ASSERT_EQ(::write(pipe.writing.get(), "x", 1), 1);
  pipe.writing.reset();
  char bytes[2];
  EXPECT_EQ(::read(pipe.reading.get(), bytes, sizeof bytes), 1);
  EXPECT_EQ(::read(pipe.reading.get(), bytes, sizeof bytes), 0);
}

}  // namespace
}  // namespace stack
