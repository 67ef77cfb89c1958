// SPDX-License-Identifier: Apache-2.0
#include "image/tree_writer.h"

#include <fcntl.h>

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::image {
namespace {

bool exists_in(const Place& place, struct stat& info) {
  return ::fstatat(place.directory, place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/// What clean_path() would make of it is what it is.
bool is_clean(std::string_view path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

/// Opens `path` below `root`, making what is missing of it.
Fd open_or_make(int root, const std::vector<std::string>& components) {
  std::string path = ".";
  Fd here = open_in_root(root, path, O_PATH | O_DIRECTORY);
  for (const std::string& component : components) {
    // EEXIST is a directory, or a link that the next line resolves inside the root.
    const bool is_new = ::mkdirat(here.get(), component.c_str(), 0755) == 0;
    if (!is_new && errno != EEXIST) throw_errno("mkdir {}", printable(component));
    // The umask is the person's, the tree is not.
    if (is_new && ::fchmodat(here.get(), component.c_str(), 0755, 0) != 0)
      throw_errno("chmod {}", printable(component));
    path.append(1, '/').append(component);
    here = open_in_root(root, path, O_PATH | O_DIRECTORY);
  }
  return here;
}

}  // namespace

std::vector<std::string> clean_path(const std::string& path) {
  std::vector<std::string> components = split(path, '/');
  std::erase_if(components, [](const std::string& part) { return part.empty() || part == "."; });
  for (const std::string& component : components) {
    if (component == "..") fail("the name leads out of the layer");
  }
  return components;
}

std::string cleaned_path(const std::string& path) {
  return is_clean(path) ? path : join(clean_path(path), "/");
}

Fd TreeWriter::open_parent(const std::vector<std::string>& components) {
  const std::string path = components.empty() ? "." : join(components, "/");
  try {
    return open_in_root(root_, path, O_PATH | O_DIRECTORY);
  } catch (const Error& error) {
    if (error.error_number() != ENOENT) throw;
  }
  return open_or_make(root_, components);
}

Place TreeWriter::locate(const std::string& path) {
  const std::size_t name_begin = path.rfind('/') + 1;  // 0 without one
  if (parent_is_current_ && !parent_text_.empty() && path.starts_with(parent_text_) &&
      name_begin == parent_text_.size() && is_clean(std::string_view(path).substr(name_begin)))
    return {parent_.get(), path.substr(name_begin)};
  std::vector<std::string> components = clean_path(path);
  std::string name = ".";
  if (!components.empty()) {
    name = std::move(components.back());
    components.pop_back();
  }
  std::string parent_path = join(components, "/");
  if (!parent_is_current_ || parent_path != parent_path_) {
    parent_ = open_parent(components);
    parent_path_ = std::move(parent_path);
    parent_is_current_ = true;
  }
  // Without a name of its own behind the last "/" the text before that is not the parent's.
  parent_text_ = path.substr(0, path.substr(name_begin) == name ? name_begin : 0);
  return {parent_.get(), std::move(name)};
}

/// Makes room for something that is not a directory.
void TreeWriter::clear(const Place& place) {
  if (place.name == ".") fail("the root of the layer must be a directory");
  struct stat info {};
  if (!exists_in(place, info)) return;
  if (replaced_.empty()) {
    remove_tree(place.directory, place.name);
  } else {
    set_aside(place);
  }
  // What was removed may be, or lead to, the remembered parent of a later entry. The descriptor
  // itself stays open until then, since `place` borrows it.
  parent_is_current_ = false;
}

void TreeWriter::set_aside(const Place& place) {
  make_directories(replaced_);
  const auto to = replaced_ / std::to_string(replaced_count_++);
  if (::renameat(place.directory, place.name.c_str(), AT_FDCWD, to.c_str()) != 0)
    throw_errno("move {} aside", printable(place.name));
}

namespace {

/// Most often nothing is in the way, and nobody has to look.
template <typename Make, typename Clear>
void make_in(const char* what, const Make& make, const Clear& clear) {
  if (make()) return;
  if (errno == EEXIST) {
    clear();
    if (make()) return;
  }
  throw_errno("{}", what);
}

}  // namespace

void TreeWriter::make_directory(const Place& place) {
  if (::mkdirat(place.directory, place.name.c_str(), 0755) == 0) return;
  if (errno != EEXIST) throw_errno("mkdir");
  struct stat info {};
  if (exists_in(place, info) && S_ISDIR(info.st_mode)) return;
  clear(place);
  if (::mkdirat(place.directory, place.name.c_str(), 0755) != 0) throw_errno("mkdir");
}

Fd TreeWriter::make_file(const Place& place, mode_t permissions) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd file;
  make_in(
      "create",
      [&] {
        file = Fd(::openat(place.directory, place.name.c_str(), flags, permissions));
        return static_cast<bool>(file);
      },
      [&] { clear(place); });
  return file;
}

void TreeWriter::make_symlink(const Place& place, const std::string& target) {
  make_in(
      "symlink",
      [&] { return ::symlinkat(target.c_str(), place.directory, place.name.c_str()) == 0; },
      [&] { clear(place); });
}

void TreeWriter::make_node(const Place& place, mode_t mode, dev_t device) {
  make_in(
      "mknod", [&] { return ::mknodat(place.directory, place.name.c_str(), mode, device) == 0; },
      [&] { clear(place); });
}

void TreeWriter::make_hard_link(const std::string& path, const std::string& target) {
  std::vector<std::string> components = clean_path(target);
  if (components.empty()) fail("hard link to the root of the layer");
  const std::string target_name = std::move(components.back());
  components.pop_back();
  const Fd target_directory =
      open_in_root(root_, components.empty() ? "." : join(components, "/"), O_PATH | O_DIRECTORY);
  const Place place = locate(path);
  struct stat from {};
  struct stat to {};
  const Place target_place{target_directory.get(), target_name};
  if (!exists_in(target_place, from)) fail("hard link to {}, which is missing", printable(target));
  // A link to itself must not remove the only name of the file.
  if (exists_in(place, to) && to.st_ino == from.st_ino && to.st_dev == from.st_dev) return;
  clear(place);
  if (::linkat(target_place.directory, target_name.c_str(), place.directory, place.name.c_str(),
               0) != 0)
    throw_errno("link to {}", printable(target));
}

}  // namespace stack::image
