// SPDX-License-Identifier: Apache-2.0
// The listings of `stack config`, one for each flag, as text that ends with a newline.
#pragma once

#include <string>

#include "cli/options.h"
#include "spec/model.h"

namespace stack::cli {

std::string services_listing(const spec::Project& project, const Options& options);
std::string volumes_listing(const spec::Project& project, const Options& options);
std::string networks_listing(const spec::Project& project, const Options& options);
/// Of the active services, and what an image that is built will be called.
std::string images_listing(const spec::Project& project, const Options& options);
std::string models_listing(const spec::Project& project, const Options& options);
/// Of all services, active or not.
std::string profiles_listing(const spec::Project& project, const Options& options);
/// KEY=VALUE lines, sorted.
std::string environment_listing(const spec::Project& project, const Options& options);
/// A table, or with --format json an object by name.
std::string variables_listing(const spec::Project& project, const Options& options);
/// "SERVICE HASH" lines for the names in options.hash, or all for "*". Throws Error for a name that
/// is not an active service.
std::string hash_listing(const spec::Project& project, const Options& options);
/// Each value at options.why with its place and reasons, or with --format json an array of objects.
/// Throws Error when there is nothing at that path.
std::string reasons_listing(const spec::Project& project, const Options& options);

}  // namespace stack::cli
