// SPDX-License-Identifier: Apache-2.0
// A child that makes do with our memory until it executes another program: vfork(2), on a stack of
// its own. fork(2) copies the page tables of the caller, and each page that either writes from then
// on: several milliseconds where page faults are dear.
#pragma once

#include <sys/types.h>

#include <span>

namespace stack {

/// What the child does. It must not return, but execute a program or _exit(2), and until then keep
/// to system calls: all that it writes to memory, errno too, is written to ours.
using BorrowingBody = void (*)(void* argument);

/// Starts `body(argument)` on `stack` and waits until it has executed a program or ended. Signal
/// handlers of ours do not run in it (CLONE_CLEAR_SIGHAND), signals that are blocked stay blocked.
/// It begins in the cgroup that `cgroup` is a descriptor of (CLONE_INTO_CGROUP needs no migration
/// afterwards, which would wait for an RCU period); below 0: in ours. Its id, for wait(2); -1 and
/// errno when it could not be made. On other machines than x86-64 it is a copy, as fork(2)'s.
pid_t start_borrowing_child(std::span<char> stack, int cgroup, BorrowingBody body, void* argument);

}  // namespace stack
