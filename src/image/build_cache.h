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

#include "base/fd.h"
#include "base/files.h"
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

/// Held by a build while it goes on: what it may go on with is not forgotten meanwhile. Waits for
/// who has claimed them all.
Fd hold_builds(const StorePaths& paths);
/// For who forgets them. Throws Error while somebody holds builds.
FileLock claim_builds(const StorePaths& paths);
/// Forgets every step, and that layers stay for builds: those that no image has go with the next
/// sweep. Needs claim_builds() and the store's lock.
void forget_steps(const StorePaths& paths);

/// Marks a layer as one that stays. Needs the store's lock.
void keep_layer(const StorePaths& paths, const std::string& chain);
/// Names in layers/ that are kept.
std::vector<std::string> kept_layers(const StorePaths& paths);

}  // namespace stack::image
