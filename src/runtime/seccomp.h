// SPDX-License-Identifier: Apache-2.0
// The system call filter as bytes for seccomp(2). libseccomp takes milliseconds to generate them,
// loading takes a fraction of one: so they are made once for each set of capabilities that matters
// and kept in a file.
#pragma once

#include <linux/filter.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace stack::runtime {

using SeccompProgram = std::vector<sock_filter>;

/// Docker's default policy for a process with these capabilities: EPERM for what is not allowed,
/// ENOSYS for calls newer than this program, so that a libc tries an older one.
SeccompProgram compile_seccomp(const std::set<std::string>& capabilities);

/// What the policy depends on, in words; equal keys, equal programs.
std::string seccomp_key(const std::set<std::string>& capabilities);

/// The program from `cache`, compiled and put there when it is absent or damaged. An empty path:
/// always compiled. A cache that cannot be written is not an error.
SeccompProgram cached_seccomp(const std::filesystem::path& cache,
                              const std::set<std::string>& capabilities);

}  // namespace stack::runtime
