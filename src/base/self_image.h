// SPDX-License-Identifier: Apache-2.0
// This very program as a sealed memory file. Whatever enters a container runs from it, so that a
// container that gets hold of /proc/PID/exe holds a copy it cannot change (CVE-2019-5736).
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"

namespace stack {

/// A memfd holding a copy of /proc/self/exe, sealed against writing, growing and shrinking.
/// Costs one copy of the program (a few MB). Not close-on-exec: it is meant for execveat(2).
Fd sealed_self_image();
/// The copy that `process` runs from, when sealed_self_image() made it of this very program (the
/// same file, unchanged) and the process is this user's and sees the same mounts: containers'
/// processes, which might have taken its number, do not. Nothing otherwise. As
/// sealed_self_image()'s, it is not close-on-exec.
std::optional<Fd> sealed_image_of(pid_t process);

/// True when the running program already is such a sealed copy.
bool runs_from_sealed_image();

}  // namespace stack
