// SPDX-License-Identifier: Apache-2.0
#include "base/tree_copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace stack {
namespace {

/// The *xattr calls know no directory descriptors: this is their openat(2). The last component is
/// one that the l*xattr calls do not follow.
std::string by_descriptor(int directory, const std::string& name) {
  return fmt::format("/proc/self/fd/{}/{}", directory, name);
}

bool is_root() {
  return ::geteuid() == 0;
}

void copy_by_hand(int from, int to, off_t begin, off_t end) {
  std::vector<char> buffer(1 << 16);
  while (begin < end) {
    const auto want = std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(end - begin));
    const ssize_t got = ::pread(from, buffer.data(), want, begin);
    if (got < 0) throw_errno("read");
    if (got == 0) return;
    if (::pwrite(to, buffer.data(), static_cast<std::size_t>(got), begin) != got)
      throw_errno("write");
    begin += got;
  }
}

void copy_range(int from, int to, off_t begin, off_t end) {
  off_t reading = begin;
  off_t writing = begin;
  while (reading < end) {
    const ssize_t copied =
        ::copy_file_range(from, &reading, to, &writing, static_cast<std::size_t>(end - reading), 0);
    if (copied == 0) return;  // the file shrank under our hands
    if (copied > 0) continue;
    if (errno == ENOSPC || errno == EDQUOT || errno == EIO) throw_errno("write");
    return copy_by_hand(from, to, reading, end);  // EXDEV, EOPNOTSUPP, ...: not for this pair
  }
}

void copy_content(int from, int to, off_t size) {
  if (::ioctl(to, FICLONE, from) == 0) return;
  if (::ftruncate(to, size) != 0) throw_errno("ftruncate");
  for (off_t begin = 0; begin < size;) {
    begin = ::lseek(from, begin, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) return;  // a hole up to the end
    if (begin < 0) throw_errno("lseek");
    const off_t end = ::lseek(from, begin, SEEK_HOLE);
    if (end < 0) throw_errno("lseek");
    copy_range(from, to, begin, end);
    begin = end;
  }
}

/// Names and values alike are at most this long: XATTR_LIST_MAX, XATTR_SIZE_MAX.
constexpr std::size_t most_bytes = 65536;

/// `list` and `get` are the calls for what is asked, with its place bound.
template <typename List, typename Get>
std::map<std::string, std::string> harmless_of(const List& list, const Get& get) {
  char bytes[most_bytes];  // not cleared: most files have none
  const ssize_t size = list(bytes, sizeof bytes);
  if (size < 0 && errno == ENOTSUP) return {};
  if (size < 0) throw_errno("list attributes");
  std::map<std::string, std::string> attributes;
  if (size == 0) return attributes;
  for (const std::string& name : split({bytes, static_cast<std::size_t>(size)}, '\0')) {
    if (!is_harmless_attribute(name)) continue;
    char value[most_bytes];
    const ssize_t length = get(name.c_str(), value, sizeof value);
    if (length < 0) throw_errno("read attribute {}", name);
    attributes[name].assign(value, static_cast<std::size_t>(length));
  }
  return attributes;
}

void copy_attributes(int from, const std::string& from_name, int to, const std::string& to_name) {
  for (const auto& [attribute, value] : harmless_attributes(from, from_name))
    set_attribute(to, to_name, attribute, value);
}

class TreeCopy {
 public:
  TreeCopy(int root, DeviceNodes devices) : root_(root), devices_(devices) {}

  void copy_children(const JoinedDirectory& from, int to, const std::string& prefix) {
    for (const std::string& name : names_in(from)) {
      const auto entry = look_up(from, name);
      if (entry) copy_entry(*entry, to, name, prefix + name);
    }
  }
  TreeCopyReport take_report() { return std::move(report_); }

 private:
  void copy_entry(const JoinedEntry& entry, int to, const std::string& name,
                  const std::string& path) {
    if (!entry.directory.empty()) return copy_directory(entry, to, name, path);
    if (link_to_earlier_copy(entry.info, to, name, path)) return;
    if (!make_node(entry, to, name, path)) return;
    set_owner_and_mode(to, name, entry.info);
    copy_attributes(entry.holder, name, to, name);
    set_times(to, name, entry.info);
  }

  void copy_directory(const JoinedEntry& entry, int to, const std::string& name,
                      const std::string& path) {
    if (::mkdirat(to, name.c_str(), 0700) != 0) throw_errno("mkdir {}", path);
    const Fd made(::openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) throw_errno("open {}", path);
    copy_children(entry.directory, made.get(), path + "/");
    copy_directory_metadata(entry.directory.front().get(), made.get());
  }

