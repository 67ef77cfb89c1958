// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

class LogStore : public ::testing::Test {
 protected:
  Fd make_pipe(const char* name) {
    const auto path = directory_.path() / name;
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return open_file(path, O_RDWR | O_NONBLOCK);
  }

  std::string text(bool finished) {
    std::string text;
    for (const LogLine& line : reader_.read_new(finished))
      text += (line.stream == Stream::out ? "o:" : "e:") + line.text + "\n";
    return text;
  }

  TemporaryDirectory directory_;
  LogReader reader_{directory_.path()};
};

TEST_F(LogStore, WhatAPipeHoldsIsMovedToTheLog) {
  const Fd pipe = make_pipe("p");
  LogWriter writer(directory_.path(), Stream::out);
  EXPECT_EQ(writer.drain(pipe.get()), 0U);
  write_all(pipe.get(), "one\ntwo\nthr");
  EXPECT_EQ(writer.drain(pipe.get()), 11U);
  EXPECT_EQ(text(false), "o:one\no:two\n");
  write_all(pipe.get(), "ee\nrest");
  writer.drain(pipe.get());
  EXPECT_EQ(text(false), "o:three\n");
  EXPECT_EQ(text(true), "o:rest\n");
  EXPECT_EQ(text(true), "");
}

TEST_F(LogStore, BothStreamsAreMergedByTime) {
  LogWriter out(directory_.path(), Stream::out);
  LogWriter err(directory_.path(), Stream::err);
  out.append("1\n");
  err.append("2\n3\n");
  out.append("4\n");
  err.append("5\n");
  EXPECT_EQ(text(true), "o:1\ne:2\ne:3\no:4\ne:5\n");
}

TEST_F(LogStore, ALineHasTheTimeOfItsFirstByte) {
  LogWriter out(directory_.path(), Stream::out);
  const auto before = std::chrono::system_clock::now();
  out.append("begun, ");
  const auto between = std::chrono::system_clock::now();
  out.append("ended\n");
  const auto lines = reader_.read_new(true);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_GE(lines[0].time, before);
  EXPECT_LE(lines[0].time, between);
}

TEST_F(LogStore, AContainerWithoutOutputHasNoLines) {
  EXPECT_EQ(text(true), "");
}

TEST_F(LogStore, LogsArePrivate) {
  LogWriter out(directory_.path(), Stream::out);
  EXPECT_FALSE(stack::exists(directory_.path() / "stdout")) << "nothing said, no file";
  out.append("secret\n");
  struct stat info {};
  ASSERT_EQ(::stat((directory_.path() / "stdout").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

/// A child that drains the pipe until it is killed.
pid_t start_collector(const std::filesystem::path& directory) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const Fd pipe = open_file(directory / "p", O_RDWR | O_NONBLOCK);
  LogWriter writer(directory, Stream::out);
  for (;;) writer.drain(pipe.get());
}

TEST_F(LogStore, ACollectorKilledAtAnyMomentLosesAndDoublesNothing) {
  const Fd pipe = make_pipe("p");
  constexpr int lines = 20000;
  const pid_t producer = ::fork();
  if (producer == 0) {
    const Fd out = open_file(directory_.path() / "p", O_RDWR);
    for (int i = 0; i < lines; ++i) write_all(out.get(), std::to_string(i) + "\n");
    ::_exit(0);
  }
  int status = 0;
  for (bool running = true; running;) {
    const pid_t collector = start_collector(directory_.path());
    running = ::waitpid(producer, &status, WNOHANG) == 0;
    ::kill(collector, SIGKILL);
    ::waitpid(collector, nullptr, 0);
  }
  LogWriter last(directory_.path(), Stream::out);
  while (last.drain(pipe.get()) > 0) {
  }
  const auto found = reader_.read_new(true);
  ASSERT_EQ(found.size(), static_cast<std::size_t>(lines));
  for (int i = 0; i < lines; ++i)
    ASSERT_EQ(found[static_cast<std::size_t>(i)].text, std::to_string(i));
}

/// A disk with no room for files over `size` bytes, as far as this process can tell.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t size) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{size, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit before_{};
  sighandler_t handler_;
};

TEST_F(LogStore, AFullDiskDropsOutputButDoesNotStallTheContainer) {
  const Fd pipe = make_pipe("p");
  LogWriter writer(directory_.path(), Stream::out);
  const SmallDisk disk(8);
  write_all(pipe.get(), "fits in\nand this is lost\n");
  while (writer.drain(pipe.get()) > 0) {
  }
  write_all(pipe.get(), "lost\n");
  EXPECT_EQ(writer.drain(pipe.get()), 5U);
  EXPECT_EQ(text(true), "o:fits in\n");
}

}  // namespace
}  // namespace stack::supervisor
