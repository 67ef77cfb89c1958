// SPDX-License-Identifier: Apache-2.0
// Entries of a tar archive as plain values, and its digest on the way. libarchive does the parsing
// and decompression; it appears nowhere else.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "image/byte_source.h"

struct archive;
struct archive_entry;

namespace stack::image {

struct TarEntry {
  std::string path;       ///< as written in the archive: not to be trusted
  std::string hard_link;  ///< target when it is one
  std::string symlink;    ///< target when it is one
  struct stat info;       ///< type, mode, owner, mtime, size, device; atime = mtime
  std::map<std::string, std::string> attributes;
};

/// Some content of the current entry. Bytes between chunks are zero.
struct TarChunk {
  std::string_view bytes;  ///< valid until the next call
  std::uint64_t offset;
};

class FrameRecorder;

/// What an archive may be compressed by. Layers: gzip and zstd, whose memory is bounded. Any: bzip2
/// and xz too, which may want a GiB, for files that a person chose.
enum class Compressions { of_layers, any };

struct TarReading {
  FrameRecorder* recorder = nullptr;  ///< gets to know the stream, and outlives the reader
  Compressions compressions = Compressions::of_layers;
  bool is_summed = true;  ///< false: nobody asks for TarReader::Stream::digest
  /// How much of the stream may be neither a file's content nor what says what a file is: a few
  /// kilobytes of compressed zeros would keep us busy for hours.
  std::uint64_t idle_bytes = 1ULL << 30;
};

class TarReader {
 public:
  /// Reads the descriptor `archive`, which stays the caller's, from where it stands.
  explicit TarReader(int archive, Compressions compressions = Compressions::of_layers)
      : TarReader(bytes_of_file(archive), {.compressions = compressions}) {}
  /// `archive` is called from another thread.
  explicit TarReader(ByteSource archive, TarReading how = {});
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  /// The next entry, or nothing at the end. Throws Error when the archive is damaged.
  std::optional<TarEntry> next();
  std::optional<TarChunk> next_chunk();
  /// Where in the uncompressed stream the content of the current entry, of which nothing was asked
  /// for yet, starts; nothing when the stream does not have it as it is (sparse files).
  std::optional<std::uint64_t> content_start() const;

  struct Stream {
    std::string digest;  ///< empty when it was not summed
    std::uint64_t bytes;
  };
  /// Reads what follows the last entry; then the digest of the whole uncompressed stream is known.
  Stream finish();

 private:
  class Decompressed;
  void check(int result) const;
  std::unique_ptr<Decompressed> stream_;
  archive* tar_;
  archive_entry* entry_ = nullptr;  ///< the current one
};

}  // namespace stack::image
