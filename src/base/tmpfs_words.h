// SPDX-License-Identifier: Apache-2.0
// The options of a tmpfs that docker takes, for who reads files and for who mounts.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace stack {

/// Words on their own. Of those with "no" and their opposites the last one counts.
inline constexpr std::array<std::string_view, 31> tmpfs_flags = {
    "defaults", "ro",         "rw",          "suid",          "nosuid",     "dev",
    "nodev",    "exec",       "noexec",      "sync",          "async",      "dirsync",
    "mand",     "nomand",     "atime",       "noatime",       "diratime",   "nodiratime",
    "relatime", "norelatime", "strictatime", "nostrictatime", "private",    "rprivate",
    "shared",   "rshared",    "slave",       "rslave",        "unbindable", "runbindable",
    ""};

/// The keys of KEY=VALUE.
inline constexpr std::array<std::string_view, 7> tmpfs_keys = {
    "size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"};

/// Whether it is one of the words, or one of the keys with a value.
inline bool is_tmpfs_option(std::string_view option) {
  const std::size_t equals = option.find('=');
  if (equals == std::string_view::npos)
    return std::ranges::find(tmpfs_flags, option) != tmpfs_flags.end();
  return std::ranges::find(tmpfs_keys, option.substr(0, equals)) != tmpfs_keys.end() &&
         equals + 1 < option.size();
}

}  // namespace stack
