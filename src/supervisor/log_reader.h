// SPDX-License-Identifier: Apache-2.0
// The reading side of a container's log: lines of both streams, merged by time. Never touches the
// supervisor, and needs the same memory for any length.
#pragma once

#include <filesystem>

#include "supervisor/log_stream.h"

namespace stack::supervisor {

class LogReader {
 public:
  explicit LogReader(const std::filesystem::path& directory);

  /// The next line; nothing when there is none (yet), until look_again().
  const LogLine* front(LastLine last);
  /// After front() had a line: that one and those behind it in its stream that came with it, up to
  /// `most`.
  LogRun run(std::size_t most) { return front_->run(most); }
  /// Goes on behind front(), or run().
  void take();
  /// Something may have been added.
  void look_again();

  /// There is nothing behind what is there now, until go_on().
  void end_at_present();
  void go_on();

  /// Before the first front(): begins with the last `lines` lines of what is there. Returns how
  /// many these are.
  std::size_t skip_to_last(std::size_t lines, LastLine last);
  /// Before the first front(): leaves out what is older, quickly; the first lines may still be.
  void skip_before(LogTime time);

 private:
  LogStream out_;
  LogStream err_;
  LogStream* front_ = nullptr;  ///< whose line front() gave
  std::uint64_t out_reads_ = 0;
};

}  // namespace stack::supervisor
