// SPDX-License-Identifier: Apache-2.0
// A plan being carried out, on the screen (stderr). On a terminal one live line per object; in a
// pipe, or with --progress plain, one line per event.
#pragma once

#include <functional>
#include <memory>

#include "cli/options.h"
#include "orchestrator/report.h"

namespace stack::cli {

/// `on_tick` is called several times a second while the plan is carried out.
std::unique_ptr<orchestrator::Report> make_progress(const Options& options,
                                                    std::function<void()> on_tick = {});

}  // namespace stack::cli
