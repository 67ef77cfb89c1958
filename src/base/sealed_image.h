// SPDX-License-Identifier: Apache-2.0
// A program as a sealed memory file. Whatever enters a container runs from one, so that a container
// that gets hold of /proc/PID/exe holds a copy it cannot change (CVE-2019-5736).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

#include "base/fd.h"

namespace stack {

/// A memfd holding `program`, which is what this program's file carries of another: sealed against
/// writing, growing and shrinking. Costs one copy of it. Not close-on-exec: it is meant for
/// execveat(2). Throws Error.
Fd sealed_image(std::string_view program);
/// The copy that `process` runs from, when sealed_image() made it of the same `program` out of this
/// very file, which is unchanged, and the process is this user's and sees the same mounts:
/// containers' processes, which might have taken its number, do not. Nothing otherwise. As
/// sealed_image()'s, it is not close-on-exec.
std::optional<Fd> sealed_image_of(pid_t process, std::string_view program);

}  // namespace stack
