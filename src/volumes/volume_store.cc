// SPDX-License-Identifier: Apache-2.0
#include "volumes/volume_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/document.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/object_name.h"
#include "base/scratch.h"
#include "base/text.h"
#include "volumes/first_fill.h"
#include "volumes/store_lock.h"
#include "volumes/usage.h"
#include "volumes/volume_document.h"

namespace stack::volumes {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_name = 255;

VolumeInfo info_of(const fs::path& directory, const VolumeDocument& document) {
  return {document.name, document.labels, document.created, directory / "_data", document.options};
}

/// A volume whose document somebody has removed: what it holds is there, and is not filled again.
VolumeInfo describe_again(const fs::path& home, const VolumeRequest& request) {
  const bool empty = list_directory(home / "_data").empty();
  const VolumeDocument document{request.name, request.labels, std::chrono::system_clock::now(),
                                empty ? Filled::no : Filled::content, request.options};
  write_volume_document(home, document);
  return info_of(home, document);
}

bool has_labels(const VolumeDocument& document, const std::map<std::string, std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    const auto own = document.labels.find(pair.first);
    return own != document.labels.end() && own->second == pair.second;
  });
}

/// The directory of this host that is its device; empty when it has none.
fs::path bound_directory(const fs::path& home) {
  const auto document = read_volume_document(home);
  if (!document) return {};
  const VolumeMount mount = parse_volume_options(document->options);
  return mount.kind == VolumeMount::Kind::bind ? mount.device : "";
}

}  // namespace

void check_name(const std::string& name) {
  if (name.size() > longest_name || !is_object_name(name))
    throw Error(fmt::format("invalid volume name \"{}\"", printable(name)))
        .with_hint("a letter or digit, then letters, digits, _ . -");
}

FileLock lock_store(const fs::path& root) {
  make_directories(root);
  return FileLock::acquire(root / ".lock");
}

void delete_directory(const fs::path& root, const fs::path& directory) {
  fail_point("volume.take-away");
  const fs::path away = take_away(directory, root);
  fail_point("volume.sync-removal");
  sync_directory(directory.parent_path());
  fail_point("volume.remove");
  remove_tree(away);
}

VolumeStore::VolumeStore(fs::path root) : root_(std::move(root)) {}

VolumeInfo VolumeStore::ensure(const VolumeRequest& request) {
  check_name(request.name);
  if (auto known = find(request.name)) return *known;
  const FileLock lock = lock_store(root_);
  sweep_scratch(root_);
  if (auto known = find(request.name)) return *known;
  return during("making volume " + request.name, [&] {
    if (stack::exists(root_ / request.name / "_data"))
      return describe_again(root_ / request.name, request);
    const ScratchDirectory scratch = ScratchDirectory::create(root_);
    const fs::path data = scratch.path() / "_data";
    // Docker's mode for a volume that no image filled: any user of a container may enter it.
    fail_point("volume.make");
    if (::mkdir(data.c_str(), 0755) != 0) throw_errno("mkdir {}", data.native());
    if (::chmod(data.c_str(), 0755) != 0) throw_errno("chmod {}", data.native());
    const VolumeDocument document{request.name, request.labels, std::chrono::system_clock::now(),
                                  Filled::no, request.options};
    fail_point("volume.document");
    write_volume_document(scratch.path(), document);
    const fs::path home = root_ / request.name;
    fail_point("volume.rename");
    if (::rename(scratch.path().c_str(), home.c_str()) != 0)
      throw_errno("rename to {}", home.native());
    fail_point("volume.sync");
    sync_directory(root_);
    return info_of(home, document);
  });
}

void VolumeStore::set_label(const std::string& name, const std::string& key,
                            const std::string& value) {
  check_name(name);
  const FileLock lock = lock_store(root_);
  const fs::path home = root_ / name;
  auto document = read_volume_document(home);
  if (!document) fail("no such volume: {}", name);
  const auto is = document->labels.find(key);
  if (value == (is == document->labels.end() ? "" : is->second)) return;
  if (value.empty())
    document->labels.erase(key);
  else
    document->labels[key] = value;
  fail_point("volume.document");
  write_volume_document(home, *document);
}

std::optional<VolumeInfo> VolumeStore::find(const std::string& name) const {
  check_name(name);
  const fs::path home = root_ / name;
  const auto document = read_volume_document(home);
  if (!document) return std::nullopt;
  return info_of(home, *document);
}

std::vector<VolumeInfo> VolumeStore::list(const std::map<std::string, std::string>& labels) const {
  std::vector<VolumeInfo> volumes;
  for (const std::string& name : list_directory(root_)) {
    if (name.starts_with('.')) continue;
    try {
      const auto document = read_volume_document(root_ / name);
      if (document && has_labels(*document, labels))
        volumes.push_back(info_of(root_ / name, *document));
    } catch (const DamagedDocument&) {
      // Nobody removes what is not in the list; ensure() tells whoever wants to use it.
    }
  }
  return volumes;
}

bool VolumeStore::remove(const std::string& name) {
  check_name(name);
  if (!stack::exists(root_)) return false;
  const FileLock lock = lock_store(root_);
  sweep_scratch(root_);
  const fs::path home = root_ / name;
  const auto volume = lock_volume(home);  // a first fill under way ends first
  if (!volume) return false;
  return during("removing volume " + name, [&] {
    delete_directory(root_, home);
    return true;
  });
}

void VolumeStore::sweep() {
  if (!has_scratch(root_)) return;
  const FileLock lock = lock_store(root_);
  sweep_scratch(root_);
}

bool VolumeStore::fill_from_image(const std::string& name, const std::vector<fs::path>& layers,
                                  const std::string& path) {
  check_name(name);
  return during("filling volume " + name + " from the image's " + printable(path),
                [&] { return first_fill(root_ / name, layers, path); });
}

bool VolumeStore::fill_from_image(const std::string& name, const std::vector<fs::path>& layers,
                                  const std::string& path, Fd content) {
  check_name(name);
  return during("filling volume " + name + " from the image's " + printable(path),
                [&] { return fill_elsewhere(root_ / name, std::move(content), layers, path); });
}

fs::path VolumeStore::mount_source(const std::string& name, const std::string& subpath) const {
  check_name(name);
  return during("volume " + name, [&] {
    const fs::path home = root_ / name;
    const fs::path elsewhere = bound_directory(home);
    const Fd root = open_file(home, O_PATH | O_DIRECTORY);
    const Fd data = elsewhere.empty() ? open_beneath(root.get(), "_data", O_PATH | O_DIRECTORY)
                                      : open_file(elsewhere, O_PATH | O_DIRECTORY);
    const std::string relative = fs::path(subpath).relative_path().native();
    if (!relative.empty()) open_beneath(data.get(), relative, O_PATH);
    return elsewhere.empty() ? home / "_data" : elsewhere;
  });
}

std::uint64_t VolumeStore::size(const std::string& name) const {
  check_name(name);
  return during("volume " + name, [&] {
    const Fd root = open_file(root_ / name, O_PATH | O_DIRECTORY);
    return disk_usage(open_beneath(root.get(), "_data", O_RDONLY | O_DIRECTORY));
  });
}

}  // namespace stack::volumes
