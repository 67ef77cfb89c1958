// SPDX-License-Identifier: Apache-2.0
// How long things took, for `stack up --trace`. Whoever does something slow is given a place to
// note it, or null when nobody asked: then no clock is read and nothing is allocated.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace stack {

/// CLOCK_MONOTONIC: the same for all processes.
using SpanClock = std::chrono::steady_clock;

/// Something that took its time. Spans of one row may lie in one another.
struct Span {
  std::string row;  ///< who did it: "supervisor"
  std::string name;
  SpanClock::time_point begin;
  SpanClock::time_point end;
};
using Spans = std::vector<Span>;

/// One span from here to the end of the block.
class Timed {
 public:
  /// `spans` null: nothing is noted.
  Timed(Spans* spans, std::string_view row, std::string_view name);
  ~Timed();
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  Spans* spans_;
  Span span_;
};

/// Steps one after the other: each begins where the one before ended, so that their sum is all the
/// time there was.
class Laps {
 public:
  /// `spans` null: nothing is noted. `row` outlives this.
  Laps(Spans* spans, std::string_view row);
  /// What was done since the last call, or since the beginning.
  void end(std::string_view name);

 private:
  Spans* spans_;
  std::string_view row_;
  SpanClock::time_point last_;
};

/// The spans that belong to one object: a container, a network, the command itself.
struct SpanGroup {
  std::string name;
  Spans spans;
};

/// All that was noted of one command, in the order in which its objects came.
struct Trace {
  SpanClock::time_point began = SpanClock::now();
  std::deque<SpanGroup> groups = {};  ///< a deque: addresses of spans stay

  Spans& of(std::string_view group);
};

/// `trace` null: null.
Spans* spans_of(Trace* trace, std::string_view group);

}  // namespace stack
