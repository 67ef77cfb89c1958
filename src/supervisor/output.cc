// SPDX-License-Identifier: Apache-2.0
#include "supervisor/output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
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

void make_fifo(const std::filesystem::path& path) {
  if (::mkfifo(path.c_str(), 0600) == 0 || errno == EEXIST) return;
  throw_errno("making {}", path.native());
}

std::size_t move_from_pipe(int pipe, LogWriter& log) {
  return log.drain(pipe);
}

std::size_t move_from_terminal(int master, LogWriter& log) {
  std::array<char, 65536> bytes{};
  const ssize_t size = ::read(master, bytes.data(), bytes.size());
  if (size <= 0) return 0;  // EIO: nobody has the terminal open any more
  log.append({bytes.data(), static_cast<std::size_t>(size)});
  return static_cast<std::size_t>(size);
}

}  // namespace

Output::Output(Loop& loop, FdStore& store, std::string id, std::filesystem::path directory)
    : loop_(&loop), store_(&store), id_(std::move(id)), directory_(std::move(directory)) {}

std::string Output::kept_name(const char* what) const {
  return id_ + "/" + what;
}

Fd Output::open_fifo(const char* name, int flags) const {
  return open_file(directory_ / name, O_RDWR | flags);
}

StandardStreams Output::open_streams(Stdin kind) {
  StandardStreams streams;
  if (kind == Stdin::open) make_fifo(directory_ / in_fifo);
  streams.in = kind == Stdin::open ? open_fifo(in_fifo, 0) : open_file("/dev/null", O_RDONLY);
  for (const auto& [name, fd] : {std::pair{out_fifo, &streams.out}, {err_fifo, &streams.err}}) {
    make_fifo(directory_ / name);
    *fd = open_fifo(name, 0);
    ::fcntl(fd->get(), F_SETPIPE_SZ, pipe_size);  // without: a smaller cushion
    store_->keep(kept_name(name), fd->get());
  }
  adopt(std::nullopt);
  return streams;
}

void Output::open_terminal(Fd master) {
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
  if (!stack::exists(directory_ / name)) return;
  Descriptor pipe(*loop_, open_fifo(name, O_NONBLOCK).release());
  auto source = std::make_shared<Source>(Source{std::move(pipe), LogWriter(directory_, stream)});
  (stream == Stream::out ? out_ : err_) = source;
  spawn(*loop_, "collecting output of " + id_, pump(shared_from_this(), source, [](Source& from) {
    move_from_pipe(from.descriptor.native_handle(), from.log);
    return Progress::more;  // we hold the FIFO for writing too: it has no end
  }));
}

void Output::collect_terminal(Fd master) {
  ::fcntl(master.get(), F_SETFL, O_NONBLOCK);
  Descriptor descriptor(*loop_, master.release());
  terminal_ =
      std::make_shared<Source>(Source{std::move(descriptor), LogWriter(directory_, Stream::out)});
  spawn(*loop_, "collecting output of " + id_,
        pump(shared_from_this(), terminal_, [](Source& from) {
          const auto moved = move_from_terminal(from.descriptor.native_handle(), from.log);
          return moved > 0 ? Progress::more : Progress::ended;
        }));
}

/// A bounded piece at a time, and the others' turn in between: a flood starves nobody.
Awaitable<void> Output::pump(std::shared_ptr<Output> self, std::shared_ptr<Source> source,
                             Progress (*move)(Source&)) {
  while (co_await readable(source->descriptor)) {
    if (!source->descriptor.is_open()) co_return;
    if (move(*source) == Progress::ended) co_return;
    self->note_loss(*source);
    co_await yield(*self->loop_);
  }
}

void Output::note_loss(Source& source) const {
  if (source.loss_noted || source.log.lost() == 0) return;
  source.loss_noted = true;
  journal::warning("output of " + id_ + " is being lost: its log cannot be written");
}

void Output::finish() {
  for (const auto& source : {out_, err_})
    while (source && move_from_pipe(source->descriptor.native_handle(), source->log) > 0) {
    }
  while (terminal_ &&
         move_from_terminal(terminal_->descriptor.native_handle(), terminal_->log) > 0) {
  }
  for (auto* source : {&out_, &err_, &terminal_}) {
    if (*source) (*source)->descriptor.close();
    source->reset();
  }
  for (const char* name : {out_fifo, err_fifo, terminal_name}) store_->drop(kept_name(name));
}

}  // namespace stack::supervisor
