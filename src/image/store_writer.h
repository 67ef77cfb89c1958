// SPDX-License-Identifier: Apache-2.0
// How the image store changes. A change is: make the layer in a scratch directory (long, without
// the lock), then commit it (short, under the lock): layer, blobs, and last tags.json, which is
// what makes the image exist. What tags.json does not lead to is swept by the next commit.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
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
  /// Its frame (tar_frame.h), in the scratch directory too; empty for a layer whose stream is
  /// write_tar_stream() of the tree.
  std::filesystem::path frame = {};
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

/// An image that was made elsewhere: its documents are kept as they are.
struct ForeignImage {
  std::string config;
  std::string manifest;
  std::vector<std::string> names;    ///< canonical
  std::vector<std::string> digests;  ///< as IndexEntry
  std::chrono::system_clock::time_point pulled = {};
};

/// Makes the image of `layers` (lowest first: all that its config names) and of what the store has:
/// one whose tree is empty must be there. Names move to it. Throws Error when a layer is missing,
/// or its diff id is not what the config says.
Image commit_foreign_image(const StorePaths& paths, const ForeignImage& image,
                           const std::vector<NewLayer>& layers);

/// Layers that are fetched for an image which is not there yet: a note in the store, called `name`
/// (a digest), keeps what is put under it until it is dropped, or is a day old. What was fetched
/// before a `kill -9` need not be fetched again.
class UnfinishedImage {
 public:
  UnfinishedImage(StorePaths paths, std::string name)
      : paths_(std::move(paths)), name_(std::move(name)) {}

  bool has(const std::string& chain) const;
  /// Announces that these will be there.
  void expect(const std::vector<std::string>& chains) const;
  void put(const std::string& chain, const NewLayer& layer) const;
  void drop() const;

 private:
  StorePaths paths_;
  std::string name_;
};

/// Gives the image that `reference` means a further name, canonical; it moves when another has it.
void tag_image(const StorePaths& paths, const std::string& reference, const std::string& name);
/// A registry has the layer as that from now on.
void set_origin(const StorePaths& paths, const std::string& chain, const LayerOrigin& origin);
/// What a registry calls it from now on.
void add_digest(const StorePaths& paths, const std::string& id, const std::string& digest);

ImageStore::Removed remove_image(const StorePaths& paths, const std::string& reference,
                                 const std::vector<std::string>& in_use, bool force);
/// Removes all images of `ids` that nobody names or uses, whatever they are called.
ImageStore::Removed remove_images(const StorePaths& paths, const std::vector<std::string>& ids);
/// Forgets what builds have made, and removes the layers that no image has. Needs claim_builds().
void forget_builds(const StorePaths& paths);

}  // namespace stack::image
