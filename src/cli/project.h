// SPDX-License-Identifier: Apache-2.0
// From options to a project: what nearly every command begins with.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "spec/load.h"

namespace stack::cli {

spec::LoadRequest load_request(const Options& options);
/// SERVICE=NUMBER of --scale. Throws Error (usage).
std::map<std::string, int> scales_of(const std::vector<std::string>& texts);

/// Loads; prints diagnostics to stderr. Throws Error (exit code invalid_file) when there are
/// errors. `words`: what was printed. With services named, it is only of these and what they depend
/// on that the env files must be there, and that a container must be possible (spec::Needed).
spec::Project load_project(const Options& options, std::string* words = nullptr);
/// The same for a command that makes no container: it does not ask whether env files are there, nor
/// whether a container could run.
spec::Project load_without_env_files(const Options& options);
/// For `config`: what cannot be run yet is a warning, and only the services named are in it. With
/// --format json a mistake is one line, for the program that reads it.
spec::Project load_to_show(const Options& options);

/// -p names a project that is at home in another folder, and no file is given: as in docker
/// compose, what acts on containers that are there knows it by them, and reads no file.
bool is_known_by_containers(const Options& options);

/// The name, and the project when a file can be found and is right. With -p and no file, or when
/// is_known_by_containers(): no project.
struct NamedProject {
  std::string name;
  std::optional<spec::Project> project;
};
NamedProject load_named_project(const Options& options);

/// The project whose services a command means that names none. Nothing when it is known by its
/// containers, and where there is no file that can be read: a stack whose file is broken can still
/// be stopped. Says nothing of the file.
std::optional<spec::Project> project_in_force(const Options& options);

/// For a list that is empty: where there is no stack file, tells what lists those of the whole
/// machine.
void tell_without_file(const Options& options, const char* instead);

/// Only the name: no file needs to be valid.
std::string project_name(const Options& options);
/// The same for a command that changes what runs: a name that comes from the folder or the file
/// means the project that is at home there. Throws Error when that is another one.
std::string project_to_change(const Options& options);
/// The same for a command that shows something of what runs. Both throw Error where neither a
/// stack file nor a stack of the folder's name is.
std::string project_to_show(const Options& options);
/// Whether -p or COMPOSE_PROJECT_NAME says it: then it is that project wherever it is at home.
bool is_project_said(const Options& options);

}  // namespace stack::cli
