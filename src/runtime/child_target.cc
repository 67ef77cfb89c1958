// SPDX-License-Identifier: Apache-2.0
#include "runtime/child_target.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

/// As many as the kernel follows (path_resolution(7)).
constexpr int most_links = 40;

std::uint64_t resolve_flags(TargetLinks links) {
  return RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
         (links == TargetLinks::refuse ? std::uint64_t{RESOLVE_NO_SYMLINKS} : 0);
}

/// As open_target(), but for a link at the end: that itself.
int open_entry(int root, const char* path, TargetLinks links) {
  return openat2(root, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, resolve_flags(links));
}

int make_entry(int parent, const char* name, mode_t type) {
  if (S_ISDIR(type)) return errno_of(::mkdirat(parent, name, 0755));
  const int file =
      ::openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  ::close(file);
  return 0;
}

/// A path under way: what is known to have no links in it, and what is to come after that.
class Walk {
 public:
  /// `path` shorter than PATH_MAX.
  explicit Walk(const char* path) {
    done_[0] = '\0';
    std::strcpy(rest_, path);
    skip_nothing();
  }

  /// Null when it is too long. Not to be called at the end.
  const char* next() {
    const std::size_t size = std::strcspn(rest_ + at_, "/");
    if (size > NAME_MAX) return nullptr;
    std::memcpy(name_, rest_ + at_, size);
    name_[size] = '\0';
    at_ += size;
    skip_nothing();
    return name_;
  }

  bool is_at_end() const { return rest_[at_] == '\0'; }
  /// "" is the root.
  const char* done() const { return *done_ == '\0' ? "/" : done_; }

  int enter(const char* name) {
    const std::size_t size = std::strlen(done_);
    if (size + 1 + std::strlen(name) >= sizeof done_) return ENAMETOOLONG;
    done_[size] = '/';
    std::strcpy(done_ + size + 1, name);
    return 0;
  }

  /// Above the root is the root.
  void leave() {
    if (char* const last = std::strrchr(done_, '/')) *last = '\0';
  }

  /// What we are at is a link to `target`.
  int follow(const char* target) {
    if (++links_ > most_links) return ELOOP;
    const std::size_t size = std::strlen(target);
    const std::size_t kept = std::strlen(rest_ + at_);
    if (size + 1 + kept >= sizeof rest_) return ENAMETOOLONG;
    std::memmove(rest_ + size + 1, rest_ + at_, kept + 1);
    std::memcpy(rest_, target, size);
    rest_[size] = '/';
    at_ = 0;
    leave();
    if (*target == '/') done_[0] = '\0';
    skip_nothing();
    return 0;
  }

 private:
  /// Slashes, and names of where we are.
  void skip_nothing() {
    for (;;) {
      const char* const here = rest_ + at_;
      if (*here == '/' || (here[0] == '.' && (here[1] == '/' || here[1] == '\0'))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  char done_[PATH_MAX];
  char rest_[PATH_MAX];
  char name_[NAME_MAX + 1];
  std::size_t at_ = 0;
  int links_ = 0;
};

/// Makes what the walk is to enter. Somebody who shares the volume may be making the same.
int make_next(int root, const Walk& walk, const char* name, mode_t type, TargetLinks links) {
  const int parent = open_target(root, walk.done(), links);
  if (parent < 0) return errno;
  const int error = make_entry(parent, name, type);
  ::close(parent);
  return error == EEXIST ? 0 : error;
}

int follow_link(Walk& walk, int link, TargetLinks links) {
  if (links == TargetLinks::refuse) return ELOOP;
  char target[PATH_MAX];
  const ssize_t size = ::readlinkat(link, "", target, sizeof target);
  if (size < 0) return errno;
  if (static_cast<std::size_t>(size) >= sizeof target) return ENAMETOOLONG;
  target[size] = '\0';
  return walk.follow(target);
}

/// `name` "": `directory` itself.
bool is_link(int directory, const char* name) {
  struct stat info {};
  return ::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0 &&
         S_ISLNK(info.st_mode);
}

/// One name further. An errno, or 0.
int advance(int root, Walk& walk, const char* name, mode_t type, TargetLinks links) {
  if (std::strcmp(name, "..") == 0) {
    walk.leave();
    return 0;
  }
  const mode_t wanted = walk.is_at_end() ? type : S_IFDIR;
  if (const int error = walk.enter(name)) return error;
  int entry = open_entry(root, walk.done(), links);
  if (entry < 0 && errno == ENOENT) {
    walk.leave();
    int error = make_next(root, walk, name, wanted, links);
    if (error == 0) error = walk.enter(name);
    if (error != 0) return error;
    entry = open_entry(root, walk.done(), links);
  }
  if (entry < 0) return errno;
  const int error = is_link(entry, "") ? follow_link(walk, entry, links) : 0;
  ::close(entry);
  return error;
}

}  // namespace

int open_target(int root, const char* path, TargetLinks links) {
  return openat2(root, path, O_PATH | O_CLOEXEC, resolve_flags(links));
}

int open_or_make(int root, const char* path, mode_t type, TargetLinks links) {
  const int found = open_target(root, path, links);
  if (found >= 0 || errno != ENOENT) return found;
  if (std::strlen(path) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return -1;
  }
  Walk walk(path);
  while (!walk.is_at_end()) {
    const char* const name = walk.next();
    errno = name == nullptr ? ENAMETOOLONG : advance(root, walk, name, type, links);
    if (errno != 0) return -1;
  }
  return open_target(root, walk.done(), links);
}

int replace_link(int root, const char* path) {
  char directory[PATH_MAX];
  const char* const slash = std::strrchr(path, '/');
  const auto size = static_cast<std::size_t>(slash - path);
  if (size >= sizeof directory) return ENAMETOOLONG;
  std::memcpy(directory, path, size);
  directory[size] = '\0';
  const int parent = open_target(root, size == 0 ? "/" : directory, TargetLinks::in_root);
  if (parent < 0) return errno == ENOENT ? 0 : errno;
  int error = 0;
  if (is_link(parent, slash + 1)) {
    error = errno_of(::unlinkat(parent, slash + 1, 0));
    if (error == 0) error = make_entry(parent, slash + 1, S_IFREG);
  }
  ::close(parent);
  return error;
}

}  // namespace stack::runtime
