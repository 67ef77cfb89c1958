// SPDX-License-Identifier: Apache-2.0
#include "image/layer.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/tree_copy.h"
#include "image/tar_frame.h"
#include "image/tar_reader.h"
#include "image/tree_writer.h"

namespace stack::image {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view opaque_marker = ".wh..wh..opq";
constexpr std::string_view aufs_prefix = ".wh..wh.";  // aufs's own bookkeeping: means nothing here

std::string last_component(const std::string& path) {
  const std::string cleaned = cleaned_path(path);
  return cleaned.substr(cleaned.rfind('/') + 1);  // the whole without one
}

/// Looks at what the file system has left, every so many bytes.
class SpaceGuard {
 public:
  SpaceGuard(int root, const LayerLimits& limits) : root_(root), limits_(limits) { check(); }

  void count_entry() {
    if (++entries_ > limits_.entries) fail("the layer has more than {} entries", limits_.entries);
    if (entries_ % 4096 == 0) check();
  }
  void count_bytes(std::uint64_t bytes) {
    unchecked_ += bytes;
    if (unchecked_ >= limits_.check_every) check();
  }

 private:
  void check() {
    unchecked_ = 0;
    struct statvfs space {};
    if (::fstatvfs(root_, &space) != 0) throw_errno("statvfs");
    const bool bytes_left = space.f_bavail * space.f_frsize >= limits_.reserved_bytes;
    // File systems that make inodes as they need them report none at all.
    const bool inodes_left = space.f_files == 0 || space.f_favail >= limits_.reserved_inodes;
    if (!bytes_left || !inodes_left) throw Error("too little space is left", ENOSPC);
  }

  int root_;
  const LayerLimits& limits_;
  std::uint64_t entries_ = 0;
  std::uint64_t unchecked_ = 0;
};

class LayerUnpacker {
 public:
  LayerUnpacker(ByteSource archive, int root, LayerPlace place, const LayerLimits& limits)
      : tar_(std::move(archive),
             {.compressions = limits.compressions, .idle_bytes = limits.idle_bytes}),
        root_(root),
        place_(place),
        writer_(root),
        space_(root, limits) {}
  LayerUnpacker(ByteSource archive, int root, LayerPlace place, const LayerLimits& limits,
                FrameRecorder& recorder, const fs::path& replaced)
      : recorder_(&recorder),
        tar_(std::move(archive), {.recorder = &recorder,
                                  .compressions = limits.compressions,
                                  .idle_bytes = limits.idle_bytes}),
        root_(root),
        place_(place),
        writer_(root, replaced),
        space_(root, limits) {}

  UnpackedLayer run() {
    while (const auto entry = tar_.next()) {
      space_.count_entry();
      try {
        unpack(*entry);
      } catch (Error& error) {
        error.add_frame(fmt::format("entry \"{}\"", printable(entry->path)));
        throw;
      }
    }
    settle_directories();
    const auto stream = tar_.finish();
    result_.diff_id = stream.digest;
    result_.stream_bytes = stream.bytes;
    return std::move(result_);
  }
  bool has_replaced() const { return writer_.has_replaced(); }

 private:
  void unpack(const TarEntry& entry) {
    const std::string name = last_component(entry.path);
    if (name.starts_with(whiteout_prefix)) return apply_whiteout(entry, name);
    if (!entry.hard_link.empty()) return writer_.make_hard_link(entry.path, entry.hard_link);
    const Place place = writer_.locate(entry.path);
    switch (entry.info.st_mode & S_IFMT) {
      case S_IFREG:
        return write_file(place, entry);
      case S_IFDIR:
        writer_.make_directory(place);
        // Mode and time come last: children are still to be written.
        directories_[cleaned_path(entry.path)] = entry.info;
        set_attributes(place, entry);
        return;
      case S_IFLNK:
        writer_.make_symlink(place, entry.symlink);
        break;
      case S_IFIFO:
      case S_IFCHR:
      case S_IFBLK:
        make_node(place, entry.info);
        break;
      default:
        result_.left_out.push_back(entry.path);
        return;
    }
    set_owner_and_mode(place.directory, place.name, entry.info);
    set_attributes(place, entry);
    set_times(place.directory, place.name, entry.info);
  }

  /// By its descriptor, and with as few calls as may be: an image has tens of thousands.
  void write_file(const Place& place, const TarEntry& entry) {
    const struct stat& info = entry.info;
    const Fd file = writer_.make_file(place, info.st_mode & 0777);
    struct stat made {};
    if (::fstat(file.get(), &made) != 0) throw_errno("stat");
    if (recorder_ != nullptr) record(entry, made.st_ino);
    std::uint64_t end = 0;
    while (const auto chunk = tar_.next_chunk()) {
      write_chunk(file.get(), *chunk);
      end = chunk->offset + chunk->bytes.size();
    }
    if (end != static_cast<std::uint64_t>(info.st_size) &&
        ::ftruncate(file.get(), info.st_size) != 0)
      throw_errno("set size {}", info.st_size);
    adjust(file.get(), made, info);
    set_attributes(place, entry);
    const timespec times[2] = {info.st_atim, info.st_mtim};
    if (::futimens(file.get(), times) != 0) throw_errno("set times");
  }

