// SPDX-License-Identifier: Apache-2.0
// Images of services that have a `build`, made on the way to something else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/options.h"
#include "image/image_store.h"
#include "spec/model.h"

namespace stack::cli {

/// Builds them, telling how it goes; what the command line says of builds holds for each.
std::map<std::string, image::Image> build_images(const spec::Project& project,
                                                 const std::vector<std::string>& services,
                                                 const Options& options);

/// Before an `up`: builds what is missing, everything with --build, nothing with --no-build. With
/// --dry-run it only tells; false when images are missing, without which no more can be told.
bool provide_images(const spec::Project& project, const Options& options);

}  // namespace stack::cli
