// SPDX-License-Identifier: Apache-2.0
// A stack as it was after an earlier change, without its file.
#pragma once

#include <string>

#include "cli/options.h"
#include "orchestrator/history.h"

namespace stack::cli {

/// The options under which an entry's model is what a file is otherwise.
Options options_of_past(const Options& options, const std::string& project,
                        const orchestrator::History& history,
                        const orchestrator::HistoryEntry& entry);

}  // namespace stack::cli
