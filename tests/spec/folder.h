// SPDX-License-Identifier: Apache-2.0
// Stack files on a real disk, in a folder that is gone after the test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/files.h"
#include "spec/load.h"

namespace stack::spec {

/// What a golden test is called after its folder.
inline std::string name_of(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& character : name) {
    if (character == '-') character = '_';
  }
  return name;
}

class Folder : public testing::Test {
 protected:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stack-spec-XXXXXX").native();
    root_ = ::mkdtemp(pattern.data());
  }
  ~Folder() override { remove_tree(root_); }

  void write(const std::string& name, const std::string& text) {
    make_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  /// As if called in the folder, or in `directory` below it.
  LoadRequest request(const std::string& directory = "") const {
    LoadRequest request;
    request.current_directory = directory.empty() ? root_ : root_ / directory;
    return request;
  }

  std::filesystem::path root_;
};

}  // namespace stack::spec
