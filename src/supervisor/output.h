// SPDX-License-Identifier: Apache-2.0
// A container's stdin, stdout and stderr, and the way of its output into the log.
//
// The streams are FIFOs in a directory of the container's, opened for reading and writing by all:
// no reader's death gives anybody a SIGPIPE, and what is in them stays as long as somebody holds
// one, which the keeper does. A terminal's master cannot be found by path: the keeper holds that
// itself.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "supervisor/async.h"
#include "supervisor/fd_store.h"
#include "supervisor/log_store.h"

namespace stack::supervisor {

/// What the container's process gets as 0, 1 and 2.
struct StandardStreams {
  Fd in;
  Fd out;
  Fd err;
};

class Output : public std::enable_shared_from_this<Output> {
 public:
  /// `id` names the container in the keeper's store. FIFOs are made in `pipes`.
  Output(Loop& loop, FdStore& store, std::string id, std::filesystem::path pipes, LogWriter log);

  /// `once`: open until close_input(); the keeper holds it.
  enum class Stdin { null, open, once };
  /// Makes the FIFOs for a new run, the keeper's hold on them included, and starts collecting. When
  /// nothing is to be kept, output goes to /dev/null and nobody has any work with it.
  StandardStreams open_streams(Stdin kind);
  /// Collects from a terminal; the keeper holds it too.
  void open_terminal(Fd master);
  /// Goes on collecting after a supervisor's death; `master` is the terminal's if there is one.
  void adopt(std::optional<Fd> master);
  /// Where the container's own words go, for others of it; empty when they go to a terminal or
  /// nowhere.
  Fd open_out() const;
  /// `listener` is called whenever bytes have gone into the log.
  void on_output(std::function<void()> listener) { listener_ = std::move(listener); }
  /// Writes to the container's stdin or terminal, as fast as it reads; gives up when the run ends.
  static Awaitable<void> write_input(std::shared_ptr<Output> self, std::string bytes);
  /// The container's standard input ends, if it was opened to.
  void close_input();
  /// Of the terminal, whose foreground processes get a SIGWINCH. Throws Error when there is none.
  void resize(std::uint16_t rows, std::uint16_t columns);
  /// Collects the rest after the container's end, and lets go of everything.
  void finish();

 private:
  struct Source;
  void collect_stream(Stream stream);
  void collect_terminal(Fd master);
  void collect(std::shared_ptr<Source> source);
  static Awaitable<void> pump(std::shared_ptr<Output> self, std::shared_ptr<Source> source);
  static Awaitable<bool> await_output(std::shared_ptr<Output> self, std::shared_ptr<Source> source);
  static bool hold_open(Source& terminal);
  std::size_t move_some(Source& source);
  void note_loss();
  Descriptor open_input();
  Fd open_fifo(const char* name, int flags) const;
  Fd open_stdin(Stdin kind);
  std::string kept_name(const char* what) const;

  Loop* loop_;
  FdStore* store_;
  std::string id_;
  std::filesystem::path pipes_;
  LogWriter log_;
  std::function<void()> listener_;
  bool loss_noted_ = false;
  std::shared_ptr<Source> out_;
  std::shared_ptr<Source> err_;
  std::shared_ptr<Source> terminal_;
  bool finished_ = false;
};

}  // namespace stack::supervisor
