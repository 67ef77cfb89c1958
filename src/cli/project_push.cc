// SPDX-License-Identifier: Apache-2.0
#include "cli/project_push.h"

#include <iostream>

#include "base/format.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/image_use.h"
#include "cli/project.h"
#include "orchestrator/desired.h"
#include "registry/push.h"
#include "spec/decode.h"

namespace stack::cli {

namespace {

/// An image that has a name only because it has to have one here.
bool is_unnamed(const spec::Project& project, const spec::Service& service) {
  return service.image == spec::default_image(project, service.name);
}

}  // namespace

std::set<std::string> images_to_push(const spec::Project& project,
                                     const std::vector<std::string>& services,
                                     const Options& options) {
  std::set<std::string> names;
  for (const std::string& name : services) {
    const spec::Service& service = project.services.at(name);
    if (!service.build || is_unnamed(project, service)) {
      if (!options.quiet)
        std::cerr << fmt::format(
            " {} Skipped: {}\n", name,
            service.build ? "its image has no name of its own" : "it has no build section");
      continue;
    }
    names.insert(service.image);
    names.insert(service.build->tags.begin(), service.build->tags.end());
  }
  return names;
}

int push_images(const std::set<std::string>& names, const Options& options) {
  const auto surroundings = registry::surroundings_from_environment();
  auto store = open_store();
  return each_of({names.begin(), names.end()}, [&](const std::string& name) {
    const auto pushed = registry::push_image(store, {.name = name}, surroundings);
    if (!options.quiet) std::cerr << fmt::format(" {} Pushed {}\n", name, pushed.digest);
  });
}

int run_push(const Options& options) {
  using orchestrator::Dependencies;
  const spec::Project project = load_without_env_files(options);
  const auto services = orchestrator::select_services(
      project, options.arguments,
      options.include_deps ? Dependencies::included : Dependencies::left_out);
  const auto names = images_to_push(project, {services.begin(), services.end()}, options);
  const int code = push_images(names, options);
  return options.ignore_push_failures ? 0 : code;
}

}  // namespace stack::cli
