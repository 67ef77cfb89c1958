// SPDX-License-Identifier: Apache-2.0
#include "cli/event_view.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace stack::cli {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::system_clock::time_point;

supervisor::Event event(const std::string& service, Time time) {
  return {time, "container", "start", service, "0123", {{"image", "x"}, {"name", "a\x1b[2J"}}};
}

TEST(EventView, AServiceHidesTheOthersAndNetworks) {
  const EventFilter filter{{"web"}, Time{}, std::nullopt};
  EXPECT_TRUE(is_wanted(event("web", Time(5s)), filter));
  EXPECT_FALSE(is_wanted(event("db", Time(5s)), filter));
  EXPECT_FALSE(is_wanted(event("", Time(5s)), filter));
  EXPECT_TRUE(is_wanted(event("", Time(5s)), EventFilter{}));
}

TEST(EventView, BothEndsOfTheTimeAreIncluded) {
  const EventFilter filter{{}, Time(5s), Time(7s)};
  EXPECT_FALSE(is_wanted(event("web", Time(4s)), filter));
  EXPECT_TRUE(is_wanted(event("web", Time(5s)), filter));
  EXPECT_TRUE(is_wanted(event("web", Time(7s)), filter));
  EXPECT_FALSE(is_wanted(event("web", Time(8s)), filter));
}

TEST(EventView, ALineLooksAsDockerComposesDoes) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(event_text(event("web", Time(1767366245s + 7us))),
            "2026-01-02 15:04:05.000007 container start 0123 (image=x, name=a\\x1b[2J)");
}

}  // namespace
}  // namespace stack::cli
