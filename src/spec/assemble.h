// SPDX-License-Identifier: Apache-2.0
// Several files to one tree: parse, interpolate, include, shape, extend and merge each document in
// turn.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/model.h"
#include "spec/reporter.h"
#include "spec/shape.h"
#include "spec/tree.h"

namespace stack::spec {

struct SourceText {
  std::string path;   ///< absolute
  std::string shown;  ///< as the user would write it
  std::string bytes;
};

/// The content of the file at an absolute path, or nothing when there is none.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;

/// Whether a directory is at an absolute path.
using DirectoryTest = std::function<bool(const std::string& path)>;

/// Everything outside of the files that their meaning depends on.
struct Surroundings {
  FileReader read;
  FileReader read_variables;      ///< of env files, which may be pipes; none: as `read`
  DirectoryTest is_directory;     ///< none: nothing is one
  std::string current_directory;  ///< for shown paths
  std::string project_directory;  ///< of relative paths that were kept
  std::string home;
  StringMap variables;
  StringMap variable_places;  ///< ".env:3" of those that an env file sets
  PathResolution paths = PathResolution::make_absolute;
  bool interpolate = true;
};

/// The documents of one source, unshaped.
using Documents = std::vector<Node>;
/// Reads the bytes of every source. Index of the result: index of the source.
std::vector<Documents> parse_sources(std::vector<SourceText> sources, Reporter& reporter);

/// The merged tree; `directory` is what relative paths are relative to. Null when all is empty.
Node assemble(std::vector<Documents> files, const std::string& directory,
              const Surroundings& surroundings, Reporter& reporter);

/// An env file's text; nothing when it cannot be read.
std::optional<std::string> read_variables(const std::string& path,
                                          const Surroundings& surroundings);

/// Why `path` could not be read: "not found", or "is a directory".
std::string_view lack_of(const std::string& path, const Surroundings& surroundings);

/// `path` relative to `current_directory` when it is below it.
std::string shown_path(const std::string& path, const std::string& current_directory);

}  // namespace stack::spec
