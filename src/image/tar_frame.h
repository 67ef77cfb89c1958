// SPDX-License-Identifier: Apache-2.0
// The frame of a layer: all of its tar stream but the contents of the files that its tree has.
// Frame and tree together give back the stream bit by bit, so that an image can leave the store as
// it came, and its content is on the disk only once. On disk a frame is one zstd stream of records.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "image/tar_writer.h"

namespace stack::image {

/// A regular file of the tree whose content is left out of the frame.
struct FramedFile {
  std::string path;  ///< below the tree, without a leading "/"
  std::uint64_t size = 0;
  ino_t inode = 0;  ///< tells a file from another that has taken its name since
};

/// Writes the records of a frame into a new file.
class FrameWriter {
 public:
  explicit FrameWriter(const std::filesystem::path& path);
  ~FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  void add_bytes(std::string_view bytes);
  void add_file(const FramedFile& file);
  /// Without it the frame is not whole, and is refused by who reads it.
  void finish();

 private:
  void put(std::string_view bytes, bool is_end = false);
  struct Compressor;
  Fd file_;
  std::unique_ptr<Compressor> compressor_;
};

/// Makes a frame while a stream is unpacked. The reader of the stream tells of each piece before it
/// is parsed, and when it is done with; the parser tells which part of the stream became a file.
class FrameRecorder {
 public:
  explicit FrameRecorder(const std::filesystem::path& path) : frame_(path) {}

  /// `piece` must stay valid until settle(), which is called before the next one is asked for.
  void pass(std::string_view piece);
  /// The parser wants more than the last piece: all that starts in that is known, and it is written
  /// down.
  void settle();
  /// The bytes of the stream from `start` on are the content of `file`. In the order of the stream.
  void content(std::uint64_t start, FramedFile file);
  void finish();

 private:
  struct Range {
    std::uint64_t start;
    FramedFile file;
    bool is_written;
  };

  FrameWriter frame_;
  std::string_view piece_;
  std::uint64_t position_ = 0;  ///< of the piece in the stream
  std::deque<Range> ranges_;    ///< that do not end before it
};

/// Gives the stream of the layer in the open directory `tree` back. Throws Error when the frame is
/// damaged, or a file is not there with the size it had.
void write_framed_stream(const std::filesystem::path& frame, int tree, const TarSink& sink);

/// Writes `from` again as `to`, with the contents of those files in it that are no longer in `tree`
/// by their name: they are looked for, by inode, in the directory `replaced` and in the tree.
void complete_frame(const std::filesystem::path& from, const std::filesystem::path& to, int tree,
                    const std::filesystem::path& replaced);

}  // namespace stack::image
