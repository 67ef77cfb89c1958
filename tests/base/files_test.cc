// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "tests/base/temporary_directory.h"

namespace stack {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

/// errno of the Error that `work` throws; 0 when it throws none.
int error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.error_number();
  }
  return 0;
}

void put(const fs::path& path, std::string_view content) {
  write_file_atomically(path, content, Durability::survives_crash);
}

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw_errno("stat {}", path.native());
  return info.st_mode & 07777;
}

TEST(ReadFile, ReturnsAllOfIt) {
  const TemporaryDirectory home;
  const std::string content(200'000, 'x');
  put(home / "file", content);
  EXPECT_EQ(read_file(home / "file"), content);
}

TEST(ReadFile, ReadsKernelFilesWhoseSizeIsZero) {
  EXPECT_THAT(read_file("/proc/self/status"), HasSubstr("Pid:"));
}

TEST(ReadFile, NamesTheFileThatIsMissing) {
  try {
    read_file("/nonexistent/file");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "open /nonexistent/file: No such file or directory");
    EXPECT_EQ(error.error_number(), ENOENT);
  }
}

TEST(ReadFile, RefusesMoreThanTheLimit) {
  const TemporaryDirectory home;
  put(home / "file", "12345");
  EXPECT_EQ(read_file(home / "file", 5), "12345");
  EXPECT_EQ(error_of([&] { read_file(home / "file", 4); }), EFBIG);
}

TEST(ReadFileIfExists, TellsAbsentFromUnreadable) {
  const TemporaryDirectory home;
  put(home / "file", "");
  EXPECT_EQ(read_file_if_exists(home / "absent"), std::nullopt);
  EXPECT_EQ(read_file_if_exists(home / "file/below"), std::nullopt);
  EXPECT_EQ(read_file_if_exists(home / "file"), "");
  EXPECT_EQ(error_of([&] { read_file_if_exists(home.path()); }), EISDIR);
}

TEST(WriteAll, GoesOnAfterShortWrites) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  const std::string content(300'000, 'y');  // more than a pipe holds
  std::string received;
  std::thread reading([&] { received = read_all(reader.get()); });
  write_all(writer.get(), content);
  writer.reset();
  reading.join();
  EXPECT_EQ(received, content);
}

TEST(WriteAllAt, LeavesThePositionAndTheRestAlone) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "f";
  put(path, "0123456789");
  const Fd file = open_file(path, O_RDWR);
  write_all_at(file.get(), "abc", 4);
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 0);
  EXPECT_EQ(read_file(path), "0123abc789");
  write_all_at(file.get(), "", 100);
  EXPECT_EQ(read_file(path).size(), 10U);
}

TEST(WriteAllAt, SaysWhyItCannot) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "f";
  put(path, "");
  const Fd file = open_file(path, O_RDONLY);
  EXPECT_EQ(error_of([&] { write_all_at(file.get(), "a", 0); }), EBADF);
}

TEST(WriteKernelFile, NeverMakesAFile) {
  const TemporaryDirectory home;
  EXPECT_EQ(error_of([&] { write_kernel_file(home / "pids.max", "10"); }), ENOENT);
  EXPECT_FALSE(stack::exists(home / "pids.max"));
}

TEST(WriteFileAtomically, ReplacesTheContentAndLeavesNothingElse) {
  const TemporaryDirectory home;
  write_file_atomically(home / "state.json", "old", Durability::survives_power_loss);
  write_file_atomically(home / "state.json", "new", Durability::survives_power_loss, 0640);
  EXPECT_EQ(read_file(home / "state.json"), "new");
  EXPECT_EQ(mode_of(home / "state.json"), 0640U);
  EXPECT_THAT(list_directory(home.path()), ElementsAre("state.json"));
}

TEST(WriteFileAtomically, ReadersKeepTheFileTheyOpened) {
  const TemporaryDirectory home;
  put(home / "state.json", "old");
  const Fd before = open_file(home / "state.json", O_RDONLY);
  put(home / "state.json", "new");
  EXPECT_EQ(read_all(before.get()), "old");
}

TEST(WriteFileAtomically, LeavesNothingWhenItFails) {
  const TemporaryDirectory home;
  make_directories(home / "taken/by-a-directory");
  EXPECT_THROW(put(home / "taken", "x"), Error);
  EXPECT_THAT(list_directory(home.path()), ElementsAre("taken"));
}

TEST(WriteFileAtomically, SaysWhatItWasWriting) {
  try {
    put("/nonexistent/state.json", "x");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("writing /nonexistent/state.json: "));
  }
}

TEST(MakeDirectories, MakesAllOfThemWithTheModeAskedFor) {
  const TemporaryDirectory home;
  make_directories(home / "a/b/c", 0711);
  EXPECT_EQ(mode_of(home / "a"), 0711U);
  EXPECT_EQ(mode_of(home / "a/b/c"), 0711U);
  make_directories(home / "a/b/c");
  EXPECT_EQ(mode_of(home / "a/b/c"), 0711U) << "what exists stays as it is";
}

