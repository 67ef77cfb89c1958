// SPDX-License-Identifier: Apache-2.0
#include "cli/removed_images.h"

#include <algorithm>
#include <iostream>
#include <set>

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

}  // namespace

void check_image_removal(const std::string& which) {
  if (which.empty() || which == "local" || which == "all") return;
  throw Error(fmt::format("--rmi {} is not known: local or all", printable(which)))
      .with_exit_code(ExitCode::usage);
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
