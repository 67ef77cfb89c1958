// SPDX-License-Identifier: Apache-2.0
#include "tar_builder.h"

#include <zlib.h>
#include <zstd.h>

#include "base/format.h"

namespace stack::test {
namespace {

void put(std::string& block, std::size_t at, const std::string& text) {
  block.replace(at, text.size(), text);
}

void pad(std::string& bytes) {
  bytes.resize((bytes.size() + 511) / 512 * 512, '\0');
}

}  // namespace

TarBuilder& TarBuilder::raw(const Header& header, const std::string& content) {
  std::string block(512, '\0');
  put(block, 0, header.name.substr(0, 100));
  put(block, 100, fmt::format("{:07o}", header.mode));
  put(block, 108, fmt::format("{:07o}", header.uid));
  put(block, 116, fmt::format("{:07o}", 0));
  put(block, 124, fmt::format("{:011o}", header.size));
  put(block, 136, fmt::format("{:011o}", header.mtime));
  put(block, 148, "        ");
  block[156] = header.type;
  put(block, 157, header.link.substr(0, 100));
  put(block, 257,
      std::string("ustar\0"
                  "00",
                  8));
  put(block, 329, fmt::format("{:07o}", header.device_major));
  put(block, 337, fmt::format("{:07o}", header.device_minor));
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(block, 148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  bytes_ += block + content;
  pad(bytes_);
  return *this;
}

TarBuilder& TarBuilder::file(const std::string& name, const std::string& content, unsigned mode) {
  return raw({.name = name, .link = "", .mode = mode, .size = content.size()}, content);
}
TarBuilder& TarBuilder::directory(const std::string& name, unsigned mode) {
  return raw({.name = name, .type = '5', .link = "", .mode = mode});
}
TarBuilder& TarBuilder::symlink(const std::string& name, const std::string& target) {
  return raw({.name = name, .type = '2', .link = target, .mode = 0777});
}
TarBuilder& TarBuilder::hard_link(const std::string& name, const std::string& target) {
  return raw({.name = name, .type = '1', .link = target});
}
TarBuilder& TarBuilder::device(const std::string& name, unsigned major, unsigned minor) {
  return raw({.name = name, .type = '3', .link = "", .device_major = major, .device_minor = minor});
}

TarBuilder& TarBuilder::pax(const std::vector<std::string>& records) {
  std::string body;
  for (const std::string& record : records) {
    std::size_t length = record.size() + 3;
    while (std::to_string(length).size() + record.size() + 2 != length) ++length;
    body += std::to_string(length) + " " + record + "\n";
  }
  return raw({.name = "pax", .type = 'x', .link = "", .size = body.size()}, body);
}

TarBuilder& TarBuilder::gnu_long(char type, const std::string& text) {
  return raw({.name = "././@LongLink", .type = type, .link = "", .size = text.size() + 1},
             text + std::string(1, '\0'));
}

std::string TarBuilder::bytes() const {
  return bytes_ + std::string(1024, '\0');
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

}  // namespace stack::test
