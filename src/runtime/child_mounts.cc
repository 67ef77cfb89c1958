// SPDX-License-Identifier: Apache-2.0
#include "runtime/child_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "base/fail_point.h"
#include "runtime/child_overlay.h"
#include "runtime/child_target.h"
#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

int make_node(int directory, const Node& node) {
  const char* name = node.path.c_str();
  if (S_ISDIR(node.mode)) return errno_of(::mkdirat(directory, name, node.mode & 07777));
  if (S_ISLNK(node.mode)) return errno_of(::symlinkat(node.link_to.c_str(), directory, name));
  if (::mknodat(directory, name, node.mode, node.device) != 0) return errno;
  if (node.uid == 0 && node.gid == 0) return 0;
  return errno_of(::fchownat(directory, name, node.uid, node.gid, AT_SYMLINK_NOFOLLOW));
}

int make_nodes(int directory, std::span<const Node> nodes) {
  for (const Node& node : nodes) {
    if (const int error = make_node(directory, node)) return error;
  }
  return 0;
}

bool is_there(int root, const MountStep& step) {
  const int target = open_target(root, step.target.c_str(), step.links);
  if (target >= 0) ::close(target);
  return target >= 0;
}

/// As runc does: a tmpfs without mode= looks like the directory that it covers. Where there was
/// none it stays as the kernel makes one, for all to write to.
int take_mode(int mount, int target) {
  struct stat covered {};
  if (::fstat(target, &covered) != 0) return errno;
  return errno_of(::fchmod(mount, covered.st_mode & 07777));
}

/// Of what is made up by the kernel.
int new_filesystem(const char* type, std::span<const FilesystemOption> parameters,
                   std::uint64_t attributes) {
  // What /proc/mounts shows; programs that read it expect mount(8)'s custom.
  return new_file_system(type, type, parameters, attributes);
}

int set_propagation(int mount, std::uint64_t propagation) {
  if (propagation == 0) return 0;
  mount_attr attributes{};
  attributes.propagation = propagation;
  return errno_of(::mount_setattr(mount, "", AT_EMPTY_PATH, &attributes, sizeof attributes));
}

int attach_new_filesystem(int root, const MountStep& step) {
  // Read-only comes last: the nodes must be written first.
  const std::uint64_t later = step.attributes & MOUNT_ATTR_RDONLY;
  const char* const type = step.type.empty() ? step.source.c_str() : step.type.c_str();
  const int mount =
      new_file_system(type, step.source.c_str(), step.parameters, step.attributes & ~later);
  if (mount < 0) return errno;
  if (const int error = make_nodes(mount, step.nodes)) return error;
  const bool covers_directory = is_there(root, step);
  const int target = open_or_make(root, step.target.c_str(), S_IFDIR, step.links);
  if (target < 0) return errno;
  if (step.mode_of_target && covers_directory) {
    // fsmount gives an O_PATH descriptor, fchmod wants a real one.
    const int directory = ::openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error = directory < 0 ? errno : take_mode(directory, target);
    if (directory >= 0) ::close(directory);
    if (error != 0) return error;
  }
  if (later != 0) {
    if (const int error = set_mount_attributes(mount, later)) return error;
  }
  if (const int error = set_propagation(mount, step.propagation)) return error;
  const int error = attach(mount, target);
  ::close(target);
  ::close(mount);
  return error;
}

constexpr std::uint64_t all_attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                         MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME |
                                         MOUNT_ATTR_NODIRATIME;

int set_tree_attributes(int tree, const MountStep& step, mode_t source_mode) {
  mount_attr attributes{};
  attributes.attr_set = step.attributes;
  // What somebody put into a directory is no device; what was bound by its own name is.
  const bool is_device = S_ISCHR(source_mode) || S_ISBLK(source_mode);
  if (step.device_itself && is_device) attributes.attr_set &= ~std::uint64_t{MOUNT_ATTR_NODEV};
  // How times are kept is one of several, and set by clearing them all.
  if ((step.attributes & MOUNT_ATTR__ATIME) != 0) attributes.attr_clr = MOUNT_ATTR__ATIME;
  // A copy of another container's mount has what that one asked for.
  if (step.kind == StepKind::volume) attributes.attr_clr = all_attributes;
  attributes.propagation = step.propagation;
  const unsigned flags = AT_EMPTY_PATH | (step.depth == Depth::with_submounts ? AT_RECURSIVE : 0U);
  return errno_of(::mount_setattr(tree, "", flags, &attributes, sizeof attributes));
}

