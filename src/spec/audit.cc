// SPDX-License-Identifier: Apache-2.0
#include "spec/audit.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "base/text.h"
#include "spec/reporter.h"
#include "spec/schema.h"
#include "spec/shape.h"
#include "spec/tree.h"

namespace stack::spec {
namespace {

constexpr std::array<std::string_view, 5> kNetworkDrivers = {"bridge", "host", "none", "macvlan",
                                                             "ipvlan"};

/// Names of what stack's own runtime does: those with the same walls.
constexpr std::array<std::string_view, 5> kOwnRuntimes = {"native", "runc", "crun", "youki",
                                                          "io.containerd.runc.v2"};

constexpr std::array<std::string_view, 4> kDeployModes = {"replicated", "global", "replicated-job",
                                                          "global-job"};
constexpr std::array<std::string_view, 2> kEndpointModes = {"vip", "dnsrr"};

constexpr Type kProject{.form = Form::object, .schema = &kProjectSchema};

const Type* type_of_entry(const Type& type, std::string_view key) {
  if (type.form == Form::map_of) return type.element;
  if (type.form != Form::object) return nullptr;
  const Field* field = type.schema->find(key);
  return field == nullptr ? nullptr : field->type;
}

std::string_view noun_of(const Type& type) {
  return type.form == Form::map_of && type.element->schema != nullptr ? type.element->schema->noun
                                                                      : "";
}

void check_required(const Node& node, const Type& type, const Where& where, Reporter& reporter) {
  if (type.form != Form::object || !node.is_mapping()) return;
  for (const auto key : type.schema->required) {
    if (node.find(key) == nullptr)
      reporter.error("missing-key", node.place, "{} needs \"{}\"", where.value_text(), key);
  }
}

void check_set(const Node& list, const Where& where, Reporter& reporter) {
  std::set<std::string_view> seen;
  for (const auto& item : list.items) {
    if (!seen.insert(item.text).second) refuse_double(item, where, reporter);
  }
}

void check_present(const Node& node, const Type& type, const Where& where, Reporter& reporter) {
  check_required(node, type, where, reporter);
  if (type.is_set) check_set(node, where, reporter);
  for (const auto& [key, place, value] : node.entries) {
    const Type* inner = type_of_entry(type, key);
    if (inner == nullptr) continue;
    const Where here{&where, key, noun_of(type)};
    if (value.is_null() && !inner->may_be_null) {
      reporter.error("missing-value", place, "{} has no value", here.value_text());
    }
    check_present(value, *inner, here, reporter);
  }
  if (type.form != Form::list_of) return;
  for (const auto& item : node.items) check_present(item, *type.element, where, reporter);
}

class Unimplementeds {
 public:
  explicit Unimplementeds(Reporter& reporter) : reporter_(reporter) {}

  void visit(const Node& node, const Type& type, const Where& where) {
    for (const auto& entry : node.entries) {
      const Type* inner = type_of_entry(type, entry.key);
      if (inner == nullptr || entry.value.is_null()) continue;
      const Where here{&where, entry.key, noun_of(type)};
      const Field* field = type.form == Form::object ? type.schema->find(entry.key) : nullptr;
      if (field != nullptr && field->member.assign == nullptr) {
        report(entry, *field, here);
      } else {
        visit(entry.value, *inner, here);
      }
    }
    if (type.form != Form::list_of) return;
    for (const auto& item : node.items) visit(item, *type.element, where);
  }

  void check_service(const Entry& service) {
    judge_network_mode(service);
    judge_runtime(service);
    judge_deployment(service);
    for (const auto& mount : items_of(service.value, "volumes")) {
      refuse_mount_type(mount);
      judge_recursion(mount);
    }
  }

  void check_network_driver(const Entry& network) {
    const Node* own = network.value.find("driver");
    const Node* external = network.value.find("external");
    if (external != nullptr && external->is_true()) return;  // whoever makes it chooses
    if (own == nullptr || own->text.empty() || own->text == "default") return;
    if (own->text == "overlay") {
      complain(own->place, "network {}: driver \"overlay\" joins machines, and this is one",
               stack::quoted(network.key));
    } else if (std::ranges::find(kNetworkDrivers, own->text) == kNetworkDrivers.end()) {
      complain(own->place, "network {}: driver {} is not known", stack::quoted(network.key),
               stack::quoted(own->text));
    }
  }

  void check_driver(const Entry& object, std::string_view noun, std::string_view driver) {
    const Node* own = object.value.find("driver");
    if (own == nullptr || own->text.empty() || own->text == driver || own->text == "default")
      return;
    complain(own->place, "{} {}: driver {} is not supported yet", noun, stack::quoted(object.key),
             stack::quoted(own->text));
  }

