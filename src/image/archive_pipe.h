// SPDX-License-Identifier: Apache-2.0
// An archive that is read while it is written, without ever being anywhere as a whole.
#pragma once

#include <functional>

#include "image/tar_writer.h"

namespace stack::image {

/// Runs `write` on a thread of its own; what it gives to its sink is what `read` reads from its
/// descriptor. Returns when both are done. Throws what went wrong first: an error of `read` makes
/// the writer's next byte fail, an error of `write` ends the archive early.
void through_pipe(const std::function<void(const TarSink& sink)>& write,
                  const std::function<void(int archive)>& read);

}  // namespace stack::image
