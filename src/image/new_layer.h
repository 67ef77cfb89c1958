// SPDX-License-Identifier: Apache-2.0
// A layer on its way into the store: its archive unpacked in a scratch directory, with its frame.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "image/byte_source.h"
#include "image/layer.h"
#include "image/store_writer.h"
#include "image/tar_writer.h"
#include "image/tree_changes.h"

namespace stack::image {

/// A new directory for a tree, open.
Fd make_tree(const std::filesystem::path& tree);

struct UnpackedTree {
  NewLayer layer;
  bool has_whiteouts = false;
  std::vector<std::string> left_out;
};

/// Makes the directory `tree`, and its frame beside it.
UnpackedTree unpack_new_layer(ByteSource archive, const std::filesystem::path& tree,
                              LayerPlace place, const LayerLimits& limits = {});

/// A layer that goes through its own archive, which `write` writes: what is kept is exactly what
/// its id stands for.
NewLayer new_layer_of(const std::function<void(const TarSink& sink)>& write,
                      const std::filesystem::path& tree, LayerPlace place);
/// What an overlay's writable directory `upper` has changed, as the layer above those below it.
NewLayer layer_of_changes(int upper, const std::vector<TreeChange>& changes,
                          const std::filesystem::path& tree);

}  // namespace stack::image
