// SPDX-License-Identifier: Apache-2.0
#include "spec/assemble.h"

#include <algorithm>

#include "base/text.h"
#include "spec/dotenv.h"
#include "spec/forgive.h"
#include "spec/interpolate.h"
#include "spec/legacy.h"
#include "spec/merge.h"
#include "spec/paths.h"
#include "spec/source_bytes.h"
#include "spec/yaml_tree.h"

namespace stack::spec {
namespace {

constexpr std::size_t kMaxFileDepth = 32;
constexpr std::size_t kMaxFiles = 1000;
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

Documents parse_one(SourceText source, Reporter& reporter) {
  // What is too large stays so: cut off by the reader, it could become small enough.
  if (source.bytes.size() <= kMaxSourceBytes)
    source.bytes = as_source_text(std::move(source.bytes));
  const auto file = reporter.add_file(source.shown, std::move(source.bytes));
  if (!check_bytes(file, reporter)) return {};
  return parse_yaml(file, reporter);
}

/// A build without context builds where its file's paths are relative to.
void default_build_contexts(Node& document, const std::string& directory,
                            const Surroundings& surroundings) {
  Node* services = document.find("services");
  if (services == nullptr) return;
  const auto context = surroundings.paths == PathResolution::make_absolute ? directory
                       : surroundings.paths == PathResolution::keep
                           ? "."
                           : relative_path(directory, surroundings.project_directory);
  for (auto& service : services->entries) {
    Node* build = service.value.find("build");
    if (build == nullptr || !build->is_mapping() || build->find("context") != nullptr) continue;
    build->set("context", make_string(context, build->place));
  }
}

/// Said only now: a file that says less must not undo what an earlier one said.
void default_dependencies(Node& document) {
  Node* services = document.find("services");
  if (services == nullptr) return;
  for (auto& service : services->entries) {
    Node* dependencies = service.value.find("depends_on");
    if (dependencies == nullptr) continue;
    for (auto& [name, place, dependency] : dependencies->entries) {
      if (dependency.is_mapping() && dependency.find("required") == nullptr)
        dependency.set("required", make_boolean(true, place));
    }
  }
}

/// What was read because another file asked for it.
struct Budget {
  std::size_t files = 0;
  std::size_t bytes = 0;
  bool is_spent() const { return files > kMaxFiles || bytes > kMaxFileBytes; }
};

/// One run over files that share variables; included files get an assembly of their own.
class Assembly {
 public:
  Assembly(const Surroundings& surroundings, Reporter& reporter, Budget& budget,
           std::vector<std::string> open_files)
      : surroundings_(surroundings),
        reporter_(reporter),
        budget_(budget),
        open_files_(std::move(open_files)) {}

  Node merge_files(std::vector<Documents> files, const std::string& directory) {
    Node merged;
    for (auto& documents : files) {
      for (auto& document : documents) {
        if (document.is_null()) continue;
        prepare(document, directory);
        merge_documents(merged, std::move(document), merging());
      }
    }
    default_dependencies(merged);
    default_build_contexts(merged, directory, surroundings_);
    resolve_devices(merged, directory);
    return merged;
  }

 private:
  /// From a raw document to a shaped one without include and extends.
  void prepare(Node& document, const std::string& directory) {
    shape_raw(document, directory, surroundings_.paths, FileUse::of_project);
    if (!document.is_mapping()) return;
    take_in_includes(document, directory);
    extend_services(document);
  }

  void shape_raw(Node& document, const std::string& directory, PathResolution paths, FileUse use) {
    convert_legacy_file(document, reporter_);
    if (surroundings_.interpolate)
      interpolate(document, surroundings_.variables, surroundings_.variable_places, reporter_);
    const auto variables = surroundings_.interpolate ? Variables::replaced : Variables::kept;
    Shaping shaping{
        reporter_, directory, surroundings_.project_directory, surroundings_.home, paths,
        variables, ports_};
    const std::size_t said = reporter_.diagnostics().size();
    shape_document(document, shaping);
    weigh(document, use, said, reporter_);
    ports_ = shaping.ports;
  }

