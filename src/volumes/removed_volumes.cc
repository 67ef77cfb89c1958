// SPDX-License-Identifier: Apache-2.0
// Removed volumes: kept for a week in volumes/.removed/NAME@NANOSECONDS, as they were. No volume
// has an
// "@" in its name.
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/document.h"
#include "base/error.h"
#include "base/files.h"
#include "base/scratch.h"
#include "base/text.h"
#include "volumes/first_fill.h"
#include "volumes/store_lock.h"
#include "volumes/volume_document.h"
#include "volumes/volume_store.h"

namespace stack::volumes {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::system_clock;

/// "shop_data@1700000000000000000" -> its name and time; nothing when it is not of ours.
std::optional<std::pair<std::string, Clock::time_point>> parse(const std::string& entry) {
  const std::size_t at = entry.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  const auto nanoseconds = parse_integer<std::int64_t>(std::string_view(entry).substr(at + 1));
  if (!nanoseconds) return std::nullopt;
  return std::pair(entry.substr(0, at), from_nanoseconds(*nanoseconds));
}

fs::path entry_of(const fs::path& removed, const std::string& name, Clock::time_point time) {
  return removed / fmt::format("{}@{}", name, to_nanoseconds(time));
}

void rename_durably(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw_errno("rename {}", from.native());
  sync_directory(to.parent_path());
  sync_directory(from.parent_path());
}

/// Nothing is in it, and nothing was said of where its content is.
bool is_worthless(const fs::path& home) {
  if (!stack::exists(home / "_data")) return true;
  if (!list_directory(home / "_data").empty()) return false;
  const auto document = read_volume_document(home);
  return !document || document->options.empty();
}

/// Unless something is in it.
void remove_if_empty(const fs::path& directory) {
  ::rmdir(directory.c_str());
}

}  // namespace

bool VolumeStore::set_aside(const std::string& name) {
  check_name(name);
  if (!stack::exists(root_)) return false;
  if (is_worthless(root_ / name)) return remove(name);
  const FileLock lock = lock_store(root_);
  sweep_scratch(root_);
  const fs::path home = root_ / name;
  const auto volume = lock_volume(home);  // a first fill under way ends first
  if (!volume) return false;
  return during("removing volume " + name, [&] {
    make_directories(removed());
    rename_durably(home, entry_of(removed(), name, Clock::now()));
    limit_removed();
    return true;
  });
}

std::vector<RemovedVolume> VolumeStore::list_removed() const {
  std::vector<RemovedVolume> volumes;
  for (const std::string& entry : list_directory(removed())) {
    const auto parsed = parse(entry);
    if (!parsed) continue;
    const auto document = read_volume_document(removed() / entry);
    if (!document) continue;
    volumes.push_back({{parsed->first, document->labels, document->created,
                        removed() / entry / "_data", document->options},
                       parsed->second});
  }
  std::ranges::sort(volumes, [](const RemovedVolume& a, const RemovedVolume& b) {
    return std::tie(a.volume.name, b.removed) < std::tie(b.volume.name, a.removed);
  });
  return volumes;
}

VolumeInfo VolumeStore::restore(const std::string& name) {
  check_name(name);
  const FileLock lock = lock_store(root_);
  if (find(name))
    throw Error(fmt::format("there is a volume {}", name))
        .with_hint(fmt::format("`stack volume rm {}` makes room (and keeps what it holds)", name));
  for (const RemovedVolume& each : list_removed()) {
    if (each.volume.name != name) continue;
    return during("restoring volume " + name, [&] {
      rename_durably(entry_of(removed(), name, each.removed), root_ / name);
      remove_if_empty(removed());
      return *find(name);
    });
  }
  throw Error(fmt::format("no removed volume {} is kept", name))
      .with_hint("`stack volume ls --removed` lists those that are");
}

std::size_t VolumeStore::forget_removed(Clock::time_point time) {
  if (!stack::exists(removed())) return 0;
  const FileLock lock = lock_store(root_);
  sweep_scratch(root_);
  std::size_t count = 0;
  for (const RemovedVolume& each : list_removed()) {
    if (each.removed >= time) continue;
    delete_directory(root_, entry_of(removed(), each.volume.name, each.removed));
    ++count;
  }
  remove_if_empty(removed());
  return count;
}

/// Under the store's lock.
void VolumeStore::limit_removed() {
  std::map<std::string, std::size_t> seen;
  for (const RemovedVolume& each : list_removed()) {
    const bool too_many = ++seen[each.volume.name] > kept_of_a_name;
    if (too_many || each.removed + kept_for < Clock::now())
      delete_directory(root_, entry_of(removed(), each.volume.name, each.removed));
  }
}

}  // namespace stack::volumes
