// SPDX-License-Identifier: Apache-2.0
// The supervisor's side of the keeper's descriptor store: what is kept there is given back to the
// next supervisor when this one dies.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fd.h"

namespace stack::supervisor {

class FdStore {
 public:
  /// `socket` (store_fd) is not owned.
  explicit FdStore(int socket) : socket_(socket) {}

  /// Tells the keeper that this supervisor serves.
  void announce_ready();
  /// A copy of `fd` is kept under `name`, which is at most 94 bytes long.
  void keep(const std::string& name, int fd);
  void drop(const std::string& name);
  struct Contents {
    std::map<std::string, Fd> kept;
    std::vector<std::string> exits;  ///< lines of the log of exits that came meanwhile
  };
  /// All that is kept. Waits for the keeper. Throws Error when it is gone.
  Contents list();

 private:
  int socket_;
};

}  // namespace stack::supervisor
