// SPDX-License-Identifier: Apache-2.0
#include "spec/normalize.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "spec/dotenv.h"
#include "spec/paths.h"

namespace stack::spec {
namespace {

constexpr std::array<std::string_view, 5> kNamespaceKeys = {"network_mode", "ipc", "pid", "uts",
                                                            "cgroup"};

constexpr std::array<std::string_view, 5> kResources = {"networks", "volumes", "configs", "secrets",
                                                        "models"};

std::vector<Entry>& services_of(Node& root) {
  Node& services = root.at_or_add("services", root.place);
  if (services.is_null()) services = make_mapping(root.place);
  return services.entries;
}

struct Implied {
  std::string_view key;  ///< of the service, which implies it
  Place place;
};

void add_dependency(Node& service, const std::string& name, const Implied& by, bool restart,
                    Reporter& reporter) {
  const Place place = by.place;
  Node& dependencies = service.at_or_add("depends_on", place);
  if (dependencies.is_null()) dependencies = make_mapping(place);
  if (dependencies.find(name) != nullptr) return;
  Node dependency = make_mapping(place);
  dependency.set("condition", make_string("service_started", place));
  dependency.set("restart", make_boolean(restart, place));
  dependency.set("required", make_boolean(true, place));
  reporter.note_all(dependency, Rule::implied, place, std::string(by.key));
  dependencies.set(name, std::move(dependency));
}

/// links and shared namespaces restart with the other service, volumes_from does not.
void add_implied_dependencies(Node& service, Reporter& reporter) {
  if (const Node* links = service.find("links")) {
    for (const auto& link : std::vector<Node>(links->items))
      add_dependency(service, link.text.substr(0, link.text.find(':')), {"links", link.place}, true,
                     reporter);
  }
  for (const auto key : kNamespaceKeys) {
    const Node* value = service.find(key);
    if (value == nullptr || !value->text.starts_with("service:")) continue;
    const Node shared = *value;
    add_dependency(service, shared.text.substr(8), {key, shared.place}, true, reporter);
  }
  if (const Node* from = service.find("volumes_from")) {
    for (const auto& item : std::vector<Node>(from->items)) {
      if (!item.text.starts_with("container:"))
        add_dependency(service, item.text.substr(0, item.text.find(':')),
                       {"volumes_from", item.place}, false, reporter);
    }
  }
}

/// An empty network_mode is one: that of an unset variable leaves the container without networks.
bool joins_networks(const Node& service) {
  const Node* mode = service.find("network_mode");
  const bool has_mode = mode != nullptr && !mode->is_null();
  return !has_mode && service.find("provider") == nullptr;
}

void join_default_network(Node& service, Reporter& reporter) {
  const Node* networks = service.find("networks");
  if (networks != nullptr && !networks->entries.empty()) return;
  Node joined = make_mapping(service.place);
  joined.set("default", make_null(service.place));
  reporter.note_all(joined, Rule::filled_in, Place{}, "a service without networks joins this one");
  service.set("networks", std::move(joined));
}

void fill_in_build(Node& service, Reporter& reporter) {
  Node* build = service.find("build");
  if (build == nullptr || !build->is_mapping()) return;
  if (build->find("dockerfile") != nullptr || build->find("dockerfile_inline") != nullptr) return;
  Node name = make_string("Dockerfile", build->place);
  reporter.note(name, Rule::filled_in, Place{}, "the default");
  build->set("dockerfile", std::move(name));
}

void fill_in_pull_policy(Node& service) {
  Node* policy = service.find("pull_policy");
  if (policy != nullptr && policy->text == "if_not_present") policy->text = "missing";
}

bool uses_network(Node& root, std::string_view key) {
  return std::ranges::any_of(services_of(root), [&](const Entry& service) {
    const Node* networks = service.value.find("networks");
    return networks != nullptr && networks->find(key) != nullptr;
  });
}

void add_default_network(Node& root) {
  if (!uses_network(root, "default")) return;
  Node& networks = root.at_or_add("networks", root.place);
  if (networks.is_null()) networks = make_mapping(root.place);
  if (networks.find("default") == nullptr) networks.set("default", make_mapping({}));
}

// --- values from the environment -----------------------------------------------------------------

void resolve_map(Node* map, const StringMap& variables, bool keep_unset, Reporter& reporter) {
  if (map == nullptr || !map->is_mapping()) return;
  for (auto& entry : map->entries) {
    if (!entry.value.is_null()) continue;
    const auto found = variables.find(entry.key);
    if (found == variables.end()) continue;
    const auto story = entry.value.story;
    entry.value = make_string(found->second, entry.place);
    entry.value.story = story;
    reporter.note(entry.value, Rule::from_environment, Place{}, entry.key);
  }
  if (!keep_unset) std::erase_if(map->entries, [](const Entry& e) { return e.value.is_null(); });
}

/// The files of all services as sources that places are in, each of them once.
class VariableSources {
 public:
  explicit VariableSources(Reporter& reporter) : reporter_(reporter) {}

