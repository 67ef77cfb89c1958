// SPDX-License-Identifier: Apache-2.0
#include "supervisor/off_loop.h"

#include <sys/eventfd.h>

#include <system_error>
#include <thread>

#include "base/error.h"
#include "base/signal_mask.h"

namespace stack::supervisor {
namespace {

/// What loop and thread share.
struct Work {
  std::function<void()> function;
  Fd end;  ///< eventfd(2): readable when it is over
  std::exception_ptr failure;
};

void run(Work& work) {
  take_no_signals();
  try {
    work.function();
  } catch (...) {
    work.failure = std::current_exception();
  }
  ::eventfd_write(work.end.get(), 1);
}

std::jthread start(Work& work) {
  try {
    return std::jthread([&work] { run(work); });
  } catch (const std::system_error& error) {
    throw Error("starting a thread", error.code().value());
  }
}

}  // namespace

Awaitable<void> off_loop(Loop& loop, std::function<void()> function) {
  Work work{std::move(function), Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), {}};
  if (!work.end) throw_errno("eventfd");
  Descriptor end = watch(loop, work.end.get());
  {
    const std::jthread thread = start(work);
    co_await readable(end);
  }
  if (work.failure) std::rethrow_exception(work.failure);
}

}  // namespace stack::supervisor
