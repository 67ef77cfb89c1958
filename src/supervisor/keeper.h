// SPDX-License-Identifier: Apache-2.0
// What a keeper, its supervisors and whoever starts it agree on. The keeper is the parent of a
// stack's containers: it must never die, so it does next to nothing. It reaps, writes down how each
// process ended, keeps descriptors that must outlive a supervisor, and starts the supervisor again
// when that dies.
#pragma once

#include <array>
#include <string_view>

namespace stack::supervisor {

/// Descriptors by number. The keeper is started with ready_fd, the supervisor with all three.
inline constexpr int ready_fd = 3;       ///< pipe to whoever waits for the supervisor; may be shut
inline constexpr int store_fd = 4;       ///< SOCK_SEQPACKET to the keeper: StoreMessage
inline constexpr int network_fd = 5;     ///< the stack's network namespace
inline constexpr int first_free_fd = 6;  ///< the keeper's own descriptors are above

/// What a keeper says on the pipe of whoever started it: this byte when the supervisor serves, an
/// error's text when that cannot be, nothing at all when another keeper holds the lock.
inline constexpr char ready_byte = 'R';

/// Empty arguments behind the keeper's own: "stack-supervisor" is so much longer than
/// "stack-keeper", and is written over them in the copy that becomes one.
inline constexpr int arguments_room = 4;

enum class StoreVerb : char {
  ready = 'R',   ///< supervisor: I serve; the ready pipe can be closed
  keep = 'K',    ///< supervisor: keep the attached descriptor under `name`
  drop = 'D',    ///< supervisor: close the one under `name`
  list = 'L',    ///< supervisor: send me all
  kept = 'F',    ///< keeper: one of them, attached
  end = 'E',     ///< keeper: that was all
  exited = 'X',  ///< keeper: the line that was added to the log of exits
};

/// One message on the store socket; fixed size, so that the keeper need not parse.
struct StoreMessage {
  StoreVerb verb{};
  std::array<char, 95> name{};  ///< with its final zero
};

}  // namespace stack::supervisor
