// SPDX-License-Identifier: Apache-2.0
// How the image store changes. A change is: make the layer in a scratch directory (long, without
// the lock), then commit it (short, under the lock): layer, blobs, and last tags.json, which is
// what makes the image exist. What tags.json does not lead to is swept by the next commit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/scratch.h"
#include "image/image_document.h"
#include "image/store_index.h"

namespace stack::image {

/// A directory of the store for a layer that is being made. Also sweeps what others left.
ScratchDirectory begin_layer(const StorePaths& paths);

struct NewLayer {
  std::filesystem::path tree;  ///< in a scratch directory of this store
  std::string diff_id;
  LayerRecord record;
};

/// What an image shall be called and carry; `name` is canonical or empty.
struct NewImage {
  std::string name;
  ImageConfig config;
  std::string comment;
  std::string author = {};
  std::string created_by = {};
};

/// Moves the layer into the store and makes an image of it. Durable when it returns.
Image commit_image(const StorePaths& paths, const NewLayer& layer, const NewImage& image);

/// An image on layers that are in the store; nothing when one of them is no longer there.
std::optional<Image> commit_image_on(const StorePaths& paths,
                                     const std::vector<std::string>& diff_ids,
                                     const NewImage& image);

/// As commit_image, with the layers and the history of the image `base` (its id) below; without
/// `layer` the new image has the same layers. Throws Error when there is no such image.
Image commit_image_over(const StorePaths& paths, const std::string& base,
                        const std::optional<NewLayer>& layer, const NewImage& image);

/// Puts a layer on top of those of `below` (diff ids, lowest first) into the store, where it stays
/// for builds to come (build_cache.h), whether an image has it or not.
void add_built_layer(const StorePaths& paths, const std::vector<std::string>& below,
                     const NewLayer& layer);

/// An image of exactly this config and these layers, which are in the store, with all of `names`
/// (canonical); what had one of them loses it. Throws Error when a layer is no longer there.
Image commit_document(const StorePaths& paths, const ConfigDocument& document,
                      const std::vector<std::string>& names);

ImageStore::Removed remove_image(const StorePaths& paths, const std::string& reference,
                                 const std::vector<std::string>& in_use, bool force);

}  // namespace stack::image
