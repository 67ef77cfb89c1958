// SPDX-License-Identifier: Apache-2.0
// The parent's side of a trace of the child: the page that both see, and what stands in it as
// spans.
#pragma once

#include <memory>

#include "base/spans.h"
#include "runtime/child_report.h"
#include "runtime/container_spec.h"
#include "runtime/mount_plan.h"

namespace stack::runtime {

struct UnmapMarks {
  void operator()(ChildMarks* marks) const;
};
/// A page that a cloned child shares, until it executes.
using SharedMarks = std::unique_ptr<ChildMarks, UnmapMarks>;

/// An empty one. Throws Error.
SharedMarks share_marks();

/// What the child did, step by step, in the words of describe_attempt(), on the row "process 1".
/// The last step is `last`: exec, or what failed; its parent heard of it at `heard`.
Spans child_spans(const ChildMarks& marks, const ChildFailure& last, SpanClock::time_point heard,
                  const ProcessSpec& process, const MountPlan* plan);

}  // namespace stack::runtime
