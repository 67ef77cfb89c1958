// SPDX-License-Identifier: Apache-2.0
// One input as several files: a line "=== NAME" begins the next one. What stands before the first
// such line is stack.yaml.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stack::spec {

struct NamedFile {
  std::string name;
  std::string text;
};

inline std::vector<NamedFile> split_files(std::string_view input) {
  static constexpr std::string_view kMark = "=== ";
  std::vector<NamedFile> files = {{"stack.yaml", ""}};
  while (!input.empty()) {
    const auto end = input.find('\n');
    const auto line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (line.starts_with(kMark)) {
      files.push_back({std::string(line.substr(kMark.size())), ""});
    } else {
      files.back().text += std::string(line) + (end == std::string_view::npos ? "" : "\n");
    }
  }
  return files;
}

}  // namespace stack::spec
