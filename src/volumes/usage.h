// SPDX-License-Identifier: Apache-2.0
// How much disk a tree takes.
#pragma once

#include <cstdint>

#include "base/fd.h"

namespace stack::volumes {

/// Bytes of disk blocks below an open directory, itself included; files with several names count
/// once, mount points and links are not entered. Entries that vanish meanwhile are skipped.
std::uint64_t disk_usage(Fd directory);

}  // namespace stack::volumes
