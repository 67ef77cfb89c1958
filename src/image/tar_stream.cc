// SPDX-License-Identifier: Apache-2.0
#include "image/tar_stream.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/overlay_tree.h"
#include "base/tree_copy.h"
#include "image/digest.h"

namespace stack::image {
namespace {

constexpr std::size_t block = 512;
using Sink = std::function<void(std::string_view)>;
using PaxRecords = std::map<std::string, std::string>;

/// A ustar header, ustar(5).
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[8];
  char user[32];
  char group[32];
  char major[8];
  char minor[8];
  char prefix[155];
  char unused[12];
};
static_assert(sizeof(Header) == block);

struct Entry {
  std::string path;
  char type;
  struct stat info;
  std::string link;
  std::map<std::string, std::string> attributes;
};

/// Octal digits and a NUL; false when the number does not fit and a pax record must say it.
template <std::size_t Width>
bool put_number(char (&field)[Width], std::uint64_t number) {
  const std::string digits = fmt::format("{:0{}o}", number, Width - 1);
  const bool fits = digits.size() < Width;
  std::memcpy(field, fits ? digits.data() : std::string(Width, '0').data(), Width - 1);
  return fits;
}

template <std::size_t Width>
bool put_text(char (&field)[Width], const std::string& text) {
  std::memcpy(field, text.data(), std::min(text.size(), Width));
  return text.size() <= Width;
}

void put_checksum(Header& header) {
  std::memset(header.checksum, ' ', sizeof header.checksum);
  unsigned int sum = 0;
  for (std::size_t i = 0; i < block; ++i) sum += reinterpret_cast<unsigned char*>(&header)[i];
  const std::string digits = fmt::format("{:06o}", sum);
  std::memcpy(header.checksum, digits.data(), 6);
  header.checksum[6] = '\0';
}

std::string_view bytes_of(const Header& header) {
  return {reinterpret_cast<const char*>(&header), block};
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts its own digits too.
std::string pax_record(const std::string& key, const std::string& value) {
  const std::string body = " " + key + "=" + value + "\n";
  std::size_t length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length) ++length;
  return std::to_string(length) + body;
}

std::string pax_time(const timespec& time) {
  if (time.tv_nsec == 0) return std::to_string(time.tv_sec);
  return fmt::format("{}.{:09}", time.tv_sec, time.tv_nsec);
}

class TarWriter {
 public:
  explicit TarWriter(const Sink& sink) : sink_(sink) {}

  void write(const Entry& entry) {
    PaxRecords records;
    const Header header = describe(entry, records);
    if (!records.empty()) write_records(records);
    sink_(bytes_of(header));
  }
  void pad(std::uint64_t size) {
    static constexpr char zeros[block] = {};
    if (size % block != 0) sink_({zeros, block - size % block});
  }
  void finish() { sink_(std::string(2 * block, '\0')); }

 private:
  static Header describe(const Entry& entry, PaxRecords& records) {
    Header header{};
    header.type = entry.type;
    std::memcpy(header.magic, "ustar\00000", sizeof header.magic);
    const auto number = [&records](auto& field, std::uint64_t value, const char* key) {
      if (!put_number(field, value)) records[key] = std::to_string(value);
    };
    if (!put_text(header.name, entry.path)) records["path"] = entry.path;
    if (!put_text(header.link, entry.link)) records["linkpath"] = entry.link;
    put_number(header.mode, entry.info.st_mode & 07777);
    number(header.uid, entry.info.st_uid, "uid");
    number(header.gid, entry.info.st_gid, "gid");
    const auto size = entry.type == '0' ? static_cast<std::uint64_t>(entry.info.st_size) : 0;
    number(header.size, size, "size");
    put_mtime(header, entry.info.st_mtim, records);
    if (entry.type == '3' || entry.type == '4') {
      put_number(header.major, major(entry.info.st_rdev));
      put_number(header.minor, minor(entry.info.st_rdev));
    }
    for (const auto& [name, value] : entry.attributes) records["SCHILY.xattr." + name] = value;
    put_checksum(header);
    return header;
  }

  static void put_mtime(Header& header, const timespec& time, PaxRecords& records) {
    const auto seconds = static_cast<std::uint64_t>(std::max<time_t>(time.tv_sec, 0));
    if (!put_number(header.mtime, seconds) || time.tv_nsec != 0 || time.tv_sec < 0)
      records["mtime"] = pax_time(time);
  }

