// SPDX-License-Identifier: Apache-2.0
// Digests of files that were read before: a file whose inode has not changed since (ctime(2)
// counts, which nobody can set) need not be read again. One such memory belongs to one context.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

namespace stack::build {

class ContentMemory {
 public:
  using Digest = std::array<char, 32>;

  /// What is damaged or absent is an empty memory.
  explicit ContentMemory(std::filesystem::path path);
  /// Keeps what was asked for or learnt this time; a failure costs the next one time only.
  ~ContentMemory();
  ContentMemory(const ContentMemory&) = delete;
  ContentMemory& operator=(const ContentMemory&) = delete;

  std::optional<Digest> find(const struct stat& info);
  /// The file was read after its last change could be told from a further one by its time.
  void learn(const struct stat& info, const Digest& digest);

 private:
  struct Record {
    std::uint64_t device, inode, size;
    std::int64_t modified, modified_part, changed, changed_part;
    Digest digest;
  };
  static Record record_of(const struct stat& info);
  static bool same(const Record& a, const Record& b);
  void load();

  std::filesystem::path path_;
  std::unordered_map<std::uint64_t, Record> known_;  ///< by inode
  std::unordered_map<std::uint64_t, Record> used_;
  bool learnt_ = false;
};

}  // namespace stack::build
