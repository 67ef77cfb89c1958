// SPDX-License-Identifier: Apache-2.0
#include "supervisor/output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "supervisor/journal.h"

namespace stack::supervisor {
namespace {

constexpr const char* in_fifo = "stdin.fifo";
constexpr const char* out_fifo = "stdout.fifo";
constexpr const char* err_fifo = "stderr.fifo";
constexpr const char* terminal_name = "terminal";
/// The most that an unprivileged pipe may hold: how far a container gets while nobody collects.
constexpr int pipe_size = 1 << 20;
/// How long lines are gathered before they are moved: the price, in latency, of few wakeups.
constexpr auto gathering = std::chrono::milliseconds(2);

void make_fifo(const std::filesystem::path& path) {
  fail_point("output.fifo");
  if (::mkfifo(path.c_str(), 0600) == 0 || errno == EEXIST) return;
  throw_errno("making {}", path.native());
}

}  // namespace

/// A pipe or a terminal's master.
struct Output::Source {
  enum class Kind { pipe, terminal };

  /// More than this at once comes from somebody who would soon be held up. Terminals give no more.
  std::size_t much() const { return kind == Kind::pipe ? pipe_size / 8 : 2048; }

  Kind kind;
  Fd fd;
  Stream stream;
  std::optional<Descriptor> watched = {};  ///< while nothing is there
  Fd peer = {};                            ///< of a terminal that all of the container had closed
};

Output::Output(Loop& loop, FdStore& store, std::string id, std::filesystem::path pipes,
               LogWriter log)
    : loop_(&loop),
      store_(&store),
      id_(std::move(id)),
      pipes_(std::move(pipes)),
      log_(std::move(log)) {}

std::string Output::kept_name(const char* what) const {
  return id_ + "/" + what;
}

Fd Output::open_fifo(const char* name, int flags) const {
  return open_file(pipes_ / name, O_RDWR | flags);
}

/// Who has it open for reading and writing never sees its end.
Fd Output::open_stdin(Stdin kind) {
  if (kind == Stdin::null) return open_file("/dev/null", O_RDONLY);
  make_fifo(pipes_ / in_fifo);
  Fd both = open_fifo(in_fifo, 0);
  if (kind == Stdin::open) return both;
  store_->keep(kept_name(in_fifo), both.get());
  return open_file(pipes_ / in_fifo, O_RDONLY);
}

StandardStreams Output::open_streams(Stdin kind) {
  StandardStreams streams;
  streams.in = open_stdin(kind);
  if (!log_.keeps_anything()) {
    streams.out = open_file("/dev/null", O_WRONLY);
    streams.err = open_file("/dev/null", O_WRONLY);
    return streams;
  }
  for (const auto& [name, fd] : {std::pair{out_fifo, &streams.out}, {err_fifo, &streams.err}}) {
    make_fifo(pipes_ / name);
    *fd = open_fifo(name, 0);
    ::fcntl(fd->get(), F_SETPIPE_SZ, pipe_size);  // without: a smaller cushion
    fail_point("output.keep");
    store_->keep(kept_name(name), fd->get());
  }
  adopt(std::nullopt);
  return streams;
}

Fd Output::open_out() const {
  return stack::exists(pipes_ / out_fifo) ? open_fifo(out_fifo, 0) : Fd();
}

void Output::open_terminal(Fd master) {
  fail_point("output.terminal");
  store_->keep(kept_name(terminal_name), master.get());
  collect_terminal(std::move(master));
}

void Output::adopt(std::optional<Fd> master) {
  if (master) return collect_terminal(std::move(*master));
  collect_stream(Stream::out);
  collect_stream(Stream::err);
}

void Output::collect_stream(Stream stream) {
  const char* const name = stream == Stream::out ? out_fifo : err_fifo;
  if (!stack::exists(pipes_ / name)) return;
  auto& source = stream == Stream::out ? out_ : err_;
  source =
      std::make_shared<Source>(Source{Source::Kind::pipe, open_fifo(name, O_NONBLOCK), stream});
  collect(source);
}

void Output::collect_terminal(Fd master) {
  ::fcntl(master.get(), F_SETFL, O_NONBLOCK);
  terminal_ =
      std::make_shared<Source>(Source{Source::Kind::terminal, std::move(master), Stream::out});
  collect(terminal_);
}

void Output::collect(std::shared_ptr<Source> source) {
  spawn(*loop_, "collecting output of " + id_, pump(shared_from_this(), std::move(source)));
}

/// Opens the other end of a terminal, as which nobody controls anything (ioctl_tty(2),
/// TIOCGPTPEER). Again when there is one: who calls vhangup(2) took it from all that had it.
bool Output::hold_open(Source& terminal) {
  terminal.peer = Fd(::ioctl(terminal.fd.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  return static_cast<bool>(terminal.peer);
}

/// Moves a bounded piece; returns the number of bytes.
std::size_t Output::move_some(Source& source) {
  const int fd = source.fd.get();
  if (source.kind == Source::Kind::pipe) return log_.drain(source.stream, fd);
  std::array<char, 65536> bytes;
  const ssize_t size = ::read(fd, bytes.data(), bytes.size());
  if (size <= 0) return 0;
  log_.append(source.stream, {bytes.data(), static_cast<std::size_t>(size)});
  return static_cast<std::size_t>(size);
}

/// Watched only for as long as it is waited for: whoever writes line by line would wake the loop
/// for each line otherwise.
Awaitable<bool> Output::await_output(std::shared_ptr<Output> self, std::shared_ptr<Source> source) {
  if (self->finished_) co_return false;
  source->watched.emplace(watch(*self->loop_, source->fd.get()));
  const bool came = co_await readable(*source->watched);
  source->watched.reset();
  co_return came && !self->finished_;
}

/// A bounded piece at a time, and the others' turn in between: a flood starves nobody. Who writes
/// little is left alone for a moment after each piece, so that its next lines come together.
Awaitable<void> Output::pump(std::shared_ptr<Output> self, std::shared_ptr<Source> source) {
  while (co_await await_output(self, source)) {
    const std::size_t moved = self->move_some(*source);
    // A terminal that nobody has open any more is readable for ever (EIO), until somebody opens it
    // again: from then on we do. A FIFO has no end: we hold it for writing too.
    if (moved == 0 && source->kind == Source::Kind::terminal && !hold_open(*source)) co_return;
    self->note_loss();
    if (moved > 0 && self->listener_) self->listener_();
    if (moved >= source->much()) {
      co_await yield(*self->loop_);
    } else {
      co_await sleep_for(*self->loop_, gathering);
    }
  }
}

void Output::note_loss() {
  if (loss_noted_ || log_.lost() == 0) return;
  loss_noted_ = true;
  journal::warning("output of " + id_ + " is being lost: its log cannot be written");
}

Descriptor Output::open_input() {
  if (terminal_) return watch(*loop_, terminal_->fd.get());
  return Descriptor(*loop_, open_fifo(in_fifo, O_NONBLOCK).release());
}

Awaitable<void> Output::write_input(std::shared_ptr<Output> self, std::string bytes) {
  // A FIFO that its reader has left is never writable again, and never fails: we have it open too.
  constexpr auto patience = std::chrono::milliseconds(200);
  Descriptor input = self->open_input();
  std::string_view rest = bytes;
  while (!rest.empty() && !self->finished_) {
    const ssize_t written = ::write(input.native_handle(), rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      co_await writable_until(input, Clock::now() + patience);
    } else if (errno != EINTR) {
      throw_errno("writing to the standard input of {}", self->id_);
    }
  }
}

void Output::close_input() {
  store_->drop(kept_name(in_fifo));
}

void Output::resize(std::uint16_t rows, std::uint16_t columns) {
  if (!terminal_) fail("the container has no terminal");
  const winsize size{rows, columns, 0, 0};
  if (::ioctl(terminal_->fd.get(), TIOCSWINSZ, &size) != 0)
    throw_errno("setting the size of a terminal");
}

void Output::finish() {
  finished_ = true;
  listener_ = nullptr;
  for (auto* source : {&out_, &err_, &terminal_}) {
    while (*source && move_some(**source) > 0) {
    }
    if (*source) (*source)->watched.reset();
    source->reset();
  }
  if (log_.lost() > 0) {
    journal::warning(fmt::format("{} bytes of the output of {} were lost", log_.lost(), id_));
  }
  for (const char* name : {in_fifo, out_fifo, err_fifo, terminal_name})
    store_->drop(kept_name(name));
}

}  // namespace stack::supervisor
