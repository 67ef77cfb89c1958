// SPDX-License-Identifier: Apache-2.0
#include "spec/discover.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/inquiry.h"
#include "base/text.h"
#include "spec/dotenv.h"
#include "spec/load_sources.h"
#include "spec/paths.h"
#include "spec/pipes.h"
#include "spec/scalars.h"

namespace stack::spec {
namespace {

constexpr std::array<std::string_view, 6> kFileNames = {
    "stack.yaml",  "stack.yml",          "compose.yaml",
    "compose.yml", "docker-compose.yml", "docker-compose.yaml"};

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string in(const std::string& directory, std::string_view name) {
  return directory == "/" ? "/" + std::string(name) : directory + "/" + std::string(name);
}

std::optional<std::string> override_of(const std::string& directory, std::string_view name) {
  const auto stem = name.substr(0, name.rfind('.'));
  for (const std::string_view extension : {".yml", ".yaml"}) {
    auto path = in(directory, std::string(stem) + ".override" + std::string(extension));
    if (exists(path)) return path;
  }
  return std::nullopt;
}

std::string value_or_empty(const StringMap& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

void add_env_file(VariableFiles& files, const std::string& path, const std::string& text,
                  const std::string& directory) {
  const auto error = files.add(text, shown_path(path, directory));
  if (!error) return;
  throw Error(fmt::format("{}:{}: {}", path, error->line, error->message))
      .with_exit_code(ExitCode::invalid_file);
}

void read_named_env_files(Discovery& found, const std::vector<std::string>& files,
                          const std::string& directory) {
  VariableFiles env_files(found.variables);
  for (const auto& file : files) {
    const auto path = absolute_path(file, directory, value_or_empty(found.variables, "HOME"));
    auto text = read_pipe(path);
    if (!text) text = read_file_if_exists(path);
    if (!text) {
      throw Error(fmt::format("couldn't find env file: {}", path))
          .with_hint("check --env-file and COMPOSE_ENV_FILES")
          .with_exit_code(ExitCode::failure);
    }
    add_env_file(env_files, path, *text, directory);
  }
  env_files.give_to(found.variables, found.variable_places);
}

void read_default_env_file(Discovery& found, const std::string& folder,
                           const std::string& directory) {
  const auto path = in(folder, ".env");
  std::error_code failure;
  note_now(Question::kind, path);
  if (!std::filesystem::is_regular_file(path, failure)) return;
  VariableFiles env_files(found.variables);
  add_env_file(env_files, path, read_file(path), directory);
  env_files.give_to(found.variables, found.variable_places);
}

Strings split_list(const std::string& text, char separator) {
  Strings parts;
  for (const auto& part : split(text, separator)) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

/// An empty one counts, too: it is what a service can ask for that is active by default.
Strings profiles_in(const StringMap& variables) {
  Strings profiles;
  for (const auto& profile : split(value_or_empty(variables, "COMPOSE_PROFILES"), ','))
    profiles.emplace_back(trim(profile));
  return profiles;
}

/// Variables, and whether the default .env still counts for the project directory.
enum class EnvFiles { named, by_default };

EnvFiles read_variables(Discovery& found, const LoadRequest& request,
                        const std::string& directory) {
  const auto& variables = found.variables;
  auto named = request.env_files;
  if (named.empty()) named = split_list(value_or_empty(variables, "COMPOSE_ENV_FILES"), ',');
  const auto disabled = value_or_empty(variables, "COMPOSE_DISABLE_ENV_FILE");
  if (named.empty() && is_switched_on(disabled)) return EnvFiles::named;
  if (!named.empty()) {
    read_named_env_files(found, named, directory);
    return EnvFiles::named;
  }
  if (!directory.empty()) read_default_env_file(found, directory, directory);
  return EnvFiles::by_default;
}

std::vector<std::string> choose_files(const LoadRequest& request, const StringMap& variables,
                                      const std::string& directory) {
  Strings named = request.files;
  if (named.empty()) {
    const auto separator = value_or_empty(variables, "COMPOSE_PATH_SEPARATOR");
    named = split_list(value_or_empty(variables, "COMPOSE_FILE"),
                       separator.empty() ? ':' : separator[0]);
  }
  const auto start = request.project_directory.empty()
                         ? directory
                         : absolute_path(request.project_directory, directory, "");
  if (named.empty()) return start.empty() ? Strings{} : find_files(start);
  std::vector<std::string> files;
  for (const auto& name : named) {
    if (is_remote(name)) {
      throw Error(fmt::format("{}: remote stack files are not supported yet", name));
    }
    files.push_back(
        name == "-" ? name : absolute_path(name, directory, value_or_empty(variables, "HOME")));
  }
  return files;
}

/// Where somebody has removed the folder that we are in, only names that begin at the root lead
/// anywhere; a project's own name needs no folder.
void require_no_folder(const LoadRequest& request, const StringMap& variables) {
  const auto is_absolute = [](const std::string& name) { return name.starts_with('/'); };
  const bool has_files = !request.files.empty() || !request.project_directory.empty();
  const bool has_name =
      !request.project_name.empty() || !value_or_empty(variables, "COMPOSE_PROJECT_NAME").empty();
  const bool is_relative =
      !std::ranges::all_of(request.files, is_absolute) ||
      !std::ranges::all_of(request.env_files, is_absolute) ||
      !(request.project_directory.empty() || is_absolute(request.project_directory));
  if (!is_relative && (has_files || has_name)) return;
  throw Error("the folder that this was started in does not exist any more")
      .with_hint("cd to one that does, or name the project: `stack -p NAME ...`")
      .with_exit_code(ExitCode::failure);
}

}  // namespace

std::vector<std::string> find_files(const std::string& start) {
  for (std::string directory = start;; directory = parent_of(directory)) {
    for (const auto name : kFileNames) {
      auto path = in(directory, name);
      if (!exists(path)) continue;
      std::vector<std::string> files = {path};
      if (auto extra = override_of(directory, name)) files.push_back(std::move(*extra));
      return files;
    }
    if (directory == "/") return {};
  }
}

std::string checkout_of(const std::string& start) {
  for (std::string directory = start; directory != "/"; directory = parent_of(directory))
    if (exists(in(directory, ".git"))) return directory;
  return start;
}

Discovery discover(const LoadRequest& request) {
  Discovery found;
  const std::string directory = request.current_directory.native();
  found.variables = request.environment;
  if (directory.empty()) require_no_folder(request, found.variables);
  // Shells export it, but not everybody starts from a shell.
  found.variables.try_emplace("PWD", directory);
  const auto env_files = read_variables(found, request, directory);
  found.files = choose_files(request, found.variables, directory);
  if (!request.project_directory.empty()) {
    found.project_directory = absolute_path(request.project_directory, directory, "");
  } else if (!found.files.empty() && found.files[0] != "-") {
    found.project_directory = parent_of(found.files[0]);
  } else {
    found.project_directory = directory;
  }
  if (env_files == EnvFiles::by_default && !found.project_directory.empty())
    read_default_env_file(found, found.project_directory, directory);
  found.project_name = request.project_name;
  if (found.project_name.empty())
    found.project_name = value_or_empty(found.variables, "COMPOSE_PROJECT_NAME");
  found.profiles = request.profiles;
  if (found.profiles.empty()) found.profiles = profiles_in(found.variables);
  return found;
}

}  // namespace stack::spec
