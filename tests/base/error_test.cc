// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace stack {
namespace {

TEST(Error, TellsTheWholeStoryOutermostFirst) {
  try {
    during("starting web", [] {
      during("joining network backend", [] {
        errno = ENOENT;
        throw_errno("open /proc/{}/ns/net", 71);
      });
    });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "starting web: joining network backend: open /proc/71/ns/net: No such file or "
                 "directory");
    EXPECT_EQ(error.message(), "open /proc/71/ns/net: No such file or directory");
    EXPECT_EQ(error.error_number(), ENOENT);
  }
}

TEST(Error, OfOurOwnHasNoErrno) {
  try {
    fail("{} of {} services are missing", 2, 3);
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "2 of 3 services are missing");
    EXPECT_EQ(error.error_number(), 0);
  }
}

TEST(Error, KeepsTheInnermostHint) {
  Error error("port 80 is taken");
  error.with_hint("stop nginx").with_hint("try again");
  EXPECT_EQ(error.hint(), "stop nginx");
}

TEST(Error, IsAFailureUnlessSaidOtherwise) {
  Error error("x");
  EXPECT_EQ(error.exit_code(), ExitCode::failure);
  error.with_exit_code(ExitCode::not_ready);
  EXPECT_EQ(error.exit_code(), ExitCode::not_ready);
}

TEST(Error, KeepsHintAndExitCodeOnItsWayUp) {
  try {
    during("checking", [] {
      throw Error("bad").with_hint("do better").with_exit_code(ExitCode::invalid_file);
    });
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "checking: bad");
    EXPECT_EQ(error.hint(), "do better");
    EXPECT_EQ(error.exit_code(), ExitCode::invalid_file);
  }
}

TEST(Error, DuringPassesTheResultOn) {
  EXPECT_EQ(during("adding", [] { return 2 + 2; }), 4);
}

TEST(Error, KnowsTheTextOfAnErrno) {
  EXPECT_EQ(errno_text(EACCES), "Permission denied");
  EXPECT_EQ(errno_text(99999), "errno 99999");
}

}  // namespace
}  // namespace stack
