// SPDX-License-Identifier: Apache-2.0
#include "base/chrome_trace.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/format.h"

namespace stack {
namespace {

using nlohmann::json;

/// One thread's spans, which nest.
struct Lane {
  std::string row;
  std::vector<const Span*> spans = {};
  std::vector<SpanClock::time_point> open = {};  ///< ends of those that the last one lies in
};

/// Longer ones first where both begin: they are what the others lie in.
bool comes_before(const Span* one, const Span* other) {
  return one->begin != other->begin ? one->begin < other->begin : one->end > other->end;
}

/// Whether `span`, which begins after all that the lane has, overlaps none of them in part.
bool has_room(Lane& lane, const Span& span) {
  while (!lane.open.empty() && lane.open.back() <= span.begin) lane.open.pop_back();
  return lane.open.empty() || span.end <= lane.open.back();
}

void put(std::vector<Lane>& lanes, const Span& span) {
  for (Lane& lane : lanes) {
    if (lane.row != span.row || !has_room(lane, span)) continue;
    lane.spans.push_back(&span);
    lane.open.push_back(span.end);
    return;
  }
  lanes.push_back({span.row, {&span}, {span.end}});
}

std::vector<Lane> lanes_of(const SpanGroup& group) {
  std::vector<const Span*> ordered;
  for (const Span& span : group.spans) ordered.push_back(&span);
  std::ranges::stable_sort(ordered, comes_before);
  std::vector<Lane> lanes;
  for (const Span* span : ordered) put(lanes, *span);
  return lanes;
}

double microseconds(SpanClock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

class Writer {
 public:
  explicit Writer(SpanClock::time_point began) : began_(began) {}

  void add(int process, const SpanGroup& group) {
    add_name("process_name", process, 0, group.name);
    int thread = 0;
    for (const Lane& lane : lanes_of(group)) {
      add_name("thread_name", process, ++thread, lane.row);
      for (const Span* span : lane.spans) add_span(process, thread, *span);
    }
  }

  std::string text() const { return "{\"traceEvents\":[\n" + text_ + "\n]}\n"; }

 private:
  void add_name(const char* what, int process, int thread, const std::string& name) {
    add({{"ph", "M"},
         {"name", what},
         {"pid", process},
         {"tid", thread},
         {"args", {{"name", name}}}});
  }

  void add_span(int process, int thread, const Span& span) {
    add({{"ph", "X"},
         {"name", span.name},
         {"pid", process},
         {"tid", thread},
         {"ts", microseconds(span.begin - began_)},
         {"dur", microseconds(span.end - span.begin)}});
  }

  /// An event a line: a person who looks for one finds it.
  void add(const json& event) {
    if (!text_.empty()) text_ += ",\n";
    text_ += event.dump(-1, ' ', false, json::error_handler_t::replace);
  }

  SpanClock::time_point began_;
  std::string text_;
};

}  // namespace

std::string chrome_trace(const Trace& trace) {
  Writer writer(trace.began);
  int process = 0;
  for (const SpanGroup& group : trace.groups) writer.add(++process, group);
  return writer.text();
}

}  // namespace stack
