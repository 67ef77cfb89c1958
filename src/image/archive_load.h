// SPDX-License-Identifier: Apache-2.0
// Images out of archives: what `docker save`, podman and skopeo write, OCI layouts in a tar or in
// a directory. One pass: each layer is unpacked as it comes, and what no image needs is dropped.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "image/image_store.h"
#include "image/manifest.h"

namespace stack::image {

struct LoadRequest {
  std::string source;  ///< a file or directory; "-": standard input
  std::optional<Platform> platform = {};
  std::string name = {};  ///< for an image that has none in the archive; may be empty
};

struct LoadedImage {
  Image image;
  std::vector<std::string> names;  ///< canonical, of this archive
};

/// Loads all images of the archive; all of them are in the store when it returns, and none of a
/// damaged archive whose fault shows before the first. `note` gets a line for each thing left out.
std::vector<LoadedImage> load_images(ImageStore& store, const LoadRequest& request,
                                     const std::function<void(const std::string&)>& note);

}  // namespace stack::image
