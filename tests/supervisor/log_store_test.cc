// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <sstream>

#include "base/files.h"
#include "base/format.h"
#include "supervisor/log_reader.h"
#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

/// Everything from here on.
std::string shown(LogReader& reader, LastLine last = LastLine::not_yet) {
  std::string text;
  reader.look_again();
  for (; const LogLine* line = reader.front(last); reader.take())
    text += (line->stream == Stream::out ? "o:" : "e:") + std::string(line->text) + "\n";
  return text;
}

class LogStore : public ::testing::Test {
 protected:
  Fd make_pipe(const char* name) {
    const auto path = directory_.path() / name;
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return open_file(path, O_RDWR | O_NONBLOCK);
  }

  std::string text(LastLine last) { return shown(reader_, last); }

  /// What `lines` of the end are, to somebody new.
  std::string tail(std::size_t lines, LastLine last = LastLine::not_yet) {
    LogReader reader(directory_.path());
    reader.skip_to_last(lines, last);
    return shown(reader, last);
  }

  TemporaryDirectory directory_;
  LogWriter writer_{directory_.path(), LogPolicy{}};
  LogReader reader_{directory_.path()};
};

TEST_F(LogStore, WhatAPipeHoldsIsMovedToTheLog) {
  const Fd pipe = make_pipe("p");
  EXPECT_EQ(writer_.drain(Stream::out, pipe.get()), 0U);
  write_all(pipe.get(), "one\ntwo\nthr");
  EXPECT_EQ(writer_.drain(Stream::out, pipe.get()), 11U);
  EXPECT_EQ(text(LastLine::not_yet), "o:one\no:two\n");
  write_all(pipe.get(), "ee\nrest");
  writer_.drain(Stream::out, pipe.get());
  EXPECT_EQ(text(LastLine::not_yet), "o:three\n");
  EXPECT_EQ(text(LastLine::as_it_is), "o:rest\n");
  EXPECT_EQ(text(LastLine::as_it_is), "");
}

TEST_F(LogStore, BothStreamsAreMergedByTime) {
  writer_.append(Stream::out, "1\n");
  writer_.append(Stream::err, "2\n3\n");
  writer_.append(Stream::out, "4\n");
  writer_.append(Stream::err, "5\n");
  EXPECT_EQ(text(LastLine::as_it_is), "o:1\ne:2\ne:3\no:4\ne:5\n");
}

TEST_F(LogStore, ALineHasTheTimeOfItsFirstByte) {
  const auto before = std::chrono::system_clock::now();
  writer_.append(Stream::out, "begun, ");
  const auto between = std::chrono::system_clock::now();
  writer_.append(Stream::out, "ended\n");
  const LogLine* const line = reader_.front(LastLine::as_it_is);
  ASSERT_NE(line, nullptr);
  EXPECT_GE(line->time, before);
  EXPECT_LE(line->time, between);
}

TEST_F(LogStore, AContainerWithoutOutputHasNoLines) {
  EXPECT_EQ(text(LastLine::as_it_is), "");
  EXPECT_EQ(tail(3), "");
}

