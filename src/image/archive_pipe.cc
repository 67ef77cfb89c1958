// SPDX-License-Identifier: Apache-2.0
#include "image/archive_pipe.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/pipe.h"

namespace stack::image {
namespace {

/// A megabyte at a time instead of 64 KiB; where that is not allowed, the usual size does.
Pipe make_large_pipe() {
  Pipe pipe = make_pipe();
  ::fcntl(pipe.writing.get(), F_SETPIPE_SZ, 1 << 20);
  return pipe;
}

/// A reader that gave up shows as EPIPE, to this thread alone.
void block_sigpipe() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool is_broken_pipe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.error_number() == EPIPE;
  } catch (...) {
    return false;
  }
}

template <typename Work>
std::exception_ptr failure_of(Work&& work) {
  try {
    work();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace

void through_pipe(const std::function<void(const TarSink& sink)>& write,
                  const std::function<void(int archive)>& read) {
  Pipe pipe = make_large_pipe();
  std::exception_ptr writing;
  std::thread writer([&] {
    block_sigpipe();
    const TarSink sink = [&](std::string_view bytes) { write_all(pipe.writing.get(), bytes); };
    writing = failure_of([&] { write(sink); });
    pipe.writing.reset();
  });
  const std::exception_ptr reading = failure_of([&] { read(pipe.reading.get()); });
  pipe.reading.reset();
  writer.join();
  if (writing && !(reading && is_broken_pipe(writing))) std::rethrow_exception(writing);
  if (reading) std::rethrow_exception(reading);
}

}  // namespace stack::image
