// SPDX-License-Identifier: Apache-2.0
// A layer of the store as the tar stream that its diff id stands for.
#pragma once

#include <string>

#include "image/store_index.h"
#include "image/tar_writer.h"

namespace stack::image {

/// Writes the uncompressed stream of the layer `chain`: from its frame, or, when it was made of a
/// directory, as write_tar_stream(). Throws Error when what came out is not `diff_id`: then the
/// files were changed on disk, or the layer was unpacked by a stack that kept no frames.
void write_layer_stream(const StorePaths& paths, const std::string& chain,
                        const std::string& diff_id, const TarSink& sink);

}  // namespace stack::image
