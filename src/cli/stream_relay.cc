// SPDX-License-Identifier: Apache-2.0
#include "cli/stream_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/signal_mask.h"

namespace stack::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t piece = 1U << 18;
/// As much as a pipe may hold without privileges: the fewer wakeups, the faster.
constexpr int pipe_size = 1 << 20;
constexpr std::chrono::seconds patience{2};
constexpr Clock::time_point never = Clock::time_point::max();

void await_event(int fd, short event) {
  pollfd watched{fd, event, 0};
  ::poll(&watched, 1, -1);
}

/// As read(2), for descriptors that others may have made non-blocking: theirs are ours.
ssize_t read_some(int from, char* bytes, std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(from, bytes, size);
    if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return got;
    if (errno == EAGAIN) await_event(from, POLLIN);
  }
}

/// An errno, or 0 when all is written.
int write_whole(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(to, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      await_event(to, POLLOUT);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

void copy_input(int from, const Fd& to) {
  std::vector<char> bytes(piece);
  for (;;) {
    const ssize_t got = read_some(from, bytes.data(), bytes.size());
    if (got <= 0) return;
    if (write_whole(to.get(), {bytes.data(), static_cast<std::size_t>(got)}) != 0) return;
  }
}

/// What there is to come from the pipe of a program that may have ended.
class Coming {
 public:
  Coming(int from, int ended) : from_(from), ended_(ended) {}

  /// Waits. False when nothing more is to be read.
  bool await() {
    for (;;) {
      if (owed_ > 0) return true;
      std::array<pollfd, 2> watched{{{from_, POLLIN, 0}, {has_ended() ? -1 : ended_, POLLIN, 0}}};
      const int ready = ::poll(watched.data(), watched.size(), time_left());
      if (ready < 0 && errno != EINTR) return false;
      if (ready == 0) return false;
      if (ready > 0 && watched[1].revents != 0) note_end();
      if (ready > 0 && watched[0].revents != 0) return true;
    }
  }

  void took(std::size_t size) { owed_ -= std::min(owed_, size); }

 private:
  bool has_ended() const { return until_ != never; }

  void note_end() {
    int there = 0;
    if (::ioctl(from_, FIONREAD, &there) == 0) owed_ = static_cast<std::size_t>(there);
    until_ = Clock::now() + patience;
  }

  int time_left() const {
    if (!has_ended()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  int from_;
  int ended_;
  std::size_t owed_ = 0;  ///< was in the pipe when the program ended
  Clock::time_point until_ = never;
};

/// Until the end; an errno of writing, or 0. Closes `from` then: who writes to it must know.
int copy_output(const Fd from, int to, int ended) {
  std::vector<char> bytes(piece);
  Coming coming(from.get(), ended);
  while (coming.await()) {
    const ssize_t got = read_some(from.get(), bytes.data(), bytes.size());
    if (got <= 0) return 0;
    const auto size = static_cast<std::size_t>(got);
    if (const int error = write_whole(to, {bytes.data(), size})) return error;
    coming.took(size);
  }
  return 0;
}

void require_written(int error, const char* stream) {
  if (error != 0 && error != EPIPE) throw Error(fmt::format("writing to {}", stream), error);
}

Pipe make_large_pipe() {
  Pipe pipe = make_pipe();
  ::fcntl(pipe.writing.get(), F_SETPIPE_SZ, pipe_size);  // without: as it is
  return pipe;
}

}  // namespace

StreamRelay::StreamRelay(Input input)
    : in_(input == Input::ours ? make_large_pipe() : Pipe{}),
      outputs_{{{make_large_pipe(), STDOUT_FILENO}, {make_pipe(), STDERR_FILENO}}},
      ended_(::eventfd(0, EFD_CLOEXEC)) {
  if (!ended_) throw_errno("eventfd");
}

StreamRelay::~StreamRelay() {
  await_copiers();
}

/// Nobody waits for it: it may be in read(2) until somebody types a line.
void StreamRelay::pass_input_on() {
  in_.reading.reset();
  std::thread([to = std::move(in_.writing)] {
    take_no_signals();
    copy_input(STDIN_FILENO, to);
  }).detach();
}

void StreamRelay::begin() {
  if (in_.reading) pass_input_on();
  for (Output& output : outputs_) {
    output.pipe.writing.reset();
    output.copier = std::thread([&output, ended = ended_.get()] {
      take_no_signals();
      output.error = copy_output(std::move(output.pipe.reading), output.ours, ended);
    });
  }
}

void StreamRelay::await_copiers() {
  ::eventfd_write(ended_.get(), 1);
  for (Output& output : outputs_)
    if (output.copier.joinable()) output.copier.join();
}

void StreamRelay::finish() {
  await_copiers();
  require_written(outputs_[0].error, "standard output");
  require_written(outputs_[1].error, "standard error");
}

}  // namespace stack::cli
