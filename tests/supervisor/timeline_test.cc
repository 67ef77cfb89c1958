// SPDX-License-Identifier: Apache-2.0
#include "supervisor/timeline.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

using namespace std::chrono_literals;

Event event(const std::string& action) {
  return {std::chrono::system_clock::time_point(1767366245s + 7ns),
          "container",
          action,
          "web",
          "0123",
          {{"name", "shop-web-1"}}};
}

std::string actions(TimelineReader& reader) {
  std::string text;
  while (const auto next = reader.next()) text += next->action + " ";
  return text;
}

TEST(Timeline, ALineIsWhatDockerComposePrints) {
  EXPECT_EQ(to_line(event("start")),
            R"({"action":"start","attributes":{"name":"shop-web-1"},"id":"0123","service":"web",)"
            R"("time":"2026-01-02T15:04:05.000000007Z","type":"container"})");
  EXPECT_EQ(parse_event(to_line(event("start"))), event("start"));
}

TEST(Timeline, WhatIsNoEventIsLeftOut) {
  for (const char* line : {"", "{", "{}", "[]", R"({"time":"yesterday"})",
                           R"({"action":1,"time":"2026-01-02T15:04:05.000000007Z"})"})
    EXPECT_EQ(parse_event(line), std::nullopt) << line;
}

TEST(Timeline, AReaderGoesOnWhereItWas) {
  const TemporaryDirectory directory;
  TimelineReader reader(directory.path() / "events");
  EXPECT_EQ(reader.next(), std::nullopt);
  TimelineWriter writer(directory.path() / "events");
  writer.append(event("create"));
  writer.append(event("start"));
  EXPECT_EQ(actions(reader), "create start ");
  writer.append(event("die"));
  append_event(directory.path() / "events", event("destroy"));
  EXPECT_EQ(actions(reader), "die destroy ");
}

TEST(Timeline, AnotherSupervisorGoesOnWithTheSameFile) {
  const TemporaryDirectory directory;
  TimelineWriter(directory.path()).append(event("start"));
  TimelineWriter(directory.path()).append(event("die"));
  TimelineReader reader(directory.path());
  EXPECT_EQ(actions(reader), "start die ");
  EXPECT_EQ(list_directory(directory.path()).size(), 1U);
}

TEST(Timeline, ItIsBoundedAndTheOldestGoesFirst) {
  const TemporaryDirectory directory;
  TimelineWriter writer(directory.path(), {200, 2});
  for (int i = 0; i < 20; ++i) writer.append(event(std::to_string(i)));
  EXPECT_LE(list_directory(directory.path()).size(), 2U);
  TimelineReader reader(directory.path());
  const std::string last = actions(reader);
  EXPECT_TRUE(last.ends_with("18 19 ")) << last;
  EXPECT_FALSE(last.starts_with("0 ")) << last;
}

TEST(Timeline, AFollowerSeesAllLinesAcrossFiles) {
  const TemporaryDirectory directory;
  TimelineWriter writer(directory.path(), {200, 2});
  TimelineReader reader(directory.path());
  std::string seen;
  std::string written;
  for (int i = 0; i < 20; ++i) {
    writer.append(event(std::to_string(i)));
    written += std::to_string(i) + " ";
    seen += actions(reader);
  }
  EXPECT_EQ(seen, written);
}

TEST(Timeline, AfterTheStackWentANewOneIsFollowed) {
  const TemporaryDirectory directory;
  const auto events = directory.path() / "events";
  TimelineReader reader(events);
  {
    TimelineWriter writer(events, {200, 4});
    for (int i = 0; i < 5; ++i) writer.append(event("old"));
  }
  EXPECT_EQ(actions(reader), "old old old old old ");
  remove_tree(events);
  EXPECT_EQ(reader.next(), std::nullopt);
  TimelineWriter(events).append(event("new"));
  EXPECT_EQ(actions(reader), "new ");
}

TEST(Timeline, HalfALineIsNotTold) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "events.0") << to_line(event("start")) << "\n{\"act";
  TimelineReader reader(directory.path());
  EXPECT_EQ(actions(reader), "start ");
}

}  // namespace
}  // namespace stack::supervisor
