// SPDX-License-Identifier: Apache-2.0
#include "base/chrome_trace.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stack {
namespace {

using std::chrono::nanoseconds;

/// A span of "row", from and to so many nanoseconds after the trace began.
Span span(const Trace& trace, const char* row, const char* name, int from, int to) {
  return {row, name, trace.began + nanoseconds(from), trace.began + nanoseconds(to)};
}

/// "NAME@THREAD" of each span, in the order of the file.
std::vector<std::string> threads_of(const Trace& trace) {
  std::vector<std::string> threads;
  const auto file = nlohmann::json::parse(chrome_trace(trace));
  for (const auto& event : file.at("traceEvents")) {
    if (event.at("ph") != "X") continue;
    threads.push_back(event.at("name").get<std::string>() + "@" + event.at("tid").dump());
  }
  return threads;
}

TEST(ChromeTrace, OfNothingIsAnEmptyList) {
  EXPECT_EQ(chrome_trace({}), "{\"traceEvents\":[\n\n]}\n");
}

TEST(ChromeTrace, HasAProcessForEachGroupAndAThreadForEachRow) {
  Trace trace;
  trace.of("stack up").push_back(span(trace, "command", "load", 0, 1500));
  trace.of("web").push_back(span(trace, "supervisor", "start", 2000, 4001));
  EXPECT_EQ(chrome_trace(trace),
            R"({"traceEvents":[
{"args":{"name":"stack up"},"name":"process_name","ph":"M","pid":1,"tid":0},
{"args":{"name":"command"},"name":"thread_name","ph":"M","pid":1,"tid":1},
{"dur":1.5,"name":"load","ph":"X","pid":1,"tid":1,"ts":0.0},
{"args":{"name":"web"},"name":"process_name","ph":"M","pid":2,"tid":0},
{"args":{"name":"supervisor"},"name":"thread_name","ph":"M","pid":2,"tid":1},
{"dur":2.001,"name":"start","ph":"X","pid":2,"tid":1,"ts":2.0}
]}
)");
}

TEST(ChromeTrace, SpansThatLieInOneAnotherShareAThread) {
  Trace trace;
  Spans& spans = trace.of("web");
  // As they are noted: the outer one when it is over.
  spans.push_back(span(trace, "a", "first", 0, 10));
  spans.push_back(span(trace, "a", "second", 10, 30));
  spans.push_back(span(trace, "a", "outer", 0, 30));
  spans.push_back(span(trace, "a", "after", 30, 31));
  EXPECT_EQ(threads_of(trace),
            (std::vector<std::string>{"outer@1", "first@1", "second@1", "after@1"}));
}

TEST(ChromeTrace, SpansThatOverlapGetAThreadEach) {
  Trace trace;
  Spans& spans = trace.of("web");
  spans.push_back(span(trace, "a", "one", 0, 10));
  spans.push_back(span(trace, "a", "two", 5, 15));
  spans.push_back(span(trace, "a", "three", 10, 20));
  EXPECT_EQ(threads_of(trace), (std::vector<std::string>{"one@1", "three@1", "two@2"}));
}

TEST(ChromeTrace, NamesMayBeAnyBytes) {
  Trace trace;
  trace.of("a\"b\n\xff").push_back(span(trace, "r", "\x01", 0, 1));
  const auto parsed = nlohmann::json::parse(chrome_trace(trace));
  EXPECT_EQ(parsed["traceEvents"][0]["args"]["name"], "a\"b\n\uFFFD");
}

TEST(Laps, EachBeginsWhereTheLastEnded) {
  Spans spans;
  Laps laps(&spans, "row");
  laps.end("one");
  laps.end("two");
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].name, "one");
  EXPECT_EQ(spans[0].end, spans[1].begin);
  EXPECT_LE(spans[1].begin, spans[1].end);
}

TEST(Timed, IsNotedAtTheEndOfItsBlock) {
  Spans spans;
  {
    const Timed timed(&spans, "row", "block");
    EXPECT_TRUE(spans.empty());
  }
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(spans[0].row, "row");
}

TEST(Spans, NobodyAskedNothingIsNoted) {
  const Timed timed(nullptr, "row", "block");
  Laps laps(nullptr, "row");
  laps.end("one");
  EXPECT_EQ(spans_of(nullptr, "web"), nullptr);
}

TEST(Trace, KeepsTheAddressesOfItsSpans) {
  Trace trace;
  Spans* const first = &trace.of("0");
  for (int i = 1; i < 100; ++i) trace.of(std::to_string(i));
  EXPECT_EQ(first, &trace.of("0"));
  EXPECT_EQ(trace.groups.size(), 100U);
}

}  // namespace
}  // namespace stack
