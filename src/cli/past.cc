// SPDX-License-Identifier: Apache-2.0
#include "cli/past.h"

namespace stack::cli {

Options options_of_past(const Options& options, const std::string& project,
                        const orchestrator::History& history,
                        const orchestrator::HistoryEntry& entry) {
  Options past = options;
  past.files = {history.model(entry).native()};
  past.project_name = project;
  past.project_directory = entry.working_dir;
  past.profiles = {"*"};  // only what was active is in it
  past.arguments = entry.services;
  return past;
}

}  // namespace stack::cli
