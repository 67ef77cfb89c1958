// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/inquiry.h"
#include "base/text.h"

namespace stack {
namespace {

struct ProcessStat {
  std::string name;  ///< comm
  char state = 0;    ///< proc(5)'s letter
  pid_t parent = 0;
  unsigned flags = 0;  ///< PF_* of the kernel's linux/sched.h
  std::uint64_t start_time = 0;
  std::uint64_t pending = 0;  ///< signals that await its first thread; SIGKILL awaits each
};

constexpr unsigned exiting = 0x4;
constexpr std::uint64_t killed = 1U << (SIGKILL - 1);

std::optional<ProcessStat> read_stat(pid_t pid) {
  const std::string path = fmt::format("/proc/{}/stat", pid);
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && (errno == ENOENT || errno == ESRCH)) return std::nullopt;
  if (!file) throw_errno("open {}", path);
  char buffer[1024];  // for 52 numbers and a name of 64 characters at most; comes whole
  const ssize_t size = ::read(file.get(), buffer, sizeof buffer);
  if (size < 0 && errno == ESRCH) return std::nullopt;
  if (size < 0) throw_errno("read {}", path);
  const std::string_view text(buffer, static_cast<std::size_t>(size));
  // The command name may hold spaces and parentheses: fields count from the last ')' (proc(5)).
  const std::size_t name_start = text.find('(');
  const std::size_t name_end = text.rfind(')');
  if (name_start == std::string_view::npos || name_end < name_start) return std::nullopt;
  const auto fields = split(text.substr(name_end + 2), ' ');
  if (fields.size() < 29) return std::nullopt;
  return ProcessStat{std::string(text.substr(name_start + 1, name_end - name_start - 1)),
                     fields[0][0],
                     parse_integer<pid_t>(fields[1]).value_or(0),
                     parse_integer<unsigned>(fields[6]).value_or(0),
                     parse_integer<std::uint64_t>(fields[19]).value_or(0),
                     parse_integer<std::uint64_t>(fields[28]).value_or(0)};
}

/// Nothing when exactly that process does not exist.
std::optional<ProcessStat> stat_of(const ProcessIdentity& process) {
  if (process.pid <= 0) return std::nullopt;
  const auto stat = read_stat(process.pid);
  if (!stat || stat->start_time != process.start_time) return std::nullopt;
  return stat;
}

bool has_ended(const ProcessStat& stat) {
  return stat.state == 'Z' || stat.state == 'X';
}

bool has_run_out(const ProcessStat& stat) {
  return has_ended(stat) || (stat.flags & exiting) != 0 || (stat.pending & killed) != 0;
}

}  // namespace

std::optional<std::uint64_t> process_start_time(pid_t pid) {
  void_inquiry();
  const auto stat = read_stat(pid);
  if (!stat) return std::nullopt;
  return stat->start_time;
}

ProcessIdentity identify(pid_t pid) {
  return {pid, process_start_time(pid).value_or(0)};
}

std::optional<ProcessIdentity> identify_living(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat || has_ended(*stat)) {
    void_inquiry();
    return std::nullopt;
  }
  const ProcessIdentity process{pid, stat->start_time};
  note_life(process, true);
  return process;
}

bool is_alive(const ProcessIdentity& process) {
  const auto stat = stat_of(process);
  const bool is_alive = stat && !has_ended(*stat);
  note_life(process, is_alive);
  return is_alive;
}

bool is_ending(const ProcessIdentity& process) {
  void_inquiry();
  const auto stat = stat_of(process);
  return !stat || has_run_out(*stat);
}

bool is_running_as(pid_t pid, std::string_view name) {
  const auto stat = read_stat(pid);
  const bool runs = stat && stat->name == name && !has_run_out(*stat);
  note_command(pid, name, runs);
  return runs;
}

bool is_zombie(const ProcessIdentity& process) {
  void_inquiry();
  const auto stat = stat_of(process);
  return stat && stat->state == 'Z';
}

bool is_asleep(pid_t pid) {
  void_inquiry();
  constexpr std::string_view asleep = "SITtZX";
  const auto stat = read_stat(pid);
  return !stat || asleep.find(stat->state) != std::string_view::npos;
}

bool is_stopped(pid_t pid) {
  void_inquiry();
  const auto stat = read_stat(pid);
  return stat && (stat->state == 'T' || stat->state == 't');
}

std::optional<Fd> open_process(const ProcessIdentity& process) {
  void_inquiry();
  if (process.pid <= 0) return std::nullopt;
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd) {
    if (errno == ESRCH || errno == EINVAL) return std::nullopt;
    throw_errno("pidfd_open {}", process.pid);
  }
  // Looked at after the pidfd exists: from here on the pid cannot change its owner unseen.
  if (process_start_time(process.pid) != process.start_time) return std::nullopt;
  return pidfd;
}

bool send_signal(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  throw_errno("pidfd_send_signal {}", signal);
}

std::string boot_id() {
  return std::string(trim(read_file("/proc/sys/kernel/random/boot_id")));
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

std::string process_name(pid_t pid) {
  try {
    return std::string(trim(read_file(fmt::format("/proc/{}/comm", pid))));
  } catch (const Error&) {
    return "?";
  }
}

pid_t parent_of(pid_t pid) {
  void_inquiry();
  const auto stat = read_stat(pid);
  return stat ? stat->parent : 0;
}

}  // namespace stack