  /// A volume that is a bind mount has a path among its options; which ones, only all files tell.
  void resolve_devices(Node& document, const std::string& directory) {
    Node* volumes = document.find("volumes");
    if (volumes == nullptr || surroundings_.paths == PathResolution::keep) return;
    const Shaping shaping{reporter_, directory, surroundings_.project_directory, surroundings_.home,
                          surroundings_.paths};
    for (auto& volume : volumes->entries) {
      Node* options = volume.value.find("driver_opts");
      if (options == nullptr || volume.value.text_of("driver") != "local") continue;
      Node* device = options->find("device");
      if (device == nullptr || options->text_of("o") != "bind") continue;
      device->text = shaped_path(device->text.empty() ? "." : device->text, shaping);
    }
  }

  /// Paths of other files cannot stay as they are written: they are seen from elsewhere.
  PathResolution paths_of_others() const {
    return surroundings_.paths == PathResolution::keep ? PathResolution::make_relative
                                                       : surroundings_.paths;
  }

  // --- include -----------------------------------------------------------------------------------

  void take_in_includes(Node& document, const std::string& directory) {
    const Entry* found = document.find_entry("include");
    if (found == nullptr) return;
    const Entry include = *found;
    document.erase("include");
    for (const auto& item : include.value.items) {
      if (!item.is_mapping()) continue;
      Node included = load_included(item, directory);
      for (auto& section : included.entries) {
        for (auto& object : section.value.entries)
          reporter_.note_all(object.value, Rule::included, item.place);
      }
      import(document, std::move(included), include.place);
    }
  }

  Node load_included(const Node& item, const std::string& directory) {
    const Node* paths = item.find("path");
    if (paths == nullptr || paths->items.empty()) return {};
    std::vector<SourceText> sources;
    auto open_files = open_files_;
    for (const auto& path : paths->items) {
      const auto full = absolute_path(path.text, directory, surroundings_.home);
      if (!may_open(full, path, open_files, "include")) return {};
      auto source = read_source(full, path);
      if (!source) return {};
      open_files.push_back(full);
      sources.push_back(std::move(*source));
    }
    const auto own = item.text_of("project_directory");
    const std::string own_directory = own.empty()
                                          ? directory_of(sources[0].path)
                                          : absolute_path(own, directory, surroundings_.home);
    Surroundings inner = surroundings_;
    inner.paths = paths_of_others();
    add_variables(inner, item, directory, own_directory);
    auto files = parse_sources(std::move(sources), reporter_);
    return Assembly(inner, reporter_, budget_, std::move(open_files))
        .merge_files(std::move(files), own_directory);
  }

  /// Variables of the including project win over those of the included one's env files.
  void add_variables(Surroundings& inner, const Node& item, const std::string& directory,
                     const std::string& own_directory) {
    const Node* files = item.find("env_file");
    VariableFiles env_files(inner.variables);
    if (files == nullptr) {
      const auto path = own_directory + "/.env";
      if (const auto text = surroundings_.read(path)) add_env_file(env_files, path, *text);
    } else {
      for (const auto& file : files->items) read_env_file(env_files, file, directory);
    }
    env_files.give_to(inner.variables, inner.variable_places);
  }

  void read_env_file(VariableFiles& env_files, const Node& file, const std::string& directory) {
    if (file.text == "/dev/null") return;
    const auto full = absolute_path(file.text, directory, surroundings_.home);
    if (const auto text = read_variables(full, surroundings_))
      return add_env_file(env_files, full, *text);
    reporter_.error("file-not-found", file.place, "env file {} {}", stack::quoted(file.text),
                    lack_of(full, surroundings_));
  }

  void add_env_file(VariableFiles& env_files, const std::string& path, const std::string& text) {
    const auto shown = shown_path(path, surroundings_.current_directory);
    const auto error = env_files.add(text, shown);
    if (!error) return;
    const auto file = reporter_.add_file(shown, text);
    reporter_.error("bad-env-file", {static_cast<std::uint32_t>(error->line), 1, 1, file}, "{}",
                    error->message);
  }

