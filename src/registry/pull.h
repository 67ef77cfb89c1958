// SPDX-License-Identifier: Apache-2.0
// An image from a registry into the store. Layers come several at once, each straight into its
// unpacked tree; the image exists when all of them are there and are what they should be.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "image/image_store.h"
#include "image/manifest.h"
#include "registry/credentials.h"
#include "registry/registries_conf.h"

namespace stack::registry {

/// What registries are spoken to with.
struct Surroundings {
  CredentialStore credentials;
  RegistriesConf conf;
};
Surroundings surroundings_from_environment();

enum class LayerState { exists, fetching, complete };

struct PullRequest {
  std::string name;  ///< as a person wrote it
  std::optional<image::Platform> platform = {};
  /// May be called by several threads, one at a time. May be empty.
  std::function<void(const image::BlobRef& layer, LayerState state)> on_layer = {};
};

struct Pulled {
  image::Image image;
  std::string name;     ///< canonical
  std::string digest;   ///< what the registry calls what was asked for
  bool is_new = false;  ///< the name meant something else before, or nothing
};

/// Throws Error; then layers that are complete stay for a day, and nothing else.
Pulled pull_image(image::ImageStore& store, const PullRequest& request,
                  const Surroundings& surroundings);

/// What the registry calls an image: "sha256:...", of the index where there is one. Fetches nothing
/// but that. A name with a digest in it answers with that one.
std::string resolve_digest(const std::string& name, const Surroundings& surroundings);

/// The tags of a repository.
std::vector<std::string> list_tags(const std::string& name, const Surroundings& surroundings);

}  // namespace stack::registry
