// SPDX-License-Identifier: Apache-2.0
// Secrets whose text came with a request, not from a file of the user's: they lie in the run
// directory, which is in memory, for as long as their container exists, so that it can be started
// again whoever died meanwhile.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace stack::supervisor {

class SecretStore {
 public:
  /// `directory` is made with the first secret and removed with the last.
  explicit SecretStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// `index` is that of the file in the container's spec. Throws Error; also when the directory is
  /// not in memory: a secret must not get onto a disk.
  void put(const std::string& container, std::size_t index, const std::string& text) const;
  /// Nothing when it is not known (any more), as after a reboot.
  std::optional<std::string> get(const std::string& container, std::size_t index) const;
  /// Forgets all of a container.
  void drop(const std::string& container) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace stack::supervisor
