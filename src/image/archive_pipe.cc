// SPDX-License-Identifier: Apache-2.0
#include "image/archive_pipe.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <string>
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

/// An archive is written in pieces of a few hundred bytes; each would wake the reader.
class BufferedPipe {
 public:
  explicit BufferedPipe(int fd) : fd_(fd) { buffer_.reserve(capacity); }

  void put(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > capacity) flush();
    if (bytes.size() >= capacity) return write_all(fd_, bytes);
    buffer_.append(bytes);
  }
  void flush() {
    write_all(fd_, buffer_);
    buffer_.clear();
  }

 private:
  static constexpr std::size_t capacity = 128 << 10;
  int fd_;
  std::string buffer_;
};

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
    BufferedPipe buffered(pipe.writing.get());
    const TarSink sink = [&](std::string_view bytes) { buffered.put(bytes); };
    writing = failure_of([&] {
      write(sink);
      buffered.flush();
    });
    pipe.writing.reset();
  });
  const std::exception_ptr reading = failure_of([&] { read(pipe.reading.get()); });
  pipe.reading.reset();
  writer.join();
  if (writing && !(reading && is_broken_pipe(writing))) std::rethrow_exception(writing);
  if (reading) std::rethrow_exception(reading);
}

}  // namespace stack::image