  /// What is defined in both must be the same there and here: nothing is merged.
  void import(Node& document, Node included, const Place& place) {
    for (auto& [section, section_place, objects] : included.entries) {
      if (!objects.is_mapping() || section.starts_with("x-")) continue;
      Node& own = document.at_or_add(section, section_place);
      if (own.is_null()) own = make_mapping(section_place);
      for (auto& object : objects.entries) {
        const Entry* clash = own.find_entry(object.key);
        if (clash == nullptr) {
          own.entries.push_back(std::move(object));
        } else if (!same_value(clash->value, object.value)) {
          reporter_
              .error("include-conflict", clash->place.line > 0 ? clash->place : place,
                     "{} {} is also defined by an included file", section,
                     stack::quoted(object.key))
              .hint = fmt::format("there at {}", to_text(reporter_.origin(object.place)));
        }
      }
    }
  }

  // --- extends -----------------------------------------------------------------------------------

  struct Extending {
    std::string file;  ///< empty: the document itself
    std::string service;
    bool operator==(const Extending&) const = default;
  };

  void extend_services(Node& document) {
    Node* services = document.find("services");
    if (services == nullptr || !services->is_mapping()) return;
    for (auto& entry : services->entries) {
      std::vector<Extending> chain{{"", entry.key}};
      if (entry.value.find("extends") != nullptr) extend(entry.value, *services, "", chain);
    }
  }

  void extend(Node& service, const Node& siblings, const std::string& file,
              std::vector<Extending>& chain) {
    const Node* found = service.find("extends");
    if (found == nullptr || !found->is_mapping()) return;
    const Node extends = *found;
    const Node* name = extends.find("service");
    if (name == nullptr || !name->is_string()) {
      reporter_.error("missing-key", extends.place, "\"extends\" needs \"service\"");
      return;
    }
    const Node* path = extends.find("file");
    Node base = path == nullptr ? base_of(siblings, file, *name, chain)
                                : base_from_file(*path, *name, chain);
    // A service whose base cannot be had keeps its "extends": nothing more is said about it.
    if (!base.is_mapping()) return;
    service.erase("extends");
    base.erase("extends");
    reporter_.note_all(base, Rule::inherited, extends.place, name->text);
    Node own = std::exchange(service, Node());
    own.tag = Node::Tag::none;
    service.place = own.place;
    merge_services(service, std::move(base), merging());
    merge_services(service, std::move(own), merging());
  }

  Node base_of(const Node& services, const std::string& file, const Node& name,
               std::vector<Extending>& chain) {
    const Extending here{file, name.text};
    if (std::ranges::find(chain, here) != chain.end() || chain.size() > kMaxFileDepth) {
      reporter_.error("extends-cycle", name.place, "service {} extends itself",
                      stack::quoted(name.text));
      return {};
    }
    const Node* base = services.find(name.text);
    if (base != nullptr && base->is_null()) return {};
    if (base == nullptr || !base->is_mapping()) {
      auto& error = reporter_.error("undefined-service", name.place,
                                    "cannot extend service {}, which does not exist",
                                    stack::quoted(name.text));
      std::vector<std::string> names;
      for (const auto& entry : services.entries) names.push_back(entry.key);
      if (const auto near = nearest(name.text, names))
        error.hint = fmt::format("did you mean {}?", stack::quoted(*near));
      return {};
    }
    Node copy = *base;
    chain.push_back(here);
    extend(copy, services, file, chain);
    chain.pop_back();
    if (copy.find("extends") != nullptr && reporter_.has_errors()) return {};
    return copy;
  }

  Node base_from_file(const Node& path, const Node& name, std::vector<Extending>& chain) {
    const std::string full = path.text;
    const Node* document = extended_file(full, path);
    if (document == nullptr) return {};
    const Node* services = document->find("services");
    if (services == nullptr || !services->is_mapping()) {
      reporter_.error("undefined-service", path.place,
                      "cannot extend service {}: {} has no services", stack::quoted(name.text),
                      shown_path(full, surroundings_.current_directory));
      return {};
    }
    return base_of(*services, full, name, chain);
  }

