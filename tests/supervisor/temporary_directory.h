// SPDX-License-Identifier: Apache-2.0
// A directory that is gone when the test is.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/files.h"

namespace stack::supervisor {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "stack-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw_errno("mkdtemp {}", pattern);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    try {
      remove_tree(path_);
    } catch (const Error&) {
      // A directory left in /tmp must not hide what the test found.
    }
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace stack::supervisor
