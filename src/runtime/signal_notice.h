// SPDX-License-Identifier: Apache-2.0
// Whether a process 1 would notice a signal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/process.h"

namespace stack::runtime {

/// The kernel drops a signal that process 1 of a pid namespace neither catches nor blocks
/// (pid_namespaces(7)) nor waits for in sigwait(3). What /proc shows of it is of one moment:
/// fork(3) and posix_spawn(3) block all signals for some microseconds, and whoever runs may be on
/// its way into sigwait or out of it. So a look may leave it open, and the next one, a little
/// later, tells more. To be asked before the signal is sent: afterwards a program may have put its
/// handler away.
class SignalNotice {
 public:
  /// How long to wait before the next look.
  static constexpr std::chrono::milliseconds pause{1};

  SignalNotice(const ProcessIdentity& init, int signal);

  /// One look. False when the kernel would drop the signal; true when the process would notice it,
  /// is not the first of its namespace (`pid: host`) or gone, and when all looks (500) have left
  /// it open; nothing while another one is needed.
  std::optional<bool> look();

 private:
  std::optional<bool> look_blocked(std::string_view state);
  std::optional<bool> look_awake(std::optional<std::uint64_t> times_asleep);
  std::optional<bool> look_asleep();

  /// How it was when it was first seen running, and not blocking; it has not slept since.
  struct Deaf {
    std::uint64_t on_processor;  ///< ns
    std::uint64_t times_asleep;
  };

  ProcessIdentity init_;
  int signal_;
  int looks_ = 0;
  int blocking_ = 0;  ///< looks in a row that found it blocked, and not asleep
  int dropping_ = 0;  ///< looks in a row that found it asleep, and deaf
  std::optional<Deaf> deaf_;
};

}  // namespace stack::runtime
