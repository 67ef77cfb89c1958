// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_check.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/capabilities.h"
#include "runtime/limits.h"

namespace stack::runtime {
namespace {

constexpr const char* doctor = "`stack doctor` shows what is there, and how to get the rest";

/// The single processors of "0-2,5"; empty when it is no such list.
std::set<unsigned> processors_of(const std::string& list) {
  const auto ranges = parse_ranges(list);
  if (!ranges) return {};
  std::set<unsigned> numbers;
  for (const auto& [first, last] : *ranges) {
    if (last - first > 8192) return {};
    for (unsigned each = first; each <= last; ++each) numbers.insert(each);
  }
  return numbers;
}

class Check {
 public:
  Check(const ContainerSpec& spec, const HostAbilities& host) : spec_(spec), host_(host) {}

  std::vector<Unmet> run() {
    check_memory();
    check_processors();
    check_others();
    check_process();
    check_security();
    return std::move(found_);
  }

 private:
  void warn(std::string key, std::string what) {
    found_.push_back({std::move(key), Severity::warning,
                      std::move(what) + ": the container runs without that limit", doctor});
  }
  void refuse(std::string key, std::string why, std::string cure) {
    found_.push_back({std::move(key), Severity::error, std::move(why), std::move(cure)});
  }

  bool has(std::string_view v1, std::string_view v2) const {
    return host_.cgroups.v1_with(v1) != nullptr || host_.cgroups.unified_has(v2);
  }
  bool on_v1(std::string_view controller) const {
    return host_.cgroups.v1_with(controller) != nullptr;
  }
  bool lacks(const std::string& file) const { return host_.missing_files.contains(file); }

  void check_memory() {
    const ResourceSpec& limits = spec_.resources;
    const bool memory = has("memory", "memory");
    if (limits.memory_limit && !memory) warn("mem_limit", no_controller("memory"));
    if (limits.memory_reservation && !memory) warn("mem_reservation", no_controller("memory"));
    if (limits.memory_swap && (!memory || lacks("memory.memsw.limit_in_bytes")))
      warn("memswap_limit", "the kernel does not account for swap");
    const bool has_swappiness = on_v1("memory") && !lacks("memory.swappiness");
    if (limits.memory_swappiness && !has_swappiness)
      warn("mem_swappiness", "cgroups of this machine have no swappiness");
    if (limits.oom_kill_disable && !on_v1("memory"))
      warn("oom_kill_disable", "cgroup v2 cannot keep a group from being killed for memory");
  }

  void check_processors() {
    const ResourceSpec& limits = spec_.resources;
    const bool cpu = has("cpu", "cpu");
    if (limits.cpus && !cpu) refuse("cpus", no_controller("cpu"), doctor);
    if ((limits.cpu_quota || limits.cpu_period) && !cpu) warn("cpu_quota", no_controller("cpu"));
    if (limits.cpu_shares && !cpu) warn("cpu_shares", no_controller("cpu"));
    const bool real_time = limits.cpu_rt_period || limits.cpu_rt_runtime;
    if (real_time && (!on_v1("cpu") || lacks("cpu.rt_runtime_us")))
      refuse("cpu_rt_runtime", "cgroups of this machine have no real-time budgets",
             "leave it out, or use a kernel with CONFIG_RT_GROUP_SCHED and cgroup v1");
    check_cpuset();
  }

  void check_cpuset() {
    const std::string& wanted = spec_.resources.cpuset;
    if (wanted.empty()) return;
    if (!has("cpuset", "cpuset")) return warn("cpuset", no_controller("cpuset"));
    const std::set<unsigned> there = processors_of(host_.processors);
    for (const unsigned each : processors_of(wanted)) {
      if (there.contains(each) || there.empty()) continue;
      return refuse("cpuset",
                    fmt::format("processor {} is not there: asked for {}, the machine has {}", each,
                                wanted, host_.processors),
                    "");
    }
  }

  void check_others() {
    const ResourceSpec& limits = spec_.resources;
    if (limits.pids_limit.value_or(0) > 0 && !has("pids", "pids"))
      warn("pids_limit", no_controller("pids"));
    if (limits.block != BlockSpec{} && !has("blkio", "io"))
      warn("blkio_config", no_controller("blkio"));
    const bool weight = limits.block.weight || !limits.block.weights.empty();
    if (weight && has("blkio", "io") && lacks("blkio.bfq.weight"))
      warn("blkio_config", "the kernel has no scheduler of block devices with weights (BFQ)");
  }

