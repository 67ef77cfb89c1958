// SPDX-License-Identifier: Apache-2.0
// From a file system to an archive, one name at a time: what kind of file it is, its attributes,
// its content; files with several names as one file and links to it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/id_block.h"
#include "image/tar_writer.h"

namespace stack::image {

/// Whether somebody may change the tree while it is read.
enum class Reading {
  still,  ///< a file that changes is an error
  /// What vanishes is left out, a file that shrinks is filled up with zeros. Whoever changes the
  /// tree may be hostile: no link is followed, nothing but a regular file is ever opened for
  /// reading.
  live,
};

/// Extended attributes and capabilities.
enum class Attributes { kept, left_out };

class EntryStream {
 public:
  /// Owners are written as those who have `ids` see them.
  EntryStream(const TarSink& sink, Reading reading, const IdBlock& ids = {},
              Attributes attributes = Attributes::kept)
      : tar_(sink), reading_(reading), ids_(ids), attributes_(attributes) {}

  /// Writes `name` of the open directory as `path`; of a directory only the entry itself. `info` is
  /// what lstat(2) said. False when nothing was written: a socket, or something that vanished.
  /// Throws Error.
  bool write(int directory, const std::string& name, const struct stat& info,
             const std::string& path);
  /// An entry of the caller's own making, without content.
  void write(const TarItem& item) { tar_.write(item); }
  void finish() { tar_.finish(); }
  /// Of files, each once.
  std::uint64_t content_bytes() const { return content_bytes_; }

 private:
  bool is_repeated(TarItem& item) const;
  void write_translated(TarItem item);
  bool describe(int directory, const std::string& name, TarItem& item, Fd& content);
  void write_content(int file, std::uint64_t size);

  TarWriter tar_;
  Reading reading_;
  IdBlock ids_;
  Attributes attributes_;
  std::uint64_t content_bytes_ = 0;
  std::map<std::pair<dev_t, ino_t>, std::string> seen_;  ///< files with several names
  std::vector<char> buffer_ = std::vector<char>(1 << 18);
};

}  // namespace stack::image
