// SPDX-License-Identifier: Apache-2.0
#include "runtime/child_overlay.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

constexpr const char* staged_upper = "/sys/u";
constexpr const char* staged_work = "/sys/w";

bool is_staged(const OverlayTask& task) {
  return task.id_mapping >= 0;
}

/// Overlay by fsconfig with one lowerdir+ a layer (Linux 6.8): no limit of a page, no escaping.
int overlay_by_fsconfig(const OverlayTask& task) {
  const int context = ::fsopen("overlay", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  bool accepted = true;
  const auto set = [&](const char* key, const char* value) {
    accepted = accepted && ::fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) == 0;
  };
  set("source", "overlay");
  for (std::size_t i = 0; i < task.lower.size(); ++i) {
    char staged[32];
    std::snprintf(staged, sizeof staged, "%s/%zu", staging_directory, i);
    set("lowerdir+", is_staged(task) ? staged : task.lower[i].c_str());
  }
  if (task.upper != nullptr) {
    set("upperdir", is_staged(task) ? staged_upper : task.upper);
    set("workdir", is_staged(task) ? staged_work : task.work);
  }
  // Some kernels are built with other defaults. The upper directory must be readable as a layer by
  // itself: without redirects and with whole files.
  set("redirect_dir", "off");
  set("metacopy", "off");
  accepted = accepted && ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  const int mount = accepted ? ::fsmount(context, FSMOUNT_CLOEXEC, 0) : -1;
  close_quietly(context);
  return mount;
}

int link_layers(const OverlayTask& task) {
  char name[24];
  for (std::size_t i = 0; i < task.lower.size(); ++i) {
    std::snprintf(name, sizeof name, "%zu", i);
    if (::symlink(task.lower[i].c_str(), name) != 0) return errno;
  }
  if (task.upper == nullptr) return 0;
  if (::symlink(task.upper, "u") != 0 || ::symlink(task.work, "w") != 0) return errno;
  return 0;
}

/// "lowerdir=0:1:2,upperdir=u,workdir=w,..."
int write_options(const OverlayTask& task, char* text, std::size_t size) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < task.lower.size() && used < size; ++i) {
    const char* before = i == 0 ? "lowerdir=" : ":";
    used += static_cast<std::size_t>(std::snprintf(text + used, size - used, "%s%zu", before, i));
  }
  const char* rest = task.upper == nullptr ? ",redirect_dir=off,metacopy=off"
                                           : ",upperdir=u,workdir=w,redirect_dir=off,metacopy=off";
  if (used < size)
    used += static_cast<std::size_t>(std::snprintf(text + used, size - used, "%s", rest));
  return used < size ? 0 : E2BIG;
}

/// Attaches `directory`, with the ids of a user namespace, as `name` in staging.
int attach_mapped(const char* directory, const char* name, int id_mapping) {
  if (::mkdir(name, 0700) != 0) return errno;
  const int tree = ::open_tree(AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return errno;
  int error = map_ids(tree, id_mapping, Depth::alone);
  if (error == 0) error = errno_of(::move_mount(tree, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH));
  ::close(tree);
  return error;
}

/// The directory that both are in, mapped once: overlayfs wants them in one mount.
int map_writable(const OverlayTask& task) {
  char place[4096];
  const char* end = std::strrchr(task.upper, '/');
  const auto size = static_cast<std::size_t>(end - task.upper);
  if (size >= sizeof place || std::strncmp(task.work, task.upper, size + 1) != 0) return EINVAL;
  std::memcpy(place, task.upper, size);
  place[size] = '\0';
  if (const int error = attach_mapped(place, "c", task.id_mapping)) return error;
  for (const auto& [name, path] : {std::pair{"u", task.upper}, {"w", task.work}}) {
    const int written = std::snprintf(place, sizeof place, "c%s", path + size);
    if (written < 0 || static_cast<std::size_t>(written) >= sizeof place) return ENAMETOOLONG;
    if (::symlink(place, name) != 0) return errno;
  }
  return 0;
}

int map_layers(const OverlayTask& task) {
  char name[24];
  for (std::size_t i = 0; i < task.lower.size(); ++i) {
    std::snprintf(name, sizeof name, "%zu", i);
    if (const int error = attach_mapped(task.lower[i].c_str(), name, task.id_mapping)) return error;
  }
  return task.upper == nullptr ? 0 : map_writable(task);
}

/// Layers under names of one to three letters in a tmpfs, which becomes the working directory.
int stage_layers(const OverlayTask& task) {
  if (::mount("tmpfs", staging_directory, "tmpfs", 0, "mode=700") != 0) return errno;
  if (::chdir(staging_directory) != 0) return errno;
  return is_staged(task) ? map_layers(task) : link_layers(task);
}

/// mount(2) takes one page of options: hence the short names.
int overlay_by_short_names(const OverlayTask& task) {
  static char options[4096];
  if (const int error = is_staged(task) ? 0 : stage_layers(task)) return error;
  if (const int error = write_options(task, options, sizeof options)) return error;
  return errno_of(::mount("overlay", staging_directory, "overlay", 0, options));
}

/// A detached copy of what `subpath` is below `directory`, which is attached: before Linux 6.15
/// nothing else can be cloned in parts.
int clone_part(int directory, const char* subpath) {
  const int inside = openat2(directory, *subpath == '\0' ? "." : subpath, O_PATH | O_CLOEXEC,
                             RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  if (inside < 0) return -1;
  const int tree = ::open_tree(inside, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  close_quietly(inside);
  return tree;
}

}  // namespace

int attach(int tree, int target) {
  return errno_of(
      ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int cover_staging(int mount) {
  const int target = ::open(staging_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (target < 0) return errno;
  const int error = attach(mount, target);
  ::close(target);
  return error;
}

int map_ids(int tree, int user_namespace, Depth depth) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(user_namespace);
  const unsigned flags = AT_EMPTY_PATH | (depth == Depth::with_submounts ? AT_RECURSIVE : 0U);
  return errno_of(::mount_setattr(tree, "", flags, &attributes, sizeof attributes));
}

int mount_overlay(const OverlayTask& task) {
  errno = is_staged(task) ? stage_layers(task) : 0;
  if (errno != 0) return -1;
  const int mount = overlay_by_fsconfig(task);
  if (mount >= 0) {
    errno = cover_staging(mount);
    return errno == 0 ? mount : -1;
  }
  errno = overlay_by_short_names(task);
  return errno == 0 ? ::open(staging_directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

int view_of_layers(std::span<const std::string> lower, const char* subpath, int id_mapping) {
  // Overlayfs wants two layers where none can be written; one is a view already.
  const int all = lower.size() == 1
                      ? ::open(lower.front().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)
                      : mount_overlay({lower, nullptr, nullptr, id_mapping});
  if (all < 0) return -1;
  const int view = clone_part(all, subpath);
  int error = view < 0 ? errno : 0;
  ::close(all);
  // An overlay has the ids of its layers.
  if (error == 0 && lower.size() == 1 && id_mapping >= 0)
    error = map_ids(view, id_mapping, Depth::alone);
  errno = error;
  return error == 0 ? view : -1;
}

}  // namespace stack::runtime