  /// A file named by `extends`, shaped, read once.
  const Node* extended_file(const std::string& full, const Node& path) {
    if (const auto known = extended_.find(full); known != extended_.end()) return &known->second;
    auto source = read_source(full, path);
    if (!source) return nullptr;
    Node merged;
    for (auto& document : parse_one(std::move(*source), reporter_)) {
      shape_raw(document, directory_of(full), paths_of_others(), FileUse::only_extended);
      if (!document.is_mapping()) continue;
      // A single document keeps its !reset tags for the service that it extends itself.
      if (merged.is_null()) {
        merged = std::move(document);
      } else {
        merge_documents(merged, std::move(document), merging());
      }
    }
    return &extended_.emplace(full, std::move(merged)).first->second;
  }

  // --- files -------------------------------------------------------------------------------------

  bool may_open(const std::string& path, const Node& asker, const std::vector<std::string>& open,
                std::string_view verb) {
    if (std::ranges::find(open, path) == open.end() && open.size() < kMaxFileDepth) return true;
    reporter_.error("include-cycle", asker.place, "{} cycle: {} is being read already", verb,
                    stack::quoted(asker.text));
    return false;
  }

  /// Files that include two others, by ever longer paths to the same ones, would never end.
  bool is_within_budget(std::size_t size, const Node& asker) {
    ++budget_.files;
    budget_.bytes += size;
    if (budget_.is_spent()) {
      reporter_.error("too-many-files", asker.place,
                      "more than {} files or {} MiB are included or extended", kMaxFiles,
                      kMaxFileBytes >> 20);
    }
    return !budget_.is_spent();
  }

  std::optional<SourceText> read_source(const std::string& path, const Node& asker) {
    if (budget_.is_spent()) return std::nullopt;
    auto bytes = is_remote(asker.text) ? std::nullopt : surroundings_.read(path);
    if (!bytes) {
      reporter_.error("file-not-found", asker.place, "file {} {}", stack::quoted(asker.text),
                      lack_of(path, surroundings_));
      return std::nullopt;
    }
    if (!is_within_budget(bytes->size(), asker)) return std::nullopt;
    return SourceText{path, shown_path(path, surroundings_.current_directory), std::move(*bytes)};
  }

  Merging merging() const {
    return {reporter_, surroundings_.interpolate ? Variables::replaced : Variables::kept};
  }

  const Surroundings& surroundings_;
  Reporter& reporter_;
  Budget& budget_;
  std::vector<std::string> open_files_;
  std::map<std::string, Node> extended_;
  std::size_t ports_ = 0;
};

}  // namespace

std::vector<Documents> parse_sources(std::vector<SourceText> sources, Reporter& reporter) {
  std::vector<Documents> files;
  for (auto& source : sources) files.push_back(parse_one(std::move(source), reporter));
  return files;
}

Node assemble(std::vector<Documents> files, const std::string& directory,
              const Surroundings& surroundings, Reporter& reporter) {
  Budget budget;
  return Assembly(surroundings, reporter, budget, {}).merge_files(std::move(files), directory);
}

std::optional<std::string> read_variables(const std::string& path,
                                          const Surroundings& surroundings) {
  return (surroundings.read_variables ? surroundings.read_variables : surroundings.read)(path);
}

std::string_view lack_of(const std::string& path, const Surroundings& surroundings) {
  const bool is_directory = surroundings.is_directory && surroundings.is_directory(path);
  return is_directory ? "is a directory" : "not found";
}

std::string shown_path(const std::string& path, const std::string& current_directory) {
  const std::string prefix = current_directory == "/" ? "/" : current_directory + "/";
  return path.starts_with(prefix) ? path.substr(prefix.size()) : path;
}

}  // namespace stack::spec
