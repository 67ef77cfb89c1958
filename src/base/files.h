// SPDX-License-Identifier: Apache-2.0
// Files as the rest of the project wants them: whole reads, writes that are either complete or not
// there, locks that the kernel frees, and trees removed without following a link out of them.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace stack {

/// Opens with O_CLOEXEC added. Throws Error naming `path`.
Fd open_file(const std::filesystem::path& path, int flags, mode_t mode = 0);

/// The same for a file that the caller will note the content of (inquiry.h).
Fd open_noted(const std::filesystem::path& path, int flags);

/// The whole content. Throws Error (error_number() ENOENT when absent, EFBIG over `limit`).
std::string read_file(const std::filesystem::path& path, std::uint64_t limit = 1ULL << 30);
/// The whole content, or nothing when the file does not exist; other failures throw.
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path,
                                               std::uint64_t limit = 1ULL << 30);
std::string read_all(int fd, std::uint64_t limit = 1ULL << 30);
/// The same of regular files only, which end, and are there without anybody who writes: a pipe or a
/// device is an Error that names it. `file` was opened with O_NONBLOCK.
std::string read_regular(const Fd& file, const std::string& name, std::uint64_t limit);
std::optional<std::string> read_regular_if_exists(const std::filesystem::path& path,
                                                  std::uint64_t limit);
/// The folder that we are in; nothing when somebody has removed it.
std::optional<std::filesystem::path> find_current_directory();
/// The same. Throws Error that says so.
std::filesystem::path current_directory();

/// Writes all of `content` to an open descriptor, resuming after short writes and EINTR.
void write_all(int fd, std::string_view content);
/// The same at `offset` of a file, leaving its position alone (pwrite(2)).
void write_all_at(int fd, std::string_view content, std::uint64_t offset);
/// One write(2) to an existing kernel file (cgroup, sysctl, /proc): no creation, no truncation.
void write_kernel_file(const std::filesystem::path& path, std::string_view value);
void write_kernel_file(int directory, const char* name, std::string_view value);

enum class Durability {
  survives_power_loss,  ///< fsync the file and its directory
  survives_crash,       ///< rename only: complete or absent after kill -9, not after power loss
};
/// Writes a temporary file beside `path` and renames it: readers see the old content or the new.
void write_file_atomically(const std::filesystem::path& path, std::string_view content,
                           Durability durability, mode_t mode = 0600);

/// mkdir -p; those made get just `mode`. Throws Error with ENOTDIR when something else is there.
void make_directories(const std::filesystem::path& path, mode_t mode = 0700);
/// rm -rf that never follows a symbolic link and stays on file systems it started on.
/// A missing path is fine. Modes that forbid entry (overlay's work/work is 000) are no obstacle,
/// nor is any depth.
void remove_tree(const std::filesystem::path& path);
/// The same for `name` (one component) in the open directory `parent`.
void remove_tree(int parent, const std::string& name);
bool exists(const std::filesystem::path& path);
/// `path`, or the nearest directory above it that there is: where it would be made.
std::filesystem::path nearest_existing(std::filesystem::path path);
/// Names in a directory without "." and "..", sorted; empty when it does not exist.
std::vector<std::string> list_directory(const std::filesystem::path& path);
void sync_directory(const std::filesystem::path& path);

/// openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: `path`, absolute or not, and every link
/// in it are resolved as if `root` were "/". Use it for everything below a root that strangers
/// fill.
Fd open_in_root(int root, const std::string& path, int flags, mode_t mode = 0);
/// openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS: no link at all, nothing above
/// `directory`.
Fd open_beneath(int directory, const std::string& path, int flags, mode_t mode = 0);

/// An exclusive flock(2) on a file (made when absent). The kernel frees it when the holder dies.
class FileLock {
 public:
  /// Waits for the lock.
  static FileLock acquire(const std::filesystem::path& path);
  /// Nothing when somebody else holds it.
  static std::optional<FileLock> try_acquire(const std::filesystem::path& path);
  int fd() const { return file_.get(); }
  /// Replaces the content of the lock file: who holds it, for whoever waits.
  void describe_holder(std::string_view text);

 private:
  explicit FileLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

}  // namespace stack
