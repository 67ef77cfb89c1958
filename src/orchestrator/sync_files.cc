// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/sync_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/archive_pipe.h"
#include "image/tar_writer.h"
#include "image/unpack_files.h"
#include "orchestrator/tree_place.h"
#include "runtime/container_tree.h"

namespace stack::orchestrator {
namespace {

std::string joined(const std::string& directory, const std::string& path) {
  return path.empty() ? directory : directory + "/" + path;
}

/// Names in the archive are those below the container's root.
std::string name_in_archive(const std::string& path) {
  return path.substr(1);
}

class Archive {
 public:
  Archive(int root, const image::TarSink& sink) : root_(root), writer_(sink) {}

  void add(const std::string& here, const std::string& there, const struct stat& info) {
    add_missing_parents(directory_of(there));
    if (S_ISDIR(info.st_mode)) {
      add_missing_parents(there);
    } else if (S_ISREG(info.st_mode)) {
      add_file(here, there);
    } else if (S_ISLNK(info.st_mode)) {
      add_link(here, there, info);
    }  // sockets and their like mean nothing elsewhere
  }
  void finish() { writer_.finish(); }

 private:
  bool is_directory_there(const std::string& path) const {
    return find_place(root_, path, LastLink::follow).kind == FileKind::directory;
  }

  /// Those that are there stay as they are.
  void add_missing_parents(const std::string& path) {
    if (path == "/" || made_.contains(path) || is_directory_there(path)) return;
    add_missing_parents(directory_of(path));
    struct stat info {};
    info.st_mode = S_IFDIR | 0755;
    info.st_mtim.tv_sec = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    writer_.write({name_in_archive(path) + "/", '5', info, "", {}});
    made_.insert(path);
  }

  /// What can no longer be opened has been removed meanwhile, and that is told next.
  void add_file(const std::string& here, const std::string& there) {
    const Fd file(::open(here.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) return;
    writer_.write({name_in_archive(there), '0', info, "", {}});
    const auto size = static_cast<std::uint64_t>(info.st_size);
    std::array<char, 65536> buffer;
    for (std::uint64_t written = 0; written < size;) {
      const auto most = std::min<std::uint64_t>(buffer.size(), size - written);
      const auto count = ::read(file.get(), buffer.data(), most);
      // It became shorter meanwhile: the next change has it whole.
      if (count <= 0) std::fill_n(buffer.begin(), most, '\0');
      const std::size_t got = count > 0 ? static_cast<std::size_t>(count) : most;
      writer_.write_content({buffer.data(), got});
      written += got;
    }
    writer_.pad(size);
  }

  void add_link(const std::string& here, const std::string& there, const struct stat& info) {
    std::array<char, 4096> target;
    const auto length = ::readlink(here.c_str(), target.data(), target.size());
    if (length < 0) return;
    writer_.write({name_in_archive(there),
                   '2',
                   info,
                   std::string(target.data(), static_cast<std::size_t>(length)),
                   {}});
  }

  int root_;
  image::TarWriter writer_;
  std::set<std::string> made_;
};

void remove_there(int root, const std::string& path) {
  const TreePlace place = find_place(root, path, LastLink::keep);
  if (place.kind == FileKind::absent || !place.directory || place.name == ".") return;
  // An O_PATH descriptor cannot be read: it is opened anew.
  const Fd directory = open_in_root(root, directory_of(place.path), O_RDONLY | O_DIRECTORY);
  remove_tree(directory.get(), place.name);
}

}  // namespace

void sync_files(const supervisor::ObservedContainer& container, const SyncRequest& request) {
  const auto tree = runtime::open_running_tree(container.status.process);
  if (!tree) fail("container {} does not run", container.config.name);
  const std::string target = clean_absolute(request.target, "/");
  std::vector<std::pair<std::string, struct stat>> present;
  for (const auto& path : request.paths) {
    struct stat info {};
    if (::lstat(joined(request.source, path).c_str(), &info) == 0) {
      present.emplace_back(path, info);
    } else {
      remove_there(tree->root(), joined(target, path));
    }
  }
  if (present.empty()) return;
  image::through_pipe(
      [&](const image::TarSink& sink) {
        Archive archive(tree->root(), sink);
        for (const auto& [path, info] : present)
          archive.add(joined(request.source, path), joined(target, path), info);
        archive.finish();
      },
      [&](int archive) {
        const runtime::FilesOfRoot owner(tree->ids());
        image::unpack_files(archive, {.root = tree->root(),
                                      .directory = "/",
                                      .ownership = image::Ownership::roots,
                                      .ids = tree->ids()});
      });
}

}  // namespace stack::orchestrator
