// SPDX-License-Identifier: Apache-2.0
// Manifests and indexes as registries and archives have them, OCI's and docker's: strangers'
// documents, checked before anything they say is used.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stack::image {

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;  ///< may be empty
  bool operator==(const Platform&) const = default;
};
/// Of this machine.
Platform host_platform();
/// "linux/arm64/v8", "linux/amd64", or "arm64" alone. Throws Error (usage).
Platform parse_platform(const std::string& text);
std::string to_text(const Platform& platform);

/// What a document says about another one or about a layer.
struct BlobRef {
  std::string media_type;
  std::string digest;
  std::uint64_t size = 0;
};

struct Manifest {
  BlobRef config;
  std::vector<BlobRef> layers;  ///< lowest first
};

struct IndexItem {
  BlobRef manifest;
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
};
struct ManifestIndex {
  std::vector<IndexItem> items;
};

/// What a document may be; larger ones are refused.
inline constexpr std::uint64_t largest_document = 4ULL << 20;

/// Reads either kind, by what it says of itself or else by `media_type`. Throws Error for anything
/// else: too large, too deep, more than 512 layers, digests that are none, sizes that are none,
/// manifests of docker's first format, things that are not images.
std::variant<Manifest, ManifestIndex> parse_manifest(std::string_view text,
                                                     const std::string& media_type = "");
/// The same for a document that must be an index / must be a manifest.
ManifestIndex parse_index(std::string_view text);
Manifest parse_single_manifest(std::string_view text);

/// The item for a platform; throws Error that lists those there are.
const IndexItem& choose_platform(const ManifestIndex& index, const Platform& wanted);

/// Media types of manifests, for the header Accept.
std::string accepted_manifests();

/// Throws Error unless the config is of an operating system, and names as many layers as
/// `manifest`. `wanted`: what it must be for, when somebody asked for that.
void check_config(const std::string& config, const Manifest& manifest,
                  const std::optional<Platform>& wanted);
Platform platform_of_config(const std::string& config);

/// A strange document, not deeper than 64. Throws Error, `what` in front.
void check_json_depth(std::string_view text, const char* what);

}  // namespace stack::image