/// move_mount(2) says EINVAL to both mistakes; these say what is wrong.
int same_kind(int target, mode_t source_type) {
  struct stat info {};
  if (::fstat(target, &info) != 0) return errno;
  if (S_ISDIR(info.st_mode) == S_ISDIR(source_type)) return 0;
  return S_ISDIR(info.st_mode) ? EISDIR : ENOTDIR;
}

int attach_bind(int root, const MountStep& step, int tree) {
  struct stat source {};
  if (::fstat(tree, &source) != 0) return errno;
  if (const int error = set_tree_attributes(tree, step, source.st_mode)) return error;
  const mode_t type = S_ISDIR(source.st_mode) ? S_IFDIR : S_IFREG;
  const int target = open_or_make(root, step.target.c_str(), type, step.links);
  if (target < 0) return errno;
  int error = same_kind(target, type);
  if (error == 0) error = attach(tree, target);
  ::close(target);
  ::close(tree);
  return error;
}

/// Covers `target` with a read-only view of itself.
int bind_read_only(int target) {
  const int tree =
      ::open_tree(target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (tree < 0) return errno;
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  int error = errno_of(
      ::mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes));
  if (error == 0) error = attach(tree, target);
  ::close(tree);
  return error;
}

/// The new root's own null device: made by us a moment ago in a tmpfs nobody else has seen.
int open_null(int root) {
  const int null = open_target(root, "/dev/null", TargetLinks::refuse);
  struct stat info {};
  if (null >= 0 && (::fstat(null, &info) != 0 || !S_ISCHR(info.st_mode) || info.st_rdev != 0x103)) {
    ::close(null);
    errno = ENODEV;
    return -1;
  }
  return null;
}