TEST_F(LogStore, LogsArePrivate) {
  EXPECT_FALSE(stack::exists(directory_.path() / "stdout")) << "nothing said, no file";
  writer_.append(Stream::out, "secret\n");
  struct stat info {};
  ASSERT_EQ(::stat((directory_.path() / "stdout").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(LogStore, NothingKeptIsNothingOnDisk) {
  const Fd pipe = make_pipe("p");
  LogWriter writer(directory_.path(), LogPolicy{.kept = LogPolicy::Kept::nothing});
  write_all(pipe.get(), "gone\n");
  EXPECT_EQ(writer.drain(Stream::out, pipe.get()), 5U);
  writer.append(Stream::err, "gone\n");
  EXPECT_EQ(writer.lost(), 0U) << "nothing that should have been kept";
  EXPECT_TRUE(list_log_generations(directory_.path()).empty());
}

TEST_F(LogStore, TheLastLinesAreFoundFromTheEnd) {
  writer_.append(Stream::out, "1\n2\n");
  writer_.append(Stream::err, "3\n");
  writer_.append(Stream::out, "4\n5\nunfin");
  EXPECT_EQ(tail(0), "");
  EXPECT_EQ(tail(1), "o:5\n");
  EXPECT_EQ(tail(3), "e:3\no:4\no:5\n");
  EXPECT_EQ(tail(99), "o:1\no:2\ne:3\no:4\no:5\n");
  EXPECT_EQ(tail(1, LastLine::as_it_is), "o:unfin\n");
  EXPECT_EQ(tail(3, LastLine::as_it_is), "o:4\no:5\no:unfin\n");
}

TEST_F(LogStore, WhoBeginsAtTheEndSeesWhatIsBegunThere) {
  writer_.append(Stream::out, "old\nbeg");
  LogReader reader(directory_.path());
  reader.skip_to_last(0, LastLine::not_yet);
  EXPECT_EQ(shown(reader), "");
  writer_.append(Stream::out, "un\n");
  EXPECT_EQ(shown(reader), "o:begun\n");
}

TEST_F(LogStore, ReadingOfAGrowingLogCanHaveAnEnd) {
  writer_.append(Stream::out, "there\n");
  reader_.end_at_present();
  writer_.append(Stream::out, "later\n");
  EXPECT_EQ(text(LastLine::not_yet), "o:there\n");
  reader_.go_on();
  EXPECT_EQ(text(LastLine::not_yet), "o:later\n");
}

TEST_F(LogStore, ALineLongerThanMemoryShouldHoldComesInPieces) {
  constexpr std::size_t longest = 1U << 20;
  writer_.append(Stream::out, std::string(longest + 10, 'x') + "\nshort\n");
  EXPECT_EQ(reader_.front(LastLine::not_yet)->text.size(), longest);
  reader_.take();
  EXPECT_EQ(text(LastLine::not_yet), "o:xxxxxxxxxx\no:short\n");
}

/// Marks of `stream` at given times, and the bytes that came at them.
void write_side(const std::filesystem::path& directory,
                const std::vector<std::pair<std::int64_t, std::string>>& chunks) {
  std::string data;
  std::string index;
  for (const auto& [time, bytes] : chunks) {
    const LogMark mark{data.size(), time};
    index.append(reinterpret_cast<const char*>(&mark), sizeof mark);
    data += bytes;
  }
  write_file_atomically(directory / "stdout", data, Durability::survives_crash);
  write_file_atomically(directory / "stdout.index", index, Durability::survives_crash);
}

TEST_F(LogStore, OldLinesAreLeftOutByTheIndex) {
  write_side(directory_.path(), {{10, "a\nb\nc, "}, {20, "begun at 10\nd\n"}, {30, "e\n"}});
  const auto since = [&](int time) {
    LogReader reader(directory_.path());
    reader.skip_before(LogTime(std::chrono::nanoseconds(time)));
    return shown(reader);
  };
  EXPECT_EQ(since(5), "o:a\no:b\no:c, begun at 10\no:d\no:e\n");
  EXPECT_EQ(since(15), "o:d\no:e\n");
  EXPECT_EQ(since(30), "o:e\n");
  EXPECT_EQ(since(31), "");
}

TEST_F(LogStore, HalfAMarkIsRepaired) {
  write_side(directory_.path(), {{10, "a\n"}});
  write_all(open_file(directory_.path() / "stdout.index", O_WRONLY | O_APPEND).get(), "torn");
  const auto before = std::chrono::system_clock::now();
  writer_.append(Stream::out, "b\n");
  ASSERT_NE(reader_.front(LastLine::not_yet), nullptr);
  EXPECT_EQ(reader_.front(LastLine::not_yet)->time, LogTime(std::chrono::nanoseconds(10)));
  reader_.take();
  EXPECT_GE(reader_.front(LastLine::not_yet)->time, before);
}

// ---- rotation

constexpr std::uint64_t small = 4096;  // the smallest that there is

class LogRotation : public LogStore {
 protected:
  void print(LogWriter& writer, int from, int to) {
    for (int i = from; i < to; ++i) writer.append(Stream::out, line(i) + "\n");
  }
  static std::string line(int number) { return fmt::format("line {:06} of many", number); }

  /// Checks that lines `first` to `last` - 1 are shown.
  static void expect_lines(const std::string& shown, int first, int last) {
    std::string expected;
    for (int i = first; i < last; ++i) expected += "o:" + line(i) + "\n";
    EXPECT_EQ(shown, expected);
  }
};

TEST_F(LogRotation, AFullGenerationIsFollowedByTheNext) {
  LogWriter writer(directory_.path(), {.max_size = small, .max_files = 100});
  print(writer, 0, 1000);
  EXPECT_GT(list_log_generations(directory_.path()).newest(), 3U);
  expect_lines(text(LastLine::not_yet), 0, 1000);
}

TEST_F(LogRotation, NoGenerationIsLargerThanAllowedTimesIncluded) {
  LogWriter writer(directory_.path(), {.max_size = small, .max_files = 3});
  for (int i = 0; i < 2000; ++i) {
    writer.append(Stream::out, line(i) + "\n");
    writer.append(Stream::err, "and its shadow\n");  // a mark for each
  }
  const auto all = list_log_generations(directory_.path());
  EXPECT_LE(all.newest() - all.oldest(), 2U);
  for (auto generation = all.oldest(); generation <= all.newest(); ++generation) {
    std::uint64_t size = 0;
    for (const Stream stream : {Stream::out, Stream::err}) {
      for (const auto& name :
           {log_data_name(stream, generation), log_index_name(stream, generation)}) {
        const auto path = directory_.path() / name;
        if (stack::exists(path)) size += std::filesystem::file_size(path);
      }
    }
    EXPECT_LE(size, small);
  }
}

TEST_F(LogRotation, WhatIsLeftBeginsWithAWholeLine) {
  LogWriter writer(directory_.path(), {.max_size = small, .max_files = 2});
  print(writer, 0, 1001);
  const std::string left = text(LastLine::not_yet);
  EXPECT_TRUE(left.starts_with("o:line ")) << left.substr(0, 40);
  EXPECT_TRUE(left.ends_with(line(1000) + "\n"));
  const int first = std::stoi(left.substr(7, 6));
  expect_lines(left, first, 1001);
  EXPECT_GT((1001 - first) * line(0).size(), small / 2);
}

TEST_F(LogRotation, OneFileIsKeptUnlessMoreAreAskedFor) {
  LogWriter writer(directory_.path(), {.max_size = small});
  print(writer, 0, 1000);
  const auto all = list_log_generations(directory_.path());
  EXPECT_EQ(all.oldest(), all.newest());
}

TEST_F(LogRotation, WhoFollowsCrossesItWithoutLoss) {
  LogWriter writer(directory_.path(), {.max_size = small, .max_files = 2});
  std::string seen;
  for (int i = 0; i < 1000; ++i) {
    print(writer, i, i + 1);
    if (i % 50 == 0) seen += text(LastLine::not_yet);
  }
  seen += text(LastLine::not_yet);
  expect_lines(seen, 0, 1000);
}

TEST_F(LogRotation, WhoFollowsTooSlowlyMissesWholeLines) {
  LogWriter writer(directory_.path(), {.max_size = small, .max_files = 2});
  print(writer, 0, 10);
  writer.append(Stream::out, "cut off h");
  expect_lines(text(LastLine::not_yet), 0, 10);
  writer.append(Stream::out, "ere\n");
  print(writer, 10, 1000);
  const std::string rest = text(LastLine::not_yet);
  EXPECT_TRUE(rest.starts_with("o:cut off here\n")) << rest.substr(0, 60);
  std::istringstream lines(rest);
  for (std::string each; std::getline(lines, each);) {
    EXPECT_TRUE(each == "o:cut off here" || each.starts_with("o:line 000")) << each;
    EXPECT_TRUE(each == "o:cut off here" || each.ends_with(" of many")) << each;
  }
}

TEST_F(LogRotation, TheLastLinesAreFoundAcrossGenerations) {
  LogWriter writer(directory_.path(), {.max_size = small, .max_files = 100});
  print(writer, 0, 1000);
  for (const int lines : {1, 100, 150, 400, 999, 1000})
    expect_lines(tail(static_cast<std::size_t>(lines)), 1000 - lines, 1000);
  expect_lines(tail(5000), 0, 1000);
}

TEST_F(LogRotation, AStreamThatSaysLittleKeepsItsPlace) {
  LogWriter writer(directory_.path(), {.max_size = small, .max_files = 100});
  writer.append(Stream::err, "first\n");
  print(writer, 0, 500);
  writer.append(Stream::err, "last\n");
  const std::string all = text(LastLine::not_yet);
  EXPECT_TRUE(all.starts_with("e:first\no:line 000000"));
  EXPECT_TRUE(all.ends_with("e:last\n"));
}

TEST_F(LogRotation, ANewWriterGoesOnWhereTheLastOneDied) {
  for (int i = 0; i < 1000; i += 7) {
    LogWriter writer(directory_.path(), {.max_size = small, .max_files = 100});
    print(writer, i, std::min(i + 7, 1000));
  }
  expect_lines(text(LastLine::not_yet), 0, 1000);
}

// ---- many lines at once

/// Each line with its time, read one by one or in runs.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& directory) : reader_(directory) {}

  void read_single(LastLine last) {
    reader_.look_again();
    for (; const LogLine* line = reader_.front(last); reader_.take())
      add(line->stream, line->time, line->text);
  }

  void read_runs(LastLine last, std::size_t most) {
    reader_.look_again();
    for (; reader_.front(last) != nullptr; reader_.take()) {
      const LogRun run = reader_.run(most);
      EXPECT_LE(run.lines, most);
      largest = std::max(largest, run.lines);
      std::istringstream lines{std::string(run.text)};
      std::size_t count = 0;
      for (std::string line; std::getline(lines, line); ++count) add(run.stream, run.time, line);
      EXPECT_EQ(count, run.lines);
    }
  }

  std::string seen;
  std::size_t largest = 0;

 private:
  void add(Stream stream, LogTime time, std::string_view text) {
    seen += fmt::format("{} {} {}\n", stream == Stream::out ? "o" : "e",
                        time.time_since_epoch().count(), text);
  }

  LogReader reader_;
};

TEST_F(LogRotation, RunsAreTheLinesThatComeOneByOne) {
  std::minstd_rand random(1);
  LogWriter writer(directory_.path(), {.max_size = 16 * small, .max_files = 1000});
  LineReader single(directory_.path());
  LineReader runs(directory_.path());
  for (int i = 0; i < 500; ++i) {
    std::string chunk;
    for (auto lines = random() % 20; lines > 0; --lines)
      chunk += std::string(random() % 30, 'x') + "\n";
    if (random() % 3 == 0) chunk += "begun, ";
    writer.append(random() % 4 == 0 ? Stream::err : Stream::out, chunk);
    if (random() % 40 != 0) continue;
    single.read_single(LastLine::not_yet);
    runs.read_runs(LastLine::not_yet, 1 + random() % 8);
    ASSERT_EQ(runs.seen, single.seen);
  }
  single.read_single(LastLine::as_it_is);
  runs.read_runs(LastLine::as_it_is, 1000);
  EXPECT_EQ(runs.seen, single.seen);
  EXPECT_GT(runs.largest, 5U) << "runs are to be runs";
}

TEST_F(LogStore, ARunEndsWhereTheTimeChangesWithinALine) {
  write_side(directory_.path(), {{10, "a\nb\nc, "}, {20, "begun at 10\nd\n"}, {30, "e\n"}});
  const auto next = [&] {
    if (reader_.front(LastLine::not_yet) == nullptr) return std::string("nothing");
    const LogRun run = reader_.run(1000);
    const std::string text = fmt::format("{}: {}", run.time.time_since_epoch().count(), run.text);
    reader_.take();
    return text;
  };
  EXPECT_EQ(next(), "10: a\nb\nc, begun at 10\n");
  EXPECT_EQ(next(), "20: d\n");
  EXPECT_EQ(next(), "30: e\n");
  EXPECT_EQ(next(), "nothing");
}

/// A child that drains the pipe until it is killed.
pid_t start_collector(const std::filesystem::path& directory, const LogPolicy& policy) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const Fd pipe = open_file(directory / "p", O_RDWR | O_NONBLOCK);
  LogWriter writer(directory, policy);
  for (;;) writer.drain(Stream::out, pipe.get());
}

class KilledCollector : public LogStore, public ::testing::WithParamInterface<std::uint64_t> {};
// Without end, and turning over all the time.
INSTANTIATE_TEST_SUITE_P(Sizes, KilledCollector, ::testing::Values(0, small));

TEST_P(KilledCollector, LosesAndDoublesNothingAtAnyMoment) {
  const LogPolicy policy{.max_size = GetParam(), .max_files = 1'000'000};
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
    const pid_t collector = start_collector(directory_.path(), policy);
    running = ::waitpid(producer, &status, WNOHANG) == 0;
    ::kill(collector, SIGKILL);
    ::waitpid(collector, nullptr, 0);
  }
  LogWriter last(directory_.path(), policy);
  while (last.drain(Stream::out, pipe.get()) > 0) {
  }
  for (int i = 0; i < lines; ++i) {
    const LogLine* const line = reader_.front(LastLine::as_it_is);
    ASSERT_NE(line, nullptr);
    ASSERT_EQ(line->text, std::to_string(i));
    reader_.take();
  }
  EXPECT_EQ(reader_.front(LastLine::as_it_is), nullptr);
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
  const SmallDisk disk(8);
  write_all(pipe.get(), "fits in\nand this is lost\n");
  while (writer_.drain(Stream::out, pipe.get()) > 0) {
  }
  write_all(pipe.get(), "lost\n");
  EXPECT_EQ(writer_.drain(Stream::out, pipe.get()), 5U);
  EXPECT_EQ(text(LastLine::as_it_is), "o:fits in\n");
  EXPECT_EQ(writer_.lost(), std::string_view("and this is lost\nlost\n").size());
}

}  // namespace
}  // namespace stack::supervisor
