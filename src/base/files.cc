// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/directory_stream.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/ids.h"
#include "base/inquiry.h"
#include "base/same_file.h"

namespace stack {
namespace {

bool is_dot(const char* name) {
  return std::string_view(name) == "." || std::string_view(name) == "..";
}

Fd open_with(int directory, const std::string& path, int flags, mode_t mode,
             std::uint64_t resolve) {
  void_inquiry();
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = resolve;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
    if (fd >= 0) return Fd(static_cast<int>(fd));
    // EAGAIN: a rename raced with the walk; the kernel asks to try again (openat2(2)).
    if (errno != EAGAIN && errno != EINTR) throw_errno("open {}", path);
  }
}

/// Opens `name` for reading its entries, making it accessible first where its mode forbids that.
Fd open_to_empty(int parent, const char* name) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd directory(::openat(parent, name, flags));
  if (!directory && errno == EACCES) {
    if (::fchmodat(parent, name, 0700, 0) != 0) throw_errno("chmod {}", name);
    directory = Fd(::openat(parent, name, flags));
  }
  if (!directory) throw_errno("remove {}", name);
  return directory;
}

/// Removes what is below one directory. Strangers choose how deep a tree is, so depth must cost
/// neither descriptors nor stack: what lies too deep is moved up to the top and removed from there.
class TreeRemoval {
 public:
  TreeRemoval(const Fd& top, dev_t device) : top_(top.get()), device_(device) {}

  void run() {
    empty(Fd(::fcntl(top_, F_DUPFD_CLOEXEC, 0)), 0);
    while (!moved_up_.empty()) {
      const std::string name = std::move(moved_up_.back());
      moved_up_.pop_back();
      remove(top_, name.c_str(), 0);
    }
  }

 private:
  static constexpr int deepest = 32;

  void empty(Fd directory, int depth) {
    const DirectoryStream entries(::fdopendir(directory.get()));
    if (!entries) throw_errno("reading a directory");
    const int number = directory.release();
    while (const dirent* entry = ::readdir(entries.get())) {
      if (!is_dot(entry->d_name)) remove(number, entry->d_name, depth);
    }
  }

  void remove(int parent, const char* name, int depth) {
    fail_point("tree.remove-entry");
    if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) throw_errno("remove {}", name);
    Fd directory = open_to_empty(parent, name);
    require_same_device(directory.get(), name);
    if (depth == deepest) return move_up(parent, name);
    empty(std::move(directory), depth + 1);
    if (::unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
      throw_errno("remove {}", name);
  }

  void require_same_device(int directory, const char* name) const {
    struct stat info {};
    if (::fstat(directory, &info) != 0) throw_errno("stat {}", name);
    if (info.st_dev != device_) fail("remove {}: it is a mount point of another file system", name);
  }

  void move_up(int parent, const char* name) {
    moved_up_.push_back(".removing." + random_hex(16));
    if (::renameat(parent, name, top_, moved_up_.back().c_str()) != 0)
      throw_errno("remove {}", name);
  }

  int top_;
  dev_t device_;
  std::vector<std::string> moved_up_;
};

void remove_whatever(int parent, const char* name) {
  struct stat info {};
  if (::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return;
    throw_errno("stat {}", name);
  }
  const bool is_directory = S_ISDIR(info.st_mode);
  if (is_directory) {
    const Fd top = open_to_empty(parent, name);
    TreeRemoval(top, info.st_dev).run();
  }
  if (::unlinkat(parent, name, is_directory ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
    throw_errno("remove {}", name);
}

/// Whether it was made; errno tells otherwise. The umask takes nothing away.
bool make_one_directory(const std::filesystem::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) return false;
  const bool is_private = (mode & 07077) == 0;
  if (!is_private && ::chmod(path.c_str(), mode) != 0) throw_errno("chmod {}", path.native());
  return true;
}

}  // namespace

Fd open_file(const std::filesystem::path& path, int flags, mode_t mode) {
  void_inquiry();
  Fd file(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!file) throw_errno("open {}", path.native());
  return file;
}

Fd open_noted(const std::filesystem::path& path, int flags) {
  Fd file(::open(path.c_str(), flags | O_CLOEXEC));
  if (!file) void_inquiry();
  if (!file) throw_errno("open {}", path.native());
  return file;
}

std::string read_all(int fd, std::uint64_t limit) {
  std::string content;
  struct stat info {};
  std::uint64_t size = 0;  // 0: not known, as with files of the kernel
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    size = static_cast<std::uint64_t>(info.st_size);
    content.reserve(static_cast<std::size_t>(std::min(size + 1, limit)));
  }
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got == 0) return content;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read");
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > limit) throw Error("read", EFBIG);
    if (content.size() == size) return content;
  }
}

namespace {

/// Nothing, and errno, when there is no such file.
std::optional<std::string> read_whole(const std::filesystem::path& path, std::uint64_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  try {
    if (!file) throw_errno("open {}", path.native());
    struct stat info {};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) void_inquiry();  // a pipe ends
    return during(path.native(), [&] { return read_all(file.get(), limit); });
  } catch (const Error&) {
    void_inquiry();
    throw;
  }
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  auto content = read_file_if_exists(path, limit);
  if (!content) throw_errno("open {}", path.native());
  return std::move(*content);
}

std::optional<std::string> read_file_if_exists(const std::filesystem::path& path,
                                               std::uint64_t limit) {
  auto content = read_whole(path, limit);
  const int reason = errno;
  note_content(path, content);
  errno = reason;
  return content;
}

