// SPDX-License-Identifier: Apache-2.0
// `stack inspect`, of anything by its name, and `stack container inspect`.
#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_inspect.h"
#include "cli/container_labels.h"
#include "cli/field_template.h"
#include "cli/found_container.h"
#include "cli/image_use.h"
#include "cli/image_view.h"
#include "cli/network_view.h"
#include "cli/volume_view.h"
#include "image/store_index.h"
#include "orchestrator/host_volumes.h"

namespace stack::cli {
namespace {

using Json = nlohmann::ordered_json;

HostPaths paths() {
  return HostPaths::from_environment();
}

std::map<std::string, std::vector<std::string>> names_by_service(
    const std::string& project, const std::vector<FoundContainer>& containers) {
  std::map<std::string, std::vector<std::string>> services;
  for (const auto& each : containers)
    if (each.project == project && each.container.config.step.empty())
      services[each.container.config.service].push_back(each.container.config.name);
  return services;
}

Json container_json(const FoundContainer& found, const std::vector<FoundContainer>& containers,
                    const Options& options) {
  ImagesOfContainers images;
  const auto& container = found.container;
  ContainerSurroundings around{project_labels(found.project, paths()), images.find(container),
                               images.exposed(container)};
  around.networks = orchestrator::list_networks(paths());
  around.services = names_by_service(found.project, containers);
  around.files = {paths(), found.project};
  around.health_checks = supervisor::read_health_log(around.files.running(container.config.id));
  around.system_paths =
      runtime::system_paths(container.config.spec.security, runtime::find_thermal_throttles());
  Json json(inspect_json(container, around));
  if (!options.sizes) return json;
  const std::uint64_t written = written_bytes(found);
  json["SizeRw"] = written;
  json["SizeRootFs"] = written + (around.image == nullptr ? 0 : around.image->size);
  return json;
}

using Answer = std::optional<Json>;

Answer container_called(const std::string& name, const Options& options) {
  const auto containers = all_containers();
  const FoundContainer* const found = seek_container(containers, name);
  if (found == nullptr) return std::nullopt;
  return container_json(*found, containers, options);
}

Answer image_called(const std::string& name, const Options&) {
  const auto store = open_store();
  std::optional<image::Image> image;
  try {
    image = store.find(name);
  } catch (const Error&) {
    return std::nullopt;  // neither a name of images nor an id
  }
  if (!image) return std::nullopt;
  return image_json(*image, read_file(image::StorePaths{store.root()}.blob(image->id)));
}

Answer network_called(const std::string& name, const Options&) {
  const auto networks = orchestrator::list_networks(paths());
  const bool is_there = std::ranges::any_of(networks, [&](const orchestrator::HostNetwork& each) {
    return each.name == name || each.id.starts_with(name);
  });
  if (!is_there) return std::nullopt;
  return network_json(orchestrator::find_network(networks, name));
}

Answer volume_called(const std::string& name, const Options&) {
  const auto volume = volumes::VolumeStore(paths().volumes()).find(name);
  if (!volume) return std::nullopt;
  return volume_json(*volume, orchestrator::volume_users(paths()));
}

struct Kind {
  std::string_view name;
  Answer (*seek)(const std::string& name, const Options& options);
};

constexpr std::array kinds{Kind{"container", container_called}, Kind{"image", image_called},
                           Kind{"network", network_called}, Kind{"volume", volume_called}};

void check_kind(const std::string& kind) {
  if (kind.empty() || std::ranges::find(kinds, kind, &Kind::name) != kinds.end()) return;
  throw Error(fmt::format("\"{}\" is not a valid value for --type", printable(kind)))
      .with_hint("container, image, network or volume")
      .with_exit_code(ExitCode::usage);
}

Json sought(const std::string& name, const Options& options) {
  for (const Kind& kind : kinds) {
    if (!options.kind.empty() && options.kind != kind.name) continue;
    if (auto answer = kind.seek(name, options)) return std::move(*answer);
  }
  throw Error(fmt::format("No such {}: {}", options.kind.empty() ? "object" : options.kind,
                          printable(name)))
      .with_hint(
          "`stack container ls -a`, `stack image ls`, `stack network ls` and `stack volume "
          "ls` list what there is");
}

}  // namespace

int run_inspect(const Options& options) {
  check_kind(options.kind);
  std::vector<Json> all;
  const int code = each_of(options.arguments,
                           [&](const std::string& name) { all.push_back(sought(name, options)); });
  std::cout << format_inspected(options.format, all);
  return code;
}

int run_container_inspect(const Options& options) {
  std::vector<Json> all;
  const int code = each_of(options.arguments, [&](const std::string& name) {
    const auto containers = all_containers();
    all.push_back(container_json(choose_container(containers, name), containers, options));
  });
  std::cout << format_inspected(options.format, all);
  return code;
}

}  // namespace stack::cli
