// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/cgroup_layout.h"

namespace stack::runtime {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{5};

/// Looked at only where there are any: a directory of kernfs has two links and one for each child,
/// and some sixty files.
std::vector<std::string> child_groups(const std::string& group) {
  std::vector<std::string> children;
  struct stat info {};
  if (::lstat(group.c_str(), &info) != 0 || info.st_nlink <= 2) return children;
  for (const std::string& name : list_directory(group)) {
    if (::lstat((group + "/" + name).c_str(), &info) == 0 && S_ISDIR(info.st_mode))
      children.push_back(name);
  }
  return children;
}

/// `group` and all below it, deepest first.
void collect_tree(const std::string& group, std::vector<std::string>& groups) {
  for (const std::string& name : child_groups(group)) collect_tree(group + "/" + name, groups);
  groups.push_back(group);
}

void collect_processes(const std::string& group, std::set<pid_t>& pids) {
  std::vector<std::string> groups;
  collect_tree(group, groups);
  for (const std::string& each : groups) {
    std::optional<std::string> text;
    try {
      text = read_file_if_exists(each + "/cgroup.procs");
    } catch (const Error& error) {
      // ENODEV: the group was removed after it was opened.
      if (error.error_number() != ENODEV) throw;
    }
    for (const std::string& line : split(text.value_or(""), '\n')) {
      if (const auto pid = parse_integer<pid_t>(line)) pids.insert(*pid);
    }
  }
}

void sleep_briefly(int round) {
  ::poll(nullptr, 0, std::min(1 << std::min(round, 5), 20));
}

/// Sends SIGKILL until nobody is left, with the freezer (where there is one) so that a fork bomb
/// cannot outrun the loop.
void kill_by_loop(const std::string& cgroup, const CgroupHierarchy* freezer) {
  const std::string state =
      freezer == nullptr ? std::string() : freezer->mount + "/" + cgroup + "/freezer.state";
  const auto freeze = [&](std::string_view word) {
    if (!state.empty() && exists(state)) write_kernel_file(state, word);
  };
  const auto deadline = Clock::now() + patience;
  for (int round = 0; Clock::now() < deadline; ++round) {
    freeze("FROZEN");
    const auto pids = cgroup_processes(cgroup);
    // A bare pid is safe enough here: it was in our group a moment ago, frozen where possible.
    for (const pid_t pid : pids) ::kill(pid, SIGKILL);
    freeze("THAWED");
    if (pids.empty()) return;
    sleep_briefly(round);
  }
}

bool populated(int events) {
  char text[256];
  const ssize_t got = ::pread(events, text, sizeof text, 0);
  return got > 0 && std::string_view(text, static_cast<std::size_t>(got)).find("populated 1") !=
                        std::string_view::npos;
}

/// The kernel signals POLLPRI on cgroup.events when "populated" changes (cgroups(7)).
void await_unpopulated(const std::string& group) {
  const Fd events(::open((group + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  const auto deadline = Clock::now() + patience;
  while (events && populated(events.get())) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) fail("cgroup {}: its processes do not end", group);
    pollfd wait{events.get(), POLLPRI, 0};
    ::poll(&wait, 1, static_cast<int>(left.count()));
  }
}

void remove_directory(const std::string& group) {
  const auto deadline = Clock::now() + patience;
  for (int round = 0;; ++round) {
    if (::rmdir(group.c_str()) == 0 || errno == ENOENT) return;
    if (errno != EBUSY || Clock::now() > deadline) throw_errno("remove cgroup {}", group);
    // v1 has no event for this; on v2 a last exiting thread can outlive "populated 0".
    sleep_briefly(round);
  }
}

/// Removes parents that became empty, up to and with our own "stack"; what is above that is a
/// cgroup_parent, which somebody else may have made. Somebody else's use stops it, too.
void remove_empty_parents(const std::string& mount, std::string cgroup) {
  const std::size_t own = cgroup.starts_with("stack/") ? 0 : cgroup.find("/stack/") + 1;
  for (std::size_t slash = cgroup.rfind('/'); slash != std::string::npos && slash > own;
       slash = cgroup.rfind('/')) {
    cgroup.resize(slash);
    if (::rmdir((mount + "/" + cgroup).c_str()) != 0 && errno != ENOENT) return;
  }
}

/// The usual case, in one call: nobody is in it, and nothing below.
bool remove_leaf(const std::string& group) {
  return ::rmdir(group.c_str()) == 0 || errno == ENOENT;
}

void remove_from(const std::string& mount, const std::string& cgroup) {
  const std::string top = mount + "/" + cgroup;
  fail_point("cgroup.remove");
  if (!remove_leaf(top)) {
    std::vector<std::string> groups;
    collect_tree(top, groups);
    for (const std::string& group : groups) remove_directory(group);
  }
  remove_empty_parents(mount, cgroup);
}

}  // namespace

std::vector<pid_t> cgroup_processes(const std::string& cgroup) {
  const CgroupLayout& layout = host_cgroup_layout();
  std::set<pid_t> pids;
  for (const std::string& mount : layout.mounts()) collect_processes(mount + "/" + cgroup, pids);
  return {pids.begin(), pids.end()};
}

void kill_cgroup(const std::string& cgroup) {
  fail_point("cgroup.kill");
  const CgroupLayout& layout = host_cgroup_layout();
  const std::string group = layout.unified + "/" + cgroup;
  if (!layout.unified.empty() && exists(group + "/cgroup.kill")) {
    try {
      write_kernel_file(group + "/cgroup.kill", "1");
    } catch (const Error& error) {
      if (error.error_number() != ENOENT && error.error_number() != ENODEV) throw;
    }
    return;
  }
  kill_by_loop(cgroup, layout.v1_with("freezer"));
}

void remove_cgroup(const std::string& cgroup) {
  const CgroupLayout& layout = host_cgroup_layout();
  if (!layout.unified.empty()) await_unpopulated(layout.unified + "/" + cgroup);
  for (const std::string& mount : layout.mounts()) remove_from(mount, cgroup);
}

std::vector<std::string> list_cgroups(const std::string& parent) {
  std::set<std::string> names;
  for (const std::string& mount : host_cgroup_layout().mounts()) {
    for (std::string& name : child_groups(mount + "/" + parent)) names.insert(std::move(name));
  }
  return {names.begin(), names.end()};
}

Fd open_unified_cgroup(const std::string& cgroup) {
  const CgroupLayout& layout = host_cgroup_layout();
  if (layout.unified.empty()) return Fd();
  const std::string group = layout.unified + "/" + cgroup;
  make_directories(group, 0755);
  return open_file(group, O_RDONLY | O_DIRECTORY);
}

}  // namespace stack::runtime
