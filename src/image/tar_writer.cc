// SPDX-License-Identifier: Apache-2.0
#include "image/tar_writer.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <cstring>

#include "base/format.h"

namespace stack::image {
namespace {

constexpr std::size_t block = 512;
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

void put_mtime(Header& header, const timespec& time, PaxRecords& records) {
  const auto seconds = static_cast<std::uint64_t>(std::max<time_t>(time.tv_sec, 0));
  if (!put_number(header.mtime, seconds) || time.tv_nsec != 0 || time.tv_sec < 0)
    records["mtime"] = pax_time(time);
}

Header describe(const TarItem& item, PaxRecords& records) {
  Header header{};
  header.type = item.type;
  std::memcpy(header.magic, "ustar\00000", sizeof header.magic);
  const auto number = [&records](auto& field, std::uint64_t value, const char* key) {
    if (!put_number(field, value)) records[key] = std::to_string(value);
  };
  if (!put_text(header.name, item.path)) records["path"] = item.path;
  if (!put_text(header.link, item.link)) records["linkpath"] = item.link;
  put_number(header.mode, item.info.st_mode & 07777);
  number(header.uid, item.info.st_uid, "uid");
  number(header.gid, item.info.st_gid, "gid");
  const auto size = item.type == '0' ? static_cast<std::uint64_t>(item.info.st_size) : 0;
  number(header.size, size, "size");
  put_mtime(header, item.info.st_mtim, records);
  if (item.type == '3' || item.type == '4') {
    put_number(header.major, major(item.info.st_rdev));
    put_number(header.minor, minor(item.info.st_rdev));
  }
  for (const auto& [name, value] : item.attributes) records["SCHILY.xattr." + name] = value;
  put_checksum(header);
  return header;
}

}  // namespace

char tar_type(mode_t mode) {
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

void TarWriter::write(const TarItem& item) {
  PaxRecords records;
  const Header header = describe(item, records);
  if (!records.empty()) write_records(records);
  sink_(bytes_of(header));
}

void TarWriter::pad(std::uint64_t size) {
  static constexpr char zeros[block] = {};
  if (size % block != 0) sink_({zeros, block - size % block});
}

void TarWriter::finish() {
  sink_(std::string(2 * block, '\0'));
}

void TarWriter::write_records(const PaxRecords& records) {
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

}  // namespace stack::image
