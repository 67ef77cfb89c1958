// SPDX-License-Identifier: Apache-2.0
#include "cli/removed_images.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <variant>

#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/image_use.h"
#include "spec/tree.h"

namespace stack::cli {
namespace {

bool has_chosen_name(const spec::Project& project, const std::string& service) {
  const spec::Node* const services = project.resolved->find("services");
  const spec::Node* const written = services == nullptr ? nullptr : services->find(service);
  return written != nullptr && written->find("image") != nullptr;
}

std::set<std::string> images_that_go(const spec::Project& project, const std::string& which,
                                     const std::set<std::string>& services) {
  std::set<std::string> images;
  for (const auto& [name, service] : project.services) {
    if (!services.empty() && !services.contains(name)) continue;
    if (which == "all" || (service.build && !has_chosen_name(project, name)))
      images.insert(service.image);
  }
  images.erase("");
  return images;
}

/// How many containers have each image, by its id, once those are gone that the plan removes.
std::map<std::string, int> users_after(const orchestrator::Plan& plan, const std::string& project,
                                       const std::vector<image::Image>& images) {
  std::set<std::string> removed;
  for (const auto& step : plan.steps)
    if (const auto* const gone = std::get_if<orchestrator::RemoveContainer>(&step.action))
      removed.insert(gone->name);
  auto users = image_users(images);
  for (const auto& each : supervisor::read_containers(HostPaths::from_environment(), project))
    if (removed.contains(each.config.name)) --users[image_id_of(each)];
  return users;
}

}  // namespace

void check_image_removal(const std::string& which) {
  if (which.empty() || which == "local" || which == "all") return;
  throw Error(fmt::format("--rmi {} is not known: local or all", printable(which)))
      .with_exit_code(ExitCode::usage);
}

void show_images_that_go(const spec::Project& project, const std::string& which,
                         const orchestrator::Plan& plan, const Options& options) {
  if (which.empty()) return;
  const auto store = open_store();
  const auto users = users_after(plan, project.name, store.list());
  for (const auto& name : images_that_go(project, which, services_of(options))) {
    const auto image = store.find(name);
    if (!image) continue;
    const auto left = users.find(image->id);
    const bool stays = left != users.end() && left->second > 0;
    std::cout << (stays ? fmt::format(" keep image {}: still in use\n", name)
                        : fmt::format(" remove image {}\n", name));
  }
}

void remove_images_of(const spec::Project& project, const std::string& which,
                      const Options& options) {
  if (which.empty()) return;
  auto store = open_store();
  const auto in_use = images_in_use(store.list());
  for (const auto& name : images_that_go(project, which, services_of(options))) {
    const auto image = store.find(name);
    if (!image) continue;
    const bool used = std::find(in_use.begin(), in_use.end(), image->id) != in_use.end();
    if (!used) store.remove(name, in_use, false);
    std::cerr << fmt::format(" Image {}  {}\n", name,
                             used ? "Resource is still in use" : "Removed");
  }
}

}  // namespace stack::cli
