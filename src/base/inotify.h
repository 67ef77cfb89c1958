// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.h"

namespace stack {

/// inotify(7), non-blocking. Throws Error with the sysctl to raise when there are no more of them:
/// the kernel counts them for each user, 128 as a rule, desktops and editors included.
Fd make_inotify();

}  // namespace stack
