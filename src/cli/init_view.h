// SPDX-License-Identifier: Apache-2.0
// A first stack file for a folder, by the files that are in it. Pure: the names go in, the text
// comes out.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace stack::cli {

struct FolderFiles {
  std::string folder;           ///< its name
  std::set<std::string> names;  ///< of the files right in it
  /// The text of one of them.
  std::function<std::string(const std::string& name)> read;
};

struct FirstFile {
  std::string found;  ///< what it was made by: "Dockerfile", "package.json", ...
  std::string text;
};

/// Nothing where none of the files that tell something is there: see text of an example then.
FirstFile first_stack_file(const FolderFiles& files);

}  // namespace stack::cli
