// SPDX-License-Identifier: Apache-2.0
#include "image/archive_save.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/image_document.h"
#include "image/layer_stream.h"
#include "image/reference.h"
#include "image/store_index.h"

namespace stack::image {
namespace {

using nlohmann::ordered_json;

struct SavedLayer {
  std::string diff_id;
  std::string chain;
  std::uint64_t bytes;
};

struct SavedImage {
  std::string id;
  std::vector<std::string> names;
  std::string config;
  std::string manifest;
  std::vector<SavedLayer> layers;
};

std::vector<SavedLayer> layers_of(const StorePaths& paths, const std::string& config) {
  const auto diff_ids = parse_config_document(config).diff_ids;
  const auto chains = chain_ids(diff_ids);
  std::vector<SavedLayer> layers;
  for (std::size_t i = 0; i < chains.size(); ++i)
    layers.push_back({diff_ids[i], chains[i], read_layer_record(paths, chains[i]).stream_bytes});
  return layers;
}

SavedImage find_saved(const StorePaths& paths, const Index& index, const std::string& reference) {
  const IndexEntry* entry = find_entry(index, reference);
  if (entry == nullptr)
    throw Error(fmt::format("no such image: {}", printable(reference)))
        .with_hint("`stack image ls` lists those there are");
  SavedImage saved{.id = entry->id,
                   .names = {},
                   .config = read_file(paths.blob(entry->id)),
                   .manifest = "",
                   .layers = {}};
  saved.layers = layers_of(paths, saved.config);
  if (const auto name = name_in(*entry, reference)) saved.names.push_back(*name);
  std::vector<Descriptor> descriptors;
  for (const SavedLayer& layer : saved.layers) descriptors.push_back({layer.diff_id, layer.bytes});
  saved.manifest = to_manifest_json({saved.id, saved.config.size()}, descriptors);
  return saved;
}

std::vector<SavedImage> find_all(const StorePaths& paths,
                                 const std::vector<std::string>& references) {
  const Index index = read_index(paths).value_or(Index{});
  std::vector<SavedImage> images;
  for (const std::string& reference : references) {
    SavedImage image = find_saved(paths, index, reference);
    const auto same = std::find_if(images.begin(), images.end(),
                                   [&](const SavedImage& other) { return other.id == image.id; });
    if (same == images.end()) {
      images.push_back(std::move(image));
    } else {
      same->names.insert(same->names.end(), image.names.begin(), image.names.end());
    }
  }
  return images;
}

ordered_json index_item(const SavedImage& image, const std::string* name) {
  ordered_json item = {{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                       {"digest", digest_of(image.manifest)},
                       {"size", image.manifest.size()}};
  if (name != nullptr)
    item["annotations"] = {{"io.containerd.image.name", *name},
                           {"org.opencontainers.image.ref.name", parse_reference(*name).tag}};
  return item;
}

std::string index_json(const std::vector<SavedImage>& images) {
  ordered_json root = {{"schemaVersion", 2},
                       {"mediaType", "application/vnd.oci.image.index.v1+json"},
                       {"manifests", ordered_json::array()}};
  for (const SavedImage& image : images) {
    for (const std::string& name : image.names)
      root["manifests"].push_back(index_item(image, &name));
    if (image.names.empty()) root["manifests"].push_back(index_item(image, nullptr));
  }
  return root.dump();
}

std::string list_json(const std::vector<SavedImage>& images) {
  ordered_json list = ordered_json::array();
  for (const SavedImage& image : images) {
    ordered_json item = {{"Config", blob_path(image.id)},
                         {"RepoTags", ordered_json::array()},
                         {"Layers", ordered_json::array()}};
    for (const std::string& name : image.names)
      item["RepoTags"].push_back(familiar(parse_reference(name)));
    for (const SavedLayer& layer : image.layers) item["Layers"].push_back(blob_path(layer.diff_id));
    list.push_back(std::move(item));
  }
  return list.dump();
}

class ArchiveOfImages {
 public:
  explicit ArchiveOfImages(const TarSink& sink) : sink_(sink), tar_(sink_) {}

  void add_directory(const std::string& name) { tar_.write(item(name, '5', S_IFDIR | 0755, 0)); }
  void add_document(const std::string& name, const std::string& text) {
    if (!names_.insert(name).second) return;
    tar_.write(item(name, '0', S_IFREG | 0644, text.size()));
    tar_.write_content(text);
    tar_.pad(text.size());
  }
  void add_layer(const StorePaths& paths, const SavedLayer& layer) {
    const std::string name = blob_path(layer.diff_id);
    if (!names_.insert(name).second) return;
    tar_.write(item(name, '0', S_IFREG | 0644, layer.bytes));
    write_layer_stream(paths, layer.chain, layer.diff_id,
                       [this](std::string_view bytes) { tar_.write_content(bytes); });
    tar_.pad(layer.bytes);
  }
  void finish() { tar_.finish(); }

 private:
  static TarItem item(const std::string& name, char type, mode_t mode, std::uint64_t size) {
    TarItem entry{name, type, {}, "", {}};
    entry.info.st_mode = mode;
    entry.info.st_size = static_cast<off_t>(size);
    return entry;
  }

  const TarSink& sink_;
  TarWriter tar_;
  std::set<std::string> names_;
};

}  // namespace

void save_images(const ImageStore& store, const std::vector<std::string>& references,
                 const TarSink& sink) {
  const StorePaths paths{store.root()};
  const auto images = find_all(paths, references);
  ArchiveOfImages archive(sink);
  archive.add_directory("blobs/");
  archive.add_directory("blobs/sha256/");
  for (const SavedImage& image : images) {
    for (const SavedLayer& layer : image.layers) archive.add_layer(paths, layer);
    archive.add_document(blob_path(image.id), image.config);
    archive.add_document(blob_path(digest_of(image.manifest)), image.manifest);
  }
  archive.add_document("index.json", index_json(images));
  archive.add_document("manifest.json", list_json(images));
  archive.add_document("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  archive.finish();
}

}  // namespace stack::image
