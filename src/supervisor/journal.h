// SPDX-License-Identifier: Apache-2.0
// The supervisor's own log, <run>/stacks/PROJECT/supervisor.log: what it did without being asked,
// and what went wrong where nobody was waiting for an answer.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace stack::supervisor::journal {

void note(std::string_view text);
void warning(std::string_view text);
/// False, and a warning behind `prefix`, when `work` fails: what comes after it is done all the
/// same.
template <typename Work>
bool attempt(Work work, const std::string& prefix = {}) {
  try {
    work();
    return true;
  } catch (const std::exception& error) {
    warning(prefix + error.what());
    return false;
  }
}

/// What went wrong while doing `what`.
void failure(std::string_view what, const std::exception_ptr& exception);

}  // namespace stack::supervisor::journal
