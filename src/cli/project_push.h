// SPDX-License-Identifier: Apache-2.0
// How `push` and `build --push` bring the images of a project to their registries.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cli/options.h"
#include "spec/model.h"

namespace stack::cli {

/// Those of services that are built and whose images have names, with their tags. As docker
/// compose: images that others made are theirs to push. What is left out is told, unless --quiet.
std::set<std::string> images_to_push(const spec::Project& project,
                                     const std::vector<std::string>& services,
                                     const Options& options);
/// Each in turn; told on standard error, unless --quiet. A failure is told and the others go on.
/// Returns the exit code.
int push_images(const std::set<std::string>& names, const Options& options);

}  // namespace stack::cli
