// SPDX-License-Identifier: Apache-2.0
// pipe(2) with an owner for each end.
#pragma once

#include "base/fd.h"

namespace stack {

struct Pipe {
  Fd reading;
  Fd writing;
};

/// Both ends are closed on exec. Throws Error.
Pipe make_pipe();

}  // namespace stack
