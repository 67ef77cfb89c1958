// SPDX-License-Identifier: Apache-2.0
#include "spec/consistency.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"

namespace stack::spec {
namespace {

constexpr std::string_view kNetworkMode = "network_mode";

/// The names that a reference may have, each with where it is defined.
class Names {
 public:
  Names(const Node* section, std::string_view noun) : noun_(noun) {
    if (section == nullptr) return;
    for (const auto& entry : section->entries) places_.emplace(entry.key, entry.place);
  }

  bool contains(const std::string& name) const { return places_.contains(name); }

  std::string hint_for(const std::string& name) const {
    std::vector<std::string> known;
    for (const auto& [candidate, place] : places_) known.push_back(candidate);
    std::ranges::sort(known);
    const auto near = nearest(name, known);
    if (!near) {
      return noun_.empty() ? "" : fmt::format("declare it under the top-level \"{}\"", noun_);
    }
    const auto line = places_.at(*near).line;
    return line == 0 ? fmt::format("did you mean {}?", stack::quoted(*near))
                     : fmt::format("did you mean {} (line {})?", stack::quoted(*near), line);
  }

 private:
  std::string_view noun_;
  std::unordered_map<std::string, Place> places_;
};

class References {
 public:
  References(const Node& root, const Strings& inactive, bool with_links, Reporter& reporter)
      : services_(root.find("services"), ""),
        networks_(root.find("networks"), "networks"),
        volumes_(root.find("volumes"), "volumes"),
        configs_(root.find("configs"), "configs"),
        secrets_(root.find("secrets"), "secrets"),
        models_(root.find("models"), "models"),
        all_networks_(root.find("networks")),
        with_links_(with_links),
        inactive_(inactive.begin(), inactive.end()),
        reporter_(reporter) {
    for (const auto& [name, place, service] : root.find("services")->entries)
      if (service.find("provider") != nullptr) provided_.insert(name);
  }

  void check(const Entry& service) {
    name_ = service.key;
    const Node& node = service.value;
    if (!node.is_mapping()) return;
    check_image(service);
    check_networks(node);
    told_.clear();
    check_namespaces(node);
    if (with_links_) check_links(node);
    check_dependencies(node);
    check_models(node);
    check_volumes(node);
    check_files(node, "configs", configs_, "config");
    check_files(node, "secrets", secrets_, "secret");
    if (const Node* build = node.find("build")) check_files(*build, "secrets", secrets_, "secret");
  }

 private:
  void check_image(const Entry& service) {
    const Node& node = service.value;
    const bool has_source = !node.text_of("image").empty() || node.find("build") != nullptr ||
                            node.find("provider") != nullptr;
    // What could not be extended has been told already.
    if (node.find("extends") != nullptr && reporter_.has_errors()) return;
    if (!has_source) {
      reporter_.error("no-image", service.place, "service {} has neither an image nor a build",
                      stack::quoted(name_));
    }
  }

  void check_dependencies(const Node& service) {
    const Node* dependencies = service.find("depends_on");
    if (dependencies == nullptr) return;
    for (const auto& dependency : dependencies->entries) {
      if (services_.contains(dependency.key) || is_told(dependency)) continue;
      const Node* required = dependency.value.find("required");
      const bool is_optional = required != nullptr && !required->is_true();
      if (inactive_.contains(dependency.key) && is_optional) continue;
      report_service(dependency.key, dependency.place, "depends on");
    }
  }

  /// What a link or a shared namespace implies has been told where that stands.
  bool is_told(const Entry& dependency) const {
    const auto told = told_.find(dependency.key);
    return told != told_.end() && told->second.line == dependency.place.line &&
           told->second.column == dependency.place.column;
  }

  void report_service(const std::string& target, const Place& place, std::string_view verb) {
    if (inactive_.contains(target)) {
      reporter_
          .error("inactive-service", place,
                 "service {} {} {}, which belongs to a profile that is not active",
                 stack::quoted(name_), verb, stack::quoted(target))
          .hint = "activate it with --profile, or say required: false";
      return;
    }
    reporter_
        .error("undefined-service", place, "service {} {} {}, which does not exist",
               stack::quoted(name_), verb, stack::quoted(target))
        .hint = services_.hint_for(target);
  }

  void check_networks(const Node& service) {
    const Entry* networks = service.find_entry("networks");
    if (networks == nullptr) return;
    if (!service.text_of("network_mode").empty() && !networks->value.entries.empty()) {
      reporter_.error("exclusive-keys", networks->place,
                      "service {} has both \"network_mode\" and \"networks\"",
                      stack::quoted(name_));
    }
    for (const auto& network : networks->value.entries) {
      if (networks->value.entries.size() > 1 && is_no_network(network.key)) {
        reporter_.problem("exclusive-keys", network.place,
                          "service {} joins network {}, which goes with no other",
                          stack::quoted(name_), stack::quoted(network.key));
      }
      if (networks_.contains(network.key)) continue;
      reporter_
          .error("undefined-network", network.place,
                 "service {} joins network {}, which does not exist", stack::quoted(name_),
                 stack::quoted(network.key))
          .hint = networks_.hint_for(network.key);
    }
  }

  void check_namespaces(const Node& service) {
    for (const std::string_view key : {"network_mode", "ipc", "pid", "uts"}) {
      const Node* value = with_links_ || key == kNetworkMode ? service.find(key) : nullptr;
      if (value != nullptr && value->text.starts_with("service:"))
        check_service(value->text.substr(8), value->place, "shares a namespace with");
    }
  }

  /// SERVICE[:ALIAS]; a text with more parts names nobody.
  static std::string linked_service(const std::string& link) {
    return std::ranges::count(link, ':') > 1 ? link : link.substr(0, link.find(':'));
  }