  void write_records(const PaxRecords& records) {
    std::string body;
    for (const auto& [key, value] : records) body += pax_record(key, value);
    Header header{};
    put_text(header.name, "pax");
    header.type = 'x';
    std::memcpy(header.magic, "ustar\00000", sizeof header.magic);
    put_number(header.mode, 0644);
    put_number(header.uid, 0);
    put_number(header.gid, 0);
    put_number(header.size, body.size());
    put_number(header.mtime, 0);
    put_checksum(header);
    sink_(bytes_of(header));
    sink_(body);
    pad(body.size());
  }

  const Sink& sink_;
};

char type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return '0';
    case S_IFLNK:
      return '2';
    case S_IFCHR:
      return '3';
    case S_IFBLK:
      return '4';
    case S_IFDIR:
      return '5';
    case S_IFIFO:
      return '6';
    default:
      return '\0';
  }
}

class TreeWriter {
 public:
  explicit TreeWriter(const Sink& sink) : sink_(sink), tar_(sink) {}

  std::uint64_t write_root(const JoinedDirectory& root) {
    struct stat info {};
    if (::fstat(root.front().get(), &info) != 0) throw_errno("stat directory");
    tar_.write({"./", '5', info, "", harmless_attributes(root.front().get(), ".")});
    write_children(root, "");
    tar_.finish();
    return content_bytes_;
  }

 private:
  void write_children(const JoinedDirectory& directory, const std::string& prefix) {
    for (const std::string& name : names_in(directory)) {
      const auto entry = look_up(directory, name);
      if (entry) during(prefix + name, [&] { write_entry(*entry, name, prefix + name); });
    }
  }

  void write_entry(const JoinedEntry& found, const std::string& name, const std::string& path) {
    Entry entry{path, type_of(found.info.st_mode), found.info, "", {}};
    if (entry.type == '\0') return;
    if (is_repeated(entry)) return tar_.write(entry);
    entry.attributes = harmless_attributes(found.holder, name);
    if (entry.type == '2') entry.link = read_link(found.holder, name);
    if (entry.type == '5') entry.path += "/";
    tar_.write(entry);
    if (entry.type == '0') write_content(found, name);
    if (entry.type == '5') write_children(found.directory, entry.path);
  }

  bool is_repeated(Entry& entry) {
    if (entry.type == '5' || entry.info.st_nlink < 2) return false;
    const auto [first, is_new] =
        seen_.try_emplace({entry.info.st_dev, entry.info.st_ino}, entry.path);
    if (is_new) return false;
    entry.type = '1';
    entry.link = first->second;
    return true;
  }

  void write_content(const JoinedEntry& found, const std::string& name) {
    const Fd file(::openat(found.holder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) throw_errno("open");
    const auto size = static_cast<std::uint64_t>(found.info.st_size);
    for (std::uint64_t left = size; left > 0;) {
      const auto want = std::min<std::uint64_t>(left, buffer_.size());
      const ssize_t got = ::read(file.get(), buffer_.data(), want);
      if (got < 0) throw_errno("read");
      if (got == 0) fail("the file changed while it was read");
      sink_({buffer_.data(), static_cast<std::size_t>(got)});
      left -= static_cast<std::uint64_t>(got);
    }
    tar_.pad(size);
    content_bytes_ += size;
  }

  const Sink& sink_;
  TarWriter tar_;
  std::uint64_t content_bytes_ = 0;
  std::map<std::pair<dev_t, ino_t>, std::string> seen_;  ///< files with several names
  std::vector<char> buffer_ = std::vector<char>(1 << 18);
};

}  // namespace

std::uint64_t write_tar_stream(int root, const Sink& sink) {
  JoinedDirectory directory;
  directory.emplace_back(::openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.front()) throw_errno("open directory");
  return TreeWriter(sink).write_root(directory);
}

TreeDigest digest_tree(int root) {
  Sha256 sum;
  TreeDigest result;
  result.file_bytes = write_tar_stream(root, [&](std::string_view bytes) {
    sum.add(bytes);
    result.stream_bytes += bytes.size();
  });
  result.diff_id = sum.digest();
  return result;
}

}  // namespace stack::image