std::string read_regular(const Fd& file, const std::string& name, std::uint64_t limit) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw_errno("stat {}", name);
  if (!S_ISREG(info.st_mode)) fail("{}: not a regular file", name);
  return during(name, [&] { return read_all(file.get(), limit); });
}

std::optional<std::string> read_regular_if_exists(const std::filesystem::path& path,
                                                  std::uint64_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  std::optional<std::string> content;
  if (file)
    content = read_regular(file, path.native(), limit);
  else if (errno != ENOENT && errno != ENOTDIR)
    throw_errno("open {}", path.native());
  note_content(path, content);
  return content;
}

std::optional<std::filesystem::path> find_current_directory() {
  std::error_code failure;
  auto directory = std::filesystem::current_path(failure);
  if (failure) return std::nullopt;
  return directory;
}

std::filesystem::path current_directory() {
  const auto directory = find_current_directory();
  if (directory) return *directory;
  throw Error("the folder that this was started in does not exist any more")
      .with_hint("cd to one that does");
}

void write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_all_at(int fd, std::string_view content, std::uint64_t offset) {
  while (!content.empty()) {
    const ssize_t written =
        ::pwrite(fd, content.data(), content.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno("write");
    content.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void write_kernel_file(const std::filesystem::path& path, std::string_view value) {
  write_kernel_file(AT_FDCWD, path.c_str(), value);
}

void write_kernel_file(int directory, const char* name, std::string_view value) {
  void_inquiry();
  const Fd file(::openat(directory, name, O_WRONLY | O_CLOEXEC));
  if (!file) throw_errno("open {}", name);
  fail_point("kernel-file.write");
  if (::write(file.get(), value.data(), value.size()) < 0) {
    throw_errno("write \"{}\" to {}", value, name);
  }
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content,
                           Durability durability, mode_t mode) {
  const std::filesystem::path temporary = path.parent_path() / (".tmp." + random_hex(8));
  try {
    fail_point("file.create");
    const Fd file = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    fail_point("file.write");
    write_all(file.get(), content);
    fail_point("file.sync");
    if (durability == Durability::survives_power_loss && ::fsync(file.get()) != 0)
      throw_errno("fsync");
    fail_point("file.rename");
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_errno("rename");
  } catch (Error& error) {
    ::unlink(temporary.c_str());
    error.add_frame("writing " + path.native());
    throw;
  }
  if (durability == Durability::survives_crash) return;
  fail_point("file.sync-directory");
  sync_directory(path.parent_path());
}

void make_directories(const std::filesystem::path& path, mode_t mode) {
  void_inquiry();
  fail_point("directory.make");
  if (make_one_directory(path, mode)) return;
  if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
    make_directories(path.parent_path(), mode);
    if (make_one_directory(path, mode)) return;
  }
  if (errno != EEXIST) throw_errno("mkdir {}", path.native());
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw_errno("stat {}", path.native());
  if (!S_ISDIR(info.st_mode)) throw Error(fmt::format("mkdir {}", path.native()), ENOTDIR);
}

void remove_tree(const std::filesystem::path& path) {
  void_inquiry();
  fail_point("tree.remove");
  during("removing " + path.native(), [&] { remove_whatever(AT_FDCWD, path.c_str()); });
}

void remove_tree(int parent, const std::string& name) {
  void_inquiry();
  remove_whatever(parent, name.c_str());
}

bool exists(const std::filesystem::path& path) {
  struct stat info {};
  const bool is_there = ::lstat(path.c_str(), &info) == 0;
  note_asked(Question::presence, path.native(), is_there ? "1" : "0");
  return is_there;
}

std::filesystem::path nearest_existing(std::filesystem::path path) {
  while (!stack::exists(path) && path.has_relative_path()) path = path.parent_path();
  return path;
}

namespace {

std::vector<std::string> names_in(const std::filesystem::path& path) {
  std::vector<std::string> names;
  DirectoryStream directory(::opendir(path.c_str()));
  if (!directory && errno == ENOENT) return names;
  if (!directory) throw_errno("open {}", path.native());
  while (const dirent* entry = ::readdir(directory.get())) {
    if (!is_dot(entry->d_name)) names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<std::string> list_directory(const std::filesystem::path& path) {
  try {
    auto names = names_in(path);
    note_names(path, names);
    return names;
  } catch (const Error&) {
    void_inquiry();
    throw;
  }
}

void sync_directory(const std::filesystem::path& path) {
  const Fd directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (::fsync(directory.get()) != 0) throw_errno("fsync {}", path.native());
}

Fd open_in_root(int root, const std::string& path, int flags, mode_t mode) {
  return open_with(root, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

Fd open_beneath(int directory, const std::string& path, int flags, mode_t mode) {
  return open_with(directory, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

FileLock FileLock::acquire(const std::filesystem::path& path) {
  for (;;) {
    fail_point("lock.open");
    Fd file = open_file(path, O_RDWR | O_CREAT, 0600);
    while (::flock(file.get(), LOCK_EX) != 0) {
      if (errno != EINTR) throw_errno("lock {}", path.native());
    }
    // Otherwise somebody who held it has removed the file: the next one locks another.
    if (is_file_at(file.get(), path)) return FileLock(std::move(file));
  }
}

std::optional<FileLock> FileLock::try_acquire(const std::filesystem::path& path) {
  fail_point("lock.try");
  Fd file = open_file(path, O_RDWR | O_CREAT, 0600);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(file));
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw_errno("lock {}", path.native());
}

void FileLock::describe_holder(std::string_view text) {
  if (::ftruncate(file_.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file_.get(), text.data(), text.size(), 0);
  }
}

}  // namespace stack
