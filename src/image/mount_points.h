// SPDX-License-Identifier: Apache-2.0
// A layer that lies below every image: what the standard mounts of a container need in its root,
// and most images lack. Without it each start makes these in the container's own layer, and each
// removal deletes them again. Besides, as docker has them: /.dockerenv, empty, by which programs
// know that they are in a container, and /etc/mtab, a link to /proc/mounts.
#pragma once

#include <filesystem>

#include "image/store_index.h"

namespace stack::image {

/// Where that layer is, made if it is not there yet. What an image has at a path is seen instead of
/// it, attributes of directories too. Takes the store's lock to make it. Throws Error.
std::filesystem::path mount_points(const StorePaths& paths);

}  // namespace stack::image
