// SPDX-License-Identifier: Apache-2.0
#include "image/image_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "base/tree_copy.h"
#include "image/changes.h"
#include "image/new_layer.h"
#include "image/reference.h"
#include "image/store_writer.h"
#include "image/tar_stream.h"
#include "image/tree_changes.h"

namespace stack::image {
namespace {

namespace fs = std::filesystem;
using Note = std::function<void(const std::string&)>;

/// The canonical name for a new image.
std::string name_to_give(const std::string& name) {
  if (name.empty()) return "";
  const Reference reference = parse_reference(name);
  if (!reference.digest.empty()) fail("an image cannot be named by a digest: {}", printable(name));
  return canonical(reference);
}

void tell_left_out(const std::vector<std::string>& paths, const Note& note) {
  if (!note) return;
  for (const std::string& path : paths) note("left out: " + printable(path));
}

/// Copying a directory that the store lies in would never end.
void check_store_is_elsewhere(const fs::path& source, const fs::path& store) {
  const fs::path inner = fs::weakly_canonical(store);
  const fs::path outer = fs::canonical(source);
  if (std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end())
    fail("{} contains the image store {}", source.native(), store.native());
}

NewLayer layer_of_directory(Fd source, const fs::path& tree, const Note& note) {
  const Fd root = make_tree(tree);
  JoinedDirectory from;
  from.push_back(std::move(source));
  tell_left_out(copy_tree(from, root.get(), DeviceNodes::copy).left_out, note);
  // The copy, not the source: only the copy can no longer change.
  const TreeDigest digest = digest_tree(root.get());
  return {tree, digest.diff_id, {digest.stream_bytes, digest.file_bytes}};
}

NewLayer layer_of_archive(int archive, const fs::path& tree, const Note& note) {
  const UnpackedTree unpacked = unpack_new_layer(bytes_of_file(archive), tree, LayerPlace::bottom,
                                                 {.compressions = Compressions::any});
  tell_left_out(unpacked.left_out, note);
  return unpacked.layer;
}

NewLayer layer_of(const std::string& source, const StorePaths& paths, const fs::path& tree,
                  const Note& note) {
  if (source == "-") return layer_of_archive(STDIN_FILENO, tree, note);
  Fd file = open_file(source, O_RDONLY);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw_errno("stat {}", source);
  if (!S_ISDIR(info.st_mode)) return layer_of_archive(file.get(), tree, note);
  check_store_is_elsewhere(source, paths.root);
  return layer_of_directory(std::move(file), tree, note);
}

JoinedDirectory layers_of(const Image& image) {
  JoinedDirectory layers;
  for (const fs::path& layer : image.layers)
    layers.push_back(open_file(layer, O_RDONLY | O_DIRECTORY));
  return layers;
}

}  // namespace

ImageStore::ImageStore(fs::path root) : root_(std::move(root)) {}

std::optional<Image> ImageStore::find(const std::string& reference) const {
  const StorePaths paths{root_};
  const Index index = read_index(paths).value_or(Index{});
  const IndexEntry* entry = find_entry(index, reference);
  if (entry == nullptr) return std::nullopt;
  return load_image(paths, *entry);
}

std::vector<Image> ImageStore::list() const {
  const StorePaths paths{root_};
  std::vector<Image> images;
  for (const IndexEntry& entry : read_index(paths).value_or(Index{}))
    images.push_back(load_image(paths, entry));
  std::sort(images.begin(), images.end(),
            [](const Image& a, const Image& b) { return a.created > b.created; });
  return images;
}

Image ImageStore::import(const std::string& source, const std::string& name,
                         const std::vector<std::string>& changes, const Note& note,
                         const std::string& comment) {
  const StorePaths paths{root_};
  NewImage image{name_to_give(name), {}, comment};
  if (comment.empty()) image.comment = "imported from " + (source == "-" ? "stdin" : source);
  for (const std::string& change : changes) apply_change(image.config, change);
  return during("importing " + printable(source), [&] {
    const ScratchDirectory scratch = begin_layer(paths);
    return commit_image(paths, layer_of(source, paths, scratch.path() / "tree", note), image);
  });
}

Image ImageStore::commit(const Commit& commit) {
  const StorePaths paths{root_};
  const auto base = find(commit.base);
  if (!base) fail("image {} is gone", commit.base);
  const NewImage image{.name = name_to_give(commit.name),
                       .config = commit.config,
                       .comment = commit.comment,
                       .author = commit.author,
                       .created_by = commit.created_by};
  const auto changes = tree_changes(commit.upper, layers_of(*base), commit.ignored);
  if (changes.empty()) return commit_image_over(paths, base->id, std::nullopt, image);
  const ScratchDirectory scratch = begin_layer(paths);
  return commit_image_over(paths, base->id,
                           layer_of_changes(commit.upper, changes, scratch.path() / "tree"), image);
}

ImageStore::Removed ImageStore::remove(const std::string& reference,
                                       const std::vector<std::string>& in_use, bool force) {
  return remove_image({root_}, reference, in_use, force);
}

ImageStore::Removed ImageStore::remove_all(const std::vector<std::string>& ids) {
  return remove_images({root_}, ids);
}

void ImageStore::tag(const std::string& reference, const std::string& name) {
  const std::string given = name_to_give(name);
  if (given.empty()) fail("an empty name is no name");
  tag_image({root_}, reference, given);
}

}  // namespace stack::image
