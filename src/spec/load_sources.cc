// SPDX-License-Identifier: Apache-2.0
#include "spec/load_sources.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/object_name.h"
#include "base/text.h"
#include "spec/audit.h"
#include "spec/consistency.h"
#include "spec/decode.h"
#include "spec/forgive.h"
#include "spec/isolate.h"
#include "spec/lint.h"
#include "spec/normalize.h"
#include "spec/substitute.h"
#include "spec/validate.h"

namespace stack::spec {
namespace {

std::string interpolated(const std::string& text, const StringMap& variables) {
  const Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return substitute(text, lookup, [](const SubstitutionEvent&) {});
}

std::string last_part(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

void warn_of_version(const std::vector<Documents>& files, Reporter& reporter) {
  for (const auto& documents : files) {
    for (const auto& document : documents) {
      if (const Entry* version = document.find_entry("version"))
        reporter.warning("obsolete-version", version->place, "\"version\" is obsolete and ignored")
            .hint = "remove this line";
    }
  }
}

/// Profiles asked for, and those of the services named on the command line.
Strings active_profiles(const Node& root, const SourceRequest& request) {
  Strings profiles = request.profiles;
  const Node* services = root.find("services");
  if (services == nullptr) return profiles;
  for (const auto& name : request.services) {
    const Node* service = services->find(name);
    const Node* own = service == nullptr ? nullptr : service->find("profiles");
    if (own == nullptr) continue;
    for (const auto& profile : own->items) profiles.push_back(profile.text);
  }
  return profiles;
}

std::set<std::string> all_profiles(const Node& root) {
  std::set<std::string> profiles;
  for (const auto& service : entries_of(root, "services")) {
    for (const auto& profile : items_of(service.value, "profiles")) profiles.insert(profile.text);
  }
  return profiles;
}

bool is_loadable(const Node& root, Reporter& reporter) {
  if (root.is_mapping()) {
    const Node* services = root.find("services");
    if (services != nullptr && services->is_mapping()) return true;
    if (services != nullptr && !services->is_null()) return false;
    if (services == nullptr && !root.entries.empty()) return true;
  }
  const Place first{.line = 1, .column = 1};
  if (!reporter.has_errors())
    reporter.error("empty-file", root.place.line > 0 ? root.place : first,
                   "the file has no services");
  return false;
}

void tell_unknown(const std::string& name, const Node* services, Reporter& reporter) {
  Strings known;
  if (services != nullptr)
    for (const auto& entry : services->entries) known.push_back(entry.key);
  Diagnostic& error =
      reporter.error("undefined-service", {}, "no such service: {}", printable(name));
  if (const auto near = nearest(name, known))
    error.hint = fmt::format("did you mean {}?", stack::quoted(*near));
}

/// What the command line says of a service's scale wins over both places in the files.
void apply_scales(Node& root, const std::map<std::string, int>& scales, Reporter& reporter) {
  Node* const services = root.find("services");
  for (const auto& [name, scale] : scales) {
    Node* const service = services == nullptr ? nullptr : services->find(name);
    if (service == nullptr || !service->is_mapping()) {
      tell_unknown(name, services, reporter);
      continue;
    }
    service->set("scale", make_integer(scale, service->place));
    if (Node* const deploy = service->find("deploy"); deploy != nullptr && deploy->is_mapping())
      deploy->erase("replicas");
  }
}

void choose_services(Node& root, const SourceRequest& request, Reporter& reporter) {
  if (request.selection != Selection::named || request.services.empty()) return;
  const Node* services = root.find("services");
  for (const auto& name : request.services) {
    if (services == nullptr || services->find(name) == nullptr)
      tell_unknown(name, services, reporter);
  }
  select_services(root, request.services);
}

Names names_of_services(const Node& root) {
  Names names;
  for (const auto& service : entries_of(root, "services")) names.insert(service.key);
  return names;
}

/// Those that must be right.
Names needed_services(const Node& root, const SourceRequest& request) {
  if (request.needed == Needed::none) return {};
  if (request.needed == Needed::all || request.services.empty()) return names_of_services(root);
  return with_dependencies(root, request.services);
}

/// What became known of the services while the tree was finished.
struct Known {
  Strings inactive;  ///< left out by their profiles
  Names needed;
};

void check_consistency(const Node& root, const Known& known, const Stages& stages,
                       Reporter& reporter) {
  check_references(root, known.inactive, stages.normalize, reporter);
  check_cycles(root, reporter);
  check_contradictions(root, known.needed, reporter);
}

Known finish_tree(Node& root, const SourceRequest& request, const Isolation& identity,
                  Reporter& reporter) {
  const std::string& name = identity.name;
  const auto& stages = request.stages;
  check_values_present(root, reporter);
  apply_scales(root, request.scales, reporter);
  root.erase("version");
  Known known;
  if (stages.interpolate)
    known.inactive = remove_inactive_services(root, active_profiles(root, request));
  settle(root, Counts::if_active, reporter);
  if (stages.interpolate) resolve_environment(root, request.surroundings.variables, reporter);
  if (stages.normalize) {
    static const StringMap none;
    resolve_build_arguments(root, stages.interpolate ? request.surroundings.variables : none,
                            reporter);
  }
  if (stages.normalize) fill_in(root, reporter);
  known.needed = needed_services(root, request);
  if (stages.interpolate)
    read_environment_files(root, request.surroundings, known.needed,
                           stages.read_env_files ? EnvFiles::read : EnvFiles::kept, reporter);
  if (stages.normalize && identity.isolated) isolate(root, name);
  check_exclusive_keys(root, reporter);
  // With its variables in it the project is shown as it is written, and as a whole.
  if (stages.interpolate) {
    if (stages.check_consistency) {
      check_consistency(root, known, stages, reporter);
      repeat_scale_in_deploy(root);
    }
    choose_services(root, request, reporter);
    warn_of_ineffective_keys(root, reporter);
  }
  if (stages.normalize) name_resources(root, name, reporter);
  if (stages.interpolate && stages.remove_unused) remove_unused(root);
  report_unimplemented(root, reporter);
  if (stages.interpolate || stages.normalize) root.set("name", make_string(name, root.place));
  return known;
}

/// Optional dependencies on services of inactive profiles are printed, but nobody waits for them.
void drop_absent_dependencies(Project& project) {
  for (auto& [name, service] : project.services) {
    std::erase_if(service.depends_on,
                  [&](const auto& entry) { return !project.services.contains(entry.first); });
  }
}

/// What has no container of ours is no service to anybody else.
void set_providers_apart(Project& project) {
  for (auto& [name, service] : project.services) {
    if (!service.provider) continue;
    Provider& provider = project.providers[name] = std::move(*service.provider);
    provider.service = name;
    provider.depends_on = std::move(service.depends_on);
  }
  for (const auto& [name, provider] : project.providers) project.services.erase(name);
}

/// What a provider depends on comes before those who depend on it; it is none of theirs to wait for
/// conditions that they have not asked for.
void inherit_dependencies(Project& project, const Provider& provider,
                          std::map<std::string, Dependency>& dependencies,
                          std::set<std::string>& seen) {
  for (const auto& [name, dependency] : provider.depends_on) {
    const auto other = project.providers.find(name);
    if (other == project.providers.end()) {
      dependencies.emplace(name,
                           Dependency{Condition::service_started, false, dependency.required});
    } else if (seen.insert(name).second) {
      inherit_dependencies(project, other->second, dependencies, seen);
    }
  }
}

void connect_providers(Project& project) {
  const auto note_dependent = [&](const std::string& name, const auto& dependencies) {
    for (const auto& [dependency, how] : dependencies)
      if (const auto provider = project.providers.find(dependency);
          provider != project.providers.end())
        provider->second.dependents.insert(name);
  };
  for (const auto& [name, provider] : project.providers) note_dependent(name, provider.depends_on);
  for (auto& [name, service] : project.services) {
    note_dependent(name, service.depends_on);
    std::set<std::string> seen;
    for (const auto& [dependency, how] : std::map(service.depends_on)) {
      const auto provider = project.providers.find(dependency);
      if (provider == project.providers.end()) continue;
      service.depends_on.erase(dependency);
      inherit_dependencies(project, provider->second, service.depends_on, seen);
    }
  }
}

/// There is no bridge that all projects of the machine share: who asks for it gets the project's.
std::string own_bridge(Project& project) {
  auto& network = project.networks["default"];
  network.key = "default";
  if (network.name.empty()) network.name = project.name + "_default";
  return network.key;
}

/// The key of the network with this name; of an external one where the file does not know it.
std::string key_of_network(Project& project, const std::string& name, const std::string& service) {
  for (const auto& [key, network] : project.networks)
    if (network.name == name) return key;
  std::string key = name;
  while (project.networks.contains(key)) key += "_external";
  Network& network = project.networks[key];
  network.key = key;
  network.name = name;
  network.external = true;
  network.mode_of = service;
  return key;
}

bool is_network_name(const std::string& mode) {
  return mode != "none" && mode != "host" && is_object_name(mode);
}

/// `network_mode` with the name of a network is to be in that one and no other.
void join_networks_of_modes(Project& project) {
  for (auto& [name, service] : project.services) {
    const std::string mode = service.network_mode;
    const bool is_bridge = mode == "bridge" || mode == "default";
    if (!is_bridge && !is_network_name(mode)) continue;
    service.network_mode.clear();
    service.networks.try_emplace(is_bridge ? own_bridge(project)
                                           : key_of_network(project, mode, name));
  }
}

Project make_project(Node root, const SourceRequest& request, const Reporter& reporter) {
  Project project = decode_project(root, request.name_separator);
  set_providers_apart(project);
  connect_providers(project);
  drop_absent_dependencies(project);
  join_networks_of_modes(project);
  project.working_dir = request.surroundings.project_directory;
  for (const auto& source : request.sources) project.files.emplace_back(source.path);
  project.interpolated = request.stages.interpolate;
  project.all_resources = !request.stages.remove_unused;
  project.resolved = std::make_shared<const Node>(std::move(root));
  project.sources = SourceMap(project.resolved, reporter.names());
  return project;
}

Isolation choose_name(const SourceRequest& request, const std::vector<Documents>& files) {
  std::string name = request.project_name;
  if (name.empty()) name = name_in_sources(files, request.surroundings.variables);
  if (name.empty()) name = normalized_name(last_part(request.surroundings.project_directory));
  return request.isolation ? request.isolation(name) : Isolation{name, false};
}

}  // namespace

bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
         character == '_' || character == '-';
}

std::string normalized_name(std::string_view name) {
  std::string normalized = to_lower(name);
  std::erase_if(normalized, [](char character) { return !is_name_character(character); });
  const auto start = normalized.find_first_not_of("_-");
  return start == std::string::npos ? "" : normalized.substr(start);
}

bool is_project_name(std::string_view name) {
  return !name.empty() && name[0] != '_' && name[0] != '-' &&
         std::ranges::all_of(name, is_name_character);
}

std::string name_in_sources(const std::vector<Documents>& files, const StringMap& variables) {
  std::string name;
  for (const auto& documents : files) {
    for (const auto& document : documents) {
      const Node* own = document.find("name");
      if (own != nullptr && own->is_string())
        name = normalized_name(interpolated(own->text, variables));
    }
  }
  return name;
}

LoadResult load_from_sources(SourceRequest request) {
  LoadResult result;
  const auto history = request.keep_history ? std::make_shared<History>() : nullptr;
  Reporter reporter(result.diagnostics, request.purpose, history.get());
  // Files are numbered by the reporter in this order; only their bytes are given away.
  std::vector<SourceText> sources = request.sources;
  auto files = parse_sources(std::move(sources), reporter);
  warn_of_version(files, reporter);
  const auto [name, isolated] = choose_name(request, files);
  auto& surroundings = request.surroundings;
  surroundings.variables.insert_or_assign("COMPOSE_PROJECT_NAME", name);
  surroundings.interpolate = request.stages.interpolate;
  surroundings.paths =
      request.stages.resolve_paths ? PathResolution::make_absolute : PathResolution::keep;
  Node root = assemble(std::move(files), surroundings.project_directory, surroundings, reporter);
  settle(root, Counts::if_merged, reporter);
  if (!is_loadable(root, reporter)) return result;
  if (name.empty())
    reporter.error("no-project-name", {}, "the project has no name").hint = "use -p NAME";
  auto profiles = all_profiles(root);
  if (request.lint) lint(root, request.default_bind, reporter);
  if (request.stages.interpolate) warn_of_unknown_profiles(request.profiles, profiles, reporter);
  const Node whole = reporter.has_errors() ? root : Node();
  const Known known = finish_tree(root, request, {name, isolated}, reporter);
  Project project = make_project(std::move(root), request, reporter);
  if (request.stages.check_consistency && request.stages.interpolate)
    validate(project, known.needed, reporter);
  if (reporter.has_errors())
    forgive_unneeded(whole, *project.resolved, known.needed, reporter, result.diagnostics);
  project.history = history;
  project.isolated = isolated;
  project.default_bind = request.default_bind;
  project.profiles = std::move(profiles);
  project.inactive_services = {known.inactive.begin(), known.inactive.end()};
  project.variables = std::move(surroundings.variables);
  if (!result.diagnostics.has_errors()) result.project = std::move(project);
  return result;
}

}  // namespace stack::spec
