// SPDX-License-Identifier: Apache-2.0
// The parent's side of the socket that ChildReport speaks on.
#pragma once

#include <optional>

#include "base/fd.h"
#include "runtime/child_report.h"

namespace stack::runtime {

/// How the child's attempt ended.
struct ChildOutcome {
  enum class Kind { executed, failed, vanished } kind = Kind::vanished;
  ChildFailure failure;
  Fd descriptor;  ///< the pty's master, or what else the child sent
};

struct ControlSocket {
  Fd parent;
  Fd child;
};

/// Both ends close-on-exec. Throws Error.
ControlSocket make_control_socket();
/// Lets the child go on. A child that failed meanwhile is no error here: receive_outcome() tells.
void send_release(int socket);
/// Waits for one word of the child, which goes on afterwards: `executed` when it did not fail.
ChildOutcome receive_word(int socket);
/// Waits until the child has executed, failed or vanished.
ChildOutcome receive_outcome(int socket);

}  // namespace stack::runtime
