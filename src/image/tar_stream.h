// SPDX-License-Identifier: Apache-2.0
// Directories as tar streams. A layer imported from a directory gets its diff id from its stream,
// so that the same tree has the same id on every machine, and so that the layer can be written out
// later as exactly the bytes its id promises.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/id_block.h"
#include "base/overlay_tree.h"
#include "image/entry_stream.h"
#include "image/tar_writer.h"

namespace stack::image {

/// Writes the tree below the open directory `root`: ustar with pax records where ustar is too
/// small, the names of each directory in byte order, parents first; the first name of a hard-linked
/// file as a file and the others as links, harmless attributes only, no sockets. Holes are written
/// out as zeros. Returns the bytes of content, each file once. Throws Error naming the path.
std::uint64_t write_tar_stream(int root, const TarSink& sink);

/// The same for what `root` shows, while somebody may change it (Reading::live).
std::uint64_t write_live_tree(const JoinedDirectory& root, const TarSink& sink);

/// One file or directory of a live tree, on its way into an archive.
struct ArchivedObject {
  int directory;     ///< where it is; open
  std::string name;  ///< one component; "." for the directory itself
  std::string as;    ///< its name in the archive; ".": only what is in it
  /// Of directories for which it is true (by the path below the object: "a/b", "" for itself),
  /// nothing but the directory itself is archived. May be empty.
  std::function<bool(const std::string& path, int directory)> is_hollow;
  /// Owners in the archive are as those who have these ids see them.
  IdBlock ids = {};
};

/// Throws Error (ENOENT) when there is nothing to archive. Mount points are entered.
void write_object(const ArchivedObject& object, const TarSink& sink);

struct TreeDigest {
  std::string diff_id;             ///< of the stream
  std::uint64_t stream_bytes = 0;  ///< its length
  std::uint64_t file_bytes = 0;    ///< content of files
};
TreeDigest digest_tree(int root);

}  // namespace stack::image
