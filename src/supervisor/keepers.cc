// SPDX-License-Identifier: Apache-2.0
#include "supervisor/keepers.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/process.h"
#include "base/text.h"
#include "network/firewall.h"
#include "runtime/cgroup.h"

namespace stack::supervisor {
namespace {

constexpr std::string_view keeper_name = "stack-keeper";
constexpr std::string_view supervisor_name = "stack-superviso";  // comm holds 15 characters

/// A list that ends each of its words with a zero; empty when the process is gone or not ours to
/// see.
std::vector<std::string> words_of(pid_t process, const char* list) {
  try {
    const auto text = read_file_if_exists(fmt::format("/proc/{}/{}", process, list));
    return split(text.value_or(""), '\0');
  } catch (const Error&) {
    return {};
  }
}

std::string variable_of(pid_t process, const std::string& name) {
  for (const std::string& variable : words_of(process, "environ"))
    if (variable.starts_with(name + "=")) return variable.substr(name.size() + 1);
  return {};
}

/// The same directory, whatever either of us has mounted over which name; by name when it is gone.
bool is_same_directory(pid_t process, const std::string& theirs, const std::string& ours) {
  struct stat there {};
  struct stat here {};
  const std::string path = fmt::format("/proc/{}/root{}", process, theirs);
  if (::stat(path.c_str(), &there) != 0 || ::stat(ours.c_str(), &here) != 0) return theirs == ours;
  return there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

/// A keeper and its supervisor are started with the project's name and the roots of its
/// installation (start_keeper.cc).
bool is_of(const ProjectFiles& files, pid_t process) {
  const auto words = words_of(process, "cmdline");
  return words.size() > 1 && words[1] == files.project &&
         is_same_directory(process, variable_of(process, "STACK_ROOT"), files.paths.data.native());
}

/// A keeper that was made by a version which shared this group is in the first of them.
std::vector<pid_t> helpers_in_cgroups(const ProjectFiles& files) {
  std::set<pid_t> found;
  for (const std::string& name : runtime::list_cgroups(files.cgroup())) {
    const bool is_keepers = is_keeper_cgroup(name);
    for (const pid_t each : runtime::cgroup_processes(files.cgroup() + "/" + name))
      found.insert(is_keepers ? each : parent_of(each));
  }
  return {found.begin(), found.end()};
}

/// Living processes of this name that are the stack's.
std::vector<pid_t> helpers_of(const ProjectFiles& files, std::string_view name) {
  std::vector<pid_t> found = helpers_in_cgroups(files);
  std::erase_if(found,
                [&](pid_t each) { return !is_running_as(each, name) || !is_of(files, each); });
  return found;
}

/// False when it had ended by itself.
bool kill_and_wait(pid_t process) {
  constexpr int patience_ms = 5'000;
  const auto opened = open_process(identify(process));
  if (!opened || !send_signal(opened->get(), SIGKILL)) return false;
  pollfd end{opened->get(), POLLIN, 0};
  while (::poll(&end, 1, patience_ms) < 0 && errno == EINTR) {
  }
  return true;
}

/// Its supervisor; nothing where it has none, or cgroups do not tell.
std::optional<pid_t> supervisor_of(const ProjectFiles& files, pid_t keeper) {
  for (const pid_t each : helpers_of(files, supervisor_name))
    if (parent_of(each) == keeper) return each;
  return std::nullopt;
}

std::optional<pid_t> living_keeper(const ProjectFiles& files) {
  const auto recorded = read_keeper_pid(files);
  if (recorded && is_running_as(*recorded, keeper_name)) return recorded;
  const auto found = find_keepers(files);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

}  // namespace

bool is_another_stacks_keeper(const ProjectFiles& files, pid_t process) {
  return is_running_as(process, keeper_name) && !is_of(files, process);
}

std::vector<pid_t> find_keepers(const ProjectFiles& files) {
  return helpers_of(files, keeper_name);
}

void end_other_keepers(const ProjectFiles& files, pid_t own) {
  fail_point("keeper.other-keepers");
  bool is_any = false;
  // Before their supervisors, which they would start again.
  for (const pid_t each : find_keepers(files))
    if (each != own) is_any = kill_and_wait(each) || is_any;
  for (const pid_t each : helpers_of(files, supervisor_name))
    if (parent_of(each) != own) is_any = kill_and_wait(each) || is_any;
  if (!is_any) return;
  // Of what they made, this alone does not go with their namespace; who knew of it is gone.
  network::remove_host_ruleset(files.stack_id());
  network::close_firewall_sockets();
}

bool restart_supervisor(const ProjectFiles& files) {
  const auto keeper = living_keeper(files);
  const auto supervisor = keeper ? supervisor_of(files, *keeper) : std::nullopt;
  if (supervisor) kill_and_wait(*supervisor);
  return supervisor.has_value();
}

std::vector<std::string> unrecorded_containers(const ProjectFiles& files) {
  std::vector<std::string> ids;
  for (const std::string& name : runtime::list_cgroups(files.cgroup())) {
    if (is_keeper_cgroup(name) || stack::exists(files.container(name))) continue;
    const auto processes = runtime::cgroup_processes(files.cgroup() + "/" + name);
    const bool is_anothers = std::ranges::any_of(
        processes, [&](pid_t each) { return is_another_stacks_keeper(files, parent_of(each)); });
    if (!processes.empty() && !is_anothers) ids.push_back(name);
  }
  return ids;
}

std::string cure_for_silence(const ProjectFiles& files) {
  const auto keeper = living_keeper(files);
  if (!keeper) return {};
  if (is_stopped(*keeper))
    return fmt::format("its keeper (process {}) is stopped: kill -CONT {}", *keeper, *keeper);
  const auto supervisor = supervisor_of(files, *keeper);
  if (!supervisor) return fmt::format("its keeper is process {}", *keeper);
  if (is_stopped(*supervisor))
    return fmt::format("it (process {}) is stopped: kill -CONT {}", *supervisor, *supervisor);
  return fmt::format("it is process {}: after kill -9 {} another one takes its containers over",
                     *supervisor, *supervisor);
}

}  // namespace stack::supervisor