int mask_file(int root, int target) {
  const int null = open_null(root);
  if (null < 0) return errno;
  const int tree = ::open_tree(null, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  const int error = tree < 0 ? errno : attach(tree, target);
  if (tree >= 0) ::close(tree);
  ::close(null);
  return error;
}

int mask_directory(int target) {
  const int mount = new_filesystem("tmpfs", {}, MOUNT_ATTR_RDONLY);
  if (mount < 0) return errno;
  const int error = attach(mount, target);
  ::close(mount);
  return error;
}

int mask(int root, int target) {
  if (const int error = injected_error("child.mask")) return error;
  struct stat info {};
  if (::fstat(target, &info) != 0) return errno;
  return S_ISDIR(info.st_mode) ? mask_directory(target) : mask_file(root, target);
}

/// Applies `change` to each path that exists.
template <typename Change>
ChildFailure for_each_existing(int root, std::span<const std::string> paths, ChildStage stage,
                               Change change) {
  for (std::uint32_t i = 0; i < paths.size(); ++i) {
    const int target = open_target(root, paths[i].c_str(), TargetLinks::refuse);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
    const int error = target < 0 ? errno : change(target);
    if (target >= 0) ::close(target);
    if (error != 0) return {stage, error, i};
  }
  return {stage, 0, static_cast<std::uint32_t>(paths.size())};
}

/// A detached copy of a bind's source, or -1 with errno.
int clone_source(const MountStep& step) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                         (step.depth == Depth::with_submounts ? AT_RECURSIVE : 0U);
  if (step.subpath.empty()) return ::open_tree(AT_FDCWD, step.source.c_str(), flags);
  const int directory = ::open(step.source.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -1;
  const int inside = openat2(directory, step.subpath.c_str(), O_PATH | O_CLOEXEC,
                             RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  const int tree = inside < 0 ? -1 : ::open_tree(inside, "", flags | AT_EMPTY_PATH);
  close_quietly(inside);
  close_quietly(directory);
  return tree;
}

int open_bind(const MountStep& step, int id_mapping) {
  const int tree = clone_source(step);
  if (tree < 0 || id_mapping < 0) return tree;
  errno = map_ids(tree, id_mapping, step.depth);
  if (errno == 0) return tree;
  close_quietly(tree);
  return -1;
}

/// The kernel clones mounts only of the namespace that the caller is in.
int open_shared_shm(const SourceTask& task) {
  return from_namespace(task.shared_mounts, "/proc/self/ns/mnt", CLONE_NEWNS, [] {
    const int shm = openat2(AT_FDCWD, "/dev/shm", O_PATH | O_DIRECTORY | O_CLOEXEC,
                            RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    const int tree =
        shm < 0 ? -1 : ::open_tree(shm, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    close_quietly(shm);
    return tree;
  });
}

}  // namespace

int new_file_system(const char* type, const char* source,
                    std::span<const FilesystemOption> parameters, std::uint64_t attributes) {
  const int context = ::fsopen(type, FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  int error = 0;
  ::fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0);
  for (const FilesystemOption& option : parameters) {
    const bool flag = option.value.empty();
    const int result = ::fsconfig(context, flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING,
                                  option.key.c_str(), flag ? nullptr : option.value.c_str(), 0);
    if (result != 0 && error == 0) error = errno;
  }
  if (error == 0) error = errno_of(::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
  const int mount =
      error != 0 ? -1 : ::fsmount(context, FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes));
  if (error == 0) error = errno;
  ::close(context);
  errno = error;
  return mount;
}

ChildFailure open_sources(const SourceTask& task, std::span<const MountStep> steps,
                          std::span<int> trees) {
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    trees[i] = -1;
    if (steps[i].kind == StepKind::bind) {
      trees[i] = open_bind(steps[i], task.id_mappings.empty() ? -1 : task.id_mappings[i]);
    } else if (steps[i].kind == StepKind::shared_shm) {
      trees[i] = open_shared_shm(task);
    } else {
      continue;
    }
    if (trees[i] < 0) return {ChildStage::open_source, errno, i};
  }
  return {ChildStage::open_source, 0, static_cast<std::uint32_t>(steps.size())};
}

namespace {

int write_file(int directory, const char* name, const MountStep& step) {
  const Node& node = step.nodes.front();
  const int file =
      ::openat(directory, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  int error = 0;
  for (std::size_t done = 0; error == 0 && done < step.content.size();) {
    const ssize_t size = ::write(file, step.content.data() + done, step.content.size() - done);
    if (size < 0) error = errno;
    if (size > 0) done += static_cast<std::size_t>(size);
  }
  if (error == 0) error = errno_of(::fchown(file, node.uid, node.gid));
  if (error == 0) error = errno_of(::fchmod(file, node.mode & 07777));
  ::close(file);
  return error;
}

/// A detached mount of one file of the tmpfs, or -1 with errno.
int make_file(int tmpfs, std::uint32_t number, const MountStep& step) {
  char name[24];
  std::snprintf(name, sizeof name, "%u", number);
  errno = write_file(tmpfs, name, step);
  if (errno != 0) return -1;
  const int tree = ::open_tree(tmpfs, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return -1;
  errno = set_mount_attributes(tree, step.attributes);
  return errno == 0 ? tree : -1;
}

}  // namespace

ChildFailure make_files(std::span<const MountStep> steps, std::span<int> trees) {
  int tmpfs = -1;
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != StepKind::file) continue;
    if (tmpfs < 0) {
      tmpfs = new_filesystem("tmpfs", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
      // Before Linux 6.15 only what is attached can be cloned in parts.
      const int error = tmpfs < 0 ? errno : cover_staging(tmpfs);
      if (error != 0) return {ChildStage::mount, error, i};
    }
    trees[i] = make_file(tmpfs, i, steps[i]);
    if (trees[i] < 0) return {ChildStage::mount, errno, i};
  }
  if (tmpfs >= 0) ::close(tmpfs);
  return {ChildStage::make_files, 0, 0};
}

ChildFailure open_layers(std::span<const MountStep> steps, std::span<int> trees, int id_mapping) {
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != StepKind::layers) continue;
    trees[i] = view_of_layers(steps[i].layers, steps[i].subpath.c_str(), id_mapping);
    if (trees[i] < 0) return {ChildStage::open_source, errno, i};
  }
  return {};
}

namespace {

/// Overlayfs makes itself read-only when it can make nothing in its working directory, and gives no
/// error.
int check_writable(int root, const char* upper) {
  struct statfs info {};
  if (::fstatfs(root, &info) != 0) return errno;
  if ((info.f_flags & ST_RDONLY) == 0) return 0;
  if (::statfs(upper, &info) != 0) return errno;
  const bool no_inodes = info.f_files != 0 && info.f_ffree == 0;
  return info.f_bavail == 0 || no_inodes ? ENOSPC : EROFS;
}

}  // namespace

ChildFailure mount_root(const OverlayTask& task, int& root) {
  const int injected = injected_error("child.mount-root");
  if (injected != 0) return {ChildStage::mount_root, injected, 0};
  root = mount_overlay(task);
  if (root < 0) return {ChildStage::mount_root, errno, 0};
  return {ChildStage::mount_root, task.upper == nullptr ? 0 : check_writable(root, task.upper), 0};
}

namespace {

int attach_file(int root, const MountStep& step, int tree) {
  const int target = open_or_make(root, step.target.c_str(), S_IFREG, step.links);
  if (target < 0) return errno;
  int error = same_kind(target, S_IFREG);
  if (error == 0) error = attach(tree, target);
  ::close(target);
  ::close(tree);
  return error;
}

int attach_step(int root, const MountStep& step, int tree) {
  if (const int error = injected_error("child.mount")) return error;
  switch (step.kind) {
    case StepKind::bind:
    case StepKind::layers:
    case StepKind::shared_shm:
    case StepKind::volume:
      return attach_bind(root, step, tree);
    case StepKind::file:
      return attach_file(root, step, tree);
    case StepKind::new_filesystem:
      break;
  }
  return attach_new_filesystem(root, step);
}

}  // namespace

void mount_steps(int root, std::span<const MountStep> steps, std::span<const int> trees,
                 const ChildReport& report) {
  for (std::uint32_t i = 0; i < steps.size(); ++i)
    report.require(ChildStage::mount, attach_step(root, steps[i], trees[i]), i);
}

ChildFailure mask_paths(int root, std::span<const std::string> paths) {
  return for_each_existing(root, paths, ChildStage::mask,
                           [&](int target) { return mask(root, target); });
}

ChildFailure make_paths_read_only(int root, std::span<const std::string> paths) {
  return for_each_existing(root, paths, ChildStage::read_only, bind_read_only);
}

ChildFailure replace_links(int root, std::span<const std::string> paths) {
  for (std::uint32_t i = 0; i < paths.size(); ++i) {
    if (const int error = replace_link(root, paths[i].c_str()))
      return {ChildStage::replace_link, error, i};
  }
  return {ChildStage::replace_link, 0, static_cast<std::uint32_t>(paths.size())};
}

int make_directory_in_root(int root, const char* path) {
  const int directory = open_or_make(root, path, S_IFDIR, TargetLinks::in_root);
  if (directory < 0) return errno;
  ::close(directory);
  return 0;
}

int set_mount_attributes(int mount, std::uint64_t attributes) {
  mount_attr change{};
  change.attr_set = attributes;
  return errno_of(::mount_setattr(mount, "", AT_EMPTY_PATH, &change, sizeof change));
}

int bind_console(int root, int terminal) {
  const int tree = ::open_tree(terminal, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return errno;
  const int target = open_target(root, "/dev/console", TargetLinks::refuse);
  const int error = target < 0 ? errno : attach(tree, target);
  if (target >= 0) ::close(target);
  ::close(tree);
  return error;
}

}  // namespace stack::runtime
