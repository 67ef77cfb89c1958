// SPDX-License-Identifier: Apache-2.0
#include "runtime/process_list.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/cgroup.h"

namespace stack::runtime {
namespace {

// Fields of /proc/PID/stat after the name, counted from 0 (proc_pid_stat(5)).
constexpr std::size_t state_field = 0;
constexpr std::size_t parent_field = 1;
constexpr std::size_t terminal_field = 4;
constexpr std::size_t user_time_field = 11;
constexpr std::size_t system_time_field = 12;
constexpr std::size_t start_time_field = 19;

std::chrono::milliseconds from_ticks(const std::string& text, long ticks) {
  return std::chrono::milliseconds(parse_integer<std::int64_t>(text).value_or(0) * 1000 / ticks);
}

std::optional<uid_t> effective_user(std::string_view status) {
  for (const std::string& line : split(status, '\n')) {
    if (!line.starts_with("Uid:")) continue;
    const auto words = split(line, '\t');  // real, effective, saved, file system
    return words.size() < 3 ? std::nullopt : parse_integer<uid_t>(words[2]);
  }
  return std::nullopt;
}

std::string command_of(std::string_view name, std::string_view cmdline, bool zombie) {
  if (zombie) return fmt::format("[{}] <defunct>", name);
  std::string command(cmdline);
  while (!command.empty() && command.back() == '\0') command.pop_back();
  if (command.empty()) return fmt::format("[{}]", name);
  std::ranges::replace(command, '\0', ' ');
  return command;
}

std::optional<ListedProcess> read_process(pid_t pid) {
  const std::string directory = fmt::format("/proc/{}/", pid);
  try {
    return parse_process(read_file(directory + "stat"), read_file(directory + "status"),
                         read_file(directory + "cmdline"), ::sysconf(_SC_CLK_TCK));
  } catch (const Error&) {
    return std::nullopt;  // it has ended meanwhile
  }
}

}  // namespace

std::optional<ListedProcess> parse_process(std::string_view stat, std::string_view status,
                                           std::string_view cmdline, long ticks) {
  // The name may hold spaces and parentheses.
  const std::size_t name = stat.find('('), end = stat.rfind(')');
  if (name == std::string_view::npos || end == std::string_view::npos || end < name)
    return std::nullopt;
  const auto pid = parse_integer<pid_t>(trim(stat.substr(0, name)));
  const auto fields = split(trim(stat.substr(end + 1)), ' ');
  const auto user = effective_user(status);
  if (!pid || !user || fields.size() <= start_time_field) return std::nullopt;
  ListedProcess process;
  process.pid = *pid;
  process.parent = parse_integer<pid_t>(fields[parent_field]).value_or(0);
  process.user = *user;
  process.terminal = parse_integer<int>(fields[terminal_field]).value_or(0);
  process.begun = from_ticks(fields[start_time_field], ticks);
  process.cpu =
      from_ticks(fields[user_time_field], ticks) + from_ticks(fields[system_time_field], ticks);
  process.command =
      command_of(stat.substr(name + 1, end - name - 1), cmdline, fields[state_field] == "Z");
  return process;
}

std::vector<ListedProcess> processes_of(const std::string& cgroup) {
  std::vector<ListedProcess> processes;
  for (const pid_t pid : cgroup_processes(cgroup)) {
    if (auto process = read_process(pid)) processes.push_back(std::move(*process));
  }
  return processes;
}

}  // namespace stack::runtime
