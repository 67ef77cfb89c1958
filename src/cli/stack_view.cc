// SPDX-License-Identifier: Apache-2.0
#include "cli/stack_view.h"

#include "base/format.h"
#include "base/text.h"

namespace stack::cli {

bool is_stack(const std::string& project) {
  return !project.starts_with('@');
}

bool is_alive(const StackSummary& stack) {
  for (const char* state : {"running", "paused", "restarting"})
    if (stack.states.contains(state)) return true;
  return false;
}

std::string status_of(const StackSummary& stack) {
  std::vector<std::string> parts;
  for (const auto& [state, count] : stack.states)
    parts.push_back(fmt::format("{}({})", state, count));
  return join(parts, ", ");
}

std::string files_of(const StackSummary& stack) {
  return stack.files.empty() ? "N/A" : join(stack.files, ",");
}

}  // namespace stack::cli
