// SPDX-License-Identifier: Apache-2.0
// The layout of the image store, and its small documents: which images there are (tags.json), and
// what is known of each layer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/image_store.h"

namespace stack::image {

struct StorePaths {
  std::filesystem::path root;

  std::filesystem::path lock() const { return root / "lock"; }
  std::filesystem::path tags() const { return root / "tags.json"; }
  std::filesystem::path layers() const { return root / "layers"; }
  std::filesystem::path blobs() const { return root / "blobs" / "sha256"; }
  /// The argument of these is a digest; anything else throws Error.
  std::filesystem::path blob(const std::string& digest) const;
  std::filesystem::path layer(const std::string& chain) const;
  std::filesystem::path layer_document(const std::string& chain) const;
  std::filesystem::path layer_frame(const std::string& chain) const;
  /// What is being fetched and shall not be swept meanwhile; see store_writer.h.
  std::filesystem::path unfinished() const { return root / "unfinished"; }
};

struct IndexEntry {
  std::string id;                  ///< digest of the config
  std::string manifest;            ///< digest
  std::vector<std::string> names;  ///< canonical, sorted
  /// What registries call it: "docker.io/library/a@sha256:...", the digest being that of a manifest
  /// or of an index that leads to it; sorted.
  std::vector<std::string> digests = {};
  std::int64_t pulled = 0;  ///< seconds since 1970; 0: never
};

/// Every image of the store; one that is not here does not exist, whatever blobs there are.
using Index = std::vector<IndexEntry>;

/// Nothing when there never was an image.
std::optional<Index> read_index(const StorePaths& paths);
void write_index(const StorePaths& paths, const Index& index);

/// A layer as a registry has it.
struct LayerOrigin {
  std::string repository;  ///< "docker.io/library/a"
  std::string media_type;
  std::string digest;  ///< of the compressed stream
  std::uint64_t size = 0;
};

struct LayerRecord {
  std::uint64_t stream_bytes = 0;  ///< of the tar stream its diff id stands for
  std::uint64_t file_bytes = 0;
  std::optional<LayerOrigin> origin = {};  ///< where it was pulled from
};
/// Throws Error when there is no such layer.
LayerRecord read_layer_record(const StorePaths& paths, const std::string& chain);
void write_layer_record(const StorePaths& paths, const std::string& chain,
                        const LayerRecord& record);

/// Of all layers there are.
std::vector<LayerRecord> list_layers(const StorePaths& paths);

/// The chain ids of all layers of a config, lowest first.
std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids);

/// The image as others see it.
Image load_image(const StorePaths& paths, const IndexEntry& entry);

/// The entry that `reference` means, as ImageStore::find; null when there is none.
const IndexEntry* find_entry(const Index& index, const std::string& reference);

/// The name of the entry that `reference` is; nothing when it is an id or a digest.
std::optional<std::string> name_in(const IndexEntry& entry, const std::string& reference);

}  // namespace stack::image
