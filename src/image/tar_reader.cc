// SPDX-License-Identifier: Apache-2.0
#include "image/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/read_ahead.h"
#include "image/tar_frame.h"

namespace stack::image {
namespace {

/// What may say of one entry what it is: long names, attributes.
constexpr std::uint64_t largest_head = 64 << 10;

struct FreeReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeReader>;

[[noreturn]] void refuse(archive* reader) {
  const char* text = archive_error_string(reader);
  fail("damaged archive: {}", printable(text != nullptr ? text : "unknown error"));
}

/// ARCHIVE_WARN is an entry with a blemish, such as a name that the locale cannot show.
bool is_usable(int result) {
  return result == ARCHIVE_OK || result == ARCHIVE_WARN;
}

/// Names are bytes to us. libarchive keeps them as bytes or, from pax records, as UTF-8.
std::string text_of(const char* bytes, const char* utf8) {
  if (bytes != nullptr) return bytes;
  return utf8 != nullptr ? utf8 : "";
}

std::map<std::string, std::string> attributes_of(archive_entry* entry) {
  std::map<std::string, std::string> attributes;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
    attributes[name].assign(static_cast<const char*>(value), size);
  return attributes;
}

struct stat info_of(archive_entry* entry) {
  struct stat info {};
  info.st_mode = archive_entry_mode(entry);
  info.st_uid = static_cast<uid_t>(archive_entry_uid(entry));
  info.st_gid = static_cast<gid_t>(archive_entry_gid(entry));
  info.st_size = archive_entry_size(entry);
  info.st_rdev = makedev(static_cast<unsigned>(archive_entry_rdevmajor(entry)),
                         static_cast<unsigned>(archive_entry_rdevminor(entry)));
  info.st_mtim = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
  info.st_atim = info.st_mtim;
  return info;
}

}  // namespace

/// The uncompressed bytes, hashed as they pass. They are needed by themselves for the digest, so
/// decompression and tar parsing are two readers, the second fed by the first.
class TarReader::Decompressed {
 public:
  Decompressed(ByteSource archive, TarReading how)
      : compressed_(std::move(archive)), how_(how), ahead_([this] { return decompress(); }) {}

  /// The next piece; empty at the end.
  std::string_view next() {
    // Before: the next piece takes the place of the last one.
    if (how_.recorder != nullptr) how_.recorder->settle();
    const std::string_view piece = ahead_.next();
    if (how_.recorder != nullptr) how_.recorder->pass(piece);
    idle_ += piece.size();
    if (idle_ > how_.idle_bytes)
      fail("the archive has more than {} bytes that belong to no file", how_.idle_bytes);
    return piece;
  }
  /// So many bytes of what passed were of use.
  void make_use_of(std::uint64_t bytes) { idle_ -= std::min(idle_, bytes); }

  Stream finish() {
    while (!next().empty()) continue;
    return {how_.is_summed ? sum_.digest() : "", bytes_};
  }

  /// The read callback of the tar reader: no exception may pass through libarchive.
  static la_ssize_t read(archive* tar, void* self, const void** buffer) noexcept {
    try {
      const std::string_view piece = static_cast<Decompressed*>(self)->next();
      *buffer = piece.data();
      return static_cast<la_ssize_t>(piece.size());
    } catch (...) {
      static_cast<Decompressed*>(self)->unreadable_ = std::current_exception();
      archive_set_error(tar, EIO, "unreadable");
      return ARCHIVE_FATAL;
    }
  }
  /// Throws what made the stream unreadable, if anything did.
  void rethrow() const {
    if (unreadable_) std::rethrow_exception(unreadable_);
  }

