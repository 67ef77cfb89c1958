// SPDX-License-Identifier: Apache-2.0
// Descriptors that take the kernel long to close.
#pragma once

#include <vector>

#include "base/fd.h"

namespace stack {

/// Leaves `descriptors` to the kernel, to be closed by a thread of its own: they travel in a
/// message of a pair of sockets that nobody holds but the message itself, which is what unix(7)'s
/// garbage collector is for. Kernels before 6.10 collect at once, in the caller, as does one that
/// refuses.
void close_in_background(std::vector<Fd> descriptors);

/// The same for all of the calling process that would make its end wait: sockets of netlink (one of
/// nftables waits for what transactions of its namespace have left, 10 ms and more) and inotify
/// (its last close waits as long). For a process that is about to exit: their numbers are free
/// afterwards.
void leave_slow_descriptors();

}  // namespace stack
