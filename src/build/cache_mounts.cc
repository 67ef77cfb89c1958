// SPDX-License-Identifier: Apache-2.0
#include "build/cache_mounts.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "build/copy_step.h"
#include "image/digest.h"

namespace stack::build {
namespace {

namespace fs = std::filesystem;

constexpr const char* unfinished = ".new";

CacheMount open_one(const fs::path& place) {
  make_directories(place);
  return {.place = place, .lock = {}, .is_new = false};
}

Fd open_lock(const CacheMount& cache) {
  return open_file(cache.place / "lock", O_RDWR | O_CREAT, 0600);
}

/// Whether nobody else had it, or all of them share it.
bool try_lock(const Fd& lock, int kind = LOCK_EX) {
  if (::flock(lock.get(), kind | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  throw_errno("lock a cache");
}

void await_lock(const Fd& lock, Turns& turns) {
  if (try_lock(lock)) return;
  int error = 0;
  turns.away([&] {
    while (::flock(lock.get(), LOCK_EX) != 0) {
      error = errno;
      if (error != EINTR) return;
    }
    error = 0;
  });
  if (error != 0) throw Error("lock a cache", error);
}

CacheMount open_by_sharing(const fs::path& root, const std::string& name, CacheSharing sharing,
                           Turns& turns) {
  if (sharing == CacheSharing::locked) {
    CacheMount cache = open_one(root / name / "0");
    cache.lock = open_lock(cache);
    await_lock(cache.lock, turns);
    return cache;
  }
  // As BuildKit: the same one however it is shared, and another one as long as it is in use.
  const int kind = sharing == CacheSharing::own ? LOCK_EX : LOCK_SH;
  for (int number = 0;; ++number) {
    CacheMount cache = open_one(root / name / std::to_string(number));
    cache.lock = open_lock(cache);
    if (try_lock(cache.lock, kind)) return cache;
  }
}

}  // namespace

std::string cache_name(const RunMount& mount) {
  // As BuildKit: one that is to belong to somebody else is another one.
  std::string identity = mount.id;
  if (mount.uid != 0 || mount.gid != 0 || mount.mode)
    identity += fmt::format("\n{}:{} {:o}", mount.uid, mount.gid, mount.mode.value_or(0755));
  return image::hex_of(image::digest_of(identity));
}

CacheMount open_cache_mount(const fs::path& root, const RunMount& mount, Turns& turns) {
  CacheMount cache = open_by_sharing(root, cache_name(mount), mount.sharing, turns);
  cache.is_new = !stack::exists(cache.place / "data");
  return cache;
}

void fill_cache_mount(CacheMount& cache, const FileSource& files, const FoundFile& found) {
  if (!S_ISDIR(found.info.st_mode)) fail("a cache is filled from a directory");
  const fs::path side = cache.place / fmt::format("{}{}", unfinished, random_hex(8));
  make_directories(side);
  copy_to_side(files, found, side);
  ::rename((side / "content").c_str(), (cache.place / "data").c_str());
  remove_tree(side);
}

void finish_cache_mount(CacheMount& cache, const RunMount& mount) {
  const fs::path data = cache.place / "data";
  if (!cache.is_new) return;
  const fs::path made = cache.place / fmt::format("{}{}", unfinished, random_hex(8));
  if (stack::exists(data)) return;  // as it was where it came from
  make_directories(made);
  if (::chown(made.c_str(), mount.uid, mount.gid) != 0 ||
      ::chmod(made.c_str(), mount.mode.value_or(0755)) != 0)
    throw_errno("set owner and mode of {}", made.native());
  // Somebody else may have been first.
  if (::rename(made.c_str(), data.c_str()) != 0) remove_tree(made);
  if (!stack::exists(data)) throw Error("make " + data.native(), ENOENT);
}

void copy_to_side(const FileSource& files, const FoundFile& found, const fs::path& side) {
  make_directories(side);
  CopyRules rules;
  rules.keeps_owner = true;
  CopyItem item;
  // Borrowed: it lives as long as the copy takes.
  item.source = std::shared_ptr<const FileSource>(std::shared_ptr<void>(), &files);
  item.is_directory = S_ISDIR(found.info.st_mode);
  item.name = "file";
  add_to_plan(files, found, "", rules, item.plan);
  CopyTask task;
  task.destination = item.is_directory ? "/content" : "/content/file";
  task.keeps_top = true;
  task.items.push_back(std::move(item));
  const Fd root = open_file(side, O_RDONLY | O_DIRECTORY);
  carry_out(task, root.get());
}

}  // namespace stack::build
