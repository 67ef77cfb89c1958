// SPDX-License-Identifier: Apache-2.0
// A trace as a file that Perfetto (ui.perfetto.dev) and chrome://tracing open: the JSON of the
// "Trace Event Format". Pure.
#pragma once

#include <string>

#include "base/spans.h"

namespace stack {

/// A process for each group and a thread for each row, with their names; a complete event
/// ("ph":"X") for each span, in microseconds since `trace.began`. Spans of a thread lie in one
/// another or apart: what overlaps otherwise is moved to a further thread of the same name.
std::string chrome_trace(const Trace& trace);

}  // namespace stack
