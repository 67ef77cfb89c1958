// SPDX-License-Identifier: Apache-2.0
#include "cli/stack_view.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace stack::cli {

bool is_stack(const std::string& project) {
  return !project.starts_with('@');
}

namespace {

bool is_state_of_life(const std::string& state) {
  return state == "running" || state == "paused" || state == "restarting";
}

}  // namespace

bool is_alive(const StackSummary& stack) {
  return std::ranges::any_of(stack.states,
                             [](const auto& each) { return is_state_of_life(each.first); });
}

void leave_out_the_dead(StackSummary& stack) {
  std::erase_if(stack.states, [](const auto& each) { return !is_state_of_life(each.first); });
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
