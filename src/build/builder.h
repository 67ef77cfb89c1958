// SPDX-License-Identifier: Apache-2.0
// From a Dockerfile to an image.
#pragma once

#include <functional>
#include <optional>

#include "base/overlay_tree.h"
#include "build/build_request.h"
#include "image/image_store.h"

namespace stack::build {

/// What shall come of a build.
struct Wanted {
  bool image = true;
  /// Reads the files of the result while they stay; the directory has no parts when there are none.
  std::function<void(const JoinedDirectory& root)> use_files = {};
};

/// Builds what the target needs, has its files read, and then gives the image its names; without an
/// image nothing is returned. What was built before, by anybody, on the same files, is taken from
/// the cache. On any failure no name has moved; when killed, nothing is left that the next change
/// of the store does not remove. The caller must be single-threaded. Throws Error, and what
/// `use_files` throws.
std::optional<image::Image> build(const BuildRequest& request, BuildSurroundings& with,
                                  const Wanted& wanted);

/// The same for an image alone.
image::Image build_image(const BuildRequest& request, BuildSurroundings& with);

/// Forgets all that was built, but images: steps, what RUN --mount=type=cache has kept, and
/// downloads. `cache` as in BuildSurroundings. Throws Error while images are being built.
void forget_builds(const image::StorePaths& store, const std::filesystem::path& cache);
/// The directories of `cache` that go with it.
std::vector<std::filesystem::path> build_caches(const std::filesystem::path& cache);

}  // namespace stack::build
