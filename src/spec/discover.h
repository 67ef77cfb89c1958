// SPDX-License-Identifier: Apache-2.0
// Which files, which variables, which directory: everything that is decided before a file is
// parsed.
#pragma once

#include <string>
#include <vector>

#include "spec/load.h"

namespace stack::spec {

struct Discovery {
  std::vector<std::string> files;  ///< absolute, or "-" for standard input
  Strings passed_over;             ///< override files beside the one that was found first
  std::string project_directory;   ///< absolute
  std::string project_name;        ///< -p or COMPOSE_PROJECT_NAME; may be empty
  Strings profiles;
  StringMap variables;        ///< of the process, then of env files
  StringMap variable_places;  ///< ".env:3" of those that an env file sets
};

/// Throws Error when there is no file or a named env file is missing or broken.
Discovery discover(const LoadRequest& request);

/// The folder of the work tree that `directory` is in (git), or `directory`.
std::string checkout_of(const std::string& directory);

struct FoundFiles {
  Strings files;        ///< the file and its override; empty when there is none
  Strings passed_over;  ///< further override files
};

/// What is in `directory`, or in the first one above it that has a file.
FoundFiles find_files(const std::string& directory);

}  // namespace stack::spec
