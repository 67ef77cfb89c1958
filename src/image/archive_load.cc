// SPDX-License-Identifier: Apache-2.0
#include "image/archive_load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/archive_contents.h"
#include "image/digest.h"
#include "image/image_document.h"
#include "image/reference.h"
#include "image/tar_frame.h"

namespace stack::image {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Note = std::function<void(const std::string&)>;

constexpr const char* containerd_name = "io.containerd.image.name";
constexpr const char* layout_name = "org.opencontainers.image.ref.name";

/// One image of an archive, by the names of its parts there.
struct ArchivedImage {
  std::string config;
  std::string manifest;             ///< empty where the archive has none
  std::vector<std::string> layers;  ///< names in the archive, lowest first
  std::vector<std::string> names;   ///< canonical
};

/// A name as an archive has it; nothing when it is none ("latest" in a layout: only a tag).
std::optional<std::string> name_in_archive(const std::string& text) {
  try {
    const Reference reference = parse_reference(text);
    if (reference.digest.empty()) return canonical(reference);
  } catch (const Error&) {
    // Annotations may say anything.
  }
  return std::nullopt;
}

std::string need_document(ArchiveContents& contents, const std::string& name) {
  auto text = contents.document(name);
  if (!text) fail("the archive has no {}", printable(name));
  return std::move(*text);
}

class Loader {
 public:
  Loader(const StorePaths& paths, const LoadRequest& request, const Note& note)
      : paths_(paths), request_(request), note_(note), scratch_(begin_layer(paths)) {}

  std::vector<LoadedImage> run() {
    contents_ = open();
    std::vector<LoadedImage> loaded;
    for (const ArchivedImage& image : find_images()) loaded.push_back(load(image));
    return loaded;
  }

 private:
  std::unique_ptr<ArchiveContents> open() {
    if (request_.source == "-") return read_archive(bytes_of_file(STDIN_FILENO), scratch_.path());
    file_ = open_file(request_.source, O_RDONLY);
    struct stat info {};
    if (::fstat(file_.get(), &info) != 0) throw_errno("stat {}", request_.source);
    if (S_ISDIR(info.st_mode)) return open_layout(request_.source, scratch_.path());
    return read_archive(bytes_of_file(file_.get()), scratch_.path());
  }

  /// An archive of a newer docker is both; the layout has the manifests, too.
  std::vector<ArchivedImage> find_images() {
    const auto index = contents_->document("index.json");
    const auto list = contents_->document("manifest.json");
    if (index) return of_layout(*index, list);
    if (list) return of_list(*list);
    throw Error("it is not an archive of images: neither manifest.json nor index.json is in it")
        .with_hint("for an archive of a root file system use `stack image import`");
  }

  // docker's own list: [{"Config": FILE, "RepoTags": [NAME], "Layers": [FILE]}]
  std::vector<ArchivedImage> of_list(const std::string& text) {
    check_json_depth(text, "manifest.json");
    return during("manifest.json", [&] {
      try {
        std::vector<ArchivedImage> images;
        for (const json& item : json::parse(text)) images.push_back(of_item(item));
        if (images.empty()) fail("it names no image");
        return images;
      } catch (const json::exception& error) {
        fail("damaged: {}", printable(error.what()));
      }
    });
  }
  ArchivedImage of_item(const json& item) {
    ArchivedImage image{need_document(*contents_, item.at("Config")), "", item.at("Layers"), {}};
    if (const auto tags = item.find("RepoTags"); tags != item.end() && tags->is_array()) {
      for (const std::string tag : *tags) {
        if (const auto name = name_in_archive(tag)) image.names.push_back(*name);
      }
    }
    return image;
  }

  std::vector<ArchivedImage> of_layout(const std::string& index,
                                       const std::optional<std::string>& list) {
    std::vector<ArchivedImage> images;
    for (const IndexItem& item : parse_index(index).items) {
      if (item.platform && item.platform->os == "unknown") continue;
      ArchivedImage image = of_index_item(item);
      const auto same = std::find_if(images.begin(), images.end(), [&](const auto& other) {
        return other.manifest == image.manifest;
      });
      if (same != images.end()) {
        same->names.insert(same->names.end(), image.names.begin(), image.names.end());
      } else {
        images.push_back(std::move(image));
      }
    }
    if (images.empty()) fail("index.json names no image");
    if (list) add_names(images, of_list(*list));
    return images;
  }
  ArchivedImage of_index_item(const IndexItem& item) {
    std::string text = need_document(*contents_, blob_path(item.manifest.digest));
    auto either = parse_manifest(text, item.manifest.media_type);
    if (const auto* inner = std::get_if<ManifestIndex>(&either)) {
      const Platform wanted = request_.platform.value_or(host_platform());
      text = need_document(*contents_, blob_path(choose_platform(*inner, wanted).manifest.digest));
      either = parse_single_manifest(text);
    }
    const auto& manifest = std::get<Manifest>(either);
    ArchivedImage image{need_document(*contents_, blob_path(manifest.config.digest)), text, {}, {}};
    check_config(image.config, manifest, request_.platform);
    for (const BlobRef& layer : manifest.layers) image.layers.push_back(blob_path(layer.digest));
    for (const char* key : {containerd_name, layout_name}) {
      const auto text_of_name = item.annotations.find(key);
      if (text_of_name == item.annotations.end()) continue;
      // A layout may have only a tag there, which says nothing without a repository.
      const bool is_name =
          key == containerd_name || text_of_name->second.find_first_of("/:") != std::string::npos;
      const auto name = is_name ? name_in_archive(text_of_name->second) : std::nullopt;
      if (!name) continue;
      image.names.push_back(*name);
      break;
    }
    return image;
  }
  static void add_names(std::vector<ArchivedImage>& images,
                        const std::vector<ArchivedImage>& listed) {
    for (ArchivedImage& image : images) {
      for (const ArchivedImage& other : listed) {
        if (other.config == image.config)
          image.names.insert(image.names.end(), other.names.begin(), other.names.end());
      }
    }
  }

