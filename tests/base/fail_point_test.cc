// SPDX-License-Identifier: Apache-2.0
#include "base/fail_point.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_directory.h"

namespace stack {
namespace {

/// A run root with a control file as tests write it, armed for this process.
class FailPoints : public ::testing::Test {
 protected:
  FailPoints() {
    std::string text(sizeof(FailPointControl), '\0');
    FailPointControl::magic_text.copy(text.data(), text.size());
    write_file_atomically(home_ / fail_points_file, text, Durability::survives_crash);
    ::setenv(fail_points_variable, "1", 1);
  }
  ~FailPoints() override {
    fail_points::control = nullptr;
    ::unsetenv(fail_points_variable);
  }

  FailPointControl& arm() {
    arm_fail_points(home_.path());
    return *fail_points::control;
  }
  std::string refusal() {
    try {
      arm_fail_points(home_.path());
    } catch (const Error& error) {
      return error.what();
    }
    return "(armed)";
  }
  std::string path() const { return (home_ / fail_points_file).native(); }

  TemporaryDirectory home_;
};

void choose(FailPointControl& control, FailPoint point, FailPointControl::Action action,
            std::uint32_t first = 1, std::uint32_t last = 1) {
  control.point = static_cast<std::uint32_t>(point.number());
  control.first = first;
  control.last = last;
  control.error = ENOSPC;
  control.action = action;
}

TEST(FailPointNames, AreDistinctAndMoreThanSixty) {
  const std::set<std::string_view> names(fail_point_names.begin(), fail_point_names.end());
  EXPECT_EQ(names.size(), fail_point_names.size());
  EXPECT_GE(names.size(), 60U);
}

TEST(FailPointNames, DoNothingUnlessArmed) {
  EXPECT_NO_THROW(fail_point("file.write"));
  EXPECT_EQ(injected_error("file.write"), 0);
}

TEST_F(FailPoints, FailAtTheChosenPassagesOnly) {
  choose(arm(), "file.write", FailPointControl::fail_with_error, 2, 3);
  EXPECT_NO_THROW(fail_point("file.write"));
  EXPECT_NO_THROW(fail_point("file.create"));
  EXPECT_THROW(fail_point("file.write"), Error);
  EXPECT_EQ(injected_error("file.write"), ENOSPC);
  EXPECT_NO_THROW(fail_point("file.write"));
  EXPECT_EQ(fail_points::control->happened, 2U);
  EXPECT_EQ(fail_points::control->passages[FailPoint("file.write").number()], 4U);
}

TEST_F(FailPoints, TellTheirNameAndTheErrno) {
  choose(arm(), "file.write", FailPointControl::fail_with_error);
  try {
    fail_point("file.write");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "fail point file.write: No space left on device");
    EXPECT_EQ(error.error_number(), ENOSPC);
  }
}

TEST_F(FailPoints, KillTheProcessThatComes) {
  choose(arm(), "file.write", FailPointControl::kill_this_process);
  const pid_t child = ::fork();
  if (child == 0) {
    fail_point("file.write");
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(fail_points::control->happened, 1U) << "seen by all that map the file";
  EXPECT_NO_THROW(fail_point("file.write")) << "once";
}

TEST_F(FailPoints, HoldWhoComesUntilToldOtherwise) {
  choose(arm(), "file.write", FailPointControl::hold);
  const pid_t child = ::fork();
  if (child == 0) {
    fail_point("file.write");
    ::_exit(7);
  }
  while (fail_points::control->happened == 0) ::usleep(100);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, WNOHANG), 0);
  fail_points::control->let_go = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(FailPoints, AreNotArmedWithoutTheVariable) {
  ::unsetenv(fail_points_variable);
  arm_fail_points(home_.path());
  EXPECT_EQ(fail_points::control, nullptr);
}

TEST_F(FailPoints, AreNotArmedWithoutTheFile) {
  std::filesystem::remove(path());
  EXPECT_EQ(refusal(), "STACK_FAIL_POINTS=1: open " + path() + ": No such file or directory");
}

TEST_F(FailPoints, AreNotArmedByAFileThatOthersMayWrite) {
  ::chmod(path().c_str(), 0620);
  EXPECT_EQ(refusal(), path() + " is not a private file of this user's own");
}

TEST_F(FailPoints, AreNotArmedByALink) {
  std::filesystem::rename(path(), home_ / "elsewhere");
  std::filesystem::create_symlink(home_ / "elsewhere", path());
  EXPECT_EQ(refusal(),
            "STACK_FAIL_POINTS=1: open " + path() + ": Too many levels of symbolic links");
}

TEST_F(FailPoints, AreNotArmedByAnythingElse) {
  write_file_atomically(path(), "short", Durability::survives_crash);
  EXPECT_EQ(refusal(), path() + " is too short for the fail points of this program");
  write_file_atomically(path(), std::string(1 << 16, 'x'), Durability::survives_crash);
  EXPECT_EQ(refusal(), path() + " does not hold fail points");
}

}  // namespace
}  // namespace stack