  void check_links(const Node& service) {
    if (const Node* links = service.find("links")) {
      for (const auto& link : links->items)
        check_service(linked_service(link.text), link.place, "links to");
    }
    if (const Node* from = service.find("volumes_from")) {
      for (const auto& item : from->items) {
        if (!item.text.starts_with("container:"))
          check_service(item.text.substr(0, item.text.find(':')), item.place, "takes volumes from");
      }
    }
  }

  void check_models(const Node& service) {
    const Node* models = service.find("models");
    if (models == nullptr) return;
    for (const auto& model : models->entries) {
      if (models_.contains(model.key)) continue;
      reporter_
          .error("undefined-model", model.place, "service {} uses model {}, which does not exist",
                 stack::quoted(name_), stack::quoted(model.key))
          .hint = models_.hint_for(model.key);
    }
  }

  void check_service(const std::string& target, const Place& place, std::string_view verb) {
    if (!services_.contains(target)) {
      told_.emplace(target, place);
      return report_service(target, place, verb);
    }
    if (!provided_.contains(target)) return;
    reporter_
        .error("no-container", place,
               "service {} {} {}, which has no container: a provider runs it", stack::quoted(name_),
               verb, stack::quoted(target))
        .hint = "depends_on is what reaches it: its variables come with that";
  }

  void check_volumes(const Node& service) {
    const Node* mounts = service.find("volumes");
    if (mounts == nullptr) return;
    for (const auto& mount : mounts->items) {
      const Node* source = mount.find("source");
      const bool is_named = mount.text_of("type") == "volume" && source != nullptr;
      if (!is_named || source->text.empty() || volumes_.contains(source->text)) continue;
      reporter_
          .error("undefined-volume", source->place,
                 "service {} uses volume {}, which does not exist", stack::quoted(name_),
                 stack::quoted(source->text))
          .hint = volumes_.hint_for(source->text);
    }
  }

  void check_files(const Node& service, std::string_view key, const Names& known,
                   std::string_view noun) {
    const Node* files = service.find(key);
    if (files == nullptr) return;
    for (const auto& file : files->items) {
      const std::string source(file.text_of("source"));
      if (source.empty()) {
        reporter_
            .error(fmt::format("undefined-{}", noun), file.place,
                   "service {} uses a {} without a source", stack::quoted(name_), noun)
            .hint = fmt::format("say which of the {} it is: source: NAME", key);
        continue;
      }
      if (known.contains(source)) continue;
      reporter_
          .error(fmt::format("undefined-{}", noun), file.place,
                 "service {} uses {} {}, which does not exist", stack::quoted(name_), noun,
                 stack::quoted(source))
          .hint = known.hint_for(source);
    }
  }

  /// A network that is the host's own, or none at all.
  bool is_no_network(const std::string& key) const {
    const Node* network = all_networks_ == nullptr ? nullptr : all_networks_->find(key);
    if (network == nullptr) return false;
    const Node* external = network->find("external");
    const bool elsewhere = external != nullptr && external->is_true();
    const auto word = network->text_of(elsewhere ? "name" : "driver");
    return word == "host" || word == "none";
  }

  std::string name_;
  std::unordered_map<std::string, Place> told_;  ///< services that are not there
  Names services_, networks_, volumes_, configs_, secrets_, models_;
  const Node* all_networks_;
  bool with_links_;
  std::unordered_set<std::string> inactive_;
  std::unordered_set<std::string> provided_;
  Reporter& reporter_;
};

/// Depth-first search that remembers the way; every cycle is reported once, where it closes.
class Cycles {
 public:
  Cycles(const Node& services, Reporter& reporter) : reporter_(reporter) {
    for (const auto& entry : services.entries) services_.emplace(entry.key, &entry);
  }

  void run(const Node& services) {
    for (const auto& entry : services.entries) visit(entry);
  }

 private:
  enum class Mark { fresh, open, done };

  void visit(const Entry& service) {
    Mark& mark = marks_[service.key];
    if (mark != Mark::fresh) return;
    mark = Mark::open;
    way_.push_back(service.key);
    if (const Node* dependencies = service.value.find("depends_on")) {
      for (const auto& dependency : dependencies->entries) follow(dependency);
    }
    way_.pop_back();
    marks_[service.key] = Mark::done;
  }

  void follow(const Entry& dependency) {
    const auto target = services_.find(dependency.key);
    if (target == services_.end()) return;
    if (marks_[dependency.key] == Mark::open) {
      report(dependency);
    } else if (way_.size() < 10'000) {
      visit(*target->second);
    }
  }

  void report(const Entry& dependency) {
    const auto start = std::ranges::find(way_, dependency.key);
    std::vector<std::string> names(start, way_.end());
    names.push_back(dependency.key);
    reporter_.error("dependency-cycle", dependency.place, "services depend on one another: {}",
                    join(names, " -> "));
  }

  Reporter& reporter_;
  std::unordered_map<std::string, const Entry*> services_;
  std::unordered_map<std::string, Mark> marks_;
  std::vector<std::string> way_;
};

}  // namespace

void check_references(const Node& root, const Strings& inactive, bool with_links,
                      Reporter& reporter) {
  const Node* services = root.find("services");
  if (services == nullptr) return;
  References references(root, inactive, with_links, reporter);
  for (const auto& service : services->entries) references.check(service);
}

void check_cycles(const Node& root, Reporter& reporter) {
  const Node* services = root.find("services");
  if (services != nullptr) Cycles(*services, reporter).run(*services);
}

}  // namespace stack::spec
