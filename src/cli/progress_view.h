// SPDX-License-Identifier: Apache-2.0
// The rows of a ProgressBoard as lines for a terminal of a certain size. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/live_area.h"
#include "cli/progress_board.h"
#include "cli/style.h"

namespace stack::cli {

struct ProgressLook {
  ScreenSize screen = {};
  bool colour = false;
  std::size_t frame = 0;  ///< of the wheel that turns beside what is under way
};

/// A headline and the rows, none wider than the screen. With more rows than it has lines: those
/// that failed, then those under way, then those that wait, in their order, and a line about the
/// others.
std::vector<ShownLine> progress_lines(const std::vector<ProgressRow>& rows,
                                      const ProgressLook& look);

}  // namespace stack::cli