  std::uint16_t number_of(const std::string& shown, const std::string& text) {
    const auto [known, is_new] = numbers_.try_emplace(shown, 0);
    if (is_new) known->second = reporter_.add_file(shown, text);
    return known->second;
  }

 private:
  Reporter& reporter_;
  std::map<std::string, std::uint16_t> numbers_;
};

/// Reads the files of one service, in order, later ones winning.
class EnvironmentFiles {
 public:
  /// What is wrong with them is told to `reporter`.
  EnvironmentFiles(const Node& service, const Surroundings& surroundings, Reporter& reporter,
                   VariableSources& sources)
      : service_(service), surroundings_(surroundings), reporter_(reporter), sources_(sources) {}

  void add(const Node& path, bool required, std::string_view format) {
    const auto full = absolute_path(path.text, surroundings_.project_directory, surroundings_.home);
    const auto text = read_variables(full, surroundings_);
    if (text) {
      add_text(full, *text, format);
    } else if (required) {
      reporter_.error("file-not-found", path.place, "env file {} {}",
                      stack::quoted(shown_path(full, surroundings_.current_directory)),
                      lack_of(full, surroundings_));
    }
  }

  struct Value {
    std::string text;
    Place place;
  };
  const std::map<std::string, Value>& values() const { return values_; }

 private:
  void add_text(const std::string& full, const std::string& text, std::string_view format) {
    const Lookup outside = [this](std::string_view name) { return outer_value(name); };
    const Lookup earlier = [this](std::string_view name) { return earlier_value(name); };
    const Dotenv parsed =
        format == "raw" ? parse_raw_env(text) : parse_dotenv(text, outside, earlier);
    const auto shown = shown_path(full, surroundings_.current_directory);
    const auto source = sources_.number_of(shown, text);
    for (const auto& entry : parsed.entries) set(entry, source);
    if (!parsed.error) return;
    const auto file = reporter_.add_file(shown, text);
    reporter_.error("bad-env-file", {static_cast<std::uint32_t>(parsed.error->line), 1, 1, file},
                    "{}", parsed.error->message);
  }

  void set(const DotenvEntry& entry, std::uint16_t source) {
    const auto outer = surroundings_.variables.find(entry.key);
    const Place place{static_cast<std::uint32_t>(entry.line), 1,
                      static_cast<std::uint32_t>(entry.key.size()), source};
    if (entry.value) {
      values_[entry.key] = {*entry.value, place};
    } else if (outer != surroundings_.variables.end()) {
      values_[entry.key] = {outer->second, place};
    }
  }

  std::optional<std::string> outer_value(std::string_view name) const {
    if (const auto outer = surroundings_.variables.find(std::string(name));
        outer != surroundings_.variables.end())
      return outer->second;
    const Node* environment = service_.find("environment");
    const Node* own = environment == nullptr ? nullptr : environment->find(name);
    if (own != nullptr && own->is_string()) return own->text;
    return std::nullopt;
  }

