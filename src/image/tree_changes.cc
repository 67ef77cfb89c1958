// SPDX-License-Identifier: Apache-2.0
#include "image/tree_changes.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/tree_copy.h"
#include "image/entry_stream.h"

namespace stack::image {
namespace {

constexpr const char* capability = "security.capability";

bool same_capability(const JoinedEntry& one, const JoinedEntry& other, const std::string& name) {
  const auto value = [&](const JoinedEntry& entry) {
    const auto attributes = harmless_attributes(entry.holder, name);
    const auto found = attributes.find(capability);
    return found == attributes.end() ? std::string() : found->second;
  };
  return value(one) == value(other);
}

bool same_time(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

bool is_same(const JoinedEntry& old, const JoinedEntry& now, const std::string& name) {
  const struct stat& a = old.info;
  const struct stat& b = now.info;
  if (a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid) return false;
  const bool node = S_ISCHR(a.st_mode) || S_ISBLK(a.st_mode);
  if (node && a.st_rdev != b.st_rdev) return false;
  const bool directory = S_ISDIR(a.st_mode);
  if (!directory && (a.st_size != b.st_size || !same_time(a.st_mtim, b.st_mtim))) return false;
  return same_capability(old, now, name);
}

bool is_empty_file(const JoinedEntry& entry) {
  return S_ISREG(entry.info.st_mode) && entry.info.st_size == 0;
}

JoinedDirectory open_upper(int upper) {
  JoinedDirectory directory;
  directory.emplace_back(::openat(upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.front()) throw_errno("open directory");
  return directory;
}

class Comparison {
 public:
  explicit Comparison(const std::set<std::string>& scaffolding) : scaffolding_(scaffolding) {}

  /// `upper` has one part; `lower` has none where the layers below have no such directory.
  void compare(const JoinedDirectory& upper, const JoinedDirectory& lower,
               const std::string& prefix) {
    // A longer path is none that anybody could use; the tree may be deeper only by malice.
    if (prefix.size() >= PATH_MAX) throw Error("the path is too long", ENAMETOOLONG);
    std::vector<std::string> names = names_in(upper);
    // What an opaque directory hides has no whiteout of its own.
    if (!lower.empty() && is_opaque(upper.front().get())) {
      const std::vector<std::string> hidden = names_in(lower);
      names.insert(names.end(), hidden.begin(), hidden.end());
    }
    const std::set<std::string> each(names.begin(), names.end());
    for (const std::string& name : each)
      during(printable(prefix + name), [&] { compare_name(upper, lower, name, prefix + name); });
  }

  std::vector<TreeChange> take() {
    std::ranges::sort(changes_, {}, &TreeChange::path);
    return std::move(changes_);
  }

 private:
  void compare_name(const JoinedDirectory& upper, const JoinedDirectory& lower,
                    const std::string& name, const std::string& path) {
    try {
      const auto before = lower.empty() ? std::nullopt : look_up(lower, name);
      const auto after = look_up(upper, name);
      if (after && before) return compare_both(*before, *after, name, path);
      if (after) return tell_added(*after, path);
      if (before) changes_.push_back({ChangeKind::removed, path});
    } catch (const Error& error) {
      // Somebody has just removed or replaced it.
      const int number = error.error_number();
      if (number != ENOENT && number != ENOTDIR && number != ELOOP) throw;
    }
  }

  void compare_both(const JoinedEntry& before, const JoinedEntry& after, const std::string& name,
                    const std::string& path) {
    if (S_ISLNK(before.info.st_mode) && is_empty_file(after) && scaffolding_.contains(path)) return;
    const std::size_t known = changes_.size();
    if (!after.directory.empty()) compare(after.directory, before.directory, path + "/");
    if (changes_.size() > known || !is_same(before, after, name))
      changes_.push_back({ChangeKind::modified, path});
  }

  void tell_added(const JoinedEntry& entry, const std::string& path) {
    const std::size_t known = changes_.size();
    if (!entry.directory.empty()) compare(entry.directory, {}, path + "/");
    const bool empty =
        changes_.size() == known && (S_ISDIR(entry.info.st_mode) || is_empty_file(entry));
    if (empty && scaffolding_.contains(path)) return;
    changes_.push_back({ChangeKind::added, path});
  }

  const std::set<std::string>& scaffolding_;
  std::vector<TreeChange> changes_;
};

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}
std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// The writable layer as an archive, one change after another.
class ChangeStream {
 public:
  ChangeStream(int upper, const TarSink& sink) : upper_(upper), entries_(sink, Reading::live) {}

  void write(const TreeChange& change) {
    if (change.kind == ChangeKind::removed) return write_whiteout(change.path);
    if (!enter(parent_of(change.path))) return;
    const std::string name = name_of(change.path);
    struct stat info {};
    if (::fstatat(directory_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    // A whiteout that has come meanwhile must not become a device node.
    if (S_ISCHR(info.st_mode) && info.st_rdev == 0) return write_whiteout(change.path);
    const std::string path = change.path.substr(1) + (S_ISDIR(info.st_mode) ? "/" : "");
    entries_.write(directory_.get(), name, info, path);
  }
  void finish() { entries_.finish(); }

 private:
  void write_whiteout(const std::string& path) {
    TarItem item{(parent_of(path) + "/.wh." + name_of(path)).substr(1), '0', {}, "", {}};
    item.info.st_mode = S_IFREG | 0600;
    entries_.write(item);
  }

  /// False when there is no such directory any more.
  bool enter(const std::string& path) {
    if (directory_ && path == path_) return true;
    path_ = path;
    try {
      directory_ = open_beneath(upper_, path.empty() ? "." : path.substr(1), O_PATH | O_DIRECTORY);
    } catch (const Error&) {
      directory_.reset();
    }
    return static_cast<bool>(directory_);
  }

  int upper_;
  EntryStream entries_;
  Fd directory_;
  std::string path_;
};

}  // namespace

std::vector<TreeChange> tree_changes(int upper, const JoinedDirectory& lower,
                                     const std::set<std::string>& scaffolding) {
  Comparison comparison(scaffolding);
  comparison.compare(open_upper(upper), lower, "/");
  return comparison.take();
}

void write_changes(int upper, const std::vector<TreeChange>& changes, const TarSink& sink) {
  ChangeStream stream(upper, sink);
  for (const TreeChange& change : changes)
    during(printable(change.path), [&] { stream.write(change); });
  stream.finish();
}

std::string to_text(const TreeChange& change) {
  static constexpr const char letters[] = {'C', 'A', 'D'};
  return fmt::format("{} {}", letters[static_cast<int>(change.kind)], change.path);
}

}  // namespace stack::image
