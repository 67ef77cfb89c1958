// SPDX-License-Identifier: Apache-2.0
// Network namespaces, held by descriptors: nothing is pinned to a path, so that a namespace is gone
// when its last holder is.
#pragma once

#include "base/fd.h"

namespace stack::network {

/// Makes a new network namespace with `lo` up, IPv4 forwarding on, bridge-nf-call off, and returns
/// its descriptor. The caller's own namespace is unchanged.
Fd make_namespace();

/// The namespace that the calling thread is in.
Fd current_namespace();

/// Throws Error when it is the one that the calling thread is in: whatever is to be done to a
/// container would be done to the machine.
void require_another(int network_namespace);

/// Moves the calling thread into `network_namespace` for the life of the object, and back, also by
/// exception. Only this thread moves. Throws Error.
class InNamespace {
 public:
  explicit InNamespace(int network_namespace);
  /// Ends the process if the way back is closed: going on in the wrong namespace would rewire it.
  ~InNamespace();
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;

 private:
  Fd home_;
};

}  // namespace stack::network
