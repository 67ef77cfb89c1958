// SPDX-License-Identifier: Apache-2.0
// A container's files as its programs see them, seen from outside: one descriptor of its root,
// below which everything is found with openat2(RESOLVE_IN_ROOT). Nobody enters the container for
// it, and nothing of the container is executed or trusted.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"
#include "base/id_block.h"
#include "base/process.h"
#include "runtime/container_spec.h"

namespace stack::runtime {

class ContainerTree {
 public:
  ContainerTree(Fd root, Fd holder, pid_t holder_pid, const IdBlock& ids)
      : root_(std::move(root)), holder_(std::move(holder)), holder_pid_(holder_pid), ids_(ids) {}
  ContainerTree(ContainerTree&& other) noexcept;
  ContainerTree& operator=(ContainerTree&&) = delete;
  /// Unmounts what was mounted for it.
  ~ContainerTree();

  /// O_PATH descriptor of the root directory.
  int root() const { return root_.get(); }
  /// Whose its files are: the container's user namespace, while it runs. What is not mounted for it
  /// has the ids that are on disk.
  const IdBlock& ids() const { return ids_; }

 private:
  Fd root_;
  Fd holder_;             ///< socket: its end ends the process below
  pid_t holder_pid_ = 0;  ///< whose mount namespace the root lies in; 0: the container's own
  IdBlock ids_;
};

/// While it lives, what the calling thread makes belongs to the root of a user namespace: nobody
/// else can make files in its tree.
class FilesOfRoot {
 public:
  explicit FilesOfRoot(const IdBlock& ids);
  ~FilesOfRoot();
  FilesOfRoot(const FilesOfRoot&) = delete;
  FilesOfRoot& operator=(const FilesOfRoot&) = delete;

 private:
  bool changed_;
};

/// The root of a running container, with all that is mounted in it. Nothing when that very process
/// is gone.
std::optional<ContainerTree> open_running_tree(const ProcessIdentity& process);

/// Mounts the root of a container that does not run, with its bind mounts (volumes), in a mount
/// namespace of its own that ends with the result, or with the calling process however it ends.
/// `spec.root` is complete. Missing mount points are made, as a start would. Call it only while
/// nobody can start the container: two mounts of one upper directory spoil it. The caller must be
/// single-threaded. Throws Error.
ContainerTree mount_stopped_tree(const ContainerSpec& spec);

}  // namespace stack::runtime
