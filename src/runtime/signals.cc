// SPDX-License-Identifier: Apache-2.0
#include "runtime/signals.h"

#include <signal.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

struct NamedSignal {
  std::string_view name;
  int number;
};

constexpr std::array<NamedSignal, 33> named_signals = {{
    {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP}, {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL}, {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT},
    {"CHLD", SIGCHLD}, {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
    {"IO", SIGIO},     {"PWR", SIGPWR},       {"SYS", SIGSYS},   {"IOT", SIGABRT},
    {"POLL", SIGIO},
}};
// The kernel's numbers: libc keeps the first two real-time signals for itself, so its SIGRTMIN
// is 34.
constexpr int first_realtime = 34;
constexpr int last_signal = 64;

std::optional<int> realtime_number(std::string_view name) {
  const bool from_end = name.starts_with("RTMAX");
  if (!from_end && !name.starts_with("RTMIN")) return std::nullopt;
  const std::string_view offset = name.substr(5);
  const int base = from_end ? last_signal : first_realtime;
  if (offset.empty()) return base;
  if (offset.front() != (from_end ? '-' : '+')) return std::nullopt;
  const auto distance = parse_integer<unsigned>(offset.substr(1));
  if (!distance || *distance > last_signal - first_realtime) return std::nullopt;
  return from_end ? base - static_cast<int>(*distance) : base + static_cast<int>(*distance);
}

/// A hexadecimal signal set of /proc/PID/status; nothing when the line is not there.
std::optional<std::uint64_t> signal_set(std::string_view status, std::string_view key) {
  for (const std::string& line : split(status, '\n')) {
    if (line.starts_with(key))
      return parse_integer<std::uint64_t>(trim(std::string_view(line).substr(key.size())), 16);
  }
  return std::nullopt;
}

std::optional<std::string> read_proc(pid_t pid, std::string_view file) {
  try {
    return read_file_if_exists(fmt::format("/proc/{}/{}", pid, file));
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Its number in its own pid namespace, which is the last of "NSpid:\t4711\t1\n" (proc(5)).
bool is_process_1(std::string_view status) {
  constexpr std::string_view key = "\nNSpid:";
  const auto line = status.find(key);
  if (line == std::string_view::npos) return true;
  std::string_view numbers = status.substr(line + key.size());
  numbers = numbers.substr(0, numbers.find('\n'));
  return numbers.substr(numbers.find_last_of(" \t") + 1) == "1";
}

/// What process 1 of a namespace catches or blocks; nothing when that cannot be read, or it is
/// another process, to which the kernel does whatever a signal does.
std::optional<std::uint64_t> noticed_signals(pid_t pid) {
  const auto status = read_proc(pid, "status");
  if (!status || !is_process_1(*status)) return std::nullopt;
  const auto caught = signal_set(*status, "SigCgt:");
  const auto blocked = signal_set(*status, "SigBlk:");
  if (!caught || !blocked) return std::nullopt;
  return *caught | *blocked;
}

/// In sigwait(3), where the kernel shows what is waited for as not blocked: the way of tini,
/// dumb-init and our own init. A process that runs ("0") may be on its way into it or out of it.
bool may_wait_for_signals(pid_t pid) {
  const auto place = read_proc(pid, "wchan");
  return !place || *place == "0" || place->find("sigtimedwait") != std::string::npos;
}

}  // namespace

std::optional<int> signal_number(std::string_view name) {
  if (const auto number = parse_integer<int>(name)) {
    if (*number < 1 || *number > last_signal) return std::nullopt;
    return number;
  }
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  std::string_view bare = upper;
  if (bare.starts_with("SIG")) bare.remove_prefix(3);
  for (const NamedSignal& signal : named_signals) {
    if (signal.name == bare) return signal.number;
  }
  return realtime_number(bare);
}

std::string signal_name(int number) {
  for (const NamedSignal& signal : named_signals) {
    if (signal.number == number) return fmt::format("SIG{}", signal.name);
  }
  if (number == first_realtime) return "SIGRTMIN";
  if (number > first_realtime && number <= last_signal)
    return fmt::format("SIGRTMIN+{}", number - first_realtime);
  return fmt::format("signal {}", number);
}

bool init_would_notice(const ProcessIdentity& init, int signal) {
  if (signal == SIGKILL || signal == SIGSTOP) return true;
  // Twice: between the two files of one look it may have gone into or out of sigwait().
  for (int look = 0; look < 2; ++look) {
    const auto caught_or_blocked = noticed_signals(init.pid);
    if (!caught_or_blocked || !is_alive(init)) return true;
    if ((*caught_or_blocked >> (signal - 1) & 1) != 0) return true;
    if (may_wait_for_signals(init.pid)) return true;
  }
  return false;
}

}  // namespace stack::runtime
