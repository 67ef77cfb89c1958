// SPDX-License-Identifier: Apache-2.0
// Fetching, told as a step.
#pragma once

#include <string>
#include <utility>

#include "build/build_request.h"

namespace stack::build {

/// Does, as the step `step` of that title, what answers with a `was_there`: whether there was
/// nothing to do.
template <typename Fetch>
auto tell_step(BuildReport& report, int step, const std::string& title, Fetch&& fetch) {
  report.begin(step, title);
  try {
    auto fetched = std::forward<Fetch>(fetch)();
    report.end(step, fetched.was_there ? BuildReport::End::cached : BuildReport::End::done);
    return fetched;
  } catch (...) {
    report.end(step, BuildReport::End::failed);
    throw;
  }
}

}  // namespace stack::build
