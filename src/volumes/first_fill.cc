// SPDX-License-Identifier: Apache-2.0
#include "volumes/first_fill.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/overlay_tree.h"
#include "base/tree_copy.h"
#include "volumes/volume_document.h"

namespace stack::volumes {
namespace {

namespace fs = std::filesystem;

constexpr const char* copy_name = ".fill.copy";
constexpr const char* ready_name = ".fill.ready";

/// Works also for what is mounted nowhere.
fs::path by_descriptor(const Fd& directory) {
  return fmt::format("/proc/self/fd/{}", directory.get());
}

/// One volume during its first fill; its lock is held.
class Fill {
 public:
  /// `place`: where the copy lies, on the file system of `data`.
  Fill(fs::path home, Fd place, Fd data, const StepHook& before)
      : home_(std::move(home)), place_(std::move(place)), data_(std::move(data)), before_(before) {}

  bool run(const std::vector<fs::path>& layers, const std::string& path) {
    auto known = read_volume_document(home_);
    if (!known) fail("the volume has no meta.json any more");
    VolumeDocument document = std::move(*known);
    if (is_copy_ready()) return finish(document);
    if (document.filled == Filled::content || !is_data_empty()) return false;
    const auto source = open_source(layers, path);
    if (!source) return false;
    if (document.filled == Filled::owner && is_empty(*source)) return false;
    prepare(*source);
    return finish(document);
  }

 private:
  bool is_copy_ready() const {
    struct stat ready {};
    if (::fstatat(place_.get(), ready_name, &ready, AT_SYMLINK_NOFOLLOW) == 0) return true;
    if (errno != ENOENT) throw_errno("stat {}", ready_name);
    return false;
  }

  bool is_data_empty() const {
    return std::ranges::all_of(list_directory(by_descriptor(data_)), [](const std::string& name) {
      return name == copy_name || name == ready_name;
    });
  }

  static std::optional<JoinedDirectory> open_source(const std::vector<fs::path>& layers,
                                                    const std::string& path) {
    JoinedDirectory image;
    for (const fs::path& layer : layers) image.push_back(open_file(layer, O_RDONLY | O_DIRECTORY));
    if (image.empty()) return std::nullopt;
    return open_joined(image, path);
  }

  static bool is_empty(const JoinedDirectory& directory) {
    for (const std::string& name : names_in(directory)) {
      if (look_up(directory, name)) return false;
    }
    return true;
  }

  void prepare(const JoinedDirectory& source) {
    fail_point("fill.remove-unfinished");
    before_("remove an unfinished copy");
    remove_tree(place_.get(), copy_name);
    fail_point("fill.make");
    before_("copy");
    if (::mkdirat(place_.get(), copy_name, 0700) != 0) throw_errno("mkdir {}", copy_name);
    const Fd copy = open_beneath(place_.get(), copy_name, O_RDONLY | O_DIRECTORY);
    fail_point("fill.copy");
    copy_tree(source, copy.get(), DeviceNodes::skip);
    fail_point("fill.sync");
    before_("sync the copy");
    if (::syncfs(copy.get()) != 0) throw_errno("syncfs");
    fail_point("fill.ready");
    before_("declare the copy ready");
    if (::renameat(place_.get(), copy_name, place_.get(), ready_name) != 0)
      throw_errno("rename {} to {}", copy_name, ready_name);
    fail_point("fill.sync-ready");
    if (::fsync(place_.get()) != 0) throw_errno("fsync what {} lies in", ready_name);
  }

  /// Idempotent: it may be run from the start after a crash at any point of it.
  bool finish(VolumeDocument& document) {
    // Filled already: only the removal at the end was missed, and the owner may have been changed
    // by a container since.
    if (document.filled != Filled::content) move_in(document);
    fail_point("fill.remove-emptied");
    before_("remove the emptied copy");
    remove_tree(place_.get(), ready_name);
    return true;
  }

  void move_in(VolumeDocument& document) {
    const Fd ready = open_beneath(place_.get(), ready_name, O_RDONLY | O_DIRECTORY);
    struct stat of_image {};
    if (::fstat(ready.get(), &of_image) != 0) throw_errno("stat {}", ready_name);
    for (const std::string& name : list_directory(by_descriptor(ready))) move_entry(ready, name);
    fail_point("fill.owner");
    before_("set owner and mode");
    copy_directory_metadata(ready.get(), data_.get());
    set_times(data_.get(), ".", of_image);
    if (::fsync(data_.get()) != 0) throw_errno("fsync _data");
    fail_point("fill.document");
    before_("remember that it is filled");
    document.filled = is_data_empty() ? Filled::owner : Filled::content;
    write_volume_document(home_, document);
  }

  void move_entry(const Fd& ready, const std::string& name) {
    fail_point("fill.move-entry");
    before_("move an entry");
    // NOREPLACE: what a container made under the same name meanwhile is its own, and stays.
    if (::renameat2(ready.get(), name.c_str(), data_.get(), name.c_str(), RENAME_NOREPLACE) != 0 &&
        errno != EEXIST)
      throw_errno("move {}", name);
  }

  fs::path home_;
  Fd place_;
  Fd data_;
  const StepHook& before_;
};

bool is_still(const Fd& directory, const fs::path& path) {
  struct stat held {};
  struct stat named {};
  if (::fstat(directory.get(), &held) != 0) throw_errno("stat {}", path.native());
  return ::lstat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

}  // namespace

bool first_fill(const fs::path& home, const std::vector<fs::path>& layers, const std::string& path,
                const StepHook& before) {
  const auto lock = lock_volume(home);
  if (!lock) fail("there is no such volume");
  Fd place = open_file(home, O_RDONLY | O_DIRECTORY);
  Fd data = open_beneath(place.get(), "_data", O_RDONLY | O_DIRECTORY);
  return Fill(home, std::move(place), std::move(data), before).run(layers, path);
}

bool fill_elsewhere(const fs::path& home, Fd content, const std::vector<fs::path>& layers,
                    const std::string& path, const StepHook& before) {
  const auto lock = lock_volume(home);
  if (!lock) fail("there is no such volume");
  Fd place = open_beneath(content.get(), ".", O_RDONLY | O_DIRECTORY);
  return Fill(home, std::move(place), std::move(content), before).run(layers, path);
}

std::optional<Fd> lock_volume(const fs::path& home) {
  for (;;) {
    Fd directory(::open(home.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory && errno == ENOENT) return std::nullopt;
    if (!directory) throw_errno("open {}", home.native());
    while (::flock(directory.get(), LOCK_EX) != 0) {
      if (errno != EINTR) throw_errno("lock {}", home.native());
    }
    // While we waited it may have been removed, and made anew under the same name.
    if (is_still(directory, home)) return directory;
  }
}

}  // namespace stack::volumes
