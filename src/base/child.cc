// SPDX-License-Identifier: Apache-2.0
#include "base/child.h"

#include <sys/wait.h>

#include <cerrno>

namespace stack {

std::optional<int> await_end(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return std::nullopt;
  }
  return status;
}

}  // namespace stack
