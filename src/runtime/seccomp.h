// SPDX-License-Identifier: Apache-2.0
// The system call filter of a container as bytes for seccomp(2), compiled once for each policy and
// set of capabilities that matters, and kept in a file.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "runtime/seccomp_compile.h"

namespace stack::runtime {

/// Instead of a profile: no filter at all.
inline constexpr std::string_view seccomp_unconfined = "unconfined";

/// What a program depends on, in words; equal keys, equal programs.
std::string seccomp_key(std::string_view profile, const std::set<std::string>& capabilities);

/// The filter for a process with these capabilities, not cached. `profile` is the text of a profile
/// file (seccomp_profile.h), "" for docker's default list, or seccomp_unconfined, whose program is
/// empty. Throws Error on a profile that cannot be read.
SeccompProgram seccomp_for(std::string_view profile, const std::set<std::string>& capabilities);

/// The same from `cache`, compiled and put there when it is absent or damaged. An empty path:
/// always compiled. A cache that cannot be written is not an error.
SeccompProgram cached_seccomp(const std::filesystem::path& cache, std::string_view profile,
                              const std::set<std::string>& capabilities);

}  // namespace stack::runtime