  LoadedImage load(ArchivedImage image) {
    const ConfigDocument config = parse_config_document(image.config);
    platform_of_config(image.config);  // checks its depth
    if (config.diff_ids.size() != image.layers.size())
      fail("an image has {} layers, its config says {}", image.layers.size(),
           config.diff_ids.size());
    if (image.names.empty() && !request_.name.empty())
      image.names.push_back(canonical(parse_reference(request_.name)));
    std::sort(image.names.begin(), image.names.end());
    image.names.erase(std::unique(image.names.begin(), image.names.end()), image.names.end());
    const std::vector<NewLayer> layers = place_layers(image, config.diff_ids);
    if (image.manifest.empty()) image.manifest = made_manifest(image, layers);
    Image made =
        commit_foreign_image(paths_, {image.config, image.manifest, image.names, {}}, layers);
    return {std::move(made), image.names};
  }

  std::vector<NewLayer> place_layers(const ArchivedImage& image,
                                     const std::vector<std::string>& diff_ids) {
    std::vector<NewLayer> layers;
    const auto chains = chain_ids(diff_ids);
    for (std::size_t i = 0; i < chains.size(); ++i) {
      FoundLayer& found = contents_->layer(image.layers[i]);
      if (found.unpacked.layer.diff_id != diff_ids[i])
        fail("layer {} is {}, the image's config says {}", printable(image.layers[i]),
             found.unpacked.layer.diff_id, diff_ids[i]);
      layers.push_back(
          placed(found, chains[i], i == 0 ? LayerPlace::bottom : LayerPlace::above_others));
      for (const std::string& path : std::exchange(found.unpacked.left_out, {})) {
        if (note_) note_("left out: " + printable(path));
      }
    }
    return layers;
  }

  /// The layer itself the first time, a copy where an image has it upon other layers.
  NewLayer placed(FoundLayer& found, const std::string& chain, LayerPlace place) {
    NewLayer layer = found.unpacked.layer;
    if (found.chain.empty()) {
      found.chain = chain;
    } else {
      layer = copy_of(found, place);
    }
    if (place == LayerPlace::bottom && found.unpacked.has_whiteouts) drop_whiteouts(layer.tree);
    return layer;
  }
  NewLayer copy_of(const FoundLayer& found, LayerPlace place) {
    const NewLayer& layer = found.unpacked.layer;
    const bool is_here = stack::exists(layer.tree);
    const fs::path frame = is_here ? layer.frame : paths_.layer_frame(found.chain);
    const Fd tree =
        open_file(is_here ? layer.tree : paths_.layer(found.chain), O_RDONLY | O_DIRECTORY);
    const fs::path where = scratch_.path() / fmt::format("copy{}", copies_++);
    return new_layer_of([&](const TarSink& sink) { write_framed_stream(frame, tree.get(), sink); },
                        where, place);
  }

  /// For an archive that has none: layers as they are in the archive's list, uncompressed.
  static std::string made_manifest(const ArchivedImage& image,
                                   const std::vector<NewLayer>& layers) {
    std::vector<Descriptor> descriptors;
    for (const NewLayer& layer : layers)
      descriptors.push_back({layer.diff_id, layer.record.stream_bytes});
    return to_manifest_json({digest_of(image.config), image.config.size()}, descriptors);
  }

  const StorePaths& paths_;
  const LoadRequest& request_;
  const Note& note_;
  ScratchDirectory scratch_;
  Fd file_;
  std::unique_ptr<ArchiveContents> contents_;
  int copies_ = 0;
};

}  // namespace

std::vector<LoadedImage> load_images(ImageStore& store, const LoadRequest& request,
                                     const Note& note) {
  const StorePaths paths{store.root()};
  return during("loading " + (request.source == "-" ? "from stdin" : printable(request.source)),
                [&] { return Loader(paths, request, note).run(); });
}

}  // namespace stack::image