  /// Owner first: chown(2) takes set-user-ID bits away.
  static void adjust(int file, const struct stat& made, const struct stat& wanted) {
    const bool is_others = made.st_uid != wanted.st_uid || made.st_gid != wanted.st_gid;
    if (is_others && ::geteuid() == 0 && ::fchown(file, wanted.st_uid, wanted.st_gid) != 0)
      throw_errno("chown");
    const mode_t mode = wanted.st_mode & 07777;
    if (mode != (made.st_mode & 07777) && ::fchmod(file, mode) != 0) throw_errno("chmod");
  }

  void record(const TarEntry& entry, ino_t inode) {
    if (const auto start = tar_.content_start())
      recorder_->content(*start, {cleaned_path(entry.path),
                                  static_cast<std::uint64_t>(entry.info.st_size), inode});
  }

  void write_chunk(int file, const TarChunk& chunk) {
    write_all_at(file, chunk.bytes, chunk.offset);
    result_.file_bytes += chunk.bytes.size();
    space_.count_bytes(chunk.bytes.size());
  }

  void make_node(const Place& place, const struct stat& info) {
    if (S_ISCHR(info.st_mode) && info.st_rdev == makedev(0, 0))
      fail("a character device 0:0 would hide files of other layers");
    const dev_t device = S_ISFIFO(info.st_mode) ? 0 : info.st_rdev;
    writer_.make_node(place, info.st_mode & (S_IFMT | 0700), device);
  }

  static void set_attributes(const Place& place, const TarEntry& entry) {
    for (const auto& [name, value] : entry.attributes) {
      if (is_harmless_attribute(name)) set_attribute(place.directory, place.name, name, value);
    }
  }

  void apply_whiteout(const TarEntry& entry, const std::string& name) {
    const std::string hidden = name.substr(whiteout_prefix.size());
    if (hidden.empty() || hidden == "." || hidden == "..") fail("whiteout without a name");
    result_.has_whiteouts = true;
    if (place_ == LayerPlace::bottom) return;
    const std::string path = join(clean_path(entry.path), "/");
    const std::string parent = path.substr(0, path.size() - name.size());
    if (name == opaque_marker) return make_opaque(writer_.locate(parent + "."), parent);
    if (name.starts_with(aufs_prefix)) return;
    hide(parent + hidden);
  }

  /// What this layer itself has at that name stays: a whiteout speaks of the layers below.
  void hide(const std::string& path) {
    const Place place = writer_.locate(path);
    struct stat info {};
    if (::fstatat(place.directory, place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      return writer_.make_node(place, S_IFCHR, makedev(0, 0));
    if (S_ISDIR(info.st_mode)) set_opaque(place);
  }

  void make_opaque(const Place& place, const std::string& path) {
    // "parent/." is cleaned to the parent itself, so its missing last directory is made here.
    during(path, [&] { writer_.make_directory(place); });
    set_opaque(place);
  }

  static void set_opaque(const Place& place) {
    const std::string path = fmt::format("/proc/self/fd/{}/{}", place.directory, place.name);
    if (::lsetxattr(path.c_str(), "trusted.overlay.opaque", "y", 1, 0) != 0)
      throw_errno("make the directory opaque");
  }

  void settle_directories() {
    // Backwards, a directory comes after what is in it, which would change its time.
    for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
      const auto& [path, info] = *directory;
      const auto made = open_made_directory(path);
      if (!made) continue;  // a later entry replaced it
      set_owner_and_mode(made->get(), ".", info);
      set_times(made->get(), ".", info);
    }
  }

  std::optional<Fd> open_made_directory(const std::string& path) const {
    try {
      return open_in_root(root_, "./" + path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    } catch (const Error& error) {
      if (error.error_number() == ENOENT || error.error_number() == ENOTDIR ||
          error.error_number() == ELOOP)
        return std::nullopt;
      throw;
    }
  }

  FrameRecorder* recorder_ = nullptr;
  TarReader tar_;
  int root_;
  LayerPlace place_;
  TreeWriter writer_;
  SpaceGuard space_;
  UnpackedLayer result_;
  std::map<std::string, struct stat> directories_;
};

bool is_whiteout(const fs::directory_entry& entry) {
  struct stat info {};
  return ::lstat(entry.path().c_str(), &info) == 0 && S_ISCHR(info.st_mode) &&
         info.st_rdev == makedev(0, 0);
}

}  // namespace

UnpackedLayer unpack_layer(int archive, int root, LayerPlace place, const LayerLimits& limits) {
  return LayerUnpacker(bytes_of_file(archive), root, place, limits).run();
}

UnpackedLayer unpack_layer(ByteSource archive, int root, LayerPlace place,
                           const LayerLimits& limits, const fs::path& frame) {
  if (frame.empty()) return LayerUnpacker(std::move(archive), root, place, limits).run();
  const fs::path replaced = frame.native() + ".replaced";
  FrameRecorder recorder(frame);
  LayerUnpacker unpacker(std::move(archive), root, place, limits, recorder, replaced);
  UnpackedLayer layer = unpacker.run();
  recorder.finish();
  if (unpacker.has_replaced()) {
    const fs::path complete = frame.native() + ".complete";
    complete_frame(frame, complete, root, replaced);
    fs::rename(complete, frame);
    remove_tree(replaced);
  }
  return layer;
}

void drop_whiteouts(const fs::path& tree) {
  std::vector<fs::path> whiteouts;
  for (const auto& entry : fs::recursive_directory_iterator(tree)) {
    if (is_whiteout(entry)) whiteouts.push_back(entry.path());
  }
  for (const fs::path& path : whiteouts) fs::remove(path);
}

}  // namespace stack::image
