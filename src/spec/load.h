// SPDX-License-Identifier: Apache-2.0
// The whole front end as one function: files in, project and diagnostics out. Knows nothing of the
// kernel or of what runs.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "spec/diagnostics.h"
#include "spec/model.h"
#include "spec/purpose.h"

namespace stack::spec {

/// Stages that `stack config` can leave out; everything else wants them all.
struct Stages {
  bool interpolate = true;        ///< --no-interpolate
  bool normalize = true;          ///< --no-normalize
  bool check_consistency = true;  ///< --no-consistency
  bool resolve_paths = true;      ///< --no-path-resolution
  bool read_env_files = true;     ///< false: env_file stays a key, as a service's hash has it
  bool remove_unused = true;      ///< --all-resources
};

/// Which services the project is to have.
enum class Selection {
  all,    ///< all active ones
  named,  ///< those of LoadRequest::services (when there are any) and what they depend on
};

/// Of which services containers are made: their env_file and label_file must be there and be right,
/// and there must be nothing in them, and in the networks and volumes they use, that no container
/// could run with. Of the other services what can be read is read, and the rest is nobody's
/// concern.
enum class Needed {
  all,     ///< of every service of the project
  chosen,  ///< of those of LoadRequest::services and what they depend on; without any: of all
  none,    ///< no container is made
};

/// What a project is called, and whether it is one of several checkouts of the same.
struct Isolation {
  std::string name;
  bool isolated = false;
};

struct LoadRequest {
  std::vector<std::string> files;      ///< -f, in order; "-" is standard input; empty: search
  std::string project_name;            ///< -p; empty: COMPOSE_PROJECT_NAME, `name:`, folder
  std::string project_directory;       ///< --project-directory; empty: folder of the first file
  std::vector<std::string> env_files;  ///< --env-file; empty: .env
  std::vector<std::string> profiles;   ///< --profile; "*" for all
  std::vector<std::string> services;   ///< services named on the command line enable their profiles
  std::map<std::string, int> scales;   ///< --scale: how many containers, whatever the files say
  std::filesystem::path current_directory;         ///< absolute
  std::map<std::string, std::string> environment;  ///< of the process
  Stages stages;
  Purpose purpose = Purpose::run;
  Selection selection = Selection::all;
  Needed needed = Needed::all;
  char name_separator = '-';  ///< see Project
  bool lint = false;          ///< warn of doubtful habits too
  bool keep_history = false;  ///< for why(): Project::history is set
  std::string default_bind;   ///< see MachineSettings
  /// Whether the project of this name and folder is isolated (--isolated, or made so before). Null:
  /// it is not.
  std::function<bool(const std::string& name, const std::string& folder)> is_isolated;
};

struct LoadResult {
  std::optional<Project> project;  ///< set exactly when there was no error
  Diagnostics diagnostics;         ///< errors and warnings of all files, sorted
};

/// Searches (stack.yaml, stack.yml, compose.yaml, compose.yml, docker-compose.yml,
/// docker-compose.yaml, here and in the folders above, with its override file), reads,
/// interpolates, merges, decodes, normalises and validates. Mistakes in files are diagnostics,
/// never exceptions. Throws Error (exit code 1, "no configuration file provided: not found") when
/// there is no file, when a file cannot be read, and when the given project name is not one.
LoadResult load(const LoadRequest& request);

/// Whether there is a file that load() would read.
bool has_file(const LoadRequest& request);
/// What load() throws where there is none.
Error no_file_error();

/// Only what `-p`, COMPOSE_PROJECT_NAME, `name:` and the folder say, for commands that work without
/// a valid file (down, ps, logs, stop). Throws Error when no name can be found.
std::string find_project_name(const LoadRequest& request);
/// The same, and the project's folder.
struct ProjectPlace {
  std::string name;
  std::filesystem::path working_dir;
};
ProjectPlace find_project(const LoadRequest& request);

}  // namespace stack::spec
