// SPDX-License-Identifier: Apache-2.0
// One supervisor asks another one. Never blocking: the other may be asking us at the same time.
#pragma once

#include "supervisor/async.h"
#include "supervisor/client.h"
#include "supervisor/project_files.h"

namespace stack::supervisor {

/// A keeper runs for that stack, and so a supervisor, or one soon.
bool is_kept(const ProjectFiles& stack);

/// Asks the supervisor of `stack`, once more when it dies meanwhile and is started again: requests
/// are idempotent. Throws its Error, or one that says that it does not run.
Awaitable<Reply> ask_peer(Loop& loop, ProjectFiles stack, Request request);

}  // namespace stack::supervisor
