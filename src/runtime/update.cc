// SPDX-License-Identifier: Apache-2.0
#include "runtime/update.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "runtime/cgroup_setup.h"

namespace stack::runtime {
namespace {

using Writes = std::vector<CgroupWrite>;

/// What files hold where nobody has asked for anything. Made when it is asked for: before main() it
/// would cost each command.
const std::map<std::string, std::string>& defaults() {
  static const std::map<std::string, std::string> values{
      {"memory.limit_in_bytes", "-1"},
      {"memory.memsw.limit_in_bytes", "-1"},
      {"memory.soft_limit_in_bytes", "-1"},
      {"memory.oom_control", "0"},
      {"memory.max", "max"},
      {"memory.swap.max", "max"},
      {"memory.low", "0"},
      {"cpu.shares", "1024"},
      {"cpu.cfs_period_us", "100000"},
      {"cpu.cfs_quota_us", "-1"},
      {"cpu.weight", "100"},
      {"cpu.max", "max 100000"},
  };
  return values;
}

/// The same specification with everything that can change taken from another.
ResourceSpec with_changeable(ResourceSpec it, const ResourceSpec& from) {
  it.memory_limit = from.memory_limit;
  it.memory_reservation = from.memory_reservation;
  it.memory_swap = from.memory_swap;
  it.oom_kill_disable = from.oom_kill_disable;
  it.cpus = from.cpus;
  it.cpu_shares = from.cpu_shares;
  it.cpu_period = from.cpu_period;
  it.cpu_quota = from.cpu_quota;
  it.pids_limit = from.pids_limit;
  // Who has such a limit has a group for it (CgroupLayout::on_demand).
  if (!it.cpuset.empty() && !from.cpuset.empty()) it.cpuset = from.cpuset;
  return it;
}

bool has_file(const Writes& writes, const std::string& file) {
  return std::ranges::find(writes, file, &CgroupWrite::file) != writes.end();
}

/// Writes of `after` that are not in `before`, and defaults for those that are in `before` alone.
Writes changed(const Writes& before, const Writes& after) {
  Writes writes;
  for (const CgroupWrite& old : before) {
    if (!has_file(after, old.file))
      writes.push_back({old.file, defaults().at(old.file), old.if_missing});
  }
  for (const CgroupWrite& write : after) {
    if (std::ranges::find(before, write) == before.end()) writes.push_back(write);
  }
  return writes;
}

/// Memory and swap together before memory alone, when the new memory would be more than the old
/// both.
void order_memory_v1(Writes& writes, const ResourceSpec& before, const ResourceSpec& after) {
  if (!before.memory_limit) return;  // it was without end: any smaller limit goes first
  const std::uint64_t old_both = before.memory_swap && *before.memory_swap >= 0
                                     ? static_cast<std::uint64_t>(*before.memory_swap)
                                     : 2 * *before.memory_limit;
  const bool endless = before.memory_swap && *before.memory_swap < 0;
  const bool fits = endless || (after.memory_limit && *after.memory_limit <= old_both);
  if (fits) return;
  std::stable_partition(writes.begin(), writes.end(), [](const CgroupWrite& write) {
    return write.file == "memory.memsw.limit_in_bytes";
  });
}

class UpdatePlanner {
 public:
  UpdatePlanner(const CgroupLayout& layout, const std::string& cgroup, const ResourceSpec& before,
                const ResourceSpec& after)
      : layout_(layout), cgroup_(cgroup), before_(before), after_(after) {}

  std::vector<CgroupUpdate> plan() {
    if (const auto* memory = layout_.v1_with("memory")) {
      Writes writes = changed(memory_v1(before_), memory_v1(after_));
      order_memory_v1(writes, before_, after_);
      add(memory->mount, std::move(writes));
    }
    if (const auto* cpu = layout_.v1_with("cpu"))
      add(cpu->mount, changed(cpu_v1(before_), cpu_v1(after_)));
    if (const auto* pids = layout_.v1_with("pids"))
      add(pids->mount, changed(pids_limits(before_), pids_limits(after_)));
    if (const auto* cpuset = layout_.v1_with("cpuset"))
      add(cpuset->mount, changed(cpuset_limits(before_), cpuset_limits(after_)));
    if (layout_.unified_has("memory"))
      add(layout_.unified, changed(memory_v2(before_), memory_v2(after_)));
    if (layout_.unified_has("cpu")) add(layout_.unified, changed(cpu_v2(before_), cpu_v2(after_)));
    if (layout_.unified_has("pids"))
      add(layout_.unified, changed(pids_limits(before_), pids_limits(after_)));
    if (layout_.unified_has("cpuset"))
      add(layout_.unified, changed(cpuset_limits(before_), cpuset_limits(after_)));
    return std::move(updates_);
  }

 private:
  void add(const std::string& mount, Writes writes) {
    for (CgroupWrite& write : writes) updates_.push_back({mount + "/" + cgroup_, std::move(write)});
  }

  const CgroupLayout& layout_;
  const std::string& cgroup_;
  const ResourceSpec& before_;
  const ResourceSpec& after_;
  std::vector<CgroupUpdate> updates_;
};

void perform(const CgroupUpdate& update) {
  try {
    write_kernel_file(update.directory + "/" + update.write.file, update.write.value);
  } catch (const Error& error) {
    if (!is_harmless(update.write, error)) throw;
  }
}

}  // namespace

std::optional<std::vector<CgroupUpdate>> cgroup_writes_for_update(const CgroupLayout& layout,
                                                                  const std::string& cgroup,
                                                                  const ResourceSpec& before,
                                                                  const ResourceSpec& after) {
  if (with_changeable(before, after) != after) return std::nullopt;
  return UpdatePlanner(layout, cgroup, before, after).plan();
}

void update_limits(const std::string& cgroup, const ResourceSpec& before,
                   const ResourceSpec& after) {
  const auto updates = cgroup_writes_for_update(host_cgroup_layout(), cgroup, before, after);
  if (!updates) fail("these limits cannot change while the container runs");
  for (const CgroupUpdate& update : *updates) perform(update);
}

std::string to_text(const std::vector<CgroupUpdate>& updates) {
  std::string text;
  for (const CgroupUpdate& update : updates)
    text += fmt::format("{}/{} = {}\n", update.directory, update.write.file, update.write.value);
  return text;
}

}  // namespace stack::runtime
