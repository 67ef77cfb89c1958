// SPDX-License-Identifier: Apache-2.0
// The second half of a child's life, shared by a container's process 1 and by programs that join a
// container: from "the namespaces are right" to execve(2). Rules of child_report.h apply.
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>

#include <cstdint>
#include <span>

#include "base/id_block.h"
#include "runtime/capabilities.h"
#include "runtime/child_report.h"
#include "runtime/user_lookup.h"

namespace stack::runtime {

enum class InitProcess { none, ours };
enum class NewPrivileges { as_usual, never };

/// setrlimit(2)
struct LimitTask {
  int resource = 0;
  rlimit limit{};
};
enum class Terminal { none, own };

/// All that a program needs, prepared by the parent, which keeps what is pointed to alive.
struct ProgramTask {
  char* const* arguments = nullptr;  ///< null-terminated
  char** environment = nullptr;      ///< null-terminated
  char** home_slot = nullptr;        ///< where "HOME=..." goes; null when HOME is set already
  std::span<const char* const> candidates;  ///< paths to try to exec, in order
  const char* working_directory = "/";
  UserRequest user;
  std::span<const std::string_view> groups;  ///< further ones, names or numbers
  std::span<const LimitTask> limits;
  const char* oom_score_adj = nullptr;  ///< text for the file; null: 0, or as near as may be
  const char* apparmor = nullptr;       ///< "exec PROFILE"; null: none
  NewPrivileges new_privileges = NewPrivileges::as_usual;
  CapabilityBits capabilities = 0;
  std::span<const sock_filter> seccomp;  ///< empty: none
  Terminal terminal = Terminal::none;
  InitProcess init = InitProcess::none;
  /// Become 0, 1 and 2. All are valid.
  int standard_streams[3] = {-1, -1, -1};
  IdBlock ids;  ///< of the user namespace that is entered between the two halves
};

/// What was found out before the parent's release.
struct PreparedProgram {
  ResolvedUser user;
  char home[4096];  ///< "HOME=..."
  int terminal_master = -1;
};

/// Closes everything but 0, 1, 2 and `kept` (ascending): a forked child must not hold the
/// supervisor's sockets open.
int close_all_but(std::span<const int> kept);

/// Limits, keyring, user look-up, terminal and working directory. Inside the container's root.
void prepare_program(const ProgramTask& task, const ChildReport& report, PreparedProgram& program);

/// All that is made from here on belongs to the root of `ids`, and may be made all the same.
int own_files(const IdBlock& ids);

/// Drops privileges and executes.
[[noreturn]] void run_program(const ProgramTask& task, const ChildReport& report,
                              const PreparedProgram& program);

}  // namespace stack::runtime
