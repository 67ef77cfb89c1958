// SPDX-License-Identifier: Apache-2.0
// The parent's side of ProgramTask: owns everything that the child will read after the clone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/container_spec.h"
#include "runtime/program.h"
#include "runtime/seccomp.h"

namespace stack::runtime {

/// Standard streams as given by the caller; -1: /dev/null.
struct StreamFds {
  int in = -1;
  int out = -1;
  int err = -1;
};

/// Paths to try for argv[0], in order: itself when it has a slash, else below each entry of PATH.
std::vector<std::string> program_candidates(const std::string& name,
                                            const std::vector<std::string>& environment);

/// What a program has beyond what its container has.
enum class Elevation { none, all_capabilities };

class ProgramMemory {
 public:
  /// `cache` is where compiled seccomp programs are kept; `ids` are those of the user namespace
  /// that the program will be in. Copies what it needs.
  ProgramMemory(const ProcessSpec& process, const SecuritySpec& security, const StreamFds& streams,
                const std::filesystem::path& cache, const IdBlock& ids,
                Elevation elevation = Elevation::none);
  ProgramMemory(const ProgramMemory&) = delete;
  ProgramMemory& operator=(const ProgramMemory&) = delete;

  /// Valid while this object lives.
  const ProgramTask& task() const { return task_; }

 private:
  void point_to_strings();
  void set_limits();
  void set_security(const SecuritySpec& security);
  void choose_streams(const StreamFds& streams);

  ProcessSpec process_;
  std::vector<std::string> candidates_;
  std::vector<char*> argument_pointers_;
  std::vector<char*> environment_pointers_;
  std::vector<const char*> candidate_pointers_;
  std::vector<std::string_view> groups_;
  std::vector<LimitTask> limits_;
  std::string oom_score_adj_;
  std::string apparmor_;
  SeccompProgram seccomp_;
  Fd null_;
  ProgramTask task_;
};

}  // namespace stack::runtime
