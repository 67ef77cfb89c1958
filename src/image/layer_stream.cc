// SPDX-License-Identifier: Apache-2.0
#include "image/layer_stream.h"

#include <fcntl.h>

#include "base/error.h"
#include "base/files.h"
#include "image/digest.h"
#include "image/tar_frame.h"
#include "image/tar_stream.h"

namespace stack::image {

void write_layer_stream(const StorePaths& paths, const std::string& chain,
                        const std::string& diff_id, const TarSink& sink) {
  during("layer " + diff_id, [&] {
    Sha256 sum;
    const TarSink hashed = [&](std::string_view bytes) {
      sum.add(bytes);
      sink(bytes);
    };
    const Fd tree = open_file(paths.layer(chain), O_RDONLY | O_DIRECTORY);
    if (stack::exists(paths.layer_frame(chain))) {
      write_framed_stream(paths.layer_frame(chain), tree.get(), hashed);
    } else {
      write_tar_stream(tree.get(), hashed);
    }
    if (sum.digest() == diff_id) return;
    throw Error("its files are not what they were when it was made, or it is of an older stack")
        .with_hint("remove the image, and load, pull or build it again");
  });
}

}  // namespace stack::image
