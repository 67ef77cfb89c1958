// SPDX-License-Identifier: Apache-2.0
// Images of services that have a `build`: which are to be built, in which order, and each as the
// builder wants it; the last place where compose is known.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "build/build_request.h"
#include "build/context.h"
#include "image/image_store.h"
#include "spec/model.h"

namespace stack::orchestrator {

enum class Building {
  of_missing,  ///< images that are not there, and those of `pull_policy: build`
  of_all,      ///< `up --build`, `build`
  of_none,     ///< `up --no-build`
};

/// Of `services`, those to be built, each after what it takes files from (`service:X`, which is
/// built with it) or depends on. Pure. Throws Error for a circle.
std::vector<std::string> services_to_build(const spec::Project& project,
                                           const std::set<std::string>& services, Building building,
                                           const std::set<std::string>& images_there);

/// What to build, and from where. Reads secrets and what the environment says of SSH agents. Throws
/// Error naming the place in the file.
struct ServiceBuild {
  build::ContextWish wish;
  build::BuildRequest request;
};
ServiceBuild lower_build(const spec::Project& project, const std::string& service);

/// Opens its context. Throws Error naming the place in the file.
build::OpenedContext open_service_context(const spec::Project& project, const std::string& service,
                                          ServiceBuild& lowered,
                                          const build::BuildSurroundings& with);

/// Builds them one after the other. `adjust`: what the command line adds to each. Throws Error
/// naming the service. Returns the image of each.
std::map<std::string, image::Image> build_services(
    const spec::Project& project, const std::vector<std::string>& services,
    build::BuildSurroundings& with, const std::function<void(build::BuildRequest&)>& adjust = {});

/// Names of images that are in the store, of those that are built for the services.
std::set<std::string> images_there(const spec::Project& project,
                                   const std::set<std::string>& services,
                                   const image::ImageStore& store);

}  // namespace stack::orchestrator
