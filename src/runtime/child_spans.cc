// SPDX-License-Identifier: Apache-2.0
#include "runtime/child_spans.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <span>

#include "runtime/failure_text.h"

namespace stack::runtime {
namespace {

constexpr const char* row = "process 1";

SpanClock::time_point to_time(std::int64_t monotonic) {
  return SpanClock::time_point(std::chrono::nanoseconds(monotonic));
}

/// One call after another of the same step is one span.
void append(Spans& spans, std::string name, SpanClock::time_point begin,
            SpanClock::time_point end) {
  if (!spans.empty() && spans.back().name == name) {
    spans.back().end = end;
  } else {
    spans.push_back({row, std::move(name), begin, end});
  }
}

}  // namespace

void UnmapMarks::operator()(ChildMarks* marks) const {
  ::munmap(marks, sizeof *marks);
}

SharedMarks share_marks() {
  void* const page = ::mmap(nullptr, sizeof(ChildMarks), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (page == MAP_FAILED) throw_errno("mapping a page for the trace");
  return SharedMarks(new (page) ChildMarks);
}

Spans child_spans(const ChildMarks& marks, const ChildFailure& last, SpanClock::time_point heard,
                  const ProcessSpec& process, const MountPlan* plan) {
  Spans spans;
  auto begin = to_time(marks.born);
  const std::size_t count = std::min<std::size_t>(marks.count, marks.marks.size());
  for (const ChildMark& mark : std::span(marks.marks).first(count)) {
    const auto end = to_time(mark.time);
    if (mark.stage != ChildStage::executing)
      append(spans, describe_attempt(mark.stage, mark.item, process, plan), begin, end);
    begin = end;
  }
  append(spans, describe_attempt(last.stage, last.item, process, plan), begin, heard);
  return spans;
}

}  // namespace stack::runtime
