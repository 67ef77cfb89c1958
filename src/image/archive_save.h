// SPDX-License-Identifier: Apache-2.0
// Images into an archive that is two things at once, as newer dockers write it: an OCI layout, and
// docker's older list (manifest.json). So docker, podman and skopeo of any age read it.
#pragma once

#include <string>
#include <vector>

#include "image/image_store.h"
#include "image/tar_writer.h"

namespace stack::image {

/// Writes the images that `references` mean: one that is given by a name with that name, one given
/// by id with none. Configs are as they were, bit by bit; layers are uncompressed, so that their
/// digests are the diff ids. The same images give the same bytes. Throws Error before the first
/// byte when one is not there.
void save_images(const ImageStore& store, const std::vector<std::string>& references,
                 const TarSink& sink);

}  // namespace stack::image
