// SPDX-License-Identifier: Apache-2.0
#include "base/spans.h"

#include <algorithm>

namespace stack {

Timed::Timed(Spans* spans, std::string_view row, std::string_view name) : spans_(spans) {
  if (spans_ == nullptr) return;
  span_.row = row;
  span_.name = name;
  span_.begin = SpanClock::now();
}

Timed::~Timed() {
  if (spans_ == nullptr) return;
  span_.end = SpanClock::now();
  spans_->push_back(std::move(span_));
}

Laps::Laps(Spans* spans, std::string_view row) : spans_(spans), row_(row) {
  if (spans_ != nullptr) last_ = SpanClock::now();
}

void Laps::end(std::string_view name) {
  if (spans_ == nullptr) return;
  const auto now = SpanClock::now();
  spans_->push_back({std::string(row_), std::string(name), last_, now});
  last_ = now;
}

Spans& Trace::of(std::string_view group) {
  const auto found = std::ranges::find(groups, group, &SpanGroup::name);
  if (found != groups.end()) return found->spans;
  groups.push_back({std::string(group), {}});
  return groups.back().spans;
}

Spans* spans_of(Trace* trace, std::string_view group) {
  return trace == nullptr ? nullptr : &trace->of(group);
}

}  // namespace stack
