// SPDX-License-Identifier: Apache-2.0
#include "cli/image_use.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/host_paths.h"
#include "cli/container_view.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

bool has_layers(const image::Image& image, const std::vector<std::string>& layers) {
  return std::ranges::equal(image.layers, layers, {}, &std::filesystem::path::native);
}

std::set<std::string> images_of(const supervisor::ObservedContainer& container,
                                const std::vector<image::Image>& images) {
  std::set<std::string> ids;
  ids.insert(image_id_of(container));
  for (const auto& mount : container.config.spec.mounts) {
    for (const auto& image : images)
      if (has_layers(image, mount.layers)) ids.insert(image.id);
  }
  return ids;
}

}  // namespace

std::string image_id_of(const supervisor::ObservedContainer& container) {
  return wish_of(container).value("image_id", "");
}

image::ImageStore open_store() {
  return image::ImageStore(HostPaths::from_environment().images());
}

std::map<std::string, int> image_users(const std::vector<image::Image>& images) {
  const HostPaths paths = HostPaths::from_environment();
  std::map<std::string, int> users;
  for (const auto& project : supervisor::list_projects(paths)) {
    for (const auto& container : supervisor::read_containers(paths, project)) {
      for (const auto& id : images_of(container, images)) ++users[id];
    }
  }
  return users;
}

const image::Image* ImagesOfContainers::find(const supervisor::ObservedContainer& container) {
  return find(image_id_of(container));
}

const image::Image* ImagesOfContainers::find(const std::string& id) {
  if (id.empty()) return nullptr;
  auto found = known_.find(id);
  if (found == known_.end()) found = known_.emplace(id, store_.find(id)).first;
  return found->second ? &*found->second : nullptr;
}

std::string ImagesOfContainers::id_of(const std::string& image) const {
  try {
    const auto found = store_.find(image);
    return found ? found->id : "";
  } catch (const Error&) {
    return "";  // it is no name of an image
  }
}

std::vector<std::string> ImagesOfContainers::exposed(
    const supervisor::ObservedContainer& container) {
  return exposed(wish_of(container));
}

std::vector<std::string> ImagesOfContainers::exposed(const nlohmann::json& wish) {
  std::vector<std::string> ports;
  if (wish.contains("expose"))
    for (const auto& port : wish["expose"]) ports.push_back(port.get<std::string>());
  for (std::string& port : ports)
    if (port.find('/') == std::string::npos) port += "/tcp";
  if (const image::Image* const image = find(wish.value("image_id", "")))
    ports.insert(ports.end(), image->config.exposed_ports.begin(),
                 image->config.exposed_ports.end());
  return ports;
}

std::vector<std::string> images_in_use(const std::vector<image::Image>& images) {
  std::vector<std::string> ids;
  for (const auto& [id, count] : image_users(images)) ids.push_back(id);
  return ids;
}

}  // namespace stack::cli
