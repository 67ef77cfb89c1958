// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_abilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/inquiry.h"
#include "base/text.h"
#include "runtime/capabilities.h"
#include "runtime/limits.h"

namespace stack::runtime {
namespace {

constexpr HostNeed needs[] = {
    {Need::cpu, "cgroup cpu", "this machine has no cpu cgroup controller",
     "cpu_shares has no effect",
     "mount the cpu controller (cgroup v1), or leave it to the cgroup2 tree"},
    {Need::cpu_quota, "cgroup cpu quota", "cgroups of this machine have no quotas of cpu time",
     "cpus is refused, cpu_quota and cpu_period have no effect",
     "a kernel with CONFIG_CFS_BANDWIDTH and the cpu controller"},
    {Need::real_time, "cgroup cpu real-time", "cgroups of this machine have no real-time budgets",
     "cpu_rt_runtime and cpu_rt_period are refused",
     "a kernel with CONFIG_RT_GROUP_SCHED and cgroup v1; or leave them out"},
    {Need::cpuset, "cgroup cpuset", "this machine has no cpuset cgroup controller",
     "cpuset has no effect",
     "mount the cpuset controller (cgroup v1), or leave it to the cgroup2 tree"},
    {Need::memory, "cgroup memory", "this machine has no memory cgroup controller",
     "mem_limit and mem_reservation have no effect",
     "boot with cgroup_enable=memory and mount the memory controller (cgroup v1), or leave it to "
     "the cgroup2 tree"},
    {Need::swap, "cgroup swap", "cgroups of this machine do not account for swap",
     "memswap_limit has no effect", "boot with swapaccount=1, on a kernel with CONFIG_SWAP"},
    {Need::swappiness, "cgroup swappiness", "cgroups of this machine have no swappiness",
     "mem_swappiness has no effect", "cgroup v2 has no such thing: leave it out"},
    {Need::oom_kill_disable, "cgroup oom control",
     "cgroup v2 cannot keep a group from being killed for memory", "oom_kill_disable has no effect",
     "cgroup v2 has no such thing: leave it out"},
    {Need::pids, "cgroup pids", "this machine has no pids cgroup controller",
     "pids_limit has no effect, and nothing stops a fork bomb",
     "mount the pids controller (cgroup v1), or leave it to the cgroup2 tree"},
    {Need::block, "cgroup io", "this machine has no blkio cgroup controller",
     "blkio_config has no effect",
     "mount the blkio controller (cgroup v1), or leave io to the cgroup2 tree"},
    {Need::block_rates, "cgroup io rates", "the kernel does not limit rates of block devices",
     "the rates of blkio_config have no effect", "a kernel with CONFIG_BLK_DEV_THROTTLING"},
    {Need::block_weights, "cgroup io weights",
     "the kernel has no scheduler of block devices with weights (BFQ)",
     "the weights of blkio_config have no effect",
     "modprobe bfq, and make it the scheduler of the device"},
    {Need::devices, "cgroup devices",
     "this machine has neither a devices controller nor a cgroup2 tree", "no container can start",
     "mount the devices controller (cgroup v1), or cgroup2 on /sys/fs/cgroup"},
    {Need::freezer, "cgroup freezer", "this machine has neither a freezer nor a cgroup2 tree",
     "pause fails", "mount the freezer controller (cgroup v1), or cgroup2"},
    {Need::raise_limits, "CAP_SYS_RESOURCE", "stack may not raise limits",
     "ulimits above stack's own and an oom_score_adj below 0 are refused",
     "give CAP_SYS_RESOURCE to whoever starts stack"},
    {Need::apparmor, "apparmor", "the kernel has no AppArmor",
     "security_opt apparmor= has no effect", "boot with apparmor=1 security=apparmor"},
    {Need::user_namespaces, "user namespaces", "no user namespace can be made on this machine",
     "userns_mode: auto is refused",
     "a kernel with CONFIG_USER_NS, and sysctl user.max_user_namespaces above 0"},
};

/// Files that show a need to be met: in groups of a v1 controller, or of a v2 controller. Any of
/// `v2_files` will do.
struct CgroupPlace {
  Need need;
  const char* v1;       ///< controller; null: v1 does not have it
  const char* v1_file;  ///< null: the controller is enough
  const char* v2;
  std::array<const char*, 2> v2_files;
};

constexpr CgroupPlace places[] = {
    {Need::cpu, "cpu", nullptr, "cpu", {}},
    {Need::cpu_quota, "cpu", "cpu.cfs_quota_us", "cpu", {"cpu.max"}},
    {Need::real_time, "cpu", "cpu.rt_runtime_us", nullptr, {}},
    {Need::cpuset, "cpuset", nullptr, "cpuset", {}},
    {Need::memory, "memory", nullptr, "memory", {}},
    {Need::swap, "memory", "memory.memsw.limit_in_bytes", "memory", {"memory.swap.max"}},
    {Need::swappiness, "memory", "memory.swappiness", nullptr, {}},
    {Need::oom_kill_disable, "memory", "memory.oom_control", nullptr, {}},
    {Need::pids, "pids", nullptr, "pids", {}},
    {Need::block, "blkio", nullptr, "io", {}},
    {Need::block_rates, "blkio", "blkio.throttle.read_bps_device", "io", {"io.max"}},
    {Need::block_weights, "blkio", "blkio.bfq.weight", "io", {"io.bfq.weight", "io.weight"}},
};

const CgroupPlace* place_of(Need need) {
  const auto* place = std::ranges::find(places, need, &CgroupPlace::need);
  return place == std::end(places) ? nullptr : place;
}

bool has_any(const std::array<const char*, 2>& files, const HostAbilities& host) {
  return files[0] == nullptr || std::ranges::any_of(files, [&](const char* file) {
           return file != nullptr && !host.missing_files.contains(file);
         });
}

/// A controller that is v1's somewhere is not in the v2 tree.
std::optional<std::string> find_in_cgroups(const CgroupPlace& place, const HostAbilities& host) {
  if (place.v1 != nullptr && host.cgroups.v1_with(place.v1) != nullptr) {
    const bool there = place.v1_file == nullptr || !host.missing_files.contains(place.v1_file);
    return there ? std::optional<std::string>("v1") : std::nullopt;
  }
  const bool there =
      place.v2 != nullptr && host.cgroups.unified_has(place.v2) && has_any(place.v2_files, host);
  return there ? std::optional<std::string>("v2") : std::nullopt;
}

// ---- looking

bool is_directory(const std::string& path) {
  void_inquiry();
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Some files are in every group but the root: any group will do. Without one nobody knows.
bool groups_lack_v1(const std::string& mount, const std::string& file) {
  if (exists(mount + "/" + file)) return false;
  for (const std::string& name : list_directory(mount)) {
    const std::string group = mount + "/" + name;
    if (is_directory(group)) return !exists(group + "/" + file);
  }
  return false;
}

/// A file that is in each group that has the controller, whatever else the kernel was built with.
std::string sign_of(std::string_view controller) {
  return controller == "io" ? "io.stat" : fmt::format("{}.max", controller);
}

/// A group that has the controller: the root hands it on to some of its children only, and they to
/// some of theirs. Empty when there is none.
std::string group_with(const std::string& mount, const std::string& sign) {
  for (const std::string& name : list_directory(mount)) {
    const std::string group = mount + "/" + name;
    if (is_directory(group) && exists(group + "/" + sign)) return group;
  }
  return {};
}

void note_missing(const CgroupPlace& place, const CgroupLayout& layout,
                  std::set<std::string>& missing) {
  if (place.v1 != nullptr && layout.v1_with(place.v1) != nullptr) {
    const std::string& mount = layout.v1_with(place.v1)->mount;
    if (place.v1_file != nullptr && groups_lack_v1(mount, place.v1_file))
      missing.insert(place.v1_file);
    return;
  }
  if (place.v2 == nullptr || place.v2_files[0] == nullptr || !layout.unified_has(place.v2)) return;
  const std::string group = group_with(layout.unified, sign_of(place.v2));
  if (group.empty()) return;
  for (const char* file : place.v2_files)
    if (file != nullptr && !exists(group + "/" + file)) missing.insert(file);
}

std::set<std::string> missing_files(const CgroupLayout& layout) {
  std::set<std::string> missing;
  for (const CgroupPlace& place : places) note_missing(place, layout, missing);
  return missing;
}

std::map<std::string, std::int64_t> hard_limits() {
  std::map<std::string, std::int64_t> limits;
  for (const auto& [name, resource] : named_limits()) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
    limits[std::string(name)] =
        limit.rlim_max == RLIM_INFINITY ? -1 : static_cast<std::int64_t>(limit.rlim_max);
  }
  return limits;
}

/// Whoever is not privileged may go down to what the last privileged one left, which the kernel
/// does not tell: so it is tried, and taken back.
int lowest_oom_score_adj() {
  const std::filesystem::path file = "/proc/self/oom_score_adj";
  const int own = parse_integer<int>(trim(read_file_if_exists(file).value_or("0"))).value_or(0);
  if (own <= 0) return own;
  try {
    write_kernel_file(file, "0");
    write_kernel_file(file, std::to_string(own));
  } catch (const Error&) {
    return own;
  }
  return 0;
}

/// securityfs may not be mounted, or not be ours to read.
std::optional<std::set<std::string>> loaded_profiles() {
  try {
    if (const auto text = read_file_if_exists("/sys/kernel/security/apparmor/profiles"))
      return parse_apparmor_profiles(*text);
  } catch (const Error&) {
  }
  return std::nullopt;
}

bool may_make_user_namespaces() {
  const std::string most = read_file_if_exists("/proc/sys/user/max_user_namespaces").value_or("0");
  return exists("/proc/self/ns/user") && parse_integer<std::uint64_t>(trim(most)).value_or(0) > 0;
}

}  // namespace

std::span<const HostNeed> host_needs() {
  return needs;
}

const HostNeed& host_need(Need need) {
  return *std::ranges::find(needs, need, &HostNeed::need);
}

std::optional<std::string> find_need(Need need, const HostAbilities& host) {
  const auto yes = [](bool there) {
    return there ? std::optional<std::string>("yes") : std::nullopt;
  };
  if (const CgroupPlace* place = place_of(need)) return find_in_cgroups(*place, host);
  if (need == Need::raise_limits) return yes(host.may_raise_limits);
  if (need == Need::apparmor) return yes(host.apparmor);
  if (need == Need::user_namespaces) return yes(host.user_namespaces);
  // The v2 tree freezes, and filters devices with eBPF, whatever controllers it has.
  const char* controller = need == Need::devices ? "devices" : "freezer";
  if (host.cgroups.v1_with(controller) != nullptr) return "v1";
  return host.cgroups.unified.empty() ? std::nullopt : std::optional<std::string>("v2");
}

std::set<std::string> parse_apparmor_profiles(std::string_view text) {
  std::set<std::string> names;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t mode = line.rfind(" (");
    if (mode != std::string::npos) names.insert(line.substr(0, mode));
  }
  return names;
}

HostAbilities host_abilities() {
  HostAbilities host;
  host.cgroups = host_cgroup_layout();
  host.missing_files = missing_files(host.cgroups);
  host.processors =
      std::string(trim(read_file_if_exists("/sys/devices/system/cpu/online").value_or("")));
  host.hard_limits = hard_limits();
  host.may_raise_limits = (own_effective_set() >> CAP_SYS_RESOURCE & 1) != 0;
  if (!host.may_raise_limits) host.lowest_oom_score_adj = lowest_oom_score_adj();
  host.no_new_privileges = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  host.apparmor = has_apparmor();
  if (host.apparmor) host.apparmor_profiles = loaded_profiles();
  host.user_namespaces = may_make_user_namespaces();
  host.selinux = exists("/sys/fs/selinux/enforce");
  return host;
}

}  // namespace stack::runtime
