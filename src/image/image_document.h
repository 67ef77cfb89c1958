// SPDX-License-Identifier: Apache-2.0
// The two OCI documents of an image, as JSON bytes and as values. The bytes are what gets a digest
// and is kept; other tools read the very same.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "image/image_store.h"

namespace stack::image {

/// One step of how an image came to be.
struct HistoryEntry {
  std::string created;  ///< RFC 3339
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;  ///< it added no layer
  bool operator==(const HistoryEntry&) const = default;
};

/// OCI image config: what a container inherits, and the layers by diff id.
struct ConfigDocument {
  ImageConfig config;
  std::chrono::system_clock::time_point created;
  std::vector<std::string> diff_ids;  ///< lowest first
  std::string author;
  std::vector<HistoryEntry> history;  ///< oldest first
};

std::string to_json(const ConfigDocument& document);
/// Throws Error when it is not a config of this operating system's containers.
ConfigDocument parse_config_document(const std::string& json);

/// What a manifest says about a blob.
struct Descriptor {
  std::string digest;
  std::uint64_t size = 0;
};

/// OCI image manifest. Layers are named as uncompressed tar streams.
std::string to_manifest_json(const Descriptor& config, const std::vector<Descriptor>& layers);

/// The name of this machine's architecture in OCI documents: "amd64", "arm64".
std::string oci_architecture();

/// RFC 3339 in UTC, with nanoseconds as docker writes them.
std::string to_rfc3339(std::chrono::system_clock::time_point time);
/// The epoch when `text` is none, or one that nanoseconds cannot tell: before 1684, after 2255.
std::chrono::system_clock::time_point parse_rfc3339(const std::string& text);

}  // namespace stack::image