TEST(MakeDirectories, GiveNothingOfTheirModeToTheUmask) {
  const TemporaryDirectory home;
  const mode_t before = ::umask(077);
  make_directories(home / "a/b", 0755);
  ::umask(before);
  EXPECT_EQ(mode_of(home / "a"), 0755U);
  EXPECT_EQ(mode_of(home / "a/b"), 0755U);
}

TEST(MakeDirectories, FailsWhenAFileIsInTheWay) {
  const TemporaryDirectory home;
  put(home / "file", "");
  EXPECT_EQ(error_of([&] { make_directories(home / "file"); }), ENOTDIR);
  EXPECT_EQ(error_of([&] { make_directories(home / "file/below"); }), ENOTDIR);
}

TEST(MakeDirectories, FollowsALinkToADirectory) {
  const TemporaryDirectory home;
  make_directories(home / "real");
  fs::create_symlink("real", home / "link");
  make_directories(home / "link");
  make_directories(home / "link/below");
  EXPECT_TRUE(stack::exists(home / "real/below"));
}

TEST(RemoveTree, RemovesFilesAndDirectories) {
  const TemporaryDirectory home;
  make_directories(home / "tree/deep/er");
  put(home / "tree/file", "x");
  put(home / "tree/deep/er/file", "x");
  remove_tree(home / "tree");
  EXPECT_FALSE(stack::exists(home / "tree"));
}

TEST(RemoveTree, IsContentWhenNothingIsThere) {
  const TemporaryDirectory home;
  EXPECT_NO_THROW(remove_tree(home / "absent"));
}

TEST(RemoveTree, RemovesASingleFile) {
  const TemporaryDirectory home;
  put(home / "file", "x");
  remove_tree(home / "file");
  EXPECT_FALSE(stack::exists(home / "file"));
}

TEST(RemoveTree, RemovesLinksAndNotWhatTheyPointTo) {
  const TemporaryDirectory home;
  make_directories(home / "outside");
  put(home / "outside/precious", "x");
  make_directories(home / "tree");
  fs::create_symlink("../outside", home / "tree/directory-link");
  fs::create_symlink("../outside/precious", home / "tree/file-link");
  fs::create_symlink("nowhere", home / "tree/dangling");
  remove_tree(home / "tree");
  EXPECT_FALSE(stack::exists(home / "tree"));
  EXPECT_EQ(read_file(home / "outside/precious"), "x");
}

TEST(RemoveTree, ALinkAsTheTopIsRemovedItself) {
  const TemporaryDirectory home;
  make_directories(home / "outside/below");
  fs::create_symlink("outside", home / "link");
  remove_tree(home / "link");
  EXPECT_FALSE(stack::exists(home / "link"));
  EXPECT_TRUE(stack::exists(home / "outside/below"));
}

TEST(RemoveTree, OpensDirectoriesThatForbidEntry) {
  const TemporaryDirectory home;
  make_directories(home / "work/work/below");
  put(home / "work/work/below/file", "x");
  ASSERT_EQ(::chmod((home / "work/work/below").c_str(), 0), 0);
  ASSERT_EQ(::chmod((home / "work/work").c_str(), 0), 0);
  remove_tree(home / "work");
  EXPECT_FALSE(stack::exists(home / "work"));
}

TEST(RemoveTree, RemovesNodesThatAreNoFiles) {
  const TemporaryDirectory home;
  make_directories(home / "tree");
  ASSERT_EQ(::mkfifo((home / "tree/fifo").c_str(), 0600), 0);
  remove_tree(home / "tree");
  EXPECT_FALSE(stack::exists(home / "tree"));
}

