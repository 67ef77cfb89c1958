// SPDX-License-Identifier: Apache-2.0
// A layer is a tar archive written by a stranger. This unpacks it so that nothing it says can touch
// anything outside the directory it is unpacked into.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "image/byte_source.h"
#include "image/tar_reader.h"

namespace stack::image {

/// Whether there is something below the layer that its whiteouts can hide.
enum class LayerPlace { bottom, above_others };

/// When to give up on an archive that would fill the disk.
struct LayerLimits {
  std::uint64_t entries = 4'000'000;
  std::uint64_t reserved_bytes = 256ULL << 20;  ///< of the file system, to stay free
  std::uint64_t reserved_inodes = 10'000;
  std::uint64_t check_every = 64ULL << 20;  ///< bytes written between two looks at free space
  std::uint64_t idle_bytes = 1ULL << 30;    ///< of the archive that are no file's
  Compressions compressions = Compressions::of_layers;  ///< others want more memory
};

struct UnpackedLayer {
  std::string diff_id;                ///< of the uncompressed stream, to its very end
  std::uint64_t stream_bytes = 0;     ///< its length
  std::uint64_t file_bytes = 0;       ///< content written
  bool has_whiteouts = false;         ///< it hides something of layers below
  std::vector<std::string> left_out;  ///< sockets, as paths in the layer
};

/// Unpacks the archive read from `archive` (tar; plain, gzip or zstd, decompressed in-process) into
/// the open directory `root`, which nobody else writes to.
///
/// Every name is one step below `root` by openat2(2): a leading "/" is dropped, ".." refused, links
/// in the middle of a path are resolved as if `root` were "/", the last component is never
/// followed. Hard links are looked up the same way. A later entry replaces an earlier one of the
/// same name; two directories are merged. Whiteouts (.wh.NAME, .wh..wh..opq) become overlayfs's own
/// (char 0:0, trusted.overlay.opaque); at the bottom they have nothing to hide and are dropped.
/// Device nodes are made, except char 0:0. Attributes as is_harmless_attribute. Owners are kept
/// when run by root. Throws Error, with what was being written; `root` is then half filled.
UnpackedLayer unpack_layer(int archive, int root, LayerPlace place, const LayerLimits& limits = {});
/// The same from any source, which is read by another thread, with a frame (tar_frame.h) for it
/// written into the new file `frame`. Beside that, files of its name with a further ending are made
/// for a while. An empty path: no frame.
UnpackedLayer unpack_layer(ByteSource archive, int root, LayerPlace place,
                           const LayerLimits& limits, const std::filesystem::path& frame);

/// Removes the whiteouts from an unpacked layer that turned out to be the bottom of an image.
void drop_whiteouts(const std::filesystem::path& tree);

}  // namespace stack::image
