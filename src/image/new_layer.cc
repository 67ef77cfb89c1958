// SPDX-License-Identifier: Apache-2.0
#include "image/new_layer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "image/archive_pipe.h"

namespace stack::image {

Fd make_tree(const std::filesystem::path& tree) {
  if (::mkdir(tree.c_str(), 0755) != 0) throw_errno("mkdir {}", tree.native());
  if (::chmod(tree.c_str(), 0755) != 0) throw_errno("chmod {}", tree.native());
  return open_file(tree, O_RDONLY | O_DIRECTORY);
}

UnpackedTree unpack_new_layer(ByteSource archive, const std::filesystem::path& tree,
                              LayerPlace place, const LayerLimits& limits) {
  const Fd root = make_tree(tree);
  const std::filesystem::path frame = tree.native() + ".frame";
  UnpackedLayer unpacked = unpack_layer(std::move(archive), root.get(), place, limits, frame);
  return {.layer = {tree, unpacked.diff_id, {unpacked.stream_bytes, unpacked.file_bytes}, frame},
          .has_whiteouts = unpacked.has_whiteouts,
          .left_out = std::move(unpacked.left_out)};
}

NewLayer new_layer_of(const std::function<void(const TarSink& sink)>& write,
                      const std::filesystem::path& tree, LayerPlace place) {
  NewLayer layer;
  through_pipe(write, [&](int archive) {
    layer = unpack_new_layer(bytes_of_file(archive), tree, place).layer;
  });
  return layer;
}

NewLayer layer_of_changes(int upper, const std::vector<TreeChange>& changes,
                          const std::filesystem::path& tree) {
  return new_layer_of([&](const TarSink& sink) { write_changes(upper, changes, sink); }, tree,
                      LayerPlace::above_others);
}

}  // namespace stack::image
