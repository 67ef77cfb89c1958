// SPDX-License-Identifier: Apache-2.0
#include "spec/legacy.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "spec/schema.h"

namespace stack::spec {
namespace {

bool may_be_service(const Node& node) {
  if (!node.is_mapping()) return false;
  return std::ranges::any_of(std::array{"image", "build", "extends"},
                             [&](std::string_view key) { return node.find(key) != nullptr; });
}

bool is_legacy_file(const Node& document) {
  return document.is_mapping() && !document.entries.empty() &&
         std::ranges::all_of(document.entries, [](const Entry& entry) {
           return kProjectSchema.find(entry.key) == nullptr && !entry.key.starts_with("x-") &&
                  may_be_service(entry.value);
         });
}

class Conversion {
 public:
  explicit Conversion(Node services) : services_(std::move(services)), names_(services_) {}

  Node run() {
    for (auto& service : services_.entries) convert(service.value);
    Node document = make_mapping(services_.place);
    document.set("services", std::move(services_));
    if (!volumes_.entries.empty()) document.set("volumes", std::move(volumes_));
    return document;
  }

 private:
  void convert(Node& service) {
    take_network(service);
    take_build(service);
    take_logging(service);
    mark_foreign_containers(service);
    declare_volumes(service);
  }

  /// Without a word, all containers of the machine share one bridge.
  void take_network(Node& service) {
    const Entry* net = service.find_entry("net");
    Node mode = net == nullptr ? make_string("bridge", service.place) : net->value;
    service.erase("net");
    const std::string shared = "container:";
    if (mode.text.starts_with(shared) && is_service(mode.text.substr(shared.size())))
      mode.text = "service:" + mode.text.substr(shared.size());
    if (service.find("network_mode") == nullptr) service.set("network_mode", std::move(mode));
  }

  static void take_build(Node& service) {
    const Node* dockerfile = service.find("dockerfile");
    Node* build = service.find("build");
    if (dockerfile == nullptr || build == nullptr || !build->is_scalar()) return;
    Node map = make_mapping(build->place);
    map.set("context", *build);
    map.set("dockerfile", *dockerfile);
    *build = std::move(map);
    service.erase("dockerfile");
  }

  static void take_logging(Node& service) {
    const Entry* driver = service.find_entry("log_driver");
    const Entry* options = service.find_entry("log_opt");
    if (driver == nullptr && options == nullptr) return;
    Node logging = make_mapping(driver == nullptr ? options->place : driver->place);
    if (driver != nullptr) logging.set("driver", driver->value);
    if (options != nullptr) logging.set("options", options->value);
    service.erase("log_driver");
    service.erase("log_opt");
    service.set("logging", std::move(logging));
  }

  /// A name that is no service was a container of the machine.
  void mark_foreign_containers(Node& service) {
    Node* from = service.find("volumes_from");
    if (from == nullptr) return;
    for (auto& item : from->items) {
      const auto name = item.text.substr(0, item.text.find(':'));
      if (item.is_string() && !is_service(name) && name != "container")
        item.text = "container:" + item.text;
    }
  }

  /// Named volumes were the machine's: their names have no project in front.
  void declare_volumes(Node& service) {
    const Node* driver = service.find("volume_driver");
    if (const Node* mounts = service.find("volumes")) {
      for (const auto& mount : mounts->items) declare_volume(mount, driver);
    }
    service.erase("volume_driver");
  }

  void declare_volume(const Node& mount, const Node* driver) {
    const auto colon = mount.text.find(':');
    const bool is_named = mount.is_string() && colon != std::string::npos && colon > 0 &&
                          std::string_view("./~$").find(mount.text[0]) == std::string_view::npos;
    const auto name = mount.text.substr(0, colon);
    if (!is_named || volumes_.find(name) != nullptr) return;
    Node volume = make_mapping(mount.place);
    volume.set("name", make_string(name, mount.place));
    if (driver != nullptr) volume.set("driver", *driver);
    volumes_.set(name, std::move(volume));
  }

  bool is_service(std::string_view name) const { return names_.find(name) != nullptr; }

  Node services_;
  Node names_;
  Node volumes_ = make_mapping({});
};

}  // namespace

void convert_legacy_file(Node& document, Reporter& reporter) {
  if (!is_legacy_file(document)) return;
  reporter
      .warning("legacy-file", document.entries.front().place,
               "this file has no \"services\": it is read as docker-compose 1 did")
      .hint = "put the services below \"services:\"";
  document = Conversion(std::move(document)).run();
}

}  // namespace stack::spec
