// SPDX-License-Identifier: Apache-2.0
#include "base/overlay_tree.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <deque>
#include <set>

#include "base/directory_stream.h"
#include "base/error.h"
#include "base/text.h"

namespace stack {
namespace {

constexpr int most_links = 40;  // as the kernel's own walk, path_resolution(7)

bool is_whiteout(const struct stat& info) {
  return S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0);
}

Fd open_directory(int parent, const std::string& name) {
  Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw_errno("open {}", name);
  return fd;
}

void add_names(int part, std::set<std::string>& names) {
  // A descriptor of its own: a dup(2) would share the read position with the caller's.
  Fd fd = open_directory(part, ".");
  const DirectoryStream stream(::fdopendir(fd.get()));
  if (!stream) throw_errno("read directory");
  [[maybe_unused]] const int owned_by_stream = fd.release();
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.insert(name);
  }
}

JoinedDirectory reopen(const JoinedDirectory& directory) {
  JoinedDirectory again;
  for (const Fd& part : directory) again.push_back(open_directory(part.get(), "."));
  return again;
}

/// A walk through the joined tree: where it is, and what of the path is still ahead.
class Walk {
 public:
  Walk(const JoinedDirectory& root, const std::string& path) : root_(root) { prepend(path); }

  std::optional<JoinedDirectory> go() {
    while (!ahead_.empty()) {
      const std::string name = std::move(ahead_.front());
      ahead_.pop_front();
      if (!step(name)) return std::nullopt;
    }
    return reopen(here());
  }

 private:
  const JoinedDirectory& here() const { return trail_.empty() ? root_ : trail_.back(); }

  bool step(const std::string& name) {
    if (name == "..") {
      if (!trail_.empty()) trail_.pop_back();  // ".." of the root is the root
      return true;
    }
    auto entry = look_up(here(), name);
    if (!entry) return false;
    if (S_ISLNK(entry->info.st_mode)) {
      follow(read_link(entry->holder, name));
      return true;
    }
    if (entry->directory.empty()) return false;
    trail_.push_back(std::move(entry->directory));
    return true;
  }

  void follow(const std::string& target) {
    if (++links_ > most_links) throw Error("too many symbolic links", ELOOP);
    if (target.starts_with('/')) trail_.clear();
    prepend(target);
  }

  void prepend(const std::string& path) {
    std::vector<std::string> parts = split(path, '/');
    std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
    ahead_.insert(ahead_.begin(), parts.begin(), parts.end());
  }

  const JoinedDirectory& root_;
  std::vector<JoinedDirectory> trail_;  ///< the directories entered, for ".."
  std::deque<std::string> ahead_;
  int links_ = 0;
};

}  // namespace

bool is_opaque(int directory) {
  char value = 0;
  return ::fgetxattr(directory, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

std::optional<JoinedEntry> look_up(const JoinedDirectory& directory, const std::string& name) {
  std::optional<JoinedEntry> found;
  for (const Fd& part : directory) {
    struct stat info {};
    if (::fstatat(part.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      throw_errno("stat {}", name);
    }
    if (is_whiteout(info)) break;
    if (found && !S_ISDIR(info.st_mode)) break;  // a directory hides a lower file
    if (!found) found = JoinedEntry{part.get(), info, {}};
    if (!S_ISDIR(info.st_mode)) break;
    found->directory.push_back(open_directory(part.get(), name));
    if (is_opaque(found->directory.back().get())) break;
  }
  return found;
}

std::vector<std::string> names_in(const JoinedDirectory& directory) {
  std::set<std::string> names;
  for (const Fd& part : directory) add_names(part.get(), names);
  return {names.begin(), names.end()};
}

std::optional<JoinedDirectory> open_joined(const JoinedDirectory& root, const std::string& path) {
  return during(path, [&] { return Walk(root, path).go(); });
}

std::string read_link(int directory, const std::string& name) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(directory, name.c_str(), target.data(), target.size());
  if (size < 0) throw_errno("read link {}", name);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

}  // namespace stack
