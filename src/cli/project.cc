// SPDX-License-Identifier: Apache-2.0
#include "cli/project.h"

#include <cstdlib>
#include <iostream>

#include "base/environment.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "orchestrator/one_off.h"
#include "orchestrator/project_home.h"
#include "spec/machine_settings.h"

namespace stack::cli {
namespace {

/// It has no file, wherever we are.
bool is_lone_containers(const Options& options) {
  return options.project_name == orchestrator::lone_containers_project;
}

/// What these queries of `config` print is in no env file.
bool lists_names(const Options& options) {
  return options.services || options.list_volumes || options.list_networks || options.list_models ||
         options.list_profiles || options.list_images || options.list_variables ||
         !options.hash.empty();
}

/// Of these docker compose tells what the whole file has, whoever is named.
bool lists_whole_file(const Options& options) {
  return options.services || options.list_networks || options.list_models || !options.hash.empty();
}

/// The diagnostics are on the screen already: an error without words only carries the exit code
/// out.
[[noreturn]] void refuse() {
  throw Error("").with_exit_code(ExitCode::invalid_file);
}

spec::Project accept(spec::LoadResult result, std::string* words = nullptr) {
  const std::string text = result.diagnostics.to_text();
  if (words != nullptr) *words = text;
  std::cerr << text;
  if (!result.project) refuse();
  return std::move(*result.project);
}

}  // namespace

std::map<std::string, int> scales_of(const std::vector<std::string>& texts) {
  std::map<std::string, int> scales;
  for (const auto& text : texts) {
    const std::size_t equals = text.find('=');
    const auto number = equals == std::string::npos
                            ? std::nullopt
                            : parse_integer<int>(std::string_view(text).substr(equals + 1));
    if (!number || *number < 0 || equals == 0)
      throw Error(fmt::format("invalid scale \"{}\": SERVICE=NUMBER", printable(text)))
          .with_exit_code(ExitCode::usage);
    scales[text.substr(0, equals)] = *number;
  }
  return scales;
}

spec::LoadRequest load_request(const Options& options) {
  spec::LoadRequest request;
  request.files = options.files;
  request.project_name = options.project_name;
  request.project_directory = options.project_directory;
  request.env_files = options.env_files;
  request.profiles = options.profiles;
  request.scales = scales_of(options.scales);
  request.current_directory = find_current_directory().value_or("");
  request.environment = process_environment();
  request.stages = {.interpolate = !options.no_interpolate,
                    .normalize = !options.no_normalize,
                    .check_consistency = !options.no_consistency,
                    .resolve_paths = !options.no_path_resolution,
                    .remove_unused = !options.all_resources};
  if (options.compatibility) request.name_separator = '_';
  request.default_bind = spec::read_machine_settings(request.environment).default_bind;
  request.is_isolated = [wanted = options.isolated](const std::string& name,
                                                    const std::string& folder) {
    return wanted || orchestrator::is_isolated(name, folder, HostPaths::from_environment());
  };
  return request;
}

spec::Project load_project(const Options& options, std::string* words) {
  spec::LoadRequest request = load_request(options);
  request.services = options.arguments;
  request.needed = spec::Needed::chosen;
  return accept(spec::load(request), words);
}

spec::Project load_without_env_files(const Options& options) {
  spec::LoadRequest request = load_request(options);
  request.services = options.arguments;
  request.needed = spec::Needed::none;
  return accept(spec::load(request));
}

spec::Project load_to_show(const Options& options) {
  spec::LoadRequest request = load_request(options);
  if (!lists_whole_file(options)) request.services = options.arguments;
  request.purpose = spec::Purpose::show;
  request.selection = spec::Selection::named;
  request.needed = lists_names(options) ? spec::Needed::none : spec::Needed::chosen;
  request.keep_history = !options.why.empty();
  // What a listing looks at is not always what `config` prints.
  request.stages.read_env_files = options.hash.empty();
  if (options.list_variables) request.stages.interpolate = request.stages.check_consistency = false;
  spec::LoadResult result = spec::load(request);
  if (options.format != "json" || result.project) return accept(std::move(result));
  std::cerr << result.diagnostics.first_error() << '\n';
  refuse();
}

bool is_known_by_containers(const Options& options) {
  if (is_lone_containers(options)) return true;
  if (options.project_name.empty() || !options.files.empty()) return false;
  const spec::ProjectPlace here = spec::find_project(load_request(options));
  return orchestrator::is_at_home_elsewhere(here.name, here.working_dir,
                                            HostPaths::from_environment());
}

std::optional<spec::Project> project_in_force(const Options& options) {
  if (is_known_by_containers(options)) return std::nullopt;
  spec::LoadRequest request = load_request(options);
  if (!spec::has_file(request)) return std::nullopt;
  request.services = options.arguments;
  request.needed = spec::Needed::none;
  return spec::load(request).project;
}

NamedProject load_named_project(const Options& options) {
  if (is_known_by_containers(options)) return {project_name(options), std::nullopt};
  try {
    spec::Project project = load_without_env_files(options);
    std::string name = project.name;
    return {std::move(name), std::move(project)};
  } catch (const Error& error) {
    const bool no_file = error.exit_code() != ExitCode::invalid_file && options.files.empty();
    if (!no_file || options.project_name.empty()) throw;
    return {project_name(options), std::nullopt};
  }
}

void tell_without_file(const Options& options, const char* instead) {
  if (!options.project_name.empty() || spec::has_file(load_request(options))) return;
  std::cerr << fmt::format("note: there is no stack file here; {}\n", instead);
}

namespace {

/// The file of a stack that runs may be gone.
void require_some_trace(const std::string& name, const spec::LoadRequest& request) {
  const HostPaths paths = HostPaths::from_environment();
  if (stack::exists(paths.project_data(name)) || stack::exists(paths.project_run(name))) return;
  if (!spec::has_file(request)) throw Error(spec::no_file_error());
}

}  // namespace

bool is_project_said(const Options& options) {
  return !options.project_name.empty() || std::getenv("COMPOSE_PROJECT_NAME") != nullptr;
}

std::string project_to_change(const Options& options) {
  if (is_project_said(options)) return project_name(options);
  const spec::LoadRequest request = load_request(options);
  const spec::ProjectPlace place = spec::find_project(request);
  orchestrator::check_home(place.name, place.working_dir, HostPaths::from_environment());
  require_some_trace(place.name, request);
  return place.name;
}

std::string project_to_show(const Options& options) {
  std::string name = project_name(options);
  if (!is_project_said(options) && !is_lone_containers(options))
    require_some_trace(name, load_request(options));
  return name;
}

std::string project_name(const Options& options) {
  if (is_lone_containers(options)) return options.project_name;
  return spec::find_project_name(load_request(options));
}

}  // namespace stack::cli
