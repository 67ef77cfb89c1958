// SPDX-License-Identifier: Apache-2.0
#include "spec/discover.h"

#include <algorithm>
#include <array>
#include <span>

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

constexpr std::array<std::string_view, 2> kOwnOverrideNames = {"stack.override.yml",
                                                               "stack.override.yaml"};
// Of either family, whatever the file itself is called, as in docker compose.
constexpr std::array<std::string_view, 4> kOverrideNames = {
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
    "docker-compose.override.yaml"};

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string in(const std::string& directory, std::string_view name) {
  return directory == "/" ? "/" + std::string(name) : directory + "/" + std::string(name);
}

std::span<const std::string_view> override_names(std::string_view name) {
  return name.starts_with("stack.") ? std::span<const std::string_view>(kOwnOverrideNames)
                                    : kOverrideNames;
}

/// Those that are there, in the order in which they count.
Strings overrides_of(const std::string& directory, std::string_view name) {
  Strings paths;
  for (const auto other : override_names(name))
    if (auto path = in(directory, other); exists(path)) paths.push_back(std::move(path));
  return paths;
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

bool are_default_files_off(const StringMap& variables) {
  return is_switched_on(value_or_empty(variables, "COMPOSE_DISABLE_ENV_FILE"));
}

/// A .env that switches itself off still says how stack is to work.
void keep_settings_only(Discovery& found) {
  for (const auto& [name, place] : found.variable_places)
    if (!name.starts_with("COMPOSE_")) found.variables.erase(name);
  std::erase_if(found.variable_places,
                [](const auto& entry) { return !entry.first.starts_with("COMPOSE_"); });
}

/// Variables, and whether the default .env still counts for the project directory.
enum class EnvFiles { named, by_default };

/// `folder`: what the command line says of where the project is.
EnvFiles read_variables(Discovery& found, const LoadRequest& request, const std::string& folder,
                        const std::string& directory) {
  const auto& variables = found.variables;
  auto named = request.env_files;
  if (named.empty()) named = split_list(value_or_empty(variables, "COMPOSE_ENV_FILES"), ',');
  if (named.empty() && are_default_files_off(variables)) return EnvFiles::named;
  if (!named.empty()) {
    read_named_env_files(found, named, directory);
    return EnvFiles::named;
  }
  if (!folder.empty()) read_default_env_file(found, folder, directory);
  if (!are_default_files_off(variables)) return EnvFiles::by_default;
  keep_settings_only(found);
  return EnvFiles::named;
}

/// The first that is not standard input says where the project is.
std::string folder_of(const Strings& files, const std::string& directory,
                      const std::string& otherwise) {
  const auto first = std::ranges::find_if(files, [](const auto& file) { return file != "-"; });
  return first == files.end() ? otherwise : parent_of(absolute_path(*first, directory, ""));
}

std::optional<std::string> said_directory(const LoadRequest& request,
                                          const std::string& directory) {
  if (request.project_directory.empty()) return std::nullopt;
  return absolute_path(request.project_directory, directory, "");
}

FoundFiles choose_files(const LoadRequest& request, const StringMap& variables,
                        const std::string& directory) {
  Strings named = request.files;
  if (named.empty()) {
    const auto separator = value_or_empty(variables, "COMPOSE_PATH_SEPARATOR");
    named = split_list(value_or_empty(variables, "COMPOSE_FILE"),
                       separator.empty() ? ':' : separator[0]);
  }
  const auto start = said_directory(request, directory).value_or(directory);
  if (named.empty()) return start.empty() ? FoundFiles{} : find_files(start);
  Strings files;
  for (const auto& name : named) {
    if (is_remote(name)) {
      throw Error(fmt::format("{}: remote stack files are not supported yet", name));
    }
    files.push_back(
        name == "-" ? name : absolute_path(name, directory, value_or_empty(variables, "HOME")));
  }
  return {std::move(files), {}};
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

FoundFiles find_files(const std::string& start) {
  for (std::string directory = start;; directory = parent_of(directory)) {
    for (const auto name : kFileNames) {
      auto path = in(directory, name);
      if (!exists(path)) continue;
      FoundFiles found{{path}, overrides_of(directory, name)};
      if (found.passed_over.empty()) return found;
      found.files.push_back(found.passed_over.front());
      found.passed_over.erase(found.passed_over.begin());
      return found;
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
  const auto said = said_directory(request, directory);
  const auto env_files = read_variables(
      found, request, said.value_or(folder_of(request.files, directory, directory)), directory);
  FoundFiles chosen = choose_files(request, found.variables, directory);
  found.files = std::move(chosen.files);
  found.passed_over = std::move(chosen.passed_over);
  found.project_directory = said.value_or(folder_of(found.files, directory, directory));
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
