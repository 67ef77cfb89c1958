// SPDX-License-Identifier: Apache-2.0
// One message of the keeper's descriptor store on its socket, with or without a descriptor. Neither
// function allocates or throws: the keeper uses them.
#pragma once

#include "supervisor/keeper.h"

namespace stack::supervisor {

/// `fd` -1: none attached. False when the other side is gone.
bool send_store_message(int socket, const StoreMessage& message, int fd, int flags = 0);
/// Fills in `message` and `fd` (-1 when none came; owned by the caller). `flags` as for recvmsg(2).
/// False when there is no message, or never will be.
bool receive_store_message(int socket, StoreMessage& message, int& fd, int flags);

}  // namespace stack::supervisor
