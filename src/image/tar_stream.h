// SPDX-License-Identifier: Apache-2.0
// The one tar stream that stands for a directory. A layer imported from a directory gets its
// diff id from it, so that the same tree has the same id on every machine, and so that the layer
// can be written out later as exactly the bytes its id promises.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace stack::image {

/// Writes the tree below the open directory `root`: ustar with pax records where ustar is too
/// small, the names of each directory in byte order, parents first; the first name of a hard-linked
/// file as a file and the others as links, harmless attributes only, no sockets. Holes are written
/// out as zeros. Returns the bytes of content, each file once. Throws Error naming the path.
std::uint64_t write_tar_stream(int root, const std::function<void(std::string_view)>& sink);

struct TreeDigest {
  std::string diff_id;             ///< of the stream
  std::uint64_t stream_bytes = 0;  ///< its length
  std::uint64_t file_bytes = 0;    ///< content of files
};
TreeDigest digest_tree(int root);

}  // namespace stack::image