 private:
  void report(const Entry& entry, const Field& field, const Where& where) {
    if (field.lack == Lack::none || field.lack == Lack::moot) return;
    if (field.lack == Lack::harmful) {
      complain(entry.place, "{} is not supported yet", where.value_text());
    } else {
      reporter_.warning("not-implemented", entry.place, "{} is known but has no effect yet",
                        where.value_text());
    }
  }

  template <typename... Args>
  void complain(const Place& place, fmt::format_string<Args...> text, Args&&... args) {
    reporter_.problem("not-implemented", place, text, std::forward<Args>(args)...);
  }

  void judge_network_mode(const Entry& service) {
    const Node* mode = service.value.find("network_mode");
    if (mode != nullptr && mode->is_string() && mode->text.empty() &&
        service.value.find("networks") == nullptr) {
      reporter_.warning(
          "taken-for", mode->place,
          "an empty \"network_mode\" of service {} is taken for \"none\": it has no network",
          stack::quoted(service.key));
    }
    if (mode != nullptr && mode->text == "bridge") {
      reporter_.warning("own-bridge", mode->place,
                        "service {} joins the project's default network: there is no bridge that "
                        "all projects share",
                        stack::quoted(service.key));
    }
  }

  /// Others are chosen for what they do otherwise: for stronger walls, or devices.
  void judge_runtime(const Entry& service) {
    const Node* runtime = service.value.find("runtime");
    if (runtime == nullptr || runtime->text.empty() ||
        std::ranges::find(kOwnRuntimes, runtime->text) != kOwnRuntimes.end())
      return;
    const bool is_for_devices = runtime->text == "nvidia";
    reporter_
        .problem("not-implemented", runtime->place,
                 "service {}: runtime {} is not supported yet: containers run in stack's own",
                 stack::quoted(service.key), stack::quoted(runtime->text))
        .hint = is_for_devices
                    ? "`gpus: all` or `devices: [nvidia.com/gpu=all]` gives it the devices "
                      "(CDI)"
                    : "without the key, or with `runtime: native`, it runs with "
                      "namespaces, seccomp and capabilities as under runc";
  }

  /// One machine: `global` is one container, a job is a container that nobody starts again.
  void judge_deployment(const Entry& service) {
    const Node* const deploy = service.value.find("deploy");
    if (deploy == nullptr) return;
    if (const Node* const mode = deploy->find("mode"); mode != nullptr && !is_open(*mode))
      require_word(*mode, "mode", kDeployModes, "replicated, global, replicated-job or global-job");
    const Node* const endpoint = deploy->find("endpoint_mode");
    if (endpoint == nullptr || endpoint->text.empty() || is_open(*endpoint)) return;
    if (std::ranges::find(kEndpointModes, endpoint->text) == kEndpointModes.end())
      reporter_.warning("not-implemented", endpoint->place,
                        "\"endpoint_mode\" {} of \"deploy\" is not known, and has no effect",
                        stack::quoted(endpoint->text));
  }

  void require_word(const Node& node, std::string_view key, std::span<const std::string_view> words,
                    std::string_view wanted) {
    if (node.text.empty() || std::ranges::find(words, node.text) != words.end()) return;
    complain(node.place, "{} {} of \"deploy\" is not known: {}", stack::quoted(key),
             stack::quoted(node.text), wanted);
  }

  void refuse_mount_type(const Node& mount) {
    const auto type = mount.text_of("type");
    if (type != "npipe" && type != "cluster") return;
    complain(mount.place, "volumes of type {} are not supported yet", stack::quoted(type));
  }

  /// What is mounted below is as read-only as the rest.
  void judge_recursion(const Node& mount) {
    const Node* const bind = mount.find("bind");
    const Node* const recursion = bind == nullptr ? nullptr : bind->find("recursive");
    if (recursion == nullptr) return;
    if (recursion->text == "readonly" && mount.text_of("read_only") != "true")
      reporter_
          .problem(
              "bad-value", recursion->place,
              "mount options conflict: \"recursive: readonly\" is of a mount that is read-only")
          .hint = "add read_only: true";
    if (recursion->text != "writable") return;
    reporter_.warning("not-implemented", recursion->place,
                      "\"writable\" has no effect yet: what is mounted below is read-only, too");
  }

  Reporter& reporter_;
};

}  // namespace

void check_values_present(const Node& root, Reporter& reporter) {
  check_present(root, kProject, {}, reporter);
}

void report_unimplemented(const Node& root, Reporter& reporter) {
  Unimplementeds unimplementeds(reporter);
  unimplementeds.visit(root, kProject, {});
  for (const auto& service : entries_of(root, "services")) unimplementeds.check_service(service);
  for (const auto& network : entries_of(root, "networks"))
    unimplementeds.check_network_driver(network);
  for (const auto& volume : entries_of(root, "volumes"))
    unimplementeds.check_driver(volume, "volume", "local");
}

}  // namespace stack::spec
