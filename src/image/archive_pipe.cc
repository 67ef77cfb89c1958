// SPDX-License-Identifier: Apache-2.0
#include "image/archive_pipe.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <thread>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"

namespace stack::image {
namespace {

struct Pipe {
  Fd reading;
  Fd writing;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  // A megabyte at a time instead of 64 KiB; where that is not allowed, the usual size does.
  ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  return {Fd(ends[0]), Fd(ends[1])};
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
  Pipe pipe = make_pipe();
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
