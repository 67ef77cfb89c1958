// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "cli/command.h"
#include "cli/config_view.h"
#include "cli/output.h"
#include "cli/project.h"
#include "spec/render.h"

namespace stack::cli {
namespace {

/// The listing that a flag asks for; nullptr for the whole file.
using Listing = std::string (*)(const spec::Project& project, const Options& options);

Listing listing_of(const Options& options) {
  if (!options.why.empty()) return reasons_listing;
  if (options.list_variables) return variables_listing;
  if (options.list_environment) return environment_listing;
  if (options.services) return services_listing;
  if (options.list_volumes) return volumes_listing;
  if (options.list_networks) return networks_listing;
  if (options.list_models) return models_listing;
  if (!options.hash.empty()) return hash_listing;
  if (options.list_profiles) return profiles_listing;
  if (options.list_images) return images_listing;
  return nullptr;
}

std::string whole_file(const spec::Project& project, const Options& options) {
  if (options.format == "json") return spec::to_json(project);
  if (options.format.empty() || options.format == "yaml") return spec::to_yaml(project);
  throw unknown_format(options.format, "yaml or json");
}

void refuse_digests(const Options& options) {
  if (!options.lock_image_digests && !options.resolve_image_digests) return;
  throw Error("image digests cannot be looked up: registries are not supported yet");
}

}  // namespace

int run_config(const Options& options) {
  refuse_digests(options);
  const Listing listing = listing_of(options);
  const spec::Project project = load_to_show(options);
  if (listing != nullptr) {
    write_output(listing(project, options), options.output);
  } else if (!options.quiet) {
    write_output(whole_file(project, options), options.output);
  }
  return 0;
}

}  // namespace stack::cli
