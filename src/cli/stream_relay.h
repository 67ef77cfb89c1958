// SPDX-License-Identifier: Apache-2.0
// Our standard streams for a program in a container, by pipes between us and it. The files that we
// were given are not for it: by /proc/self/fd it could open them anew, and otherwise than we were
// meant to (truncate them, read what is to be written, write what is to be read).
#pragma once

#include <array>
#include <thread>

#include "base/fd.h"
#include "base/pipe.h"

namespace stack::cli {

class StreamRelay {
 public:
  enum class Input { ours, none };
  /// Throws Error when there are no pipes to be had.
  explicit StreamRelay(Input input);
  ~StreamRelay();
  StreamRelay(const StreamRelay&) = delete;
  StreamRelay& operator=(const StreamRelay&) = delete;

  // What the program is to have as 0, 1 and 2; -1: nothing.
  int in() const { return in_.reading.get(); }
  int out() const { return outputs_[0].pipe.writing.get(); }
  int err() const { return outputs_[1].pipe.writing.get(); }

  /// When the program has been started: lets go of its ends, and begins to copy. Where we cannot
  /// write any more, the program cannot either.
  void begin();
  /// When the program has ended: all that it wrote is passed on, however long that takes, and of
  /// what others write that have its streams, what comes in the next two seconds, as docker has it.
  /// Throws Error when something could not be written, but for a reader that went away.
  void finish();

 private:
  struct Output {
    Pipe pipe;
    int ours = -1;
    int error = 0;  ///< of writing
    std::thread copier = {};
  };

  void pass_input_on();
  void await_copiers();

  Pipe in_;
  std::array<Output, 2> outputs_;
  Fd ended_;  ///< eventfd(2)
};

}  // namespace stack::cli
