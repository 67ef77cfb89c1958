// SPDX-License-Identifier: Apache-2.0
// Options of a mount as mount(8) takes them ("ro,nosuid,vers=4.2") to what the kernel takes: some
// are the mount's own, the others are for its file system.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/tmpfs_options.h"

namespace stack::runtime {

struct MountOptions {
  std::vector<FilesystemOption> parameters;  ///< of the file system, in their order
  std::uint64_t attributes = 0;              ///< MOUNT_ATTR_*
  bool operator==(const MountOptions&) const = default;
};

/// Later words win. What is no word of a mount is the file system's business: the kernel says what
/// it thinks of it.
MountOptions parse_mount_options(std::span<const std::string> options);

}  // namespace stack::runtime
