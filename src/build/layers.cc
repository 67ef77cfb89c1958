// SPDX-License-Identifier: Apache-2.0
#include "build/layers.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "base/overlay_tree.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/new_layer.h"
#include "image/tree_changes.h"

namespace stack::build {
namespace {

namespace fs = std::filesystem;
using std::chrono::system_clock;

/// Open to everybody: it is the root directory of whoever the image's user is.
void make_open_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0755) != 0) throw_errno("mkdir {}", path.native());
  if (::chmod(path.c_str(), 0755) != 0) throw_errno("chmod {}", path.native());
}

void clamp_times(int directory, const timespec& newest) {
  JoinedDirectory alone;
  alone.emplace_back(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!alone.front()) throw_errno("open directory");
  const auto clamp = [&](const char* name) {
    struct stat info {};
    if (::fstatat(alone.front().get(), name, &info, AT_SYMLINK_NOFOLLOW) != 0)
      throw_errno("stat {}", printable(name));
    if (std::pair(info.st_mtim.tv_sec, info.st_mtim.tv_nsec) >
        std::pair(newest.tv_sec, newest.tv_nsec)) {
      const timespec times[2] = {newest, newest};
      if (::utimensat(alone.front().get(), name, times, AT_SYMLINK_NOFOLLOW) != 0)
        throw_errno("set times of {}", printable(name));
    }
    return S_ISDIR(info.st_mode);
  };
  for (const std::string& name : names_in(alone)) {
    if (!clamp(name.c_str())) continue;
    const Fd below(::openat(alone.front().get(), name.c_str(),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below) throw_errno("open {}", printable(name));
    clamp_times(below.get(), newest);
    clamp(name.c_str());
  }
}

timespec to_timespec(system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return {system_clock::to_time_t(whole),
          std::chrono::duration_cast<std::chrono::nanoseconds>(time - whole).count()};
}

}  // namespace

JoinedDirectory open_layers(const image::StorePaths& paths,
                            const std::vector<std::string>& diff_ids) {
  JoinedDirectory layers;
  const auto chains = image::chain_ids(diff_ids);
  for (auto chain = chains.rbegin(); chain != chains.rend(); ++chain)
    layers.push_back(open_file(paths.layer(*chain), O_RDONLY | O_DIRECTORY));
  return layers;
}

std::string chain_of(const std::vector<std::string>& diff_ids) {
  return diff_ids.empty() ? "" : image::chain_ids(diff_ids).back();
}

Workspace::Workspace(const image::StorePaths& paths, const std::vector<std::string>& diff_ids)
    : scratch_(image::begin_layer(paths)) {
  for (const std::string& chain : image::chain_ids(diff_ids))
    root_.lower.insert(root_.lower.begin(), paths.layer(chain).native());
  // An overlay wants something below.
  if (root_.lower.empty()) {
    make_open_directory(scratch_.path() / "empty");
    root_.lower.push_back((scratch_.path() / "empty").native());
  }
  root_.upper = (scratch_.path() / "upper").native();
  root_.work = (scratch_.path() / "work").native();
  make_open_directory(root_.upper);
  make_directories(root_.work);
  // The root directory is what it was.
  struct stat info {};
  if (::stat(root_.lower.front().c_str(), &info) != 0) throw_errno("stat {}", root_.lower.front());
  if (::chown(root_.upper.c_str(), info.st_uid, info.st_gid) != 0 ||
      ::chmod(root_.upper.c_str(), info.st_mode & 07777) != 0)
    throw_errno("set owner and mode of {}", root_.upper);
}

fs::path Workspace::side(const std::string& name) const {
  const fs::path path = scratch_.path() / name;
  make_directories(path);
  return path;
}

runtime::ContainerTree Workspace::mount() const {
  runtime::ContainerSpec spec;
  spec.root = root_;
  return runtime::mount_stopped_tree(spec);
}

std::set<std::string> leave_out(const std::vector<std::string>& volumes,
                                std::vector<image::TreeChange>& changes) {
  std::set<std::string> lossy;
  for (const std::string& volume : volumes) {
    const auto count = std::erase_if(changes, [&](const image::TreeChange& change) {
      const bool is_itself = change.path == volume && change.kind != image::ChangeKind::added;
      return is_itself || change.path.starts_with(volume + "/");
    });
    if (count > 0) lossy.insert(volume);
  }
  return lossy;
}

Workspace::TakenLayer Workspace::take_layer(const std::set<std::string>& scaffolding,
                                            std::optional<system_clock::time_point> newest,
                                            const std::vector<std::string>& volumes) const {
  const Fd upper = open_file(root_.upper, O_RDONLY | O_DIRECTORY);
  JoinedDirectory lower;
  for (const std::string& layer : root_.lower)
    lower.push_back(open_file(layer, O_RDONLY | O_DIRECTORY));
  if (newest) clamp_times(upper.get(), to_timespec(*newest));
  auto changes = image::tree_changes(upper.get(), lower, scaffolding);
  TakenLayer taken;
  taken.lossy = leave_out(volumes, changes);
  if (!changes.empty())
    taken.layer = image::layer_of_changes(upper.get(), changes, scratch_.path() / "tree");
  return taken;
}

}  // namespace stack::build
