// SPDX-License-Identifier: Apache-2.0
#include "supervisor/earlier_logs.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/format.h"
#include "supervisor/log_reader.h"
#include "supervisor/log_store.h"
#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

class EarlierLogs : public ::testing::Test {
 protected:
  /// A container of web-1 that has said `words`.
  ContainerConfig container(const std::string& id, const std::string& words) {
    ContainerConfig config;
    config.id = id;
    config.name = "shop-web-1";
    config.service = "web";
    make_directories(files_.container(id));
    if (!words.empty()) LogWriter(files_.container(id), {}).append(Stream::out, words);
    return config;
  }

  /// Who said what, the oldest first.
  std::string kept() const {
    std::string text;
    for (const EarlierLog& log : earlier_logs(files_)) {
      LogReader reader(log.directory);
      const LogLine* const line = reader.front(LastLine::as_it_is);
      text += fmt::format("{}:{} ", log.container_id, line == nullptr ? "" : line->text);
    }
    return text;
  }

  TemporaryDirectory directory_;
  ProjectFiles files_{HostPaths{directory_.path() / "data", directory_.path() / "run"}, "shop"};
};

TEST_F(EarlierLogs, AreReadAsTheyWere) {
  keep_log(files_, container("a", "one\n"));
  keep_log(files_, container("b", "two\n"));
  remove_tree(files_.container("a"));
  EXPECT_EQ(kept(), "a:one b:two ");
  const EarlierLog first = earlier_logs(files_).front();
  EXPECT_EQ(first.name, "shop-web-1");
  EXPECT_EQ(log_place(first.service, first.number, first.step), "web-1");
}

TEST_F(EarlierLogs, AreCalledAsBeforeTheyWereSetAside) {
  ContainerConfig config = container("a", "one\n");
  config.name = "a_shop-web-1";
  config.place = "shop-web-1";
  keep_log(files_, config);
  EXPECT_EQ(earlier_logs(files_).front().name, "shop-web-1");
}

TEST_F(EarlierLogs, AreNoneOfWhoSaidNothing) {
  keep_log(files_, container("a", ""));
  EXPECT_EQ(kept(), "");
  EXPECT_FALSE(stack::exists(files_.logs()));
}

TEST_F(EarlierLogs, AreKeptOnce) {
  const ContainerConfig config = container("a", "one\n");
  keep_log(files_, config);
  keep_log(files_, config);
  EXPECT_EQ(kept(), "a:one ");
}

TEST_F(EarlierLogs, AreOfTheLastOfAPlace) {
  std::string expected;
  for (std::size_t i = 0; i < most_earlier_logs + 2; ++i) {
    keep_log(files_, container(fmt::format("c{}", i), "word\n"));
    if (i >= 2) expected += fmt::format("c{}:word ", i);
  }
  EXPECT_EQ(kept(), expected);
}

TEST_F(EarlierLogs, AreKeptAlthoughAnotherWasCutOff) {
  make_directories(files_.logs() / "web-1" / ".unfinished");
  write_file_atomically(files_.logs() / "web-1" / ".unfinished" / "stdout", "half",
                        Durability::survives_crash);
  keep_log(files_, container("a", "one\n"));
  EXPECT_EQ(kept(), "a:one ");
}

TEST_F(EarlierLogs, AreForgottenWithTheirPlace) {
  ContainerConfig other = container("b", "two\n");
  other.number = 2;
  keep_log(files_, container("a", "one\n"));
  keep_log(files_, other);
  forget_logs(files_, container("c", ""));
  EXPECT_EQ(kept(), "b:two ");
  forget_logs(files_, other);
  EXPECT_FALSE(stack::exists(files_.logs()));
}

TEST_F(EarlierLogs, ThatAreDamagedAreLeftOut) {
  keep_log(files_, container("a", "one\n"));
  write_file_atomically(files_.logs() / "web-1" / "1" / "about.json", "{",
                        Durability::survives_crash);
  EXPECT_EQ(kept(), "");
  keep_log(files_, container("b", "two\n"));
  EXPECT_EQ(kept(), "b:two ");
}

}  // namespace
}  // namespace stack::supervisor
