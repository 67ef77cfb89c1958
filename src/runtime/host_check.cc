// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_check.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/inquiry.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

/// The first number of `wanted` that is in none of `there`; both are lists as cpuset(7) has them.
std::optional<unsigned> first_missing(const std::vector<NumberRange>& wanted,
                                      const std::vector<NumberRange>& there) {
  for (const NumberRange& range : wanted) {
    // Wider than the numbers: their end must not wrap around.
    for (std::uint64_t next = range.first; next <= range.last;) {
      const auto holder = std::ranges::find_if(
          there, [&](const NumberRange& each) { return each.first <= next && next <= each.last; });
      if (holder == there.end()) return static_cast<unsigned>(next);
      next = std::uint64_t{holder->last} + 1;
    }
  }
  return std::nullopt;
}

class Check {
 public:
  Check(const ContainerSpec& spec, const HostAbilities& host) : spec_(spec), host_(host) {}

  std::vector<Unmet> run() {
    check_memory();
    check_processors();
    check_others();
    check_process();
    check_inherited();
    check_security();
    return std::move(found_);
  }

 private:
  void refuse(std::string key, std::string why, std::string cure) {
    found_.push_back({std::move(key), Severity::error, std::move(why), std::move(cure)});
  }

  void warn(std::string key, std::string what, std::string cure) {
    found_.push_back({std::move(key), Severity::warning, std::move(what), std::move(cure)});
  }

  // ---- keys that ask for something that a machine has or lacks

  bool lacks(Need need) const { return !find_need(need, host_); }
  void warn_without(Need need, std::string key) {
    if (!lacks(need)) return;
    const HostNeed& it = host_need(need);
    found_.push_back({std::move(key), Severity::warning,
                      fmt::format("{}: the container runs without that limit", it.lacking),
                      std::string(it.cure)});
  }
  void refuse_without(Need need, std::string key) {
    if (!lacks(need)) return;
    const HostNeed& it = host_need(need);
    refuse(std::move(key), std::string(it.lacking), std::string(it.cure));
  }

  void check_memory() {
    const ResourceSpec& limits = spec_.resources;
    if (!lacks(Need::memory)) {
      require_memory(limits.memory_limit, "mem_limit", "limit");
      require_memory(limits.memory_reservation, "mem_reservation", "reservation");
    }
    if (limits.memory_limit) warn_without(Need::memory, "mem_limit");
    if (limits.memory_reservation) warn_without(Need::memory, "mem_reservation");
    if (limits.memory_swap) warn_without(Need::swap, "memswap_limit");
    if (limits.memory_swappiness) warn_without(Need::swappiness, "mem_swappiness");
    if (limits.oom_kill_disable) warn_without(Need::oom_kill_disable, "oom_kill_disable");
  }

  /// docker's least, with which a program can still be started.
  void require_memory(const std::optional<std::uint64_t>& bytes, const char* key,
                      const char* what) {
    constexpr std::uint64_t least = 6U << 20U;
    if (bytes && *bytes != 0 && *bytes < least)
      refuse(key, fmt::format("Minimum memory {} allowed is 6MB", what), "");
  }

  /// More time than the machine has is a mistake, or a file for another machine.
  void check_share(double cpus) {
    std::uint64_t count = 0;
    for (const NumberRange& range :
         parse_ranges(host_.processors).value_or(std::vector<NumberRange>{}))
      count += std::uint64_t{range.last} - range.first + 1;
    if (count == 0 || cpus <= static_cast<double>(count)) return;
    refuse("cpus",
           fmt::format("range of CPUs is from 0.01 to {0}.00, as there are only {0} CPUs available",
                       count),
           "");
  }

  void check_periods() {
    const ResourceSpec& limits = spec_.resources;
    if (lacks(Need::cpu_quota)) return;
    const auto period = limits.cpu_period.value_or(0);
    if (period != 0 && (period < 1000 || period > 1000000))
      refuse("cpu_period",
             "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
             "");
    const auto quota = limits.cpu_quota.value_or(0);
    if (quota > 0 && quota < 1000)
      refuse("cpu_quota", "CPU cfs quota can not be less than 1ms (i.e. 1000)", "");
  }

  void check_processors() {
    const ResourceSpec& limits = spec_.resources;
    if (limits.cpus) refuse_without(Need::cpu_quota, "cpus");
    if (limits.cpus && !lacks(Need::cpu_quota)) check_share(*limits.cpus);
    check_periods();
    if (limits.cpu_quota) warn_without(Need::cpu_quota, "cpu_quota");
    if (limits.cpu_period) warn_without(Need::cpu_quota, "cpu_period");
    if (limits.cpu_shares) warn_without(Need::cpu, "cpu_shares");
    if (limits.cpu_rt_runtime) refuse_without(Need::real_time, "cpu_rt_runtime");
    if (limits.cpu_rt_period) refuse_without(Need::real_time, "cpu_rt_period");
    check_cpuset();
  }

