// SPDX-License-Identifier: Apache-2.0
// Copies of directory trees that keep what matters to programs: owner, mode, times, links, holes,
// extended attributes. Works on open directories only, so no link leads out of either tree.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/overlay_tree.h"

namespace stack {

enum class DeviceNodes { copy, skip };

struct TreeCopyReport {
  std::uint64_t bytes = 0;            ///< content of files; each set of hard links once
  std::vector<std::string> left_out;  ///< sockets and skipped device nodes, as paths in the tree
};

/// Copies what `source` shows into `destination`, an open empty directory that nobody else writes
/// to; its own metadata is set last. Char 0:0 nodes (whiteouts) never arrive, attributes only when
/// is_harmless_attribute. Data is shared (reflink) where the file system can. Owners are kept when
/// run by root. Mount points below `source` are entered. Throws Error naming the path.
TreeCopyReport copy_tree(const JoinedDirectory& source, int destination, DeviceNodes devices);

/// Owner (when root), mode, attributes and times of one open directory, set on another.
void copy_directory_metadata(int source, int destination);

/// Owner (when root), mode and times of `info` set on `name` in `directory`: the part of metadata
/// that every kind of node has. Attributes must be set between mode and times, see set_times().
void set_owner_and_mode(int directory, const std::string& name, const struct stat& info);
void set_times(int directory, const std::string& name, const struct stat& info);
/// lsetxattr(2) on `name` in `directory`. Where the file system has no such attributes, user.* and
/// ACLs are left out; so is security.* when not root.
void set_attribute(int directory, const std::string& name, const std::string& attribute,
                   std::string_view value);

/// The extended attributes of `name` in `directory` for which is_harmless_attribute, by name.
std::map<std::string, std::string> harmless_attributes(int directory, const std::string& name);
/// The same of an open file: no path is walked.
std::map<std::string, std::string> harmless_attributes(int file);

/// Attributes that may travel with a tree: user.*, ACLs and file capabilities; not trusted.* and
/// user.overlay.* (overlayfs takes orders from them), nor labels of another machine's policy.
bool is_harmless_attribute(std::string_view name);

}  // namespace stack
