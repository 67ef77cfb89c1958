// SPDX-License-Identifier: Apache-2.0
#include "cli/service_images.h"

#include <iostream>

#include "base/error.h"
#include "base/host_paths.h"
#include "cli/build_options.h"
#include "cli/build_progress.h"
#include "orchestrator/build_services.h"
#include "orchestrator/desired.h"

namespace stack::cli {

using namespace orchestrator;

namespace {

/// False when one of them is missing.
bool tell_builds(const spec::Project& project, const std::vector<std::string>& services,
                 const std::set<std::string>& there) {
  bool complete = true;
  for (const std::string& name : services) {
    const std::string& image = project.services.at(name).image;
    std::cerr << fmt::format(" Image {}  Would be built\n", image);
    complete = complete && there.contains(image);
  }
  return complete;
}

}  // namespace

std::map<std::string, image::Image> build_images(const spec::Project& project,
                                                 const std::vector<std::string>& services,
                                                 const Options& options) {
  const auto progress = make_build_progress(options);
  build::BuildSurroundings surroundings = build_surroundings(*progress);
  return build_services(project, services, surroundings,
                        [&](build::BuildRequest& request) { add_common_flags(options, request); });
}

bool provide_images(const spec::Project& project, const Options& options) {
  if (options.build && options.no_build)
    throw Error("--build and --no-build exclude each other").with_exit_code(ExitCode::usage);
  const auto services =
      select_services(project, options.arguments,
                      options.no_deps ? Dependencies::left_out : Dependencies::included);
  const bool builds_nothing = options.no_build || options.locked;
  const Building building = options.build    ? Building::of_all
                            : builds_nothing ? Building::of_none
                                             : Building::of_missing;
  const image::ImageStore store(HostPaths::from_environment().images());
  const auto there = images_there(project, services, store);
  const auto wanted = services_to_build(project, services, building, there);
  if (wanted.empty()) return true;
  if (options.dry_run) return tell_builds(project, wanted, there);
  Options quiet = options;
  quiet.quiet = options.quiet_build;
  for (const auto& [name, image] : build_images(project, wanted, quiet))
    std::cerr << fmt::format(" Image {}  Built\n", project.services.at(name).image);
  return true;
}

}  // namespace stack::cli
