// SPDX-License-Identifier: Apache-2.0
// Paths inside a root that a stranger made, and may be changing: opened, and made when absent.
// Everything is found by openat2(2) below the root, so that whatever is exchanged meanwhile leads
// nowhere else. Rules of child_report.h apply.
#pragma once

#include <sys/types.h>

#include "runtime/mount_plan.h"

namespace stack::runtime {

/// An O_PATH descriptor of `path`, or -1 with errno.
int open_target(int root, const char* path, TargetLinks links);

/// The same, making what is missing: directories, and at the end an entry of `type` (S_IFDIR or
/// S_IFREG). A link that leads nowhere yet is followed, and what it names is made.
int open_or_make(int root, const char* path, mode_t type, TargetLinks links);

/// An empty file in place of a link. Nothing happens where `path` is no link. An errno, or 0.
int replace_link(int root, const char* path);

}  // namespace stack::runtime
