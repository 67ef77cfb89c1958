// SPDX-License-Identifier: Apache-2.0
// What an archive of images is made of: documents, and layers unpacked on the way.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/scratch.h"
#include "image/new_layer.h"

namespace stack::image {

/// A layer of the archive in the scratch directory, not yet at any place.
struct FoundLayer {
  UnpackedTree unpacked;
  std::string digest;  ///< of its bytes in the archive
  std::uint64_t size = 0;
  std::string chain = {};  ///< where its tree went first; empty while it is nowhere
};

class ArchiveContents {
 public:
  virtual ~ArchiveContents() = default;
  /// Nothing when the archive does not have it. Throws Error when it is larger than a document.
  virtual std::optional<std::string> document(const std::string& name) = 0;
  /// Throws Error when the archive does not have it, or it is no layer.
  virtual FoundLayer& layer(const std::string& name) = 0;
};

/// Reads the whole of a tar archive, plain or compressed. `scratch` must outlive what it returns.
std::unique_ptr<ArchiveContents> read_archive(ByteSource archive,
                                              const std::filesystem::path& scratch);
/// A directory of which only that is read that is asked for.
std::unique_ptr<ArchiveContents> open_layout(const std::filesystem::path& directory,
                                             const std::filesystem::path& scratch);

}  // namespace stack::image
