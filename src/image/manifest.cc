// SPDX-License-Identifier: Apache-2.0
#include "image/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/image_document.h"

namespace stack::image {
namespace {

using nlohmann::json;

constexpr std::size_t most_layers = 512;
constexpr std::size_t most_items = 10'000;
constexpr int deepest = 64;
constexpr std::uint64_t largest_layer = 1ULL << 42;

constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view docker_index =
    "application/vnd.docker.distribution.manifest.list.v2+json";

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

BlobRef read_ref(const json& object, std::uint64_t largest) {
  BlobRef ref{text_at(object, "mediaType"), object.at("digest").get<std::string>(), 0};
  if (!is_digest(ref.digest)) fail("invalid digest {}", stack::quoted(ref.digest));
  const json& size = object.at("size");
  if (!size.is_number_unsigned() || size.get<std::uint64_t>() > largest)
    fail("invalid size of {}", ref.digest);
  ref.size = size;
  return ref;
}

std::optional<Platform> read_platform(const json& item) {
  const auto found = item.find("platform");
  if (found == item.end() || !found->is_object()) return std::nullopt;
  return Platform{text_at(*found, "os"), text_at(*found, "architecture"),
                  text_at(*found, "variant")};
}

std::map<std::string, std::string> read_annotations(const json& item) {
  std::map<std::string, std::string> annotations;
  const auto found = item.find("annotations");
  if (found == item.end() || !found->is_object()) return annotations;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) annotations[key] = value;
  }
  return annotations;
}

/// Other things than images are kept in registries, too; their configs say so.
void check_is_image(const std::string& media_type) {
  const bool is_image = media_type.empty() ||
                        media_type == "application/vnd.oci.image.config.v1+json" ||
                        media_type == "application/vnd.docker.container.image.v1+json" ||
                        media_type == "application/octet-stream" || media_type == "text/html";
  if (!is_image) fail("it is not an image but something of type {}", printable(media_type));
}

void check_is_layer(const BlobRef& layer) {
  const std::string& type = layer.media_type;
  if (type.find("encrypted") != std::string::npos) fail("its layers are encrypted");
  if (type.ends_with("+xz") || type.ends_with(".bz2")) fail("its layers are {}", printable(type));
}

Manifest read_manifest(const json& root) {
  Manifest manifest{read_ref(root.at("config"), largest_document), {}};
  check_is_image(manifest.config.media_type);
  const json& layers = root.at("layers");
  if (layers.size() > most_layers) fail("it has more than {} layers", most_layers);
  for (const json& layer : layers) {
    manifest.layers.push_back(read_ref(layer, largest_layer));
    check_is_layer(manifest.layers.back());
  }
  return manifest;
}

ManifestIndex read_index_items(const json& root) {
  ManifestIndex index;
  const json& items = root.at("manifests");
  if (items.size() > most_items) fail("it has more than {} manifests", most_items);
  for (const json& item : items)
    index.items.push_back(
        {read_ref(item, largest_document), read_platform(item), read_annotations(item)});
  return index;
}

std::variant<Manifest, ManifestIndex> read_either(const json& root, const std::string& media_type) {
  if (!root.is_object()) fail("it is not a JSON object");
  const std::string own = text_at(root, "mediaType");
  const std::string& type = own.empty() ? media_type : own;
  if (root.value("schemaVersion", 2) == 1)
    throw Error("it is in docker's first format, which registries gave up years ago")
        .with_hint("whoever made it must push it again with a newer docker");
  const bool says_index = type == oci_index || type == docker_index;
  const bool says_manifest = type == oci_manifest || type == docker_manifest;
  // A document that could be read as either has been used to get one past who checks the other.
  if (root.contains("manifests") && root.contains("layers"))
    fail("it says to be a manifest and an index at once");
  if (root.contains("manifests") && !says_manifest) return read_index_items(root);
  if (root.contains("layers") && !says_index) return read_manifest(root);
  fail("it is neither a manifest nor an index of images");
}

bool fits(const Platform& own, const Platform& wanted) {
  if (own.os != wanted.os || own.architecture != wanted.architecture) return false;
  return wanted.variant.empty() || own.variant.empty() || own.variant == wanted.variant;
}

/// Items for nobody's platform are attestations.
bool is_for_machines(const IndexItem& item) {
  return item.platform && item.platform->os != "unknown";
}

}  // namespace

