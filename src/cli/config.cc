// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/config_view.h"
#include "cli/output.h"
#include "cli/project.h"
#include "registry/pull.h"
#include "spec/render.h"
#include "spec/tree.h"

namespace stack::cli {
namespace {

/// "web:1" with what its registry calls it: "web:1@sha256:...".
std::string pinned_name(const std::string& image) {
  const std::string digest =
      registry::resolve_digest(image, registry::surroundings_from_environment());
  return image.find('@') == std::string::npos ? image + "@" + digest : image;
}

/// The images that services name, as their registries call them. Those that only a build makes are
/// in no registry.
std::map<std::string, std::string> pinned_images(const spec::Project& project) {
  std::map<std::string, std::string> pinned;  // service -> image
  for (const auto& [name, service] : project.services) {
    const spec::Node* const services = project.resolved->find("services");
    const spec::Node* const written = services == nullptr ? nullptr : services->find(name);
    if (written == nullptr || written->text_of("image").empty()) continue;
    pinned[name] = pinned_name(std::string(written->text_of("image")));
  }
  return pinned;
}

spec::Project with_pinned_images(spec::Project project) {
  spec::Node tree = *project.resolved;
  for (const auto& [name, image] : pinned_images(project))
    tree.find("services")->find(name)->set("image", spec::make_string(image, {}));
  project.resolved = std::make_shared<const spec::Node>(std::move(tree));
  return project;
}

/// A file for -f after the others, that pins images.
std::string override_listing(const spec::Project& project, const Options&) {
  std::string text = "services:\n";
  for (const auto& [name, image] : pinned_images(project))
    text += fmt::format("  {}:\n    image: {}\n", name, stack::quoted(image));
  return text;
}

/// The listing that a flag asks for; nullptr for the whole file.
using Listing = std::string (*)(const spec::Project& project, const Options& options);

Listing listing_of(const Options& options) {
  if (options.lock_image_digests) return override_listing;
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

/// docker compose's JSON has no models at its top.
spec::Project without_models(spec::Project project) {
  spec::Node tree = *project.resolved;
  tree.erase("models");
  project.resolved = std::make_shared<const spec::Node>(std::move(tree));
  return project;
}

std::string whole_file(const spec::Project& project, const Options& options) {
  if (options.format == "json")
    return spec::to_json(project.interpolated ? without_models(project) : project);
  if (options.format.empty() || options.format == "yaml") return spec::to_yaml(project);
  throw unknown_format(options.format, "yaml or json");
}

}  // namespace

int run_config(const Options& options) {
  const Listing listing = listing_of(options);
  spec::Project project = load_to_show(options);
  if (options.resolve_image_digests) project = with_pinned_images(std::move(project));
  if (listing != nullptr) {
    write_output(listing(project, options), options.output);
  } else if (!options.quiet) {
    write_output(whole_file(project, options), options.output);
  }
  return 0;
}

}  // namespace stack::cli
