// SPDX-License-Identifier: Apache-2.0
#include "base/self_image.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/files.h"

namespace stack {
namespace {

TEST(SealedSelfImage, IsThisProgram) {
  const Fd image = sealed_self_image();
  ASSERT_EQ(::lseek(image.get(), 0, SEEK_SET), 0);
  EXPECT_TRUE(read_all(image.get()) == read_file("/proc/self/exe"));
}

TEST(SealedSelfImage, CannotBeChangedByWhoeverGetsHoldOfIt) {
  const Fd image = sealed_self_image();
  EXPECT_EQ(::pwrite(image.get(), "x", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(image.get(), 0), -1);
  EXPECT_EQ(errno, EPERM);
  const std::string path = "/proc/self/fd/" + std::to_string(image.get());
  const Fd reopened(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (reopened) {
    EXPECT_EQ(::pwrite(reopened.get(), "x", 1, 0), -1);
  }
}

TEST(SealedSelfImage, CannotBeUnsealed) {
  const Fd image = sealed_self_image();
  EXPECT_EQ(::fcntl(image.get(), F_ADD_SEALS, F_SEAL_WRITE), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(SealedSelfImage, CanBeExecuted) {
  const Fd image = sealed_self_image();
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, 1);
    std::string name = "base_test";
    std::string list = "--gtest_list_tests";
    char* arguments[] = {name.data(), list.data(), nullptr};
    ::fexecve(image.get(), arguments, environ);
    ::_exit(127);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(RunsFromSealedImage, IsFalseForAProgramOnDisk) {
  EXPECT_FALSE(runs_from_sealed_image());
}

}  // namespace
}  // namespace stack
