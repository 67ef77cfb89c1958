// SPDX-License-Identifier: Apache-2.0
// Options of a tmpfs as people write them ("size=64m,mode=1777,exec") to what the kernel takes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stack::runtime {

/// A parameter for fsconfig(2); an empty value makes it a flag.
struct FilesystemOption {
  std::string key;
  std::string value;
  bool operator==(const FilesystemOption&) const = default;
};

struct TmpfsOptions {
  std::vector<FilesystemOption> parameters;
  std::uint64_t attributes = 0;   ///< MOUNT_ATTR_*
  std::uint64_t propagation = 0;  ///< MS_SHARED and its like; 0: nothing is said
  bool operator==(const TmpfsOptions&) const = default;
};

/// noexec, nosuid and nodev unless the options say otherwise. Throws Error on an unknown option.
TmpfsOptions parse_tmpfs_options(std::span<const std::string> options);

}  // namespace stack::runtime
