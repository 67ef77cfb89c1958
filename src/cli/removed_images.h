// SPDX-License-Identifier: Apache-2.0
// `down --rmi`: the images that go with a stack.
#pragma once

#include <string>

#include "cli/options.h"
#include "orchestrator/plan.h"
#include "spec/model.h"

namespace stack::cli {

/// Throws Error (usage) for anything but "", "local" and "all".
void check_image_removal(const std::string& which);

/// For --dry-run of a `down` that would do what `plan` says: what remove_images_of() would do
/// after it, a line for each image.
void show_images_that_go(const spec::Project& project, const std::string& which,
                         const orchestrator::Plan& plan, const Options& options);

/// "local": images that were built and whose name nobody chose; "all": those of all services. What
/// somebody else uses stays, and is told.
void remove_images_of(const spec::Project& project, const std::string& which,
                      const Options& options);

}  // namespace stack::cli
