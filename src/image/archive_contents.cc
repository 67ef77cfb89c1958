// SPDX-License-Identifier: Apache-2.0
#include "image/archive_contents.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/manifest.h"
#include "image/tar_reader.h"
#include "image/tree_writer.h"

namespace stack::image {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_names = 100'000;
constexpr std::uint64_t most_document_bytes = 64ULL << 20;

/// By gzip, or by zstd, whose frames and skippable ones have magic numbers; or too short to tell.
bool is_compressed(std::string_view start) {
  const std::string_view magic = start.substr(0, 4);
  return magic.size() < 4 || magic.starts_with("\x1f\x8b") || magic == "\x28\xb5\x2f\xfd" ||
         magic.ends_with("\x2a\x4d\x18");
}

FoundLayer unpack_found(ByteSource bytes, const fs::path& tree) {
  Sha256 sum;
  FoundLayer found;
  bool is_plain = false;
  const auto count = [&](std::string_view piece) {
    if (found.size == 0) is_plain = !is_compressed(piece);
    // The sum of a plain layer is its diff id, which is made anyway.
    if (!is_plain) sum.add(piece);
    found.size += piece.size();
  };
  // Where in an image it belongs is not known yet: it may have to hide what is below.
  found.unpacked =
      unpack_new_layer(watched(std::move(bytes), count), tree, LayerPlace::above_others);
  found.digest = is_plain ? found.unpacked.layer.diff_id : sum.digest();
  return found;
}

/// A name below blobs/sha256 promises its content.
void check_blob_name(const std::string& name, const std::string& digest) {
  constexpr std::string_view blobs = "blobs/sha256/";
  if (name.starts_with(blobs) && "sha256:" + name.substr(blobs.size()) != digest)
    fail("{} is not what its name says: it is {}", printable(name), digest);
}

bool looks_like_document(std::string_view start) {
  const auto first = start.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (start[first] == '{' || start[first] == '[');
}

/// docker's and OCI's names of layers. Others are not looked into.
bool may_be_layer(const std::string& name) {
  return name.ends_with("layer.tar") || name.starts_with("blobs/sha256/") ||
         name.ends_with(".tar") || name.ends_with(".tar.gz");
}

std::string clean_name(const std::string& name) {
  return join(clean_path(name), "/");
}

class TarContents : public ArchiveContents {
 public:
  TarContents(ByteSource archive, fs::path scratch) : scratch_(std::move(scratch)) {
    TarReader tar(std::move(archive), {.compressions = Compressions::any, .is_summed = false});
    while (const auto entry = tar.next())
      during(printable(entry->path), [&] { take(tar, *entry); });
    tar.finish();
  }

  std::optional<std::string> document(const std::string& name) override {
    const auto found = documents_.find(resolved(name));
    if (found == documents_.end()) return std::nullopt;
    return found->second;
  }

  FoundLayer& layer(const std::string& name) override {
    const auto found = layers_.find(resolved(name));
    if (found == layers_.end()) fail("the archive has no layer {}", printable(name));
    return found->second;
  }

 private:
  void take(TarReader& tar, const TarEntry& entry) {
    const std::string name = clean_name(entry.path);
    if (++names_ > most_names) fail("the archive has more than {} entries", most_names);
    if (!entry.hard_link.empty()) {
      links_[name] = clean_name(entry.hard_link);
    } else if (S_ISLNK(entry.info.st_mode)) {
      links_[name] = link_target(name, entry.symlink);
    } else if (S_ISREG(entry.info.st_mode)) {
      take_file(tar, name, static_cast<std::uint64_t>(entry.info.st_size));
    }
  }

  void take_file(TarReader& tar, const std::string& name, std::uint64_t size) {
    const auto first = tar.next_chunk();
    const std::string start(first ? first->bytes : "");
    const ByteSource bytes = starting_with(start, [&tar]() -> std::string_view {
      const auto chunk = tar.next_chunk();
      return chunk ? chunk->bytes : std::string_view{};
    });
    if (looks_like_document(start)) {
      if (size <= largest_document) take_document(name, bytes);
    } else if (size > 0 && may_be_layer(name)) {
      take_layer(name, bytes);
    }
  }

  void take_document(const std::string& name, const ByteSource& bytes) {
    std::string text;
    for (auto piece = bytes(); !piece.empty(); piece = bytes()) text += piece;
    document_bytes_ += text.size();
    if (document_bytes_ > most_document_bytes) fail("the archive's documents are too large");
    check_blob_name(name, digest_of(text));
    documents_[name] = std::move(text);
  }

  void take_layer(const std::string& name, const ByteSource& bytes) {
    const fs::path tree = scratch_ / std::to_string(layers_.size());
    FoundLayer found = unpack_found(bytes, tree);
    check_blob_name(name, found.digest);
    layers_.insert_or_assign(name, std::move(found));
  }

  /// docker saves a layer of two images once, the other is a link: "../ID/layer.tar".
  static std::string link_target(const std::string& name, const std::string& target) {
    const auto joined = (fs::path(name).parent_path() / target).lexically_normal();
    return joined.is_absolute() || joined.native().starts_with("..") ? "" : joined.native();
  }
  std::string resolved(const std::string& name) const {
    const std::string clean = clean_name(name);
    const auto link = links_.find(clean);
    return link == links_.end() ? clean : link->second;
  }

  fs::path scratch_;
  std::size_t names_ = 0;
  std::uint64_t document_bytes_ = 0;
  std::map<std::string, std::string> documents_;
  std::map<std::string, FoundLayer> layers_;
  std::map<std::string, std::string> links_;
};

class LayoutContents : public ArchiveContents {
 public:
  LayoutContents(const fs::path& directory, fs::path scratch)
      : root_(open_file(directory, O_RDONLY | O_DIRECTORY)), scratch_(std::move(scratch)) {}

  std::optional<std::string> document(const std::string& name) override {
    const auto file = open(name);
    if (!file) return std::nullopt;
    std::string text = read_all(file->get(), largest_document);
    check_blob_name(name, digest_of(text));
    return text;
  }

  FoundLayer& layer(const std::string& name) override {
    const auto known = layers_.find(name);
    if (known != layers_.end()) return known->second;
    const auto file = open(name);
    if (!file) fail("the layout has no layer {}", printable(name));
    const fs::path tree = scratch_ / std::to_string(layers_.size());
    FoundLayer found = unpack_found(bytes_of_file(file->get()), tree);
    check_blob_name(name, found.digest);
    return layers_.emplace(name, std::move(found)).first->second;
  }

 private:
  std::optional<Fd> open(const std::string& name) const {
    try {
      Fd file = open_in_root(root_.get(), name, O_RDONLY | O_NONBLOCK);
      struct stat info {};
      if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
        fail("{} is not a file", printable(name));
      return file;
    } catch (const Error& error) {
      if (error.error_number() == ENOENT) return std::nullopt;
      throw;
    }
  }

  Fd root_;
  fs::path scratch_;
  std::map<std::string, FoundLayer> layers_;
};

}  // namespace

std::unique_ptr<ArchiveContents> read_archive(ByteSource archive, const fs::path& scratch) {
  return std::make_unique<TarContents>(std::move(archive), scratch);
}

std::unique_ptr<ArchiveContents> open_layout(const fs::path& directory, const fs::path& scratch) {
  return std::make_unique<LayoutContents>(directory, scratch);
}

}  // namespace stack::image
