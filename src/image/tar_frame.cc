// SPDX-License-Identifier: Apache-2.0
#include "image/tar_frame.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::image {
namespace {

constexpr std::string_view magic = "stack-frame 1\n";
constexpr char bytes_record = 'b';
constexpr char file_record = 'f';
constexpr char end_record = 'e';
constexpr std::uint64_t longest_path = 1 << 20;

std::string number(std::uint64_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

void check_zstd(std::size_t result) {
  if (ZSTD_isError(result) != 0) fail("zstd: {}", ZSTD_getErrorName(result));
}

/// The uncompressed records of a frame.
class FrameReader {
 public:
  explicit FrameReader(const std::filesystem::path& path)
      : file_(open_file(path, O_RDONLY)), stream_(ZSTD_createDCtx()), in_(ZSTD_DStreamInSize()) {
    if (take(magic.size()) != magic) damaged();
  }
  ~FrameReader() { ZSTD_freeDCtx(stream_); }
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  /// Calls back for each record, in order.
  void read(const TarSink& on_bytes, const std::function<void(const FramedFile&)>& on_file) {
    for (;;) {
      const char kind = take(1).front();
      if (kind == end_record) return finish();
      if (kind == bytes_record) {
        pass(take_number(), on_bytes);
      } else if (kind == file_record) {
        on_file(take_file());
      } else {
        damaged();
      }
    }
  }

 private:
  [[noreturn]] static void damaged() { fail("the frame of the layer is damaged"); }

  /// Only then has zstd compared its checksum.
  void finish() {
    while (left_ != 0 && rest_.empty()) decompress();
    if (!rest_.empty()) damaged();
  }
  std::string take(std::size_t size) {
    std::string bytes;
    pass(size, [&](std::string_view piece) { bytes += piece; });
    return bytes;
  }
  std::uint64_t take_number() {
    std::uint64_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  FramedFile take_file() {
    FramedFile file;
    const std::uint64_t length = take_number();
    if (length > longest_path) damaged();
    file.path = take(length);
    file.size = take_number();
    file.inode = take_number();
    return file;
  }
  void pass(std::uint64_t size, const TarSink& sink) {
    while (size > 0) {
      if (rest_.empty()) fill();
      const auto part =
          rest_.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(size, rest_.size())));
      sink(part);
      rest_.remove_prefix(part.size());
      size -= part.size();
    }
  }
  void fill() {
    while (rest_.empty()) decompress();
  }
  void decompress() {
    if (input_.pos == input_.size) read_more();
    ZSTD_outBuffer output{out_.data(), out_.size(), 0};
    left_ = ZSTD_decompressStream(stream_, &output, &input_);
    check_zstd(left_);
    rest_ = {out_.data(), output.pos};
  }
  void read_more() {
    const ssize_t count = ::read(file_.get(), in_.data(), in_.size());
    if (count < 0) throw_errno("read frame");
    if (count == 0) damaged();
    input_ = {in_.data(), static_cast<std::size_t>(count), 0};
  }

  Fd file_;
  ZSTD_DCtx* stream_;
  std::vector<char> in_;
  std::vector<char> out_ = std::vector<char>(1 << 17);
  ZSTD_inBuffer input_{nullptr, 0, 0};
  std::size_t left_ = 1;  ///< 0: the zstd stream is complete
  std::string_view rest_;
};

/// The file of that name, when it is still the one that was meant.
Fd open_framed(int tree, const FramedFile& file) {
  try {
    Fd opened = open_in_root(tree, file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    struct stat info {};
    if (::fstat(opened.get(), &info) != 0) throw_errno("stat");
    if (S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) == file.size)
      return opened;
  } catch (const Error& error) {
    const int number = error.error_number();
    if (number != ENOENT && number != ENOTDIR && number != ELOOP) throw;
  }
  return Fd();
}

void write_content(int file, std::uint64_t size, std::vector<char>& buffer, const TarSink& sink) {
  while (size > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
    const ssize_t count = ::read(file, buffer.data(), wanted);
    if (count < 0) throw_errno("read");
    if (count == 0) fail("it is shorter than it was");
    sink({buffer.data(), static_cast<std::size_t>(count)});
    size -= static_cast<std::uint64_t>(count);
  }
}

using ByInode = std::map<ino_t, std::filesystem::path>;

void add_files_below(const std::filesystem::path& directory, ByInode& files) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat info {};
    if (::lstat(entry.path().c_str(), &info) == 0 && S_ISREG(info.st_mode))
      files.emplace(info.st_ino, entry.path());
  }
}