 private:
  std::string_view decompress() {
    if (!raw_) open();
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(raw_.get(), &bytes, &size, &offset);
    if (result == ARCHIVE_EOF) return {};
    if (!is_usable(result)) refuse();
    const std::string_view piece(static_cast<const char*>(bytes), size);
    if (how_.is_summed) sum_.add(piece);
    bytes_ += size;
    return piece;
  }
  void open() {
    raw_.reset(archive_read_new());
    archive_read_support_filter_gzip(raw_.get());
    archive_read_support_filter_zstd(raw_.get());
    if (how_.compressions == Compressions::any) {
      archive_read_support_filter_xz(raw_.get());
      archive_read_support_filter_bzip2(raw_.get());
    }
    archive_read_support_format_raw(raw_.get());
    archive_read_support_format_empty(raw_.get());
    if (archive_read_open(raw_.get(), this, nullptr, &Decompressed::feed, nullptr) != ARCHIVE_OK)
      refuse();
    archive_entry* content = nullptr;
    const int result = archive_read_next_header(raw_.get(), &content);
    if (result == ARCHIVE_EOF) fail("the archive is empty");
    if (!is_usable(result)) refuse();
    // libarchive would go on and on; one filter, and the source itself.
    if (archive_filter_count(raw_.get()) > 2) fail("the archive is compressed more than once");
  }
  /// What the source threw says more than what libarchive makes of it.
  [[noreturn]] void refuse() {
    if (failure_) std::rethrow_exception(failure_);
    image::refuse(raw_.get());
  }
  static la_ssize_t feed(archive* raw, void* self, const void** buffer) noexcept {
    auto& reader = *static_cast<Decompressed*>(self);
    try {
      const std::string_view piece = reader.compressed_();
      *buffer = piece.data();
      return static_cast<la_ssize_t>(piece.size());
    } catch (...) {
      reader.failure_ = std::current_exception();
      archive_set_error(raw, EIO, "unreadable");
      return ARCHIVE_FATAL;
    }
  }

  ByteSource compressed_;
  TarReading how_;
  std::exception_ptr failure_;     ///< of the source
  std::exception_ptr unreadable_;  ///< why the parser got no more
  Reader raw_;
  Sha256 sum_;
  std::uint64_t bytes_ = 0;
  std::uint64_t idle_ = 0;  ///< what passed and nobody had use for
  ReadAhead ahead_;         ///< last: its thread uses the others
};

TarReader::TarReader(ByteSource archive, TarReading how)
    : stream_(std::make_unique<Decompressed>(std::move(archive), how)), tar_(archive_read_new()) {
  archive_read_support_format_tar(tar_);
  if (archive_read_open(tar_, stream_.get(), nullptr, &Decompressed::read, nullptr) != ARCHIVE_OK) {
    const Reader freed(tar_);
    stream_->rethrow();
    refuse(tar_);
  }
}

TarReader::~TarReader() {
  archive_read_free(tar_);
}

std::optional<TarEntry> TarReader::next() {
  const int result = archive_read_next_header(tar_, &entry_);
  if (result == ARCHIVE_EOF) return std::nullopt;
  check(result);
  stream_->make_use_of(largest_head);
  archive_entry* entry = entry_;
  return TarEntry{
      .path = text_of(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry)),
      .hard_link = text_of(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry)),
      .symlink = text_of(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry)),
      .info = info_of(entry),
      .attributes = attributes_of(entry)};
}

std::optional<TarChunk> TarReader::next_chunk() {
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int result = archive_read_data_block(tar_, &bytes, &size, &offset);
  if (result == ARCHIVE_EOF) return std::nullopt;
  check(result);
  if (offset < 0) fail("damaged archive: negative offset");
  stream_->make_use_of(size);
  return TarChunk{{static_cast<const char*>(bytes), size}, static_cast<std::uint64_t>(offset)};
}

std::optional<std::uint64_t> TarReader::content_start() const {
  if (archive_entry_sparse_count(entry_) > 0) return std::nullopt;
  return static_cast<std::uint64_t>(archive_filter_bytes(tar_, 0));
}

void TarReader::check(int result) const {
  if (is_usable(result)) return;
  stream_->rethrow();
  refuse(tar_);
}

TarReader::Stream TarReader::finish() {
  return stream_->finish();
}

}  // namespace stack::image
