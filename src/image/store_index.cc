// SPDX-License-Identifier: Apache-2.0
#include "image/store_index.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/document.h"
#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/image_document.h"
#include "image/reference.h"

namespace stack::image {
namespace {

using nlohmann::json;

constexpr DocumentKind tags_kind{
    "image-tags", 1, "remove it and make or import the images again; nothing else hangs on it"};
constexpr DocumentKind layer_kind{"image-layer", 1};
constexpr std::uint64_t largest_config = 4ULL << 20;

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool has_name(const IndexEntry& entry, const std::string& name) {
  return std::find(entry.names.begin(), entry.names.end(), name) != entry.names.end();
}

bool has_repository(const IndexEntry& entry, const Reference& wanted) {
  return std::any_of(entry.names.begin(), entry.names.end(), [&](const std::string& name) {
    const Reference own = parse_reference(name);
    return own.registry == wanted.registry && own.repository == wanted.repository;
  });
}

bool matches(const IndexEntry& entry, const Reference& wanted) {
  if (wanted.digest.empty()) return has_name(entry, canonical(wanted));
  if (entry.manifest == wanted.digest && has_repository(entry, wanted)) return true;
  const std::string pinned = canonical({wanted.registry, wanted.repository, "", wanted.digest});
  return std::find(entry.digests.begin(), entry.digests.end(), pinned) != entry.digests.end();
}

const IndexEntry* find_prefix(const Index& index, std::string_view digits) {
  const std::string prefix = "sha256:" + std::string(digits);
  std::vector<const IndexEntry*> found;
  for (const IndexEntry& entry : index) {
    if (entry.id.starts_with(prefix)) found.push_back(&entry);
  }
  if (found.empty()) return nullptr;
  if (found.size() == 1) return found.front();
  std::vector<std::string> ids;
  for (const IndexEntry* entry : found) ids.push_back(entry->id);
  throw Error(fmt::format("image id \"{}\" is ambiguous: {}", digits, join(ids, ", ")))
      .with_hint("give more digits");
}

}  // namespace

std::filesystem::path StorePaths::blob(const std::string& digest) const {
  return blobs() / hex_of(digest);
}
std::filesystem::path StorePaths::layer(const std::string& chain) const {
  return layers() / hex_of(chain);
}
std::filesystem::path StorePaths::layer_document(const std::string& chain) const {
  return layers() / (hex_of(chain) + ".json");
}
std::filesystem::path StorePaths::layer_frame(const std::string& chain) const {
  return layers() / (hex_of(chain) + ".frame");
}

std::optional<Index> read_index(const StorePaths& paths) {
  const auto document = read_document(paths.tags(), tags_kind);
  if (!document) return std::nullopt;
  return decode_document(paths.tags(), tags_kind, [&] {
    Index index;
    for (const json& image : document->at("images"))
      index.push_back({image.at("id"), image.at("manifest"), image.at("names"),
                       image.value("digests", std::vector<std::string>{}),
                       image.value("pulled", std::int64_t{0})});
    return index;
  });
}

void write_index(const StorePaths& paths, const Index& index) {
  json images = json::array();
  for (const IndexEntry& entry : index) {
    json image = {{"id", entry.id}, {"manifest", entry.manifest}, {"names", entry.names}};
    if (!entry.digests.empty()) image["digests"] = entry.digests;
    if (entry.pulled != 0) image["pulled"] = entry.pulled;
    images.push_back(std::move(image));
  }
  write_document(paths.tags(), tags_kind, {{"images", std::move(images)}},
                 Durability::survives_power_loss);
}

LayerRecord read_layer_record(const StorePaths& paths, const std::string& chain) {
  const auto document = read_document(paths.layer_document(chain), layer_kind);
  if (!document) fail("layer {} is missing", chain);
  LayerRecord record{document->value("stream_bytes", std::uint64_t{0}),
                     document->value("file_bytes", std::uint64_t{0})};
  const auto origin = document->find("origin");
  if (origin == document->end()) return record;
  record.origin = decode_document(paths.layer_document(chain), layer_kind, [&] {
    return LayerOrigin{origin->at("repository"), origin->at("media_type"), origin->at("digest"),
                       origin->at("size")};
  });
  return record;
}

void write_layer_record(const StorePaths& paths, const std::string& chain,
                        const LayerRecord& record) {
  json document = {{"stream_bytes", record.stream_bytes}, {"file_bytes", record.file_bytes}};
  if (record.origin)
    document["origin"] = {{"repository", record.origin->repository},
                          {"media_type", record.origin->media_type},
                          {"digest", record.origin->digest},
                          {"size", record.origin->size}};
  write_document(paths.layer_document(chain), layer_kind, document,
                 Durability::survives_power_loss);
}

std::vector<LayerRecord> list_layers(const StorePaths& paths) {
  std::vector<LayerRecord> layers;
  for (const std::string& name : list_directory(paths.layers())) {
    const std::string chain = "sha256:" + name;
    if (is_digest(chain)) layers.push_back(read_layer_record(paths, chain));
  }
  return layers;
}

std::vector<std::string> chain_ids(const std::vector<std::string>& diff_ids) {
  std::vector<std::string> chains;
  for (std::size_t count = 1; count <= diff_ids.size(); ++count)
    chains.push_back(chain_id(std::span(diff_ids).first(count)));
  return chains;
}

Image load_image(const StorePaths& paths, const IndexEntry& entry) {
  return during("image " + entry.id, [&] {
    ConfigDocument document =
        parse_config_document(read_file(paths.blob(entry.id), largest_config));
    Image image{.id = entry.id,
                .names = entry.names,
                .digests = entry.digests,
                .pulled = std::chrono::system_clock::time_point(std::chrono::seconds(entry.pulled)),
                .config = std::move(document.config),
                .layers = {},
                .size = 0,
                .created = document.created};
    for (const std::string& chain : chain_ids(document.diff_ids)) {
      image.layers.insert(image.layers.begin(), paths.layer(chain));
      image.size += read_layer_record(paths, chain).file_bytes;
    }
    return image;
  });
}

const IndexEntry* find_entry(const Index& index, const std::string& reference) {
  std::string_view digits = reference;
  if (digits.starts_with("sha256:")) digits.remove_prefix(7);
  const bool may_be_id = is_hex(digits) && digits.size() <= 64;
  const bool is_certainly_id = may_be_id && (digits.size() == 64 || reference != digits);
  if (!is_certainly_id) {
    try {
      const Reference wanted = parse_reference(reference);
      const auto found = std::find_if(index.begin(), index.end(), [&](const IndexEntry& entry) {
        return matches(entry, wanted);
      });
      if (found != index.end()) return &*found;
    } catch (const Error&) {
      if (!may_be_id) throw;
    }
  }
  return may_be_id ? find_prefix(index, digits) : nullptr;
}

std::optional<std::string> name_in(const IndexEntry& entry, const std::string& reference) {
  try {
    const std::string name = canonical(parse_reference(reference));
    if (std::find(entry.names.begin(), entry.names.end(), name) != entry.names.end()) return name;
  } catch (const Error&) {
    // An id that can be no name.
  }
  return std::nullopt;
}

}  // namespace stack::image
