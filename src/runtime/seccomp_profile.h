// SPDX-License-Identifier: Apache-2.0
// Docker's profile files: JSON as of `docker run --security-opt seccomp=FILE`, read the way dockerd
// and runc read it for an x86_64 machine.
#pragma once

#include <string_view>

#include "runtime/seccomp_policy.h"

namespace stack::runtime {

/// The policy that `json` describes. Throws Error that names the member and its value, or the line
/// and column of what is not JSON.
///
/// - Names of calls that no ABI of this processor has are ignored, as are unknown members.
/// - `includes` and `excludes` become the scope of a rule; rules for other processors are left out.
/// - Two tests of one argument in one rule are alternatives, as in runc; tests of several arguments
///   must all hold.
/// - Numbers above the newest call that the file names get ENOSYS, unless the default lets calls
///   through.
/// - What needs somebody who listens (SCMP_ACT_NOTIFY, listenerPath) and filter flags are refused.
SeccompProfile parse_seccomp_profile(std::string_view json);

}  // namespace stack::runtime
