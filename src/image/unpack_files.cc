// SPDX-License-Identifier: Apache-2.0
#include "image/unpack_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/tree_copy.h"
#include "image/tar_reader.h"
#include "image/tree_writer.h"

namespace stack::image {
namespace {

constexpr long mqueue_magic = 0x19800202;  // not in linux/magic.h
constexpr std::array<long, 11> kernel_file_systems = {
    PROC_SUPER_MAGIC,   SYSFS_MAGIC,  CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
    DEVPTS_SUPER_MAGIC, mqueue_magic, DEBUGFS_MAGIC,      TRACEFS_MAGIC,
    SECURITYFS_MAGIC,   BPF_FS_MAGIC, NSFS_MAGIC};

/// The object that an O_PATH descriptor stands for, as a path that no rename changes.
std::string path_of(int fd) {
  return fmt::format("/proc/self/fd/{}", fd);
}

Fd open_itself(const Place& place) {
  Fd fd(::openat(place.directory, place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) throw_errno("open");
  return fd;
}

struct stat info_of(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) throw_errno("stat");
  return info;
}

std::optional<struct stat> look_at(const Place& place) {
  struct stat info {};
  if (::fstatat(place.directory, place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) return info;
  if (errno != ENOENT) throw_errno("stat");
  return std::nullopt;
}

bool is_zero(std::string_view bytes) {
  return bytes.empty() || (bytes.front() == '\0' &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

/// Whether something is mounted there. Removing such a name from another mount namespace would not
/// fail but unmount it (rmdir(2) and its like look for mounts of the caller only).
bool is_mount(const Place& place) {
  struct statx info {};
  if (::statx(place.directory, place.name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
              STATX_TYPE, &info) != 0)
    return false;
  return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

class FilesUnpacker {
 public:
  FilesUnpacker(int archive, const UnpackTarget& target)
      : tar_(archive, target.compressions), target_(target), writer_(target.root) {}

  std::vector<std::string> run() {
    while (const auto entry = tar_.next())
      during("\"" + printable(entry->path) + "\"", [&] { unpack(*entry); });
    settle_directories();
    tar_.finish();
    return std::move(left_out_);
  }

 private:
  void unpack(const TarEntry& entry) {
    const std::vector<std::string> components = clean_path(entry.path);
    if (components.empty()) return;  // the directory that everything goes into
    const std::string path = target_.directory + "/" + join(components, "/");
    const Place place = locate(path);
    if (!entry.hard_link.empty()) return make_hard_link(entry, path);
    switch (entry.info.st_mode & S_IFMT) {
      case S_IFREG:
        return write_file(place, path, entry);
      case S_IFDIR:
        make_directory(place, path);
        // Mode and time come last: children are still to be written.
        directories_[path] = entry;
        return;
      case S_IFLNK:
        make_room(place, path);
        if (::symlinkat(entry.symlink.c_str(), place.directory, place.name.c_str()) != 0)
          throw_errno("symlink");
        return settle(open_itself(place), S_IFLNK, entry);
      case S_IFIFO:
        return make_node(place, path, entry);
      case S_IFCHR:
      case S_IFBLK:
        if (target_.devices == ArchivedDevices::make) return make_node(place, path, entry);
        [[fallthrough]];
      default:
        left_out_.push_back(entry.path);
    }
  }

  Place locate(const std::string& path) {
    Place place = writer_.locate(path);
    if (is_kernel_file_system(place.directory)) fail("this directory takes no files");
    return place;
  }

  /// Takes away what a new file, which is to be `path`, replaces.
  void make_room(const Place& place, const std::string& path) {
    const auto there = look_at(place);
    if (!there) return;
    const bool is_directory = S_ISDIR(there->st_mode);
    if (is_directory && target_.manner == Manner::among_files)
      fail("cannot overwrite directory with non-directory");
    if (is_mount(place)) throw Error("remove the old one", EBUSY);
    if (is_directory)
      remove_tree(place.directory, place.name);
    else if (::unlinkat(place.directory, place.name.c_str(), 0) != 0 && errno != ENOENT)
      throw_errno("remove the old one");
    if (!S_ISREG(there->st_mode)) forget_below(path);
  }

  /// It was a directory, or a link to one: what came into it is not there any more.
  void forget_below(const std::string& path) {
    writer_.forget_parent();
    std::erase_if(directories_, [&](const auto& known) {
      return known.first == path || known.first.starts_with(path + "/");
    });
  }

  void make_directory(const Place& place, const std::string& path) {
    if (::mkdirat(place.directory, place.name.c_str(), 0700) == 0) return;
    if (errno != EEXIST) throw_errno("mkdir");
    const auto there = look_at(place);
    if (!there || S_ISDIR(there->st_mode)) return;
    if (target_.manner == Manner::among_files)
      fail("cannot overwrite non-directory with directory");
    make_room(place, path);
    if (::mkdirat(place.directory, place.name.c_str(), 0700) != 0) throw_errno("mkdir");
  }

  void make_node(const Place& place, const std::string& path, const TarEntry& entry) {
    make_room(place, path);
    const mode_t type = entry.info.st_mode & S_IFMT;
    if (::mknodat(place.directory, place.name.c_str(), type | 0600,
                  type == S_IFIFO ? 0 : entry.info.st_rdev) != 0)
      throw_errno("mknod");
    settle(open_itself(place), type, entry);
  }

  void make_hard_link(const TarEntry& entry, const std::string& path) {
    std::vector<std::string> target = clean_path(entry.hard_link);
    if (target.empty()) fail("hard link to a directory");
    const std::string name = std::move(target.back());
    target.pop_back();
    const Fd directory = open_in_root(target_.root, target_.directory + "/" + join(target, "/"),
                                      O_PATH | O_DIRECTORY);
    const Place place = locate(path);
    const auto there = look_at(place);
    const auto linked = look_at({directory.get(), name});
    // A link to itself must not remove the only name of the file.
    if (there && linked && there->st_ino == linked->st_ino && there->st_dev == linked->st_dev)
      return;
    make_room(place, path);
    if (::linkat(directory.get(), name.c_str(), place.directory, place.name.c_str(), 0) != 0)
      throw_errno("link to {}", printable(entry.hard_link));
    if (target_.manner == Manner::over_files) settle_link(open_itself(place), entry);
  }

  /// A further name of a file that is settled. Most often it says the same once more, and then
  /// nothing is done: chown(2) would take capabilities away, which only the first entry has.
  void settle_link(const Fd& made, const TarEntry& entry) const {
    const struct stat info = info_of(made.get());
    if (S_ISLNK(info.st_mode)) return;
    const Owner owner = owner_of(entry);
    if (info.st_uid == owner.first && info.st_gid == owner.second &&
        (info.st_mode & 07777) == mode_of(entry))
      return;
    settle(made, info.st_mode & S_IFMT, entry);
  }

  void write_file(const Place& place, const std::string& path, const TarEntry& entry) {
    const Fd file = open_for_writing(place, path);
    while (const auto chunk = tar_.next_chunk()) write_chunk(file.get(), *chunk);
    if (::ftruncate(file.get(), entry.info.st_size) != 0)
      throw_errno("set size {}", entry.info.st_size);
    settle(file, S_IFREG, entry);
  }

  static Fd opened(Fd file) {
    if (!file) throw_errno("create");
    return file;
  }

  Fd open_for_writing(const Place& place, const std::string& path) {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    Fd file(::openat(place.directory, place.name.c_str(), flags, 0600));
    if (file || errno != EEXIST) return opened(std::move(file));
    const auto there = look_at(place);
    if (there && S_ISREG(there->st_mode) && is_mount(place)) return open_in_place(place);
    make_room(place, path);
    return opened(Fd(::openat(place.directory, place.name.c_str(), flags, 0600)));
  }

  /// A file that something is mounted on has no name to give to another.
  static Fd open_in_place(const Place& place) {
    const Fd seen = open_itself(place);
    if (!S_ISREG(info_of(seen.get()).st_mode)) fail("it was exchanged meanwhile");
    Fd file(::open(path_of(seen.get()).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    if (!file) throw_errno("open");
    return file;
  }

  static void write_chunk(int file, const TarChunk& chunk) {
    if (!is_zero(chunk.bytes)) write_all_at(file, chunk.bytes, chunk.offset);  // else a hole
  }

  void settle_directories() {
    // Backwards, a directory comes after what is in it, which would change its time.
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
      const std::string& path = directory->first;
      const TarEntry& entry = directory->second;
      during("\"" + printable(entry.path) + "\"",
             [&] { settle(open_itself(locate(path)), S_IFDIR, entry); });
    }
  }

  /// Owner, mode, attributes and times, all by descriptor. What is no longer of the type that was
  /// made has been exchanged, and is none of our business.
  void settle(const Fd& made, mode_t type, const TarEntry& entry) const {
    if ((info_of(made.get()).st_mode & S_IFMT) != type) return;
    set_owner(made.get(), entry);
    const std::string path = path_of(made.get());
    if (type != S_IFLNK) {
      if (::chmod(path.c_str(), mode_of(entry)) != 0) throw_errno("chmod");
      set_attributes(path, entry);
    }
    const timespec times[2] = {entry.info.st_atim, entry.info.st_mtim};
    if (::utimensat(made.get(), "", times, AT_EMPTY_PATH) != 0) throw_errno("set times");
  }

  using Owner = std::pair<uid_t, gid_t>;

  void set_owner(int fd, const TarEntry& entry) const {
    const auto [user, group] = owner_of(entry);
    if (::fchownat(fd, "", user, group, AT_EMPTY_PATH) != 0) throw_errno("chown");
  }

  Owner owner_of(const TarEntry& entry) const {
    switch (target_.ownership) {
      case Ownership::as_archived:
        return {outside(entry.info.st_uid, target_.ids.first_uid),
                outside(entry.info.st_gid, target_.ids.first_gid)};
      case Ownership::callers:
        return {::geteuid(), ::getegid()};
      case Ownership::roots:
        return {target_.ids.uid_outside(0), target_.ids.gid_outside(0)};
      case Ownership::given:
        break;
    }
    return target_.owner;
  }

  std::uint32_t outside(std::uint32_t id, std::uint32_t first) const {
    if (!target_.ids.has(id))
      fail("owner {} is not among the {} ids of the user namespace", id, target_.ids.count);
    return first + id;
  }

  mode_t mode_of(const TarEntry& entry) const {
    const mode_t mode = entry.info.st_mode & 07777;
    return target_.ownership == Ownership::callers ? mode & ~mode_t{S_ISUID | S_ISGID} : mode;
  }

  void set_attributes(const std::string& path, const TarEntry& entry) const {
    for (const auto& [name, value] : entry.attributes) {
      if (!is_harmless_attribute(name)) continue;
      // A file's capabilities are its set-user-ID bit in other words.
      if (target_.ownership == Ownership::callers && name.starts_with("security.")) continue;
      if (::setxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) == 0) continue;
      if (errno != ENOTSUP) throw_errno("set attribute {}", printable(name));
    }
  }

  TarReader tar_;
  const UnpackTarget& target_;
  TreeWriter writer_;
  std::map<std::string, TarEntry> directories_;
  std::vector<std::string> left_out_;
};

}  // namespace

std::vector<std::string> unpack_files(int archive, const UnpackTarget& target) {
  return FilesUnpacker(archive, target).run();
}

bool is_kernel_file_system(int directory) {
  struct statfs info {};
  if (::fstatfs(directory, &info) != 0) throw_errno("statfs");
  return std::ranges::find(kernel_file_systems, static_cast<long>(info.f_type)) !=
         kernel_file_systems.end();
}

}  // namespace stack::image
