// SPDX-License-Identifier: Apache-2.0
// The front end without a disk: bytes in, project and diagnostics out. load() is this plus finding
// and reading the files; tests and fuzzers call it directly.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "spec/assemble.h"
#include "spec/load.h"

namespace stack::spec {

struct SourceRequest {
  std::vector<SourceText> sources;  ///< in merge order
  std::string project_name;         ///< given by -p or COMPOSE_PROJECT_NAME; empty: `name:`, folder
  Strings profiles;
  Strings services;  ///< named on the command line: their profiles are active
  std::map<std::string, int> scales;
  /// What the project is called if it is isolated, after what the files say of its name; null: as
  /// the files say.
  std::function<Isolation(const std::string& name)> isolation;
  Stages stages;
  Purpose purpose = Purpose::run;
  Selection selection = Selection::all;
  Needed needed = Needed::all;
  char name_separator = '-';
  bool keep_history = false;
  bool lint = false;
  std::string default_bind;
  /// variables, directories, reader of env files and of extended and included files.
  Surroundings surroundings;
};

/// Reads no disk but by way of `surroundings`.
LoadResult load_from_sources(SourceRequest request);

/// `name:` of the last document that has one, made a valid name; empty when there is none.
std::string name_in_sources(const std::vector<Documents>& files, const StringMap& variables);

/// a-z, 0-9, _ and -
bool is_name_character(char character);
/// The folder's name in lower case without what a project name may not have. May be empty.
std::string normalized_name(std::string_view name);
/// [a-z0-9][a-z0-9_-]*
bool is_project_name(std::string_view name);

}  // namespace stack::spec
