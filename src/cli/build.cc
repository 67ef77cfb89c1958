// SPDX-License-Identifier: Apache-2.0
// build: the images of a stack's services.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/build_commands.h"
#include "cli/build_options.h"
#include "cli/build_progress.h"
#include "cli/project.h"
#include "cli/project_push.h"
#include "cli/service_images.h"
#include "image/reference.h"
#include "orchestrator/build_services.h"
#include "orchestrator/desired.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

/// Those named, or all; with what they depend on when that is asked for.
std::set<std::string> chosen(const spec::Project& project, const Options& options) {
  return select_services(
      project, options.arguments,
      options.with_dependencies ? Dependencies::included : Dependencies::left_out);
}

/// What docker's bake reads.
nlohmann::json bake_target(const ServiceBuild& made) {
  nlohmann::json target = {{"context", made.wish.source}, {"tags", nlohmann::json::array()}};
  for (const std::string& name : made.request.names)
    target["tags"].push_back(image::familiar(image::parse_reference(name)));
  if (made.wish.dockerfile_text) {
    target["dockerfile-inline"] = *made.wish.dockerfile_text;
  } else if (!made.wish.dockerfile.empty()) {
    target["dockerfile"] = made.wish.dockerfile;
  }
  if (!made.request.arguments.empty()) target["args"] = made.request.arguments;
  if (!made.request.labels.empty()) target["labels"] = made.request.labels;
  if (!made.request.target.empty()) target["target"] = made.request.target;
  return target;
}

int print_builds(const spec::Project& project, const std::vector<std::string>& services,
                 const Options& options) {
  nlohmann::json file = {{"group", {{"default", {{"targets", services}}}}},
                         {"target", nlohmann::json::object()}};
  for (const std::string& name : services) {
    ServiceBuild made = lower_build(project, name);
    add_common_flags(options, made.request);
    file["target"][name] = bake_target(made);
  }
  std::cout << file.dump(2) << '\n';
  return 0;
}

/// Parses the Dockerfiles and tells of habits that cause trouble.
int check_builds(const spec::Project& project, const std::vector<std::string>& services,
                 const Options& options) {
  bool warned = false;
  const auto progress = make_build_progress(options);
  const auto surroundings = build_surroundings(*progress);
  for (const std::string& name : services) {
    ServiceBuild made = lower_build(project, name);
    const auto context = orchestrator::open_service_context(project, name, made, surroundings);
    if (tell_habits(made.request)) warned = true;
  }
  if (!warned) std::cout << no_habits << '\n';
  return warned ? static_cast<int>(ExitCode::failure) : 0;
}

}  // namespace

int run_build(const Options& options) {
  check_builder(options);
  const spec::Project project = load_without_env_files(options);
  const auto services = services_to_build(project, chosen(project, options), Building::of_all, {});
  if (services.empty()) {
    std::cerr << "No services to build\n";
    return 0;
  }
  if (options.print) return print_builds(project, services, options);
  if (options.check) return check_builds(project, services, options);
  for (const auto& [name, image] : build_images(project, services, options)) {
    if (!options.quiet)
      std::cerr << fmt::format(" Image {}  Built\n", project.services.at(name).image);
    if (options.quiet) std::cout << image.id << '\n';
  }
  return options.push ? push_images(images_to_push(project, services, options), options) : 0;
}

}  // namespace stack::cli