  void check_process() {
    for (const auto& [name, limit] : spec_.process.ulimits) {
      const auto hard = host_.hard_limits.find(name);
      if (host_.may_raise_limits || hard == host_.hard_limits.end() || hard->second < 0) continue;
      if (limit.hard >= 0 && limit.hard <= hard->second) continue;
      refuse(
          "ulimits." + name,
          fmt::format("ulimit {} cannot be {}: stack itself may not have more than {}", name,
                      limit.hard < 0 ? "unlimited" : fmt::format("{}", limit.hard), hard->second),
          "raise the hard limit of whoever starts stack, or give it CAP_SYS_RESOURCE");
    }
    const auto& score = spec_.process.oom_score_adj;
    if (score && *score < host_.oom_score_adj && !host_.may_raise_limits)
      refuse(
          "oom_score_adj",
          fmt::format("oom_score_adj cannot be {}: stack's own is {}", *score, host_.oom_score_adj),
          "only who has CAP_SYS_RESOURCE may lower it");
  }

  void check_security() {
    const std::string& profile = spec_.security.apparmor;
    if (!profile.empty() && profile != "unconfined" && !host_.apparmor)
      found_.push_back({"security_opt", Severity::warning,
                        fmt::format("the kernel has no AppArmor: profile {} has no effect",
                                    stack::quoted(profile)),
                        ""});
    for (std::size_t i = 0; i < spec_.security.devices.size(); ++i) {
      const std::string& path = spec_.security.devices[i].source;
      if (!path.starts_with('/')) {
        refuse(fmt::format("devices.{}", i),
               fmt::format("device {} is a CDI name, which is not supported yet", path),
               "name the device nodes instead");
        continue;
      }
      struct stat info {};
      const bool there = ::stat(path.c_str(), &info) == 0;
      const bool usable = S_ISDIR(info.st_mode) || S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode);
      if (there && usable) continue;
      refuse(fmt::format("devices.{}", i),
             fmt::format("device {} {}", path, there ? "is no device node" : "does not exist"), "");
    }
  }

  static std::string no_controller(const char* name) {
    return fmt::format("this machine has no {} cgroup controller", name);
  }

  const ContainerSpec& spec_;
  const HostAbilities& host_;
  std::vector<Unmet> found_;
};

/// Some files are in every group but the root: any group will do. Without one nobody knows.
bool group_lacks(const std::string& mount, const std::string& file) {
  if (exists(mount + "/" + file)) return false;
  for (const std::string& name : list_directory(mount)) {
    struct stat info {};
    if (::lstat((mount + "/" + name).c_str(), &info) == 0 && S_ISDIR(info.st_mode))
      return !exists(mount + "/" + name + "/" + file);
  }
  return false;
}

std::set<std::string> missing_files(const CgroupLayout& layout) {
  std::set<std::string> missing;
  const auto look = [&](const char* controller, const char* file) {
    const CgroupHierarchy* hierarchy = layout.v1_with(controller);
    if (hierarchy != nullptr && group_lacks(hierarchy->mount, file)) missing.insert(file);
  };
  look("memory", "memory.memsw.limit_in_bytes");
  look("memory", "memory.swappiness");
  look("cpu", "cpu.rt_runtime_us");
  look("blkio", "blkio.bfq.weight");
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

}  // namespace

HostAbilities host_abilities() {
  HostAbilities host;
  host.cgroups = host_cgroup_layout();
  host.missing_files = missing_files(host.cgroups);
  host.processors =
      std::string(trim(read_file_if_exists("/sys/devices/system/cpu/online").value_or("")));
  host.hard_limits = hard_limits();
  host.may_raise_limits = (own_bounding_set() >> CAP_SYS_RESOURCE & 1) != 0;
  host.oom_score_adj =
      parse_integer<int>(trim(read_file_if_exists("/proc/self/oom_score_adj").value_or("0")))
          .value_or(0);
  host.apparmor = has_apparmor();
  return host;
}

std::vector<Unmet> unmet(const ContainerSpec& spec, const HostAbilities& host) {
  return Check(spec, host).run();
}

}  // namespace stack::runtime