  std::optional<std::string> earlier_value(std::string_view name) const {
    const auto earlier = values_.find(std::string(name));
    return earlier == values_.end() ? std::nullopt : std::optional(earlier->second.text);
  }

  const Node& service_;
  const Surroundings& surroundings_;
  Reporter& reporter_;
  VariableSources& sources_;
  std::map<std::string, Value> values_;
};

/// Puts `values` below what the mapping `key` of the service says already.
void put_below(Node& service, std::string_view key, const EnvironmentFiles& files, Place place,
               Reporter& reporter) {
  if (files.values().empty()) return;
  Node& map = service.at_or_add(key, place);
  if (map.is_null()) map = make_mapping(place);
  for (const auto& [name, value] : files.values()) {
    if (map.find(name) != nullptr) continue;
    Node text = make_string(value.text, value.place);
    reporter.note(text, Rule::from_env_file, place);
    map.set(name, std::move(text));
  }
}

void read_env_files(Node& service, const Surroundings& surroundings, Reporter& judge,
                    Reporter& reporter, VariableSources& sources) {
  const Entry* found = service.find_entry("env_file");
  if (found == nullptr) return;
  const Entry files = *found;
  service.erase("env_file");
  EnvironmentFiles reading(service, surroundings, judge, sources);
  for (const auto& file : files.value.items) {
    const Node* path = file.find("path");
    const Node* required = file.find("required");
    if (path != nullptr && path->is_string())
      reading.add(*path, required == nullptr || required->is_true(), file.text_of("format"));
  }
  put_below(service, "environment", reading, files.place, reporter);
}

void read_label_files(Node& service, const Surroundings& surroundings, Reporter& judge,
                      Reporter& reporter, VariableSources& sources) {
  const Entry* found = service.find_entry("label_file");
  if (found == nullptr) return;
  const Entry files = *found;
  service.erase("label_file");
  EnvironmentFiles reading(service, surroundings, judge, sources);
  for (const auto& path : files.value.items) reading.add(path, true, "");
  put_below(service, "labels", reading, files.place, reporter);
}

// --- names and use -------------------------------------------------------------------------------

void name_section(Node& root, std::string_view section, std::string_view project,
                  Reporter& reporter) {
  Node* objects = root.find(section);
  if (objects == nullptr) return;
  for (auto& [key, place, object] : objects->entries) {
    if (object.is_null()) object = make_mapping(place);
    if (const Node* own = object.find("name"); own != nullptr && !own->is_null()) continue;
    const bool common = is_common(object);
    Node name = make_string(common ? key : fmt::format("{}_{}", project, key), place);
    reporter.note(name, Rule::filled_in, Place{}, common ? "the key" : "PROJECT_KEY");
    object.set("name", std::move(name));
  }
}

void collect_keys(const Node& node, std::string_view key, Names& names) {
  for (const auto& entry : entries_of(node, key)) names.insert(entry.key);
}

void collect_sources(const Node& node, std::string_view key, Names& names) {
  for (const auto& item : items_of(node, key)) names.emplace(item.text_of("source"));
}

void collect_volumes(const Node& service, Names& names) {
  for (const auto& mount : items_of(service, "volumes")) {
    if (mount.text_of("type") == "volume") names.emplace(mount.text_of("source"));
  }
}

void keep_only(Node& root, std::string_view section, const Names& names) {
  Node* objects = root.find(section);
  if (objects == nullptr) return;
  std::erase_if(objects->entries, [&](const Entry& entry) { return !names.contains(entry.key); });
  if (objects->entries.empty()) root.erase(section);
}

}  // namespace

Strings remove_inactive_services(Node& root, const Strings& profiles) {
  Strings inactive;
  const auto is_inactive = [&](const Entry& service) {
    const Node* own = service.value.find("profiles");
    if (own == nullptr || own->items.empty()) return false;
    const bool is_active = std::ranges::any_of(own->items, [&](const Node& profile) {
      return std::ranges::find(profiles, profile.text) != profiles.end();
    });
    const bool all = std::ranges::find(profiles, "*") != profiles.end();
    if (!is_active && !all) inactive.push_back(service.key);
    return !is_active && !all;
  };
  std::erase_if(services_of(root), is_inactive);
  return inactive;
}

void read_environment_files(Node& root, const Surroundings& surroundings, const Names& needed,
                            EnvFiles env_files, Reporter& reporter) {
  Diagnostics unheard;
  VariableSources sources(reporter);
  for (auto& service : services_of(root)) {
    Reporter silent(unheard, Purpose::run);
    Reporter& judge = needed.contains(service.key) ? reporter : silent;
    if (env_files == EnvFiles::read)
      read_env_files(service.value, surroundings, judge, reporter, sources);
    read_label_files(service.value, surroundings, judge, reporter, sources);
  }
}

void resolve_environment(Node& root, const StringMap& variables, Reporter& reporter) {
  for (auto& service : services_of(root)) {
    resolve_map(service.value.find("environment"), variables, true, reporter);
  }
}

void resolve_build_arguments(Node& root, const StringMap& variables, Reporter& reporter) {
  for (auto& service : services_of(root)) {
    Node* build = service.value.find("build");
    Node* arguments = build == nullptr ? nullptr : build->find("args");
    if (arguments == nullptr) continue;
    resolve_map(arguments, variables, false, reporter);
    std::erase_if(arguments->items,
                  [](const Node& item) { return item.text.find('=') == std::string::npos; });
  }
}

void fill_in(Node& root, Reporter& reporter) {
  for (auto& [name, place, service] : services_of(root)) {
    if (!service.is_mapping()) continue;
    fill_in_build(service, reporter);
    fill_in_pull_policy(service);
    add_implied_dependencies(service, reporter);
    if (joins_networks(service)) join_default_network(service, reporter);
  }
  add_default_network(root);
}

void repeat_scale_in_deploy(Node& root) {
  for (auto& service : services_of(root)) {
    const Node* scale = service.value.find("scale");
    Node* deploy = service.value.find("deploy");
    if (scale == nullptr || deploy == nullptr || !deploy->is_mapping()) continue;
    deploy->set("replicas", *scale);
  }
}

const Entry* find_shared(const Node& network) {
  const Node* stack = network.find("x-stack");
  const Entry* shared = stack == nullptr ? nullptr : stack->find_entry("shared");
  return shared != nullptr && shared->value.is_true() ? shared : nullptr;
}

bool is_common(const Node& object) {
  const Node* external = object.find("external");
  return (external != nullptr && external->is_true()) || find_shared(object) != nullptr;
}

void name_resources(Node& root, std::string_view project, Reporter& reporter) {
  for (const auto section : {"networks", "volumes", "configs", "secrets"})
    name_section(root, section, project, reporter);
}

Names with_dependencies(const Node& root, const Strings& names) {
  Names found;
  Strings open = names;
  const Node* services = root.find("services");
  if (services == nullptr) return found;
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    const Node* service = services->find(name);
    if (service == nullptr || !found.insert(name).second) continue;
    for (const auto& dependency : entries_of(*service, "depends_on"))
      open.push_back(dependency.key);
  }
  return found;
}

void select_services(Node& root, const Strings& names) {
  const Names kept = with_dependencies(root, names);
  std::erase_if(services_of(root), [&](const Entry& entry) { return !kept.contains(entry.key); });
}

std::map<std::string_view, Names> used_resources(const Node& root) {
  std::map<std::string_view, Names> used;
  for (const std::string_view section : kResources) used[section];
  for (const auto& [name, place, service] : entries_of(root, "services")) {
    collect_keys(service, "networks", used["networks"]);
    collect_keys(service, "models", used["models"]);
    collect_volumes(service, used["volumes"]);
    collect_sources(service, "configs", used["configs"]);
    collect_sources(service, "secrets", used["secrets"]);
    if (const Node* build = service.find("build"))
      collect_sources(*build, "secrets", used["secrets"]);
  }
  return used;
}

void remove_unused(Node& root) {
  for (const auto& [section, names] : used_resources(root)) keep_only(root, section, names);
}

}  // namespace stack::spec
