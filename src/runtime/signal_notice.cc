// SPDX-License-Identifier: Apache-2.0
#include "runtime/signal_notice.h"

#include <signal.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

/// A machine with much to do leaves a process little time on its processors.
constexpr int most_looks = 500;
/// Nobody takes so many looks to fork.
constexpr int most_blocked_looks = 50;
/// Whoever was on the processor for so long (in ns; the kernel counts in ticks of 1 to 10 ms),
/// without a pause and never seen to block the signal, is not on its way into sigwait: it is busy.
constexpr std::uint64_t long_enough_busy = 10'000'000;

std::optional<std::string> read_proc(pid_t pid, std::string_view file) {
  try {
    return read_file_if_exists(fmt::format("/proc/{}/{}", pid, file));
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// What follows a key in /proc/PID/status; nothing when there is no such line.
std::optional<std::string_view> status_line(std::string_view status, std::string_view key) {
  const auto begin = status.find(fmt::format("\n{}:", key));
  if (begin == std::string_view::npos) return std::nullopt;
  std::string_view line = status.substr(begin + key.size() + 2);
  return trim(line.substr(0, line.find('\n')));
}

std::optional<std::uint64_t> number_of(std::string_view status, std::string_view key, int base) {
  const auto line = status_line(status, key);
  return line ? parse_integer<std::uint64_t>(*line, base) : std::nullopt;
}

/// Its number in its own pid namespace, which is the last of "NSpid:\t4711\t1" (proc(5)).
bool is_process_1(std::string_view status) {
  const auto numbers = status_line(status, "NSpid");
  return !numbers || numbers->substr(numbers->find_last_of(" \t") + 1) == "1";
}

/// The first number of /proc/PID/schedstat, in ns.
std::optional<std::uint64_t> time_on_processor(pid_t pid) {
  const auto text = read_proc(pid, "schedstat");
  if (!text) return std::nullopt;
  return parse_integer<std::uint64_t>(text->substr(0, text->find(' ')));
}

/// In sigwait(3), where the kernel shows what is waited for as not blocked: the way of tini,
/// dumb-init and our own init. One that is frozen may have been there.
bool may_wait_for_signals(std::string_view place) {
  return place.find("sigtimedwait") != std::string_view::npos ||
         place.find("refrigerator") != std::string_view::npos;
}

}  // namespace

SignalNotice::SignalNotice(const ProcessIdentity& init, int signal)
    : init_(init), signal_(signal) {}

std::optional<bool> SignalNotice::look() {
  if (signal_ == SIGKILL || signal_ == SIGSTOP || looks_++ == most_looks) return true;
  const auto status = read_proc(init_.pid, "status");
  if (!status || !is_process_1(*status) || !is_alive(init_)) return true;
  const auto caught = number_of(*status, "SigCgt", 16);
  const auto blocked = number_of(*status, "SigBlk", 16);
  if (!caught || !blocked) return true;
  const auto has = [&](std::uint64_t set) { return (set >> (signal_ - 1) & 1) != 0; };
  if (has(*caught)) return true;
  const auto place = read_proc(init_.pid, "wchan");
  if (!place || may_wait_for_signals(*place)) return true;
  if (has(*blocked)) return look_blocked(status_line(*status, "State").value_or(""));
  if (*place != "0") return look_asleep();
  return look_awake(number_of(*status, "voluntary_ctxt_switches", 10));
}

/// Whoever is asleep so means it; what runs (R), or waits for a child that shares its memory (D),
/// may be about to let the signal through again.
std::optional<bool> SignalNotice::look_blocked(std::string_view state) {
  dropping_ = 0;
  deaf_.reset();
  const bool may_be_forking = state.starts_with('R') || state.starts_with('D');
  if (!may_be_forking || ++blocking_ == most_blocked_looks) return true;
  return std::nullopt;
}

/// It runs, or waits for its turn.
std::optional<bool> SignalNotice::look_awake(std::optional<std::uint64_t> times_asleep) {
  dropping_ = 0;
  blocking_ = 0;
  const auto on_processor = time_on_processor(init_.pid);
  if (!on_processor || !times_asleep) return std::nullopt;
  if (!deaf_ || deaf_->times_asleep != *times_asleep) deaf_ = Deaf{*on_processor, *times_asleep};
  if (*on_processor - deaf_->on_processor < long_enough_busy) return std::nullopt;
  return false;
}

/// Twice: between the two files of one look it may have come out of sigwait.
std::optional<bool> SignalNotice::look_asleep() {
  blocking_ = 0;
  deaf_.reset();
  if (++dropping_ < 2) return look();
  return false;
}

}  // namespace stack::runtime
