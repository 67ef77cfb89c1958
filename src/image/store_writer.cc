// SPDX-License-Identifier: Apache-2.0
#include "image/store_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "base/document.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/build_cache.h"
#include "image/digest.h"
#include "image/image_document.h"
#include "image/reference.h"

namespace stack::image {
namespace {

constexpr DocumentKind unfinished_kind{"image-unfinished", 1};

FileLock lock_store(const StorePaths& paths) {
  for (const auto& directory : {paths.layers(), paths.blobs()}) make_directories(directory);
  return FileLock::acquire(paths.lock());
}

/// What tags.json leads to, as names in layers/ and blobs/sha256/.
struct Referenced {
  std::set<std::string> layers;
  std::set<std::string> blobs;
};

void keep_layer(Referenced& referenced, const std::string& chain) {
  for (const char* ending : {"", ".json", ".frame"})
    referenced.layers.insert(hex_of(chain) + ending);
}

/// Layers that somebody fetches, or fetched until he was killed, not longer ago than a day.
void keep_unfinished(const StorePaths& paths, Referenced& referenced) {
  const auto oldest = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24);
  for (const std::string& name : list_directory(paths.unfinished())) {
    const auto note = paths.unfinished() / name;
    // Anything else is a note whose writer was killed: nobody would take it back.
    const bool is_note = is_digest("sha256:" + name);
    const auto document = !is_note || std::filesystem::last_write_time(note) < oldest
                              ? std::nullopt
                              : read_document(note, unfinished_kind, Damaged::counts_as_absent);
    if (!document) {
      std::filesystem::remove(note);
      continue;
    }
    for (const auto& chain : document->value("layers", std::vector<std::string>{})) {
      if (is_digest(chain)) keep_layer(referenced, chain);
    }
  }
}

Referenced referenced_by(const StorePaths& paths, const Index& index) {
  Referenced referenced;
  for (const IndexEntry& entry : index) {
    referenced.blobs.insert(hex_of(entry.id));
    referenced.blobs.insert(hex_of(entry.manifest));
    const auto config = parse_config_document(read_file(paths.blob(entry.id)));
    for (const std::string& chain : chain_ids(config.diff_ids)) keep_layer(referenced, chain);
  }
  for (const std::string& layer : kept_layers(paths)) keep_layer(referenced, "sha256:" + layer);
  keep_unfinished(paths, referenced);
  return referenced;
}

/// What is in the directory and nobody wants.
std::vector<std::string> others_in(const std::filesystem::path& directory,
                                   const std::set<std::string>& wanted) {
  std::vector<std::string> others = list_directory(directory);
  std::erase_if(others, [&](const std::string& name) { return wanted.contains(name); });
  return others;
}

/// Where a layer's tree is removed: aside, for half a tree would be taken for the layer. A full
/// disk may have no room for another name, and is to become emptier all the same.
std::filesystem::path place_to_remove(const StorePaths& paths, const std::string& chain) {
  try {
    return take_away(paths.layer(chain), paths.root);
  } catch (const Error& error) {
    if (error.error_number() != ENOSPC) throw;
    return paths.layer(chain);
  }
}

/// Returns the chain ids of those layers. First all trees are taken away, for good: what a kill or
/// a loss of power leaves behind is never a layer without some of its files.
std::vector<std::string> remove_layers(const StorePaths& paths,
                                       const std::vector<std::string>& names) {
  std::vector<std::string> chains;
  std::vector<std::filesystem::path> doomed;
  for (const std::string& name : names) {
    const std::string chain = "sha256:" + name;
    const bool is_tree = is_digest(chain);
    if (is_tree) chains.push_back(chain);
    doomed.push_back(is_tree ? place_to_remove(paths, chain) : paths.layers() / name);
  }
  if (!chains.empty()) sync_directory(paths.layers());
  for (const auto& path : doomed) remove_tree(path);
  return chains;
}

/// Needs the lock. Returns the chain ids of layers that nothing leads to any more, now removed.
std::vector<std::string> sweep(const StorePaths& paths) {
  sweep_scratch(paths.root);
  const auto index = read_index(paths);
  if (!index) return {};  // never written, or lost: then nothing here may be thrown away
  const Referenced referenced = referenced_by(paths, *index);
  for (const std::string& name : others_in(paths.blobs(), referenced.blobs))
    remove_tree(paths.blobs() / name);
  return remove_layers(paths, others_in(paths.layers(), referenced.layers));
}

std::string put_blob(const StorePaths& paths, const std::string& bytes) {
  const std::string digest = digest_of(bytes);
  if (!stack::exists(paths.blob(digest)))
    write_file_atomically(paths.blob(digest), bytes, Durability::survives_power_loss);
  return digest;
}

/// `chain` is the layer's chain id: it and those below.
void put_layer(const StorePaths& paths, const std::string& chain, const NewLayer& layer) {
  if (stack::exists(paths.layer(chain))) {
    // A layer that an older stack unpacked gets its frame from a newer one.
    if (!layer.frame.empty() && !stack::exists(paths.layer_frame(chain)))
      std::filesystem::rename(layer.frame, paths.layer_frame(chain));
    return;
  }
  const Fd tree = open_file(layer.tree, O_RDONLY | O_DIRECTORY);
  if (::syncfs(tree.get()) != 0) throw_errno("syncfs");
  write_layer_record(paths, chain, layer.record);
  // The directory comes last: a layer is there when it is.
  if (!layer.frame.empty()) std::filesystem::rename(layer.frame, paths.layer_frame(chain));
  if (::rename(layer.tree.c_str(), paths.layer(chain).c_str()) != 0)
    throw_errno("rename {} to {}", layer.tree.native(), paths.layer(chain).native());
}

Index::iterator find_id(Index& index, const std::string& id) {
  return std::find_if(index.begin(), index.end(),
                      [&](const IndexEntry& entry) { return entry.id == id; });
}

/// Each once.
void add_sorted(std::vector<std::string>& list, const std::vector<std::string>& more) {
  list.insert(list.end(), more.begin(), more.end());
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

void take_name_away(Index& index, const std::string& name) {
  for (IndexEntry& entry : index) std::erase(entry.names, name);
}

/// The entry of that image, made where there is none.
IndexEntry& entry_of(Index& index, const std::string& id, const std::string& manifest) {
  auto entry = find_id(index, id);
  if (entry == index.end()) entry = index.insert(index.end(), {id, manifest, {}});
  return *entry;
}

/// None for an image that is called nothing.
std::vector<std::string> names_of(const NewImage& image) {
  return image.name.empty() ? std::vector<std::string>{} : std::vector{image.name};
}

std::vector<Descriptor> layer_descriptors(const StorePaths& paths,
                                          const std::vector<std::string>& diff_ids) {
  std::vector<Descriptor> descriptors;
  const auto chains = chain_ids(diff_ids);
  for (std::size_t i = 0; i < chains.size(); ++i)
    descriptors.push_back({diff_ids[i], read_layer_record(paths, chains[i]).stream_bytes});
  return descriptors;
}

/// The image of that name when only its date would change.
const IndexEntry* same_image(const StorePaths& paths, const Index& index,
                             const std::vector<std::string>& diff_ids, const NewImage& wanted) {
  const auto entry = std::find_if(index.begin(), index.end(), [&](const IndexEntry& other) {
    return std::find(other.names.begin(), other.names.end(), wanted.name) != other.names.end();
  });
  if (entry == index.end()) return nullptr;
  const auto document = parse_config_document(read_file(paths.blob(entry->id)));
  const bool same = document.diff_ids == diff_ids && document.config == wanted.config;
  return same ? &*entry : nullptr;
}

/// With all of `names`, of which whatever else has them loses them. Needs the lock, and the layers
/// in place.
Image put_document(const StorePaths& paths, Index& index, const ConfigDocument& document,
                   const std::vector<std::string>& names) {
  const std::string config = to_json(document);
  const std::string id = put_blob(paths, config);
  const std::string manifest = put_blob(
      paths, to_manifest_json({id, config.size()}, layer_descriptors(paths, document.diff_ids)));
  for (const std::string& name : names) take_name_away(index, name);
  add_sorted(entry_of(index, id, manifest).names, names);
  write_index(paths, index);
  return load_image(paths, *find_id(index, id));
}

/// What is new in the document of `wanted`; the rest is that of its base, if it has one.
void describe(const NewImage& wanted, ConfigDocument& document) {
  document.config = wanted.config;
  document.created = std::chrono::system_clock::now();
  document.author = wanted.author;
  document.history.push_back({.created = to_rfc3339(document.created),
                              .created_by = wanted.created_by,
                              .author = wanted.author,
                              .comment = wanted.comment});
}

/// Needs the lock, and the layers in place.
Image put_image(const StorePaths& paths, const std::vector<std::string>& diff_ids,
                const NewImage& wanted) {
  Index index = read_index(paths).value_or(Index{});
  if (const auto* same = same_image(paths, index, diff_ids, wanted))
    return load_image(paths, *same);
  ConfigDocument document;
  describe(wanted, document);
  document.diff_ids = diff_ids;
  return put_document(paths, index, document, names_of(wanted));
}

/// What a removal does to an entry of the index.
struct Removal {
  std::vector<std::string> untagged;
  bool deletes_image;
};

Removal decide_removal(const IndexEntry& entry, const std::string& reference, bool is_in_use,
                       bool force) {
  const auto name = name_in(entry, reference);
  if (name && entry.names.size() > 1) return {{*name}, false};
  if (!name && entry.names.size() > 1 && !force)
    throw Error(fmt::format("image {} has several names: {}", reference, join(entry.names, ", ")))
        .with_hint("remove them one by one, or use --force");
  if (is_in_use && !force)
    throw Error(fmt::format("image {} is used by a container", reference))
        .with_hint("remove the container first");
  return {entry.names, !is_in_use};
}

}  // namespace

ScratchDirectory begin_layer(const StorePaths& paths) {
  const FileLock lock = lock_store(paths);
  sweep(paths);
  return ScratchDirectory::create(paths.root);
}

Image commit_image(const StorePaths& paths, const NewLayer& layer, const NewImage& image) {
  const FileLock lock = lock_store(paths);
  sweep(paths);
  put_layer(paths, layer.diff_id, layer);
  return put_image(paths, {layer.diff_id}, image);
}

std::optional<Image> commit_image_on(const StorePaths& paths,
                                     const std::vector<std::string>& diff_ids,
                                     const NewImage& image) {
  const FileLock lock = lock_store(paths);
  for (const std::string& chain : chain_ids(diff_ids)) {
    if (!stack::exists(paths.layer(chain))) return std::nullopt;
  }
  return put_image(paths, diff_ids, image);
}

Image commit_image_over(const StorePaths& paths, const std::string& base,
                        const std::optional<NewLayer>& layer, const NewImage& image) {
  const FileLock lock = lock_store(paths);
  sweep(paths);
  Index index = read_index(paths).value_or(Index{});
  const IndexEntry* below = find_entry(index, base);
  if (below == nullptr) fail("image {} is gone", base);
  ConfigDocument document = parse_config_document(read_file(paths.blob(below->id)));
  describe(image, document);
  document.history.back().empty_layer = !layer;
  if (layer) {
    document.diff_ids.push_back(layer->diff_id);
    put_layer(paths, chain_ids(document.diff_ids).back(), *layer);
  }
  return put_document(paths, index, document, names_of(image));
}

void add_built_layer(const StorePaths& paths, const std::vector<std::string>& below,
                     const NewLayer& layer) {
  const FileLock lock = lock_store(paths);
  std::vector<std::string> diff_ids = below;
  diff_ids.push_back(layer.diff_id);
  const std::string chain = chain_ids(diff_ids).back();
  keep_layer(paths, chain);
  put_layer(paths, chain, layer);
}

Image commit_document(const StorePaths& paths, const ConfigDocument& document,
                      const std::vector<std::string>& names) {
  const FileLock lock = lock_store(paths);
  for (const std::string& chain : chain_ids(document.diff_ids)) {
    if (!stack::exists(paths.layer(chain)))
      fail("a layer of the image was removed while it was built");
  }
  Index index = read_index(paths).value_or(Index{});
  Image made = put_document(paths, index, document, names);
  sweep(paths);
  return made;
}

Image commit_foreign_image(const StorePaths& paths, const ForeignImage& image,
                           const std::vector<NewLayer>& layers) {
  const FileLock lock = lock_store(paths);
  sweep(paths);
  const ConfigDocument document = parse_config_document(image.config);
  const auto chains = chain_ids(document.diff_ids);
  if (layers.size() != chains.size())
    fail("the image has {} layers, its config says {}", layers.size(), chains.size());
  for (std::size_t i = 0; i < chains.size(); ++i) {
    if (layers[i].tree.empty()) {
      if (!stack::exists(paths.layer(chains[i]))) fail("layer {} is missing", document.diff_ids[i]);
      continue;
    }
    if (layers[i].diff_id != document.diff_ids[i])
      fail("a layer is {}, the image's config says {}", layers[i].diff_id, document.diff_ids[i]);
    put_layer(paths, chains[i], layers[i]);
  }
  Index index = read_index(paths).value_or(Index{});
  const std::string id = put_blob(paths, image.config);
  const std::string manifest = put_blob(paths, image.manifest);
  for (const std::string& name : image.names) take_name_away(index, name);
  auto& entry = entry_of(index, id, manifest);
  entry.manifest = manifest;
  add_sorted(entry.names, image.names);
  add_sorted(entry.digests, image.digests);
  const auto pulled =
      std::chrono::floor<std::chrono::seconds>(image.pulled).time_since_epoch().count();
  entry.pulled = std::max<std::int64_t>(entry.pulled, pulled);
  write_index(paths, index);
  return load_image(paths, entry);
}

bool UnfinishedImage::has(const std::string& chain) const {
  return stack::exists(paths_.layer(chain));
}

void UnfinishedImage::expect(const std::vector<std::string>& chains) const {
  const FileLock lock = lock_store(paths_);
  make_directories(paths_.unfinished());
  write_document(paths_.unfinished() / hex_of(name_), unfinished_kind, {{"layers", chains}},
                 Durability::survives_crash);
}

void UnfinishedImage::put(const std::string& chain, const NewLayer& layer) const {
  const FileLock lock = lock_store(paths_);
  put_layer(paths_, chain, layer);
}

void UnfinishedImage::drop() const {
  const FileLock lock = lock_store(paths_);
  std::filesystem::remove(paths_.unfinished() / hex_of(name_));
  std::error_code others_are_there;
  std::filesystem::remove(paths_.unfinished(), others_are_there);
}

void tag_image(const StorePaths& paths, const std::string& reference, const std::string& name) {
  const FileLock lock = lock_store(paths);
  Index index = read_index(paths).value_or(Index{});
  const IndexEntry* found = find_entry(index, reference);
  if (found == nullptr) fail("no such image: {}", printable(reference));
  const std::string id = found->id;
  take_name_away(index, name);
  add_sorted(find_id(index, id)->names, {name});
  write_index(paths, index);
}

void set_origin(const StorePaths& paths, const std::string& chain, const LayerOrigin& origin) {
  const FileLock lock = lock_store(paths);
  if (!stack::exists(paths.layer(chain))) return;
  LayerRecord record = read_layer_record(paths, chain);
  record.origin = origin;
  write_layer_record(paths, chain, record);
}

void add_digest(const StorePaths& paths, const std::string& id, const std::string& digest) {
  const FileLock lock = lock_store(paths);
  Index index = read_index(paths).value_or(Index{});
  const auto entry = find_id(index, id);
  if (entry == index.end()) return;
  add_sorted(entry->digests, {digest});
  write_index(paths, index);
}

ImageStore::Removed remove_images(const StorePaths& paths, const std::vector<std::string>& ids) {
  if (!stack::exists(paths.tags())) return {};
  const FileLock lock = lock_store(paths);
  Index index = read_index(paths).value_or(Index{});
  ImageStore::Removed removed;
  for (const std::string& id : ids) {
    const auto entry = find_id(index, id);
    if (entry == index.end()) continue;
    removed.untagged.insert(removed.untagged.end(), entry->names.begin(), entry->names.end());
    removed.deleted.push_back(id);
    index.erase(entry);
  }
  if (!removed.deleted.empty()) write_index(paths, index);
  for (std::string& chain : sweep(paths)) removed.deleted.push_back(std::move(chain));
  return removed;
}

void forget_builds(const StorePaths& paths) {
  const FileLock lock = lock_store(paths);
  forget_steps(paths);
  sweep(paths);
}

ImageStore::Removed remove_image(const StorePaths& paths, const std::string& reference,
                                 const std::vector<std::string>& in_use, bool force) {
  const FileLock lock = lock_store(paths);
  Index index = read_index(paths).value_or(Index{});
  const IndexEntry* found = find_entry(index, reference);
  if (found == nullptr) fail("no such image: {}", printable(reference));
  const std::string id = found->id;
  const bool is_in_use = std::find(in_use.begin(), in_use.end(), id) != in_use.end();
  const Removal removal = decide_removal(*found, reference, is_in_use, force);
  for (const std::string& name : removal.untagged) take_name_away(index, name);
  if (removal.deletes_image)
    std::erase_if(index, [&](const IndexEntry& entry) { return entry.id == id; });
  write_index(paths, index);
  ImageStore::Removed removed{removal.untagged, {}};
  if (removal.deletes_image) removed.deleted.push_back(id);
  for (std::string& chain : sweep(paths)) removed.deleted.push_back(std::move(chain));
  return removed;
}

}  // namespace stack::image
