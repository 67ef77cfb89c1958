// SPDX-License-Identifier: Apache-2.0
// Processes by an identity that cannot be taken over: a bare pid is never trusted, because the
// kernel gives it to somebody else after its owner is gone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace stack {

/// A process as it can be written to disk: its pid and when it started (clock ticks since boot,
/// field 22 of /proc/PID/stat). Valid within one boot; see boot_id().
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;
  bool operator==(const ProcessIdentity&) const = default;
};

/// Start time of a process, zombies included; nothing when there is no such pid.
std::optional<std::uint64_t> process_start_time(pid_t pid);
ProcessIdentity identify(pid_t pid);
/// As identify(), for a process that must live: nothing when there is none of this pid, or a
/// zombie.
std::optional<ProcessIdentity> identify_living(pid_t pid);
/// True while exactly that process exists and is not a zombie.
bool is_alive(const ProcessIdentity& process);
/// True when it is not alive, or soon will not be: it runs nothing of its program any more (it has
/// the kernel's flag PF_EXITING, or a SIGKILL awaits it; proc(5)). A large process needs some
/// milliseconds to free its memory, and the first of a pid namespace is no zombie until the rest of
/// that has ended, too.
bool is_ending(const ProcessIdentity& process);
/// True while a process of this pid has `name` for its command (comm), and is not ending.
bool is_running_as(pid_t pid, std::string_view name);
/// It has ended, and its parent has not asked how yet.
bool is_zombie(const ProcessIdentity& process);
/// It waits for something, for as long as that may take (S of proc(5)), or is stopped; true as well
/// when there is none of this pid.
bool is_asleep(pid_t pid);
/// It was stopped (SIGSTOP, or by a debugger), and goes on when somebody lets it.
bool is_stopped(pid_t pid);
/// A pidfd of exactly that process, or nothing when it is gone.
std::optional<Fd> open_process(const ProcessIdentity& process);
/// pidfd_send_signal(2); false when the process is gone already.
bool send_signal(int pidfd, int signal);

/// /proc/sys/kernel/random/boot_id: differs after each boot.
std::string boot_id();

/// How a process ended, as the shell tells it: exit code, or 128 + signal.
int exit_code_of(int wait_status);

/// Name of the command of a process (comm), or "?" when it is gone.
std::string process_name(pid_t pid);
/// The parent of a process, from /proc/PID/status; 0 when it is gone.
pid_t parent_of(pid_t pid);

}  // namespace stack
