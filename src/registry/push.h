// SPDX-License-Identifier: Apache-2.0
// An image of the store into a registry.
#pragma once

#include <functional>
#include <string>

#include "image/image_store.h"
#include "registry/pull.h"

namespace stack::registry {

enum class PushState { exists, mounted, pushed };

struct PushRequest {
  std::string name;  ///< of an image in the store, and where it goes
  std::function<void(const std::string& diff_id, PushState state)> on_layer = {};
};

struct Pushed {
  std::string digest;  ///< of the manifest
  std::uint64_t size = 0;
};

/// Layers that the registry has, or has in another repository, are not sent. An image that was
/// pulled and whose layers are all there keeps its manifest bit by bit; else layers go as gzip.
/// Throws Error.
Pushed push_image(image::ImageStore& store, const PushRequest& request,
                  const Surroundings& surroundings);

/// Checks a login with the registry and keeps it. Throws Error when it is refused.
void log_in(const std::string& registry, const Credentials& credentials,
            const Surroundings& surroundings);

/// A registry as a person writes it: "docker.io" for nothing, without a scheme.
std::string registry_name(const std::string& text);

}  // namespace stack::registry
