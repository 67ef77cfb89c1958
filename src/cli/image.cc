// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/container_view.h"
#include "cli/table.h"
#include "image/debian.h"
#include "image/image_store.h"
#include "image/reference.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

image::ImageStore open_store() {
  return image::ImageStore(HostPaths::from_environment().images());
}

std::string shown_id(const image::Image& image, bool whole) {
  return whole ? image.id : image.id.substr(image.id.find(':') + 1, 12);
}

struct NamedImage {
  std::string repository;
  std::string tag;
  const image::Image* image;
};

std::vector<NamedImage> by_name(const std::vector<image::Image>& images) {
  std::vector<NamedImage> list;
  for (const auto& image : images) {
    if (image.names.empty()) list.push_back({"<none>", "<none>", &image});
    for (const auto& name : image.names) {
      const std::string short_name = image::familiar(image::parse_reference(name));
      const std::size_t colon = short_name.rfind(':');
      list.push_back({short_name.substr(0, colon), short_name.substr(colon + 1), &image});
    }
  }
  return list;
}

bool has_layers(const image::Image& image, const std::vector<std::string>& layers) {
  return std::ranges::equal(image.layers, layers, {}, &std::filesystem::path::native);
}

/// Images that containers of any stack were made from or have mounted: not removed without --force.
std::vector<std::string> images_in_use(const std::vector<image::Image>& images) {
  const HostPaths paths = HostPaths::from_environment();
  std::vector<std::string> ids;
  for (const auto& project : supervisor::list_projects(paths)) {
    for (const auto& container : supervisor::read_containers(paths, project)) {
      const auto wish = nlohmann::json::parse(container.config.applied, nullptr, false);
      if (wish.is_object()) ids.push_back(wish.value("image_id", ""));
      for (const auto& mount : container.config.spec.mounts) {
        for (const auto& image : images)
          if (has_layers(image, mount.layers)) ids.push_back(image.id);
      }
    }
  }
  return ids;
}

}  // namespace

int run_image_import(const Options& options) {
  if (options.arguments.size() > 2)
    throw Error("image import takes a source and a name").with_exit_code(ExitCode::usage);
  const std::string name = options.arguments.size() == 2 ? options.arguments[1] : "";
  const image::Image image = open_store().import(options.arguments[0], name, options.changes);
  std::cout << image.id << '\n';
  return 0;
}

int run_image_debian(const Options& options) {
  image::DebianRequest request;
  request.name = options.arguments.front();
  for (const auto& package : split(options.packages, ',')) {
    if (!trim(package).empty()) request.packages.emplace_back(trim(package));
  }
  request.suite = options.suite;
  request.changes = options.changes;
  request.rebuild = options.no_cache;
  request.cache = HostPaths::from_environment().cache() / "debian";
  auto store = open_store();
  const image::Image image = image::build_debian_image(
      store, request, [&](const std::string& line) { std::cerr << ' ' << line << '\n'; });
  std::cout << image.id << '\n';
  return 0;
}

int run_image_list(const Options& options) {
  const auto images = open_store().list();
  const auto now = std::chrono::system_clock::now();
  std::vector<Row> rows;
  for (const auto& [repository, tag, image] : by_name(images)) {
    const std::string id = shown_id(*image, options.no_trunc);
    if (options.quiet) {
      std::cout << id << '\n';
    } else if (options.format == "json") {
      std::cout << nlohmann::json{{"Repository", repository},
                                  {"Tag", tag},
                                  {"ID", id},
                                  {"CreatedSince", ago_text(image->created, now)},
                                  {"Size", human_size(image->size)}}
                       .dump()
                << '\n';
    } else {
      rows.push_back({repository, tag, id, ago_text(image->created, now), human_size(image->size)});
    }
  }
  if (!options.quiet && options.format != "json") {
    std::cout << table({"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}, rows);
  }
  return 0;
}

int run_image_remove(const Options& options) {
  auto store = open_store();
  const auto in_use = images_in_use(store.list());
  for (const auto& reference : options.arguments) {
    const auto removed = store.remove(reference, in_use, options.force);
    for (const auto& name : removed.untagged) std::cout << "Untagged: " << name << '\n';
    for (const auto& id : removed.deleted) std::cout << "Deleted: " << id << '\n';
  }
  return 0;
}

}  // namespace stack::cli
