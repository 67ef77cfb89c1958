// SPDX-License-Identifier: Apache-2.0
#include "cli/process_view.h"

#include <sys/sysmacros.h>
#include <time.h>

#include <algorithm>
#include <ctime>

#include "base/files.h"
#include "base/format.h"
#include "base/text.h"

namespace stack::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

std::tm local_time(system_clock::time_point time) {
  const std::time_t seconds = system_clock::to_time_t(time);
  std::tm calendar{};
  ::localtime_r(&seconds, &calendar);
  return calendar;
}

/// Of one processor, over the whole life of the process, as ps counts it.
std::string cpu_share_text(const runtime::ListedProcess& process, milliseconds uptime) {
  const auto life = (uptime - process.begun).count();
  const auto percent = life > 0 ? process.cpu.count() * 100 / life : 0;
  return fmt::format("{}", std::clamp<milliseconds::rep>(percent, 0, 99));
}

}  // namespace

Row process_row(const runtime::ListedProcess& process, const ProcessSurroundings& around) {
  const auto start = around.now - (around.uptime - process.begun);
  return {user_text(process.user, around.passwd),
          fmt::format("{}", process.pid),
          fmt::format("{}", process.parent),
          cpu_share_text(process, around.uptime),
          start_text(start, around.now),
          terminal_text(process.terminal),
          cpu_time_text(process.cpu),
          process.command};
}

std::string user_text(uid_t user, const std::string& passwd) {
  constexpr std::size_t longest_name = 8;
  const std::string number = fmt::format("{}", user);
  for (const std::string& line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 3 || fields[2] != number) continue;
    return fields[0].empty() || fields[0].size() > longest_name ? number : fields[0];
  }
  return number;
}

std::string start_text(system_clock::time_point start, system_clock::time_point now) {
  const std::tm then = local_time(start), today = local_time(now);
  const char* format = then.tm_year != today.tm_year   ? "%Y"
                       : then.tm_yday != today.tm_yday ? "%b%d"
                                                       : "%H:%M";
  char text[16];
  std::strftime(text, sizeof text, format, &then);
  return text;
}

std::string terminal_text(int device) {
  // Numbers of Linux's devices.txt.
  constexpr unsigned consoles = 4, first_pts = 136, last_pts = 143;
  const auto number = static_cast<dev_t>(device);
  const unsigned kind = major(number), which = minor(number);
  if (kind >= first_pts && kind <= last_pts)
    return fmt::format("pts/{}", (kind - first_pts) * 256 + which);
  if (kind == consoles && which < 64) return fmt::format("tty{}", which);
  if (kind == consoles) return fmt::format("ttyS{}", which - 64);
  return "?";
}

std::string cpu_time_text(milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  const auto days = seconds / 86400;
  return (days > 0 ? fmt::format("{}-", days) : "") +
         fmt::format("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

namespace {

std::string padded_table(const Row& header, const std::vector<Row>& rows, std::size_t narrowest,
                         std::size_t gap) {
  std::vector<Row> lines{header};
  for (const Row& row : rows) {
    lines.emplace_back();
    for (const std::string& cell : row) lines.back().push_back(printable(cell));
  }
  std::vector<std::size_t> widths(header.size(), narrowest);
  for (const Row& line : lines) {
    for (std::size_t column = 0; column < line.size(); ++column)
      widths[column] = std::max(widths[column], line[column].size() + gap);
  }
  std::string text;
  for (const Row& line : lines) {
    for (std::size_t column = 0; column + 1 < line.size(); ++column)
      text += fmt::format("{:<{}}", line[column], widths[column]);
    text += line.back() + "\n";
  }
  return text;
}

}  // namespace

std::string process_table(const Row& header, const std::vector<Row>& rows) {
  return padded_table(header, rows, 4, 2);
}

std::string wide_process_table(const Row& header, const std::vector<Row>& rows) {
  return padded_table(header, rows, 20, 3);
}

ProcessSurroundings process_surroundings() {
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const auto uptime = std::chrono::seconds(since_boot.tv_sec) +
                      std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::nanoseconds(since_boot.tv_nsec));
  return {std::chrono::system_clock::now(), uptime,
          read_file_if_exists("/etc/passwd").value_or("")};
}

}  // namespace stack::cli
