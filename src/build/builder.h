// SPDX-License-Identifier: Apache-2.0
// From a Dockerfile to an image.
#pragma once

#include "base/overlay_tree.h"
#include "build/build_request.h"
#include "image/image_store.h"

namespace stack::build {

/// Builds what the target needs and gives the image its names. What was built before, by anybody,
/// on the same files, is taken from the cache. On any failure no name has moved; when killed,
/// nothing is left that the next change of the store does not remove. The caller must be
/// single-threaded. Throws Error.
image::Image build_image(const BuildRequest& request, BuildSurroundings& with);

/// Builds as build_image() does, and has `use` read the files of the result; the directory has no
/// parts when there are none. No image is made. Throws Error, and what `use` throws.
void build_files(const BuildRequest& request, BuildSurroundings& with,
                 const std::function<void(const JoinedDirectory& root)>& use);

/// Forgets all that was built, but images: steps, what RUN --mount=type=cache has kept, and
/// downloads. `cache` as in BuildSurroundings. Throws Error while images are being built.
void forget_builds(const image::StorePaths& store, const std::filesystem::path& cache);
/// The directories of `cache` that go with it.
std::vector<std::filesystem::path> build_caches(const std::filesystem::path& cache);

}  // namespace stack::build
