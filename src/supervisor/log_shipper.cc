// SPDX-License-Identifier: Apache-2.0
#include "supervisor/log_shipper.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "supervisor/journal.h"

namespace stack::supervisor {
namespace {

constexpr const char* position_name = "shipped";
constexpr std::size_t lines_a_turn = 1000;
/// At a container's end, when nobody else has a turn before it may be gone.
constexpr std::size_t lines_at_end = 1'000'000;
constexpr auto shortest_pause = std::chrono::milliseconds(5);
constexpr auto longest_pause = std::chrono::seconds(5);

std::int64_t nanoseconds_of(LogTime time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

std::string own_hostname() {
  char name[256] = "";
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

std::size_t index_of(Stream stream) {
  return static_cast<std::size_t>(stream);
}

}  // namespace

LogShipper::LogShipper(Loop& loop, std::string name, LogShipping shipping,
                       const std::filesystem::path& directory)
    : loop_(&loop),
      name_(std::move(name)),
      shipping_(std::move(shipping)),
      speaker_{own_hostname(), ::getpid()},
      reader_(directory),
      socket_(shipping_),
      woken_(loop) {
  read_position(directory / position_name);
}

std::shared_ptr<LogShipper> LogShipper::start(Loop& loop, std::string name, LogShipping shipping,
                                              const std::filesystem::path& directory) {
  const std::string what = "sending the output of " + name;
  Self shipper(new LogShipper(loop, std::move(name), std::move(shipping), directory));
  spawn(loop, what, run(shipper));
  return shipper;
}

void LogShipper::read_position(const std::filesystem::path& path) {
  position_file_ = open_file(path, O_RDWR | O_CREAT, 0600);
  const auto size = static_cast<ssize_t>(sizeof(sent_));
  if (::pread(position_file_.get(), sent_.data(), sizeof(sent_), 0) != size) sent_ = {};
  resumed_ = sent_;
  const std::int64_t first = std::max(sent_[0].time, sent_[1].time);
  if (first == 0) return;
  // In the order of times: what is older than the younger one of both was sent.
  reader_.skip_before(
      LogTime(std::chrono::duration_cast<LogTime::duration>(std::chrono::nanoseconds(first))));
}

void LogShipper::write_position() {
  [[maybe_unused]] const ssize_t written =
      ::pwrite(position_file_.get(), sent_.data(), sizeof(sent_), 0);
}

void LogShipper::output_came() {
  ++outputs_;
  woken_.notify_all();
}

void LogShipper::stop() {
  stopped_ = true;
  woken_.notify_all();
}

void LogShipper::flush() {
  reader_.look_again();
  ship(lines_at_end, LastLine::as_it_is);
}

/// Of those that a former supervisor may have read before us.
bool LogShipper::was_sent(const LogLine& line) {
  Position& before = resumed_[index_of(line.stream)];
  const std::int64_t time = nanoseconds_of(line.time);
  const std::int64_t youngest = std::max(resumed_[0].time, resumed_[1].time);
  if (time < youngest && time != before.time) return true;
  if (time != before.time || before.lines == 0) return false;
  --before.lines;
  return true;
}

LogSocket::Sent LogShipper::send(const LogLine& line) {
  return socket_.send(shipping_.to == LogShipping::To::journald
                          ? journald_message(shipping_, line)
                          : syslog_message(shipping_, line, speaker_));
}

void LogShipper::note_sent(const LogLine& line) {
  Position& position = sent_[index_of(line.stream)];
  const std::int64_t time = nanoseconds_of(line.time);
  if (position.time != time) position = {time, 0};
  ++position.lines;
  ++sent_lines_;
}

void LogShipper::complain() {
  if (std::exchange(complained_, true)) return;
  journal::warning("output of " + name_ + " cannot be sent on: " + socket_.problem());
}

LogShipper::Progress LogShipper::ship(std::size_t most, LastLine last) {
  Progress progress = Progress::more;
  for (std::size_t lines = 0; lines < most && progress == Progress::more; ++lines) {
    const LogLine* const line = reader_.front(last);
    if (line == nullptr) {
      progress = Progress::done;
      break;
    }
    if (!was_sent(*line)) {
      const LogSocket::Sent sent = send(*line);
      if (sent != LogSocket::Sent::yes) complain();
      if (sent == LogSocket::Sent::not_now) {
        progress = Progress::held_up;
        break;
      }
      note_sent(*line);
    }
    reader_.take();
  }
  write_position();
  return progress;
}

Awaitable<void> LogShipper::run(Self self) {
  auto pause = Clock::duration(shortest_pause);
  while (!self->stopped_) {
    const auto outputs = self->outputs_;
    const auto sent = self->sent_lines_;
    const Progress progress = self->ship(lines_a_turn, LastLine::not_yet);
    if (progress == Progress::held_up) {
      // Who takes some is asked again soon.
      if (self->sent_lines_ != sent) pause = shortest_pause;
      // Whether it came in between does not matter to who does not take it.
      co_await sleep_for(*self->loop_, pause);
      pause = std::min<Clock::duration>(2 * pause, longest_pause);
      continue;
    }
    pause = shortest_pause;
    if (progress == Progress::more) {
      co_await yield(*self->loop_);
    } else if (outputs == self->outputs_ && !self->stopped_) {
      self->complained_ = false;
      co_await self->woken_.wait();
    }
    self->reader_.look_again();
  }
}

}  // namespace stack::supervisor
