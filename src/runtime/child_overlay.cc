// SPDX-License-Identifier: Apache-2.0
#include "runtime/child_overlay.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>

#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

constexpr const char* staging = "/sys";

/// Overlay by fsconfig with one lowerdir+ a layer (Linux 6.8): no limit of a page, no escaping.
int overlay_by_fsconfig(const OverlayTask& task) {
  const int context = ::fsopen("overlay", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  bool accepted = true;
  const auto set = [&](const char* key, const char* value) {
    accepted = accepted && ::fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) == 0;
  };
  set("source", "overlay");
  for (const std::string& layer : task.lower) set("lowerdir+", layer.c_str());
  if (task.upper != nullptr) {
    set("upperdir", task.upper);
    set("workdir", task.work);
  }
  // Some kernels are built with other defaults. The upper directory must be readable as a layer by
  // itself: without redirects and with whole files.
  set("redirect_dir", "off");
  set("metacopy", "off");
  accepted = accepted && ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  const int mount = accepted ? ::fsmount(context, FSMOUNT_CLOEXEC, 0) : -1;
  const int error = errno;
  ::close(context);
  errno = error;
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

/// mount(2) takes one page of options: the layers get names of one to three letters, as links in a
/// tmpfs.
int overlay_by_short_names(const OverlayTask& task) {
  static char options[4096];
  if (::mount("tmpfs", staging, "tmpfs", 0, "mode=700") != 0) return errno;
  if (::chdir(staging) != 0) return errno;
  if (const int error = link_layers(task)) return error;
  if (const int error = write_options(task, options, sizeof options)) return error;
  return errno_of(::mount("overlay", staging, "overlay", 0, options));
}

/// A detached copy of what `subpath` is below `directory`, which is attached: before Linux 6.15
/// nothing else can be cloned in parts.
int clone_part(int directory, const char* subpath) {
  const int inside = openat2(directory, *subpath == '\0' ? "." : subpath, O_PATH | O_CLOEXEC,
                             RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  if (inside < 0) return -1;
  const int tree = ::open_tree(inside, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  const int error = errno;
  ::close(inside);
  errno = error;
  return tree;
}

}  // namespace

int attach(int tree, int target) {
  return errno_of(
      ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int cover_staging(int mount) {
  const int target = ::open(staging, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (target < 0) return errno;
  const int error = attach(mount, target);
  ::close(target);
  return error;
}

int mount_overlay(const OverlayTask& task) {
  const int mount = overlay_by_fsconfig(task);
  if (mount >= 0) {
    errno = cover_staging(mount);
    return errno == 0 ? mount : -1;
  }
  errno = overlay_by_short_names(task);
  return errno == 0 ? ::open(staging, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

int view_of_layers(std::span<const std::string> lower, const char* subpath) {
  // Overlayfs wants two layers where none can be written; one is a view already.
  const int all = lower.size() == 1
                      ? ::open(lower.front().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)
                      : mount_overlay({lower, nullptr, nullptr});
  if (all < 0) return -1;
  const int view = clone_part(all, subpath);
  const int error = errno;
  ::close(all);
  errno = error;
  return view;
}

}  // namespace stack::runtime
