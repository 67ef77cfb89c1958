// SPDX-License-Identifier: Apache-2.0
// A layer on its way into the store: its archive unpacked in a scratch directory, with its frame.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.h"
#include "image/byte_source.h"
#include "image/layer.h"
#include "image/store_writer.h"

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

}  // namespace stack::image
