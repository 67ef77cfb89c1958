// SPDX-License-Identifier: Apache-2.0
#include "base/sealed_image.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/pipe.h"

namespace stack {
namespace {

/// This test, for want of another that can be executed.
const std::string& program() {
  static const std::string bytes = read_file("/proc/self/exe");
  return bytes;
}

TEST(SealedImage, IsTheProgram) {
  const Fd image = sealed_image(program());
  ASSERT_EQ(::lseek(image.get(), 0, SEEK_SET), 0);
  EXPECT_TRUE(read_all(image.get()) == program());
}

TEST(SealedImage, CannotBeChangedByWhoeverGetsHoldOfIt) {
  const Fd image = sealed_image(program());
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

TEST(SealedImage, CannotBeUnsealed) {
  const Fd image = sealed_image(program());
  EXPECT_EQ(::fcntl(image.get(), F_ADD_SEALS, F_SEAL_WRITE), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(SealedImage, CanBeExecuted) {
  const Fd image = sealed_image(program());
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

/// What Sleeper runs: this program, waiting for the end of its input.
TEST(Sleeper, DISABLED_WaitsForInput) {
  read_all(0);
}

/// A process that runs this program from `image` until it is let go.
class Sleeper {
 public:
  explicit Sleeper(const Fd& image, unsigned long namespaces = 0) {
    pid_ = ::fork();
    if (pid_ == 0) {
      if (namespaces != 0 && ::unshare(static_cast<int>(namespaces)) != 0) ::_exit(126);
      ::dup2(pipe_.reading.get(), 0);
      ::dup2(open_file("/dev/null", O_WRONLY).get(), 1);
      std::string name = "sleeper";
      std::string filter = "--gtest_filter=Sleeper.DISABLED_WaitsForInput";
      std::string disabled = "--gtest_also_run_disabled_tests";
      char* arguments[] = {name.data(), filter.data(), disabled.data(), nullptr};
      ::fexecve(image.get(), arguments, environ);
      ::_exit(127);
    }
    // Close-on-exec: the end says that it has executed.
    started_.writing.reset();
    read_all(started_.reading.get());
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() {
    pipe_.writing.reset();
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  Pipe pipe_ = make_pipe();
  Pipe started_ = make_pipe();
  pid_t pid_;
};

TEST(SealedImageOf, IsTheOneThatAnotherRunsFrom) {
  const Fd image = sealed_image(program());
  const Sleeper other(image);
  const auto found = sealed_image_of(other.pid(), program());
  ASSERT_TRUE(found);
  struct stat ours {};
  struct stat theirs {};
  ::fstat(image.get(), &ours);
  ::fstat(found->get(), &theirs);
  EXPECT_EQ(ours.st_ino, theirs.st_ino);
}

TEST(SealedImageOf, IsNothingForAProgramOnDiskOrNoProcess) {
  const Sleeper other(open_file("/proc/self/exe", O_RDONLY));
  EXPECT_FALSE(sealed_image_of(other.pid(), program()));
  EXPECT_FALSE(sealed_image_of(::getpid(), program()));
  EXPECT_FALSE(sealed_image_of(0x3fffffff, program()));
}

/// A memory file of this program's bytes.
Fd unsealed_copy(const std::string& name) {
  Fd copy(::memfd_create(name.c_str(), MFD_ALLOW_SEALING));
  write_all(copy.get(), program());
  return copy;
}

std::string name_of(const Fd& image) {
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(image.get()));
  const std::string words = path.native().substr(std::string("/memfd:").size());
  return words.substr(0, words.find(' '));
}

TEST(SealedImageOf, IsNothingForCopiesThatCanBeChangedOrAreOfSomethingElse) {
  const std::string name = name_of(sealed_image(program()));
  const Sleeper not_sealed(unsealed_copy(name));
  EXPECT_FALSE(sealed_image_of(not_sealed.pid(), program()));
  const Fd copy = unsealed_copy("stack-of-something-else");
  ::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  const Sleeper different(copy);
  EXPECT_FALSE(sealed_image_of(different.pid(), program()));
}

TEST(SealedImageOf, IsNothingForAnotherProgramOfTheSameFile) {
  const Sleeper other(sealed_image(program()));
  EXPECT_FALSE(sealed_image_of(other.pid(), program() + "x"));
}

TEST(SealedImageOf, IsNothingForWhoSeesOtherMounts) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: a mount namespace";
  const Sleeper contained(sealed_image(program()), CLONE_NEWNS);
  EXPECT_FALSE(sealed_image_of(contained.pid(), program()));
}

}  // namespace
}  // namespace stack
