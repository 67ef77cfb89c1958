// SPDX-License-Identifier: Apache-2.0
// The files of a stage while it is built: layers of the store below, one writable directory on top,
// and how what is in it becomes the next layer.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/scratch.h"
#include "image/store_writer.h"
#include "runtime/container_spec.h"
#include "runtime/container_tree.h"

namespace stack::build {

/// A place to work on top of layers. What is in it is gone when it ends, however that is.
class Workspace {
 public:
  /// `diff_ids`: layers of the store, lowest first; none: an empty tree.
  Workspace(const image::StorePaths& paths, const std::vector<std::string>& diff_ids);

  /// For a container, and for mounting.
  const runtime::RootSpec& root() const { return root_; }
  /// A directory of its own, for files that are no part of the tree.
  std::filesystem::path side(const std::string& name) const;
  /// Mounts the whole, writable.
  runtime::ContainerTree mount() const;

  /// What has changed, as a layer on top of the others; nothing without a change. `scaffolding` as
  /// in image::tree_changes(). With `newest`, no file is newer than that.
  std::optional<image::NewLayer> take_layer(
      const std::set<std::string>& scaffolding,
      std::optional<std::chrono::system_clock::time_point> newest) const;

 private:
  ScratchDirectory scratch_;
  runtime::RootSpec root_;
};

/// The chain id of `diff_ids`; "" without any.
std::string chain_of(const std::vector<std::string>& diff_ids);

}  // namespace stack::build
