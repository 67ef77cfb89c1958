// SPDX-License-Identifier: Apache-2.0
// What builds have made, to be found again: build/steps/<digest of a key>.json says which layer a
// step gave, build/layers/<chain id> that this layer stays although no image has it. A record is
// written when its layer is in the store, so that whatever is read is whole; a layer that is gone
// all the same is a step that is done again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "image/store_index.h"

namespace stack::image {

struct BuiltStep {
  std::string diff_id;  ///< empty: the step changed nothing
  std::chrono::system_clock::time_point created;
};

/// What the step of this key (a digest) gave on top of `below` (diff ids, lowest first); nothing
/// when it is not known, or its layer is no longer there.
std::optional<BuiltStep> find_step(const StorePaths& paths, const std::string& key,
                                   const std::vector<std::string>& below);
/// Its layer, if it has one, is in the store. The last to write wins.
void record_step(const StorePaths& paths, const std::string& key, const BuiltStep& step);

/// Marks a layer as one that stays. Needs the store's lock.
void keep_layer(const StorePaths& paths, const std::string& chain);
/// Names in layers/ that are kept.
std::vector<std::string> kept_layers(const StorePaths& paths);

}  // namespace stack::image
