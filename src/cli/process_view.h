// SPDX-License-Identifier: Apache-2.0
// Processes as `ps -ef` prints them, which is what docker shows in `top`. Pure, but for
// process_surroundings().
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/table.h"
#include "runtime/process_list.h"

namespace stack::cli {

/// What a process is looked at with.
struct ProcessSurroundings {
  std::chrono::system_clock::time_point now;
  std::chrono::milliseconds uptime;  ///< of the machine
  std::string passwd;                ///< the host's /etc/passwd
};

/// Of now, on this machine.
ProcessSurroundings process_surroundings();

/// UID PID PPID C STIME TTY TIME CMD.
Row process_row(const runtime::ListedProcess& process, const ProcessSurroundings& around);

/// "root"; the number when there is no name, or one that is too long for ps.
std::string user_text(uid_t user, const std::string& passwd);
/// "10:22" today, "Nov03" this year, else "2024"; local time.
std::string start_text(std::chrono::system_clock::time_point start,
                       std::chrono::system_clock::time_point now);
/// "pts/0", "tty1", "?".
std::string terminal_text(int device);
/// "00:01:02", "3-00:01:02".
std::string cpu_time_text(std::chrono::milliseconds time);

/// Columns as docker compose's `top` has them: at least four wide, two spaces between.
std::string process_table(const Row& header, const std::vector<Row>& rows);
/// As docker's `top` has them: at least twenty wide, three spaces between.
std::string wide_process_table(const Row& header, const std::vector<Row>& rows);

}  // namespace stack::cli
