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

}  // namespace stack::runtime
