// SPDX-License-Identifier: Apache-2.0
// A stack as `stack ls` shows it, in docker compose's words. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace stack::cli {

struct StackSummary {
  std::string name;
  std::vector<std::string> files = {};     ///< of which it was made
  std::map<std::string, int> states = {};  ///< how many containers are in which (state_text())
};

/// Not of a person's stack: what `stack network create` and its like keep things in.
bool is_stack(const std::string& project);
/// Something of it runs, or is about to.
bool is_alive(const StackSummary& stack);
/// Of the states those alone that make it alive.
void leave_out_the_dead(StackSummary& stack);
/// "exited(1), running(2)"
std::string status_of(const StackSummary& stack);
/// "/shop/stack.yaml,/shop/more.yaml"; "N/A" when nobody knows.
std::string files_of(const StackSummary& stack);

}  // namespace stack::cli
