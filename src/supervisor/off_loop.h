// SPDX-License-Identifier: Apache-2.0
// Work that would keep the loop waiting: on a thread that lives as long as it does.
#pragma once

#include <functional>

#include "supervisor/async.h"

namespace stack::supervisor {

/// Runs `work` on a thread of its own, which takes no signals, and waits for its end; the loop goes
/// on. Throws what `work` threw, and Error when there can be no thread. What the work touches is
/// its own: everything else in this process expects one thread. The loop must outlive it.
///
/// A thread, not a child: a copy of this process has each page that it or its parent writes copied,
/// which costs the loop more than the deletion of a container (docs/performance.md).
Awaitable<void> off_loop(Loop& loop, std::function<void()> work);

}  // namespace stack::supervisor