/// More levels than there may be open files.
void make_deep_tree(const fs::path& top, int levels) {
  make_directories(top);
  Fd directory = open_file(top, O_RDONLY | O_DIRECTORY);
  for (int level = 0; level < levels; ++level) {
    if (::mkdirat(directory.get(), "deeper", 0700) != 0) throw_errno("mkdir deeper");
    directory = Fd(::openat(directory.get(), "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) throw_errno("open deeper");
  }
  const Fd leaf(::openat(directory.get(), "leaf", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!leaf) throw_errno("open leaf");
}

TEST(RemoveTree, IsNotStoppedByADepthThatSomebodyChoseToStopIt) {
  const TemporaryDirectory home;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  make_deep_tree(home / "tree", 200);
  remove_tree(home / "tree");
  EXPECT_THAT(list_directory(home.path()), ElementsAre());
}

TEST(ListDirectory, IsSortedAndEmptyWhenAbsent) {
  const TemporaryDirectory home;
  for (const char* name : {"c", "a", ".hidden", "b"}) put(home / name, "");
  EXPECT_THAT(list_directory(home.path()), ElementsAre(".hidden", "a", "b", "c"));
  EXPECT_THAT(list_directory(home / "absent"), ElementsAre());
  EXPECT_EQ(error_of([&] { list_directory(home / "a"); }), ENOTDIR);
}

TEST(Exists, SeesADanglingLinkItself) {
  const TemporaryDirectory home;
  fs::create_symlink("nowhere", home / "link");
  EXPECT_TRUE(stack::exists(home / "link"));
  EXPECT_FALSE(stack::exists(home / "nowhere"));
}

/// A root that a stranger filled, with a secret beside it.
class OpenBelow : public testing::Test {
 protected:
  OpenBelow() {
    put(home_ / "secret", "of the host");
    make_directories(home_ / "root/etc");
    put(home_ / "root/etc/passwd", "of the container");
    fs::create_symlink("/etc/passwd", home_ / "root/absolute");
    fs::create_symlink("../../../../etc/passwd", home_ / "root/dotted");
    fs::create_symlink("../secret", home_ / "root/secret");
    root_ = open_file(home_ / "root", O_PATH | O_DIRECTORY);
  }
  std::string in_root(const std::string& path) {
    return read_all(open_in_root(root_.get(), path, O_RDONLY).get());
  }
  std::string beneath(const std::string& path) {
    return read_all(open_beneath(root_.get(), path, O_RDONLY).get());
  }

  TemporaryDirectory home_;
  Fd root_;
};

TEST_F(OpenBelow, InRootResolvesEverythingAsIfTheRootWereSlash) {
  for (const char* path : {"/etc/passwd", "etc/passwd", "absolute", "dotted", "../../etc/passwd"})
    EXPECT_EQ(in_root(path), "of the container") << path;
}

TEST_F(OpenBelow, InRootNeverReachesWhatLiesBeside) {
  for (const char* path : {"secret", "../secret", "/../secret"})
    EXPECT_NE(error_of([&] { in_root(path); }), 0) << path;
}

TEST_F(OpenBelow, InRootRefusesMagicLinks) {
  const Fd proc = open_file("/proc", O_PATH | O_DIRECTORY);
  EXPECT_EQ(error_of([&] { open_in_root(proc.get(), "self/root/etc", O_RDONLY); }), ELOOP);
}

TEST_F(OpenBelow, InRootCreatesBelowTheRoot) {
  const Fd file = open_in_root(root_.get(), "/../new", O_WRONLY | O_CREAT, 0600);
  EXPECT_TRUE(stack::exists(home_ / "root/new"));
  EXPECT_FALSE(stack::exists(home_ / "new"));
}

TEST_F(OpenBelow, BeneathFollowsNoLinkAndLooksNotUp) {
  EXPECT_EQ(beneath("etc/passwd"), "of the container");
  EXPECT_EQ(error_of([&] { beneath("absolute"); }), ELOOP);
  EXPECT_EQ(error_of([&] { beneath("../secret"); }), EXDEV);
  EXPECT_EQ(error_of([&] { beneath("/etc/passwd"); }), EXDEV);
}

TEST(FileLock, IsExclusive) {
  const TemporaryDirectory home;
  const auto first = FileLock::try_acquire(home / "lock");
  ASSERT_TRUE(first);
  EXPECT_FALSE(FileLock::try_acquire(home / "lock"));
}

TEST(FileLock, IsFreeWhenItsHolderIsGone) {
  const TemporaryDirectory home;
  { const FileLock held = FileLock::acquire(home / "lock"); }
  EXPECT_TRUE(FileLock::try_acquire(home / "lock"));
}

/// Descriptors of this process that lead to `path`.
std::ptrdiff_t opened(const fs::path& path) {
  const fs::directory_iterator descriptors("/proc/self/fd");
  return std::count_if(begin(descriptors), end(descriptors), [&](const auto& each) {
    std::error_code gone;
    return fs::read_symlink(each.path(), gone) == path;
  });
}

TEST(FileLock, WhoeverWaitsForOneThatItsHolderRemovesGetsTheNext) {
  const TemporaryDirectory home;
  const fs::path path = fs::canonical((home / "lock").parent_path()) / "lock";
  auto held = std::optional(FileLock::acquire(path));
  std::thread waiting([&] {
    const FileLock lock = FileLock::acquire(path);
    EXPECT_FALSE(FileLock::try_acquire(path)) << "two have it";
  });
  while (opened(path) < 2) std::this_thread::yield();
  fs::remove(path);
  held.reset();
  waiting.join();
}

TEST(FileLock, TellsWhoeverWaitsWhoHoldsIt) {
  const TemporaryDirectory home;
  FileLock held = FileLock::acquire(home / "lock");
  held.describe_holder("stack up --a-long-first-text (pid 71)");
  held.describe_holder("stack up (pid 71)");
  EXPECT_EQ(read_file(home / "lock"), "stack up (pid 71)");
}

TEST(OpenFile, IsNotInheritedByPrograms) {
  const Fd file = open_file("/dev/null", O_RDONLY);
  EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace stack
