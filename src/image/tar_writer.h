// SPDX-License-Identifier: Apache-2.0
// A tar archive being written: ustar with pax records where ustar is too small. Equal entries give
// equal bytes on every machine.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace stack::image {

/// Who gets the bytes of an archive. What it throws ends the writing.
using TarSink = std::function<void(std::string_view)>;

/// What the archive says of one entry.
struct TarItem {
  std::string path;  ///< directories end in "/"
  char type;         ///< ustar(5): '0' file, '1' hard link, '2' symbolic link, '3' ... '6'
  struct stat info;
  std::string link;  ///< target of either kind of link
  std::map<std::string, std::string> attributes;
};

/// The type of an entry for a file of `mode`; NUL for what an archive cannot hold (sockets).
char tar_type(mode_t mode);

class TarWriter {
 public:
  /// `sink` must outlive the writer.
  explicit TarWriter(const TarSink& sink) : sink_(sink) {}

  void write(const TarItem& item);
  /// Part of the content of the file that was written last; info.st_size bytes in all, then pad().
  void write_content(std::string_view bytes) { sink_(bytes); }
  void pad(std::uint64_t size);
  /// The end of the archive.
  void finish();

 private:
  void write_records(const std::map<std::string, std::string>& records);

  const TarSink& sink_;
};

}  // namespace stack::image
