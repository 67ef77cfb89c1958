// SPDX-License-Identifier: Apache-2.0
// Where commands write archives: standard output, a file, or what else a path may stand for.
#pragma once

#include <functional>
#include <string>

#include "image/tar_writer.h"

namespace stack::cli {

/// Has `write` write an archive to `path`; an empty one is standard output. A file is whole or not
/// there: it gets its name when it is complete. What stands for something else (/dev/null, a pipe)
/// is written to as it is. Throws Error, and what `write` throws.
void write_archive(const std::string& path,
                   const std::function<void(const image::TarSink& sink)>& write);

}  // namespace stack::cli