  void check_cpuset() {
    const std::string& wanted = spec_.resources.cpuset;
    if (wanted.empty()) return;
    if (lacks(Need::cpuset)) return warn_without(Need::cpuset, "cpuset");
    const auto asked = parse_ranges(wanted);
    const auto there = parse_ranges(host_.processors);
    if (!asked || !there) return;
    if (const auto missing = first_missing(*asked, *there))
      refuse("cpuset",
             fmt::format("processor {} is not there: asked for {}, the machine has {}", *missing,
                         wanted, host_.processors),
             "");
  }

  void check_others() {
    const ResourceSpec& limits = spec_.resources;
    if (limits.pids_limit.value_or(0) > 0) warn_without(Need::pids, "pids_limit");
    check_block(limits.block);
  }

  void check_block(const BlockSpec& block) {
    if (block == BlockSpec{}) return;
    if (lacks(Need::block)) return warn_without(Need::block, "blkio_config");
    BlockSpec rates = block;
    rates.weight.reset();
    rates.weights.clear();
    if (block != rates) warn_without(Need::block_weights, "blkio_config");
    if (rates != BlockSpec{}) warn_without(Need::block_rates, "blkio_config");
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
    if (score && *score < host_.lowest_oom_score_adj && !host_.may_raise_limits)
      refuse("oom_score_adj",
             fmt::format("oom_score_adj cannot be {}: stack may not go below {}", *score,
                         host_.lowest_oom_score_adj),
             "only who has CAP_SYS_RESOURCE may lower it");
  }

  /// What of whoever started us we cannot free a container from (base/fresh_process.h).
  void check_inherited() {
    if (host_.no_new_privileges && !spec_.security.no_new_privileges)
      warn("security_opt",
           "stack was started with no_new_privs: setuid programs and file capabilities have no "
           "effect in the container",
           "start stack without it (NoNewPrivileges= of a unit, setpriv --no-new-privs)");
    if (host_.may_raise_limits) return;
    for (const char* name : {"cpu", "fsize", "data", "as"}) {
      const auto hard = host_.hard_limits.find(name);
      if (hard == host_.hard_limits.end() || hard->second < 0) continue;
      if (spec_.process.ulimits.contains(name)) continue;
      warn(fmt::format("ulimits.{}", name),
           fmt::format("whoever started stack limits {} to {}, and so the container", name,
                       hard->second),
           "start stack without that limit, or give it CAP_SYS_RESOURCE");
    }
  }

  void check_security() {
    if (spec_.namespaces.user.kind != NamespaceKind::host)
      refuse_without(Need::user_namespaces, "userns_mode");
    check_apparmor(spec_.security.apparmor);
    check_devices();
  }

  void check_apparmor(const std::string& profile) {
    if (profile.empty() || profile == "unconfined") return;
    if (lacks(Need::apparmor)) {
      const HostNeed& it = host_need(Need::apparmor);
      found_.push_back(
          {"security_opt", Severity::warning,
           fmt::format("{}: profile {} has no effect", it.lacking, stack::quoted(profile)),
           std::string(it.cure)});
      return;
    }
    // Those of other namespaces (":ns:name") are in other lists.
    const auto& loaded = host_.apparmor_profiles;
    if (!loaded || loaded->contains(profile) || profile.starts_with(':')) return;
    refuse("security_opt",
           fmt::format("the AppArmor profile {} is not loaded", stack::quoted(profile)),
           "load it with `apparmor_parser`");
  }

  void check_devices() {
    void_inquiry();
    for (std::size_t i = 0; i < spec_.security.devices.size(); ++i) {
      if (spec_.security.devices[i].identity) continue;  // its source need not exist
      const std::string& path = spec_.security.devices[i].source;
      struct stat info {};
      const bool there = ::stat(path.c_str(), &info) == 0;
      const bool usable = S_ISDIR(info.st_mode) || S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode);
      if (there && usable) continue;
      refuse(fmt::format("devices.{}", i),
             fmt::format("device {} {}", path, there ? "is no device node" : "does not exist"), "");
    }
  }

  const ContainerSpec& spec_;
  const HostAbilities& host_;
  std::vector<Unmet> found_;
};

}  // namespace

std::vector<Unmet> unmet(const ContainerSpec& spec, const HostAbilities& host) {
  return Check(spec, host).run();
}

}  // namespace stack::runtime
