// SPDX-License-Identifier: Apache-2.0
// The processes of a container as /proc tells of them, with the host's pids.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stack::runtime {

struct ListedProcess {
  pid_t pid = 0;
  pid_t parent = 0;
  uid_t user = 0;                     ///< effective
  int terminal = 0;                   ///< device number as in /proc/PID/stat; 0: none
  std::chrono::milliseconds begun{};  ///< since boot
  std::chrono::milliseconds cpu{};    ///< used so far
  std::string command;                ///< "sleep 10"; "[sh] <defunct>" for a zombie
};

/// From the texts of /proc/PID/stat, status and cmdline; `ticks` is the kernel's clock rate
/// (sysconf(_SC_CLK_TCK)). Nothing when they are not what proc(5) says.
std::optional<ListedProcess> parse_process(std::string_view stat, std::string_view status,
                                           std::string_view cmdline, long ticks);

/// Those that are in `cgroup` (and below) at this moment, by pid.
std::vector<ListedProcess> processes_of(const std::string& cgroup);

}  // namespace stack::runtime
