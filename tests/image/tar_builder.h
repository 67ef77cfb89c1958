// SPDX-License-Identifier: Apache-2.0
// Tar archives byte by byte, so that a test can write what no honest tool would.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stack::test {

class TarBuilder {
 public:
  struct Header {
    std::string name;
    char type = '0';
    std::string link;
    unsigned mode = 0644;
    std::uint64_t size = 0;  ///< as the header claims
    unsigned device_major = 0;
    unsigned device_minor = 0;
    unsigned uid = 0;
    std::uint64_t mtime = 1'000'000'000;
  };

  TarBuilder& file(const std::string& name, const std::string& content, unsigned mode = 0644);
  TarBuilder& directory(const std::string& name, unsigned mode = 0755);
  TarBuilder& symlink(const std::string& name, const std::string& target);
  TarBuilder& hard_link(const std::string& name, const std::string& target);
  TarBuilder& device(const std::string& name, unsigned major, unsigned minor);
  /// Pax records for the next entry: {"path=...", ...}.
  TarBuilder& pax(const std::vector<std::string>& records);
  /// A GNU long name ('L') or long link ('K') for the next entry.
  TarBuilder& gnu_long(char type, const std::string& text);
  TarBuilder& raw(const Header& header, const std::string& content = "");

  /// With the end marker.
  std::string bytes() const;

 private:
  std::string bytes_;
};

/// In one gzip member.
std::string gzip(const std::string& bytes);
std::string zstd(const std::string& bytes);

}  // namespace stack::test
