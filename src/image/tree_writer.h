// SPDX-License-Identifier: Apache-2.0
// Writes named entries below a root directory that strangers choose the names for. The only place
// that turns a path of an archive into system calls.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace stack::image {

/// The components of a path from an archive: leading "/" and "." dropped. Throws Error for "..".
std::vector<std::string> clean_path(const std::string& path);

/// The same as one path, "usr/bin/env"; "" for the root itself.
std::string cleaned_path(const std::string& path);

/// A place for an entry: the directory it goes into, and its one-component name.
struct Place {
  int directory;     ///< borrowed from the TreeWriter, until its next call
  std::string name;  ///< "." for the root itself
};

class TreeWriter {
 public:
  explicit TreeWriter(int root) : root_(root) {}
  /// What later entries replace is not removed but moved into `replaced`, a directory of the same
  /// file system that is made when it is needed.
  TreeWriter(int root, std::filesystem::path replaced)
      : root_(root), replaced_(std::move(replaced)) {}

  bool has_replaced() const { return replaced_count_ > 0; }

  /// Where `path` goes; missing parents are made (0755, owned by the caller).
  Place locate(const std::string& path);

  /// Somebody else has changed the tree: where the last entry went may be elsewhere now.
  void forget_parent() { parent_is_current_ = false; }

  void make_directory(const Place& place);  ///< an existing directory stays with its content
  /// With these permissions as far as the umask lets them be: see fstat(2).
  Fd make_file(const Place& place, mode_t permissions);
  void make_symlink(const Place& place, const std::string& target);
  void make_node(const Place& place, mode_t mode, dev_t device);
  /// `target` is a path of the archive; the link itself when it is a symbolic one.
  void make_hard_link(const std::string& path, const std::string& target);

 private:
  Fd open_parent(const std::vector<std::string>& components);
  void clear(const Place& place);
  void set_aside(const Place& place);

  int root_;
  std::filesystem::path replaced_;  ///< empty: nothing is kept
  std::uint64_t replaced_count_ = 0;
  Fd parent_;                ///< of the last entry: neighbours come together in archives
  std::string parent_path_;  ///< which it is
  std::string parent_text_;  ///< the same as the last entry had it, with a "/"; empty: not known
  bool parent_is_current_ = false;
};

}  // namespace stack::image
