// SPDX-License-Identifier: Apache-2.0
#include "runtime/facilities.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "runtime/host_abilities.h"
#include "runtime/kernel.h"
#include "runtime/user_namespace.h"

namespace stack::runtime {
namespace {

/// Runs `attempt` in a forked child, so that what it changes dies with it; answers its errno.
template <typename Attempt>
int try_in_child(Attempt attempt) {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) ::_exit(attempt());
  const int status = await_end(child).value_or(0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

Facility judged(std::string name, int error, std::string cure) {
  if (error == 0) return {std::move(name), FacilityState::ok, "works", {}};
  return {std::move(name), FacilityState::missing, errno_text(error), std::move(cure)};
}

Facility namespace_facility(const char* name, int flag) {
  return judged(fmt::format("{} namespace", name),
                try_in_child([flag] { return errno_of(::unshare(flag)); }),
                "run as root with CAP_SYS_ADMIN on a kernel that has this namespace");
}

int try_overlay() {
  if (::unshare(CLONE_NEWNS) != 0) return errno;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return errno;
  if (::mount("tmpfs", "/sys", "tmpfs", 0, nullptr) != 0 || ::chdir("/sys") != 0) return errno;
  for (const char* name : {"l", "u", "w", "m"}) {
    if (::mkdir(name, 0700) != 0) return errno;
  }
  return errno_of(::mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u,workdir=w"));
}

int try_seccomp() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  return errno_of(::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
}

/// A call that does not exist says ENOSYS; any other answer to nonsense means that it is there.
int exists_in_kernel(long number) {
  const long answer = ::syscall(number, -1, nullptr, 0, 0, 0);
  return answer < 0 && errno == ENOSYS ? ENOSYS : 0;
}

struct NamedCall {
  const char* name;
  long number;
  const char* since;
};

constexpr std::array<NamedCall, 8> needed_calls = {{{"clone3", SYS_clone3, "5.3"},
                                                    {"pidfd_open", SYS_pidfd_open, "5.3"},
                                                    {"openat2", SYS_openat2, "5.6"},
                                                    {"open_tree", SYS_open_tree, "5.2"},
                                                    {"fsopen", SYS_fsopen, "5.2"},
                                                    {"move_mount", SYS_move_mount, "5.2"},
                                                    {"mount_setattr", SYS_mount_setattr, "5.12"},
                                                    {"close_range", SYS_close_range, "5.11"}}};

Facility call_facility(const NamedCall& call) {
  return judged(call.name, try_in_child([&] { return exists_in_kernel(call.number); }),
                fmt::format("needs Linux {} or newer", call.since));
}

/// What keys of a service ask for: the same table by which they are checked.
Facility need_facility(const HostNeed& need, const HostAbilities& host) {
  Facility facility{std::string(need.name), FacilityState::ok, {}, {}};
  if (const auto where = find_need(need.need, host)) {
    facility.detail = *where;
    return facility;
  }
  facility.state = need.need == Need::devices ? FacilityState::missing : FacilityState::degraded;
  facility.detail = fmt::format("not here: {}", need.costs);
  facility.cure = need.cure;
  return facility;
}

/// Containers are given no label of their own; where SELinux rules, they keep stack's.
Facility selinux_facility(const HostAbilities& host) {
  if (!host.selinux) return {"selinux", FacilityState::ok, "off", {}};
  return {"selinux", FacilityState::degraded,
          "on: containers run with the label of whoever starts stack",
          "nothing to do, unless a policy denies them something"};
}

Facility unified_facility(const HostAbilities& host) {
  const std::string& where = host.cgroups.unified;
  if (!where.empty()) return {"cgroup v2 tree", FacilityState::ok, where, {}};
  return {"cgroup v2 tree", FacilityState::degraded, "not mounted",
          "mount -t cgroup2 none /sys/fs/cgroup/unified makes starting and killing race-free"};
}

/// overlayfs takes none of its own kind for what is written: as in a container without a volume.
Facility writable_layer_facility(const std::filesystem::path& data) {
  constexpr long overlayfs_magic = 0x794c7630;
  std::filesystem::path there = data;
  while (!stack::exists(there) && there.has_relative_path()) there = there.parent_path();
  struct statfs info {};
  const bool is_overlay = ::statfs(there.c_str(), &info) == 0 && info.f_type == overlayfs_magic;
  if (!is_overlay) return {"writable layers", FacilityState::ok, "works", {}};
  return {"writable layers", FacilityState::missing,
          fmt::format("{} is on overlayfs: no container can start", data.native()),
          "keep stack's files on another file system (a volume): --root or STACK_ROOT"};
}

/// What containers with user namespaces want of the file system below their files.
Facility mapping_facility(const std::filesystem::path& data) {
  if (takes_id_mapping(data)) return {"idmapped mounts", FacilityState::ok, "works", {}};
  return {"idmapped mounts", FacilityState::degraded,
          fmt::format("not on the file system of {}: userns_mode: auto is refused", data.native()),
          "keep stack's files on ext4, xfs or btrfs (or tmpfs, from Linux 6.3 on)"};
}

}  // namespace

std::vector<Facility> facilities(const std::filesystem::path& data) {
  std::vector<Facility> all = {
      namespace_facility("mount", CLONE_NEWNS),    namespace_facility("pid", CLONE_NEWPID),
      namespace_facility("network", CLONE_NEWNET), namespace_facility("ipc", CLONE_NEWIPC),
      namespace_facility("uts", CLONE_NEWUTS),     namespace_facility("cgroup", CLONE_NEWCGROUP)};
  const HostAbilities host = host_abilities();
  all.push_back(unified_facility(host));
  for (const HostNeed& need : host_needs()) all.push_back(need_facility(need, host));
  all.push_back(mapping_facility(data));
  all.push_back(writable_layer_facility(data));
  all.push_back(selinux_facility(host));
  all.push_back(judged("overlayfs", try_in_child(try_overlay), "modprobe overlay"));
  all.push_back(
      judged("seccomp", try_in_child(try_seccomp), "a kernel with CONFIG_SECCOMP_FILTER"));
  for (const NamedCall& call : needed_calls) all.push_back(call_facility(call));
  return all;
}

}  // namespace stack::runtime