Platform host_platform() {
  const std::string architecture = oci_architecture();
  return {"linux", architecture, architecture == "arm" ? "v7" : ""};
}

Platform parse_platform(const std::string& text) {
  auto parts = split(to_lower(text), '/');
  if (parts.size() == 1) parts.insert(parts.begin(), "linux");
  const bool has_empty =
      std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); });
  if (has_empty || parts.size() > 3)
    throw Error(fmt::format("invalid platform {}", stack::quoted(text)))
        .with_hint("OS/ARCHITECTURE[/VARIANT], as in linux/arm64")
        .with_exit_code(ExitCode::usage);
  std::string& architecture = parts[1];
  if (architecture == "x86_64" || architecture == "x86-64") architecture = "amd64";
  if (architecture == "aarch64") architecture = "arm64";
  std::string variant = parts.size() == 3 ? parts[2] : "";
  if (architecture == "arm64" && variant == "v8") variant.clear();
  return {parts[0], architecture, variant};
}

std::string to_text(const Platform& platform) {
  std::string text = platform.os;
  for (const std::string& part : {platform.architecture, platform.variant}) {
    if (!part.empty()) text.append(1, '/').append(part);
  }
  return text;
}

void check_json_depth(std::string_view text, const char* what) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > deepest) fail("{} is nested too deeply", what);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

std::variant<Manifest, ManifestIndex> parse_manifest(std::string_view text,
                                                     const std::string& media_type) {
  if (text.size() > largest_document) fail("the manifest is larger than 4 MiB");
  check_json_depth(text, "the manifest");
  return during("manifest", [&] {
    try {
      return read_either(json::parse(text), media_type);
    } catch (const json::exception& error) {
      fail("damaged: {}", printable(error.what()));
    }
  });
}

ManifestIndex parse_index(std::string_view text) {
  auto either = parse_manifest(text);
  if (auto* index = std::get_if<ManifestIndex>(&either)) return std::move(*index);
  fail("it is a manifest where an index should be");
}

Manifest parse_single_manifest(std::string_view text) {
  auto either = parse_manifest(text);
  if (auto* manifest = std::get_if<Manifest>(&either)) return std::move(*manifest);
  fail("it is an index where a manifest should be");
}

const IndexItem& choose_platform(const ManifestIndex& index, const Platform& wanted) {
  const IndexItem* found = nullptr;
  for (const IndexItem& item : index.items) {
    if (!is_for_machines(item) || !fits(*item.platform, wanted)) continue;
    const bool is_exact = item.platform->variant == wanted.variant;
    if (found == nullptr || (is_exact && found->platform->variant != wanted.variant)) found = &item;
  }
  if (found != nullptr) return *found;
  // An index of one that does not say what it is for.
  if (index.items.size() == 1 && !index.items.front().platform) return index.items.front();
  std::vector<std::string> others;
  for (const IndexItem& item : index.items) {
    if (is_for_machines(item)) others.push_back(printable(to_text(*item.platform)));
  }
  throw Error(fmt::format("there is no image for {}", to_text(wanted)))
      .with_hint(others.empty() ? "it is for no platform at all"
                                : fmt::format("there are: {}", join(others, ", ")));
}

std::string accepted_manifests() {
  return fmt::format("{}, {}, {}, {}", oci_index, docker_index, oci_manifest, docker_manifest);
}

Platform platform_of_config(const std::string& config) {
  check_json_depth(config, "the image's config");
  try {
    const json root = json::parse(config);
    return {text_at(root, "os"), text_at(root, "architecture"), text_at(root, "variant")};
  } catch (const json::exception& error) {
    fail("damaged image config: {}", printable(error.what()));
  }
}

void check_config(const std::string& config, const Manifest& manifest,
                  const std::optional<Platform>& wanted) {
  const Platform own = platform_of_config(config);
  const std::size_t layers = parse_config_document(config).diff_ids.size();
  if (layers != manifest.layers.size())
    fail("the manifest has {} layers, the config says {}", manifest.layers.size(), layers);
  if (!own.os.empty() && own.os != "linux") fail("it is for {}, not for Linux", printable(own.os));
  if (wanted && !own.architecture.empty() && own.architecture != wanted->architecture)
    fail("the image is for {}, not for {}", printable(to_text(own)), to_text(*wanted));
}

}  // namespace stack::image
