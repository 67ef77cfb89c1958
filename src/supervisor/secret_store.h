// SPDX-License-Identifier: Apache-2.0
// Secrets whose text came with a request, not from a file: they live in memory only, as memfds that
// the keeper holds too, so that a container can be started again after this supervisor's death.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/fd.h"
#include "supervisor/fd_store.h"

namespace stack::supervisor {

class SecretStore {
 public:
  explicit SecretStore(FdStore& store) : store_(store) {}

  /// `index` is that of the file in the container's spec. Throws Error.
  void put(const std::string& container, std::size_t index, const std::string& text);
  /// Nothing when it is not known (any more).
  std::optional<std::string> get(const std::string& container, std::size_t index) const;
  /// Forgets all of a container.
  void drop(const std::string& container);
  /// Takes those out of what a former supervisor kept.
  void adopt(std::map<std::string, Fd>& kept);

 private:
  FdStore& store_;
  std::map<std::string, Fd> texts_;  ///< "CONTAINER/secret/INDEX" -> memfd
};

}  // namespace stack::supervisor
