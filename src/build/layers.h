// SPDX-License-Identifier: Apache-2.0
// The files of a stage while it is built: layers of the store below, one writable directory on top,
// and how what is in it becomes the next layer.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/overlay_tree.h"
#include "base/scratch.h"
#include "image/store_writer.h"
#include "image/tree_changes.h"
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

  struct TakenLayer {
    std::optional<image::NewLayer> layer;  ///< nothing without a change
    std::set<std::string> lossy;           ///< of the volumes: changes there were left out
  };
  /// What has changed, as a layer on top of the others. `scaffolding` as in image::tree_changes().
  /// With `newest`, no file is newer than that. `volumes`: see leave_out().
  TakenLayer take_layer(const std::set<std::string>& scaffolding,
                        std::optional<std::chrono::system_clock::time_point> newest,
                        const std::vector<std::string>& volumes = {}) const;

 private:
  ScratchDirectory scratch_;
  runtime::RootSpec root_;
};

/// Takes what is in directories `volumes` ("/data"), and what has become of these themselves, out
/// of `changes`, as docker documents it for what a RUN does behind a VOLUME; returns those where
/// there was something. A directory that is new stays, empty. Paths are taken as they are written:
/// links on the way are not followed.
std::set<std::string> leave_out(const std::vector<std::string>& volumes,
                                std::vector<image::TreeChange>& changes);

/// What layers of the store show together; without layers no directory.
JoinedDirectory open_layers(const image::StorePaths& paths,
                            const std::vector<std::string>& diff_ids);

/// The chain id of `diff_ids`; "" without any.
std::string chain_of(const std::vector<std::string>& diff_ids);

}  // namespace stack::build