bool is_same(int file, const FramedFile& meant) {
  struct stat info {};
  return ::fstat(file, &info) == 0 && info.st_ino == meant.inode;
}

}  // namespace

struct FrameWriter::Compressor {
  Compressor() : stream(ZSTD_createCCtx()), out(ZSTD_CStreamOutSize()) {
    check_zstd(ZSTD_CCtx_setParameter(stream, ZSTD_c_compressionLevel, 1));
    check_zstd(ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1));
  }
  ~Compressor() { ZSTD_freeCCtx(stream); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  ZSTD_CCtx* stream;
  std::vector<char> out;
};

FrameWriter::FrameWriter(const std::filesystem::path& path)
    : file_(open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600)),
      compressor_(std::make_unique<Compressor>()) {
  put(magic);
}

FrameWriter::~FrameWriter() = default;

void FrameWriter::put(std::string_view bytes, bool is_end) {
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  const auto mode = is_end ? ZSTD_e_end : ZSTD_e_continue;
  for (;;) {
    ZSTD_outBuffer output{compressor_->out.data(), compressor_->out.size(), 0};
    const std::size_t left = ZSTD_compressStream2(compressor_->stream, &output, &input, mode);
    check_zstd(left);
    if (output.pos > 0) write_all(file_.get(), {compressor_->out.data(), output.pos});
    if (input.pos == input.size && (!is_end || left == 0)) return;
  }
}

void FrameWriter::add_bytes(std::string_view bytes) {
  if (bytes.empty()) return;
  put({&bytes_record, 1});
  put(number(bytes.size()));
  put(bytes);
}

void FrameWriter::add_file(const FramedFile& file) {
  put({&file_record, 1});
  put(number(file.path.size()));
  put(file.path);
  put(number(file.size));
  put(number(file.inode));
}

void FrameWriter::finish() {
  put({&end_record, 1}, true);
}

void FrameRecorder::pass(std::string_view piece) {
  piece_ = piece;
}

void FrameRecorder::content(std::uint64_t start, FramedFile file) {
  if (file.size > 0) ranges_.push_back({start, std::move(file), false});
}

void FrameRecorder::finish() {
  settle();
  frame_.finish();
}

void FrameRecorder::settle() {
  const std::uint64_t end = position_ + piece_.size();
  while (position_ < end) {
    const std::uint64_t next =
        ranges_.empty() ? end : std::clamp(ranges_.front().start, position_, end);
    const auto before = static_cast<std::size_t>(next - position_);
    frame_.add_bytes(piece_.substr(0, before));
    piece_.remove_prefix(before);
    position_ = next;
    if (position_ == end) break;
    Range& range = ranges_.front();
    if (!range.is_written) frame_.add_file(range.file);
    range.is_written = true;
    const std::uint64_t range_end = range.start + range.file.size;
    const auto skipped = static_cast<std::size_t>(std::min(range_end, end) - position_);
    piece_.remove_prefix(skipped);
    position_ += skipped;
    if (position_ == range_end) ranges_.pop_front();
  }
  piece_ = {};
}

void write_framed_stream(const std::filesystem::path& frame, int tree, const TarSink& sink) {
  std::vector<char> buffer(1 << 18);
  FrameReader reader(frame);
  reader.read(sink, [&](const FramedFile& file) {
    during(printable(file.path), [&] {
      const Fd opened = open_framed(tree, file);
      if (!opened) fail("the file is not what was unpacked");
      write_content(opened.get(), file.size, buffer, sink);
    });
  });
}

void complete_frame(const std::filesystem::path& from, const std::filesystem::path& to, int tree,
                    const std::filesystem::path& replaced) {
  // One that is still in the tree may have been written through a link that leads elsewhere now.
  ByInode files;
  add_files_below(replaced, files);
  add_files_below(fmt::format("/proc/self/fd/{}/", tree), files);
  std::vector<char> buffer(1 << 18);
  FrameWriter frame(to);
  const TarSink keep = [&](std::string_view bytes) { frame.add_bytes(bytes); };
  FrameReader reader(from);
  reader.read(keep, [&](const FramedFile& file) {
    const Fd opened = open_framed(tree, file);
    if (opened && is_same(opened.get(), file)) return frame.add_file(file);
    const auto found = files.find(file.inode);
    if (found == files.end()) fail("{} is lost", printable(file.path));
    const Fd content = open_file(found->second, O_RDONLY | O_NOFOLLOW);
    write_content(content.get(), file.size, buffer, keep);
  });
  frame.finish();
}

}  // namespace stack::image
