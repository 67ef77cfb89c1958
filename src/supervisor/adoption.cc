// SPDX-License-Identifier: Apache-2.0
// A new supervisor finds its stack as the last one left it, at whatever moment that died.
#include <signal.h>
#include <unistd.h>
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/process.h"
#include "base/text.h"
#include "runtime/cgroup.h"
#include "supervisor/journal.h"
#include "supervisor/keeper.h"
#include "supervisor/keepers.h"
#include "supervisor/supervisor.h"

namespace stack::supervisor {
namespace {

bool is_our_keepers(const ProcessIdentity& process) {
  return parent_of(process.pid) == ::getppid();
}

/// Alive, and our keeper's child: others' ends would never be known.
bool can_be_adopted(const ProcessIdentity& process) {
  return is_alive(process) && is_our_keepers(process);
}

/// Our keeper is about to write its end down.
bool will_be_reported(const ProcessIdentity& process) {
  return is_zombie(process) && is_our_keepers(process);
}

std::optional<Fd> take(std::map<std::string, Fd>& kept, const std::string& name) {
  const auto found = kept.find(name);
  if (found == kept.end()) return std::nullopt;
  return std::move(found->second);
}

void end_cgroup(const std::string& cgroup) {
  runtime::kill_cgroup(cgroup);
  runtime::remove_cgroup(cgroup);
}

}  // namespace

void Supervisor::adopt_all() {
  fail_point("adopt.descriptors");
  auto [kept, told] = store_.list();
  fail_point("adopt.records");
  for (RecordedContainer& recorded :
       read_recorded(files_, ConfigParts::all, Unreadable::is_left_out)) {
    registry_.add(std::make_shared<ContainerTask>(shared_, std::move(recorded.config),
                                                  std::move(recorded.status)));
  }
  std::vector<ExitRecord> exits = exits_.read_new();
  for (const std::string& line : told)
    if (const auto record = parse_exit_record(trim(line))) exits.push_back(*record);
  guests_.adopt();
  fail_point("adopt.clear-cgroups");
  clear_cgroups();
  std::set<std::string> adopted;
  for (const auto& [id, task] : registry_.all()) {
    if (!task->runs()) continue;
    std::optional<Fd> terminal = take(kept, id + "/terminal");
    if (can_be_adopted(task->status().process)) {
      adopt(task, std::move(terminal), take(kept, id + "/notify"));
      adopted.insert(id);
    } else {
      adopt_output(task, std::move(terminal));
    }
  }
  // Whoever was found gone has been written down by now: an end is recorded before it is reaped.
  const std::vector<ExitRecord> later = exits_.read_new();
  exits.insert(exits.end(), later.begin(), later.end());
  catch_up(exits, adopted);
  for (const ExitRecord& record : later)
    if (const auto task = registry_.find(record.process)) task->ended(record);
  fail_point("adopt.clear-files");
  journal::attempt([&] { clear_running_files(); });
  status_saved_.request();
  firewall_ready_.request();
  network_.expect_served(registry_.virtual_addresses());
  // Nobody has watched the network since the last supervisor did.
  if (!adopted.empty() || guests_.any())
    journal::attempt([&] { repair_network({.links = true, .stack_rules = true}); });
}

void Supervisor::adopt(const Registry::Task& task, std::optional<Fd> terminal,
                       std::optional<Fd> notify) {
  try {
    fail_point("adopt.container");
    task->adopt(std::move(terminal), std::move(notify));
    journal::note("adopted " + task->config().name);
  } catch (const Error& error) {
    // It runs on, with what could be had; its end will be known.
    journal::warning("adopting " + task->config().name + ": " + error.what());
  }
}

/// Its last words wait in the pipes that the keeper holds.
void Supervisor::adopt_output(const Registry::Task& task, std::optional<Fd> terminal) {
  try {
    task->adopt_output(std::move(terminal));
  } catch (const Error& error) {
    journal::warning("collecting the output of " + task->config().name + ": " + error.what());
  }
}

/// Half-started containers and what a dead keeper left behind. They are found by their cgroups'
/// names, which need no state to be right.
void Supervisor::clear_cgroups() {
  std::set<std::string> adopted;
  for (const auto& [id, task] : registry_.all())
    if (task->runs() && can_be_adopted(task->status().process)) adopted.insert(id);
  // Those below a cgroup_parent are where only their configuration says.
  for (const auto& [id, task] : registry_.all()) {
    const std::string& cgroup = task->config().spec.cgroup;
    if (adopted.contains(id) || cgroup.starts_with(files_.cgroup() + "/")) continue;
    journal::attempt([&] { end_cgroup(cgroup); });
  }
  for (const std::string& name : runtime::list_cgroups(files_.cgroup())) {
    if (is_keeper_cgroup(name) || adopted.contains(name)) continue;
    const std::string cgroup = files_.cgroup() + "/" + name;
    const auto processes = runtime::cgroup_processes(cgroup);
    // Another installation may have a stack of the same name.
    if (std::ranges::any_of(processes, [this](pid_t each) {
          return is_another_stacks_keeper(files_, parent_of(each));
        }))
      continue;
    if (!processes.empty()) journal::note("ending what is left of container " + name);
    journal::attempt([&] { end_cgroup(cgroup); });
  }
}

/// Of containers that a dead keeper left, and of starts that did not come to their end.
void Supervisor::clear_running_files() {
  const auto directory = files_.all_running();
  for (const std::string& id : list_directory(directory)) {
    const auto task = registry_.find(id);
    if (!task || !task->runs()) remove_tree(directory / id);
  }
}

/// Containers that ended while nobody looked: their restart policies decide now. Ends from here on
/// come by the exit log.
void Supervisor::catch_up(const std::vector<ExitRecord>& exits,
                          const std::set<std::string>& adopted) {
  for (const auto& [id, task] : registry_.all()) {
    const ProcessIdentity process = task->status().process;
    if (adopted.contains(id)) continue;
    if (!task->runs() && !is_up(task->status().phase)) continue;
    std::optional<ExitRecord> record;
    for (const ExitRecord& exit : exits)
      if (exit.process == process) record = exit;
    if (!record && will_be_reported(process)) continue;
    task->ended(record);
  }
}

}  // namespace stack::supervisor