  bool link_to_earlier_copy(const struct stat& info, int to, const std::string& name,
                            const std::string& path) {
    if (info.st_nlink < 2) return false;
    const auto [earlier, is_first] = copies_.try_emplace({info.st_dev, info.st_ino}, path);
    if (is_first) return false;
    if (::linkat(root_, earlier->second.c_str(), to, name.c_str(), 0) == 0) return true;
    if (errno == ENOENT) return false;  // the earlier one was left out
    throw_errno("link {} to {}", path, earlier->second);
  }

  bool make_node(const JoinedEntry& entry, int to, const std::string& name,
                 const std::string& path) {
    switch (entry.info.st_mode & S_IFMT) {
      case S_IFREG:
        copy_file(entry, to, name, path);
        return true;
      case S_IFLNK:
        if (::symlinkat(read_link(entry.holder, name).c_str(), to, name.c_str()) != 0)
          throw_errno("symlink {}", path);
        return true;
      case S_IFCHR:
      case S_IFBLK:
        if (devices_ == DeviceNodes::skip) break;
        [[fallthrough]];
      case S_IFIFO:
        if (::mknodat(to, name.c_str(), entry.info.st_mode & (S_IFMT | 0700), entry.info.st_rdev) !=
            0)
          throw_errno("mknod {}", path);
        return true;
      default:  // sockets mean nothing without the process that listens on them
        break;
    }
    report_.left_out.push_back(path);
    return false;
  }

  void copy_file(const JoinedEntry& entry, int to, const std::string& name,
                 const std::string& path) {
    const Fd source(
        ::openat(entry.holder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source) throw_errno("open {}", path);
    const Fd made(
        ::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!made) throw_errno("create {}", path);
    during(path, [&] { copy_content(source.get(), made.get(), entry.info.st_size); });
    report_.bytes += static_cast<std::uint64_t>(entry.info.st_size);
  }

  int root_;
  DeviceNodes devices_;
  TreeCopyReport report_;
  std::map<std::pair<dev_t, ino_t>, std::string> copies_;  ///< files with several names
};

}  // namespace

TreeCopyReport copy_tree(const JoinedDirectory& source, int destination, DeviceNodes devices) {
  TreeCopy copy(destination, devices);
  copy.copy_children(source, destination, "");
  copy_directory_metadata(source.front().get(), destination);
  return copy.take_report();
}

void copy_directory_metadata(int source, int destination) {
  struct stat info {};
  if (::fstat(source, &info) != 0) throw_errno("stat directory");
  set_owner_and_mode(destination, ".", info);
  copy_attributes(source, ".", destination, ".");
  set_times(destination, ".", info);
}

void set_owner_and_mode(int directory, const std::string& name, const struct stat& info) {
  // Owner first: chown(2) takes set-user-ID bits and file capabilities away.
  if (is_root() &&
      ::fchownat(directory, name.c_str(), info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("chown {}", name);
  if (S_ISLNK(info.st_mode)) return;  // a link's mode means nothing on Linux
  if (::fchmodat(directory, name.c_str(), info.st_mode & 07777, 0) != 0)
    throw_errno("chmod {}", name);
}

void set_times(int directory, const std::string& name, const struct stat& info) {
  const timespec times[2] = {info.st_atim, info.st_mtim};
  if (::utimensat(directory, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("set times of {}", name);
}

void set_attribute(int directory, const std::string& name, const std::string& attribute,
                   std::string_view value) {
  const std::string path = by_descriptor(directory, name);
  if (::lsetxattr(path.c_str(), attribute.c_str(), value.data(), value.size(), 0) == 0) return;
  const bool is_security = attribute.starts_with("security.");
  if (errno == ENOTSUP && !is_security) return;
  if (errno == EPERM && is_security && !is_root()) return;
  throw_errno("set attribute {} of {}", attribute, name);
}

std::map<std::string, std::string> harmless_attributes(int directory, const std::string& name) {
  const std::string path = by_descriptor(directory, name);
  return harmless_of(
      [&](char* bytes, std::size_t size) { return ::llistxattr(path.c_str(), bytes, size); },
      [&](const char* attribute, char* bytes, std::size_t size) {
        return ::lgetxattr(path.c_str(), attribute, bytes, size);
      });
}

std::map<std::string, std::string> harmless_attributes(int file) {
  return harmless_of([&](char* bytes, std::size_t size) { return ::flistxattr(file, bytes, size); },
                     [&](const char* attribute, char* bytes, std::size_t size) {
                       return ::fgetxattr(file, attribute, bytes, size);
                     });
}

bool is_harmless_attribute(std::string_view name) {
  if (name.starts_with("user.overlay.")) return false;
  return name.starts_with("user.") || name == "security.capability" ||
         name.starts_with("system.posix_acl_");
}

}  // namespace stack
