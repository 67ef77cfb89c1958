// SPDX-License-Identifier: Apache-2.0
// Docker's default list of system calls, as data. What is not named there is denied.
#pragma once

#include <span>
#include <string_view>

#include "runtime/seccomp_policy.h"

namespace stack::runtime {

/// EPERM for what is not allowed, ENOSYS for calls newer than the list, so that a libc tries an
/// older one.
SeccompProfile docker_seccomp_profile();

/// The capabilities that make a difference to it.
std::span<const std::string_view> capabilities_of_docker_list();

}  // namespace stack::runtime
