// SPDX-License-Identifier: Apache-2.0
#include "base/inquiry.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_directory.h"

namespace stack {
namespace {

class InquiryTest : public ::testing::Test {
 protected:
  std::string in(const std::string& name) const { return directory_.path() / name; }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(in(name)) << content;
  }
  bool holds() const {
    for (const Asked& each : asked_)
      if (ask(each.question, each.subject) != each.answer) return false;
    return true;
  }
  /// What is asked meanwhile.
  void follow(const std::function<void()>& questions) {
    const Inquiry inquiry;
    questions();
    const auto asked = inquiry.asked();
    ASSERT_TRUE(asked);
    asked_ = *asked;
  }

  TemporaryDirectory directory_;
  std::vector<Asked> asked_;
};

TEST_F(InquiryTest, HoldsWhileAFileHasTheSameContentWhateverItsTimes) {
  write("a", "one");
  follow([&] { read_file(in("a")); });
  ASSERT_EQ(asked_.size(), 1U);
  write("a", "two");
  EXPECT_FALSE(holds());
  write("b", "one");
  std::filesystem::rename(in("b"), in("a"));
  EXPECT_TRUE(holds());
  std::filesystem::remove(in("a"));
  EXPECT_FALSE(holds());
}

TEST_F(InquiryTest, HoldsWhileAFileIsAbsent) {
  follow([&] { EXPECT_FALSE(read_file_if_exists(in("a"))); });
  EXPECT_TRUE(holds());
  write("a", "");
  EXPECT_FALSE(holds()) << "an empty one is one";
}

TEST_F(InquiryTest, DoesNotWaitForAPipeThatTookAFilesPlace) {
  write("a", "one");
  follow([&] { read_file(in("a")); });
  std::filesystem::remove(in("a"));
  ASSERT_EQ(::mkfifo(in("a").c_str(), 0600), 0);
  EXPECT_FALSE(holds());
}

TEST_F(InquiryTest, HoldsWhileADirectoryHasTheSameNames) {
  write("a", "");
  follow([&] { list_directory(directory_.path()); });
  write("a", "other content");
  EXPECT_TRUE(holds());
  write("b", "");
  EXPECT_FALSE(holds());
}

TEST_F(InquiryTest, HoldsWhileSomethingIsThereOrNot) {
  write("a", "");
  follow([&] {
    exists(in("a"));
    exists(in("b"));
  });
  EXPECT_TRUE(holds());
  write("b", "");
  EXPECT_FALSE(holds());
}

TEST_F(InquiryTest, KnowsKindsAndFilesBehindLinks) {
  write("a", "");
  write("b", "");
  std::filesystem::create_symlink("a", in("link"));
  follow([&] { note_now(Question::file, in("link")); });
  EXPECT_TRUE(holds());
  std::filesystem::remove(in("link"));
  std::filesystem::create_symlink("b", in("link"));
  EXPECT_FALSE(holds());
  follow([&] { note_now(Question::kind, in("link")); });
  EXPECT_TRUE(holds());
  std::filesystem::remove(in("link"));
  EXPECT_FALSE(holds());
  std::filesystem::create_directory(in("link"));
  EXPECT_FALSE(holds());
}

TEST_F(InquiryTest, KnowsWhatMayBeExecuted) {
  write("a", "");
  ASSERT_EQ(::chmod(in("a").c_str(), 0644), 0);
  follow([&] { note_now(Question::execute_bits, in("a")); });
  ASSERT_EQ(::chmod(in("a").c_str(), 0600), 0);
  EXPECT_TRUE(holds());
  ASSERT_EQ(::chmod(in("a").c_str(), 0700), 0);
  EXPECT_FALSE(holds());
}

TEST_F(InquiryTest, HoldsWhileAProcessLivesUnderItsName) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const ProcessIdentity process = identify(child);
  const std::string name = process_name(child);
  follow([&] {
    EXPECT_TRUE(is_alive(process));
    EXPECT_FALSE(is_alive({child, process.start_time + 1}));
    EXPECT_TRUE(is_running_as(child, name));
  });
  EXPECT_TRUE(holds());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(holds());
}

TEST_F(InquiryTest, HearsOtherThreads) {
  follow([&] { std::thread([&] { exists(in("a")); }).join(); });
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(InquiryTest, IsVoidWhenSomethingWasAskedThatCannotBeAskedAgain) {
  write("a", "");
  const std::vector<std::function<void()>> others{
      [&] { open_file(in("a"), O_RDONLY); },
      [&] { make_directories(in("new")); },
      [&] { remove_tree(in("new")); },
      [&] { identify(::getpid()); },
      [&] { EXPECT_THROW(read_file(directory_.path()), Error); },
      [&] { EXPECT_THROW(list_directory(in("a")), Error); },
      [&] { write_file_atomically(in("b"), "", Durability::survives_crash); },
      void_inquiry,
  };
  for (const auto& other : others) {
    const Inquiry inquiry;
    EXPECT_TRUE(inquiry.asked());
    other();
    EXPECT_FALSE(inquiry.asked());
  }
}

TEST_F(InquiryTest, GoesBackToAMark) {
  Inquiry inquiry;
  exists(in("a"));
  const auto mark = inquiry.mark();
  exists(in("b"));
  void_inquiry();
  inquiry.back_to(mark);
  exists(in("c"));
  const auto asked = inquiry.asked();
  ASSERT_TRUE(asked);
  ASSERT_EQ(asked->size(), 2U);
  EXPECT_EQ(asked->back().subject, in("c"));
}

TEST_F(InquiryTest, GoesBackToNoBetterThanTheMarkWas) {
  Inquiry inquiry;
  void_inquiry();
  const auto mark = inquiry.mark();
  exists(in("b"));
  inquiry.back_to(mark);
  EXPECT_FALSE(inquiry.asked());
}

TEST_F(InquiryTest, NobodyHearsWithoutOne) {
  exists(in("a"));
  void_inquiry();
  const Inquiry inquiry;
  EXPECT_EQ(inquiry.asked(), std::vector<Asked>{});
}

}  // namespace
}  // namespace stack
