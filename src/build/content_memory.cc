// SPDX-License-Identifier: Apache-2.0
#include "build/content_memory.h"

#include <cstring>

#include "base/error.h"
#include "base/files.h"

namespace stack::build {
namespace {

constexpr std::string_view magic = "stack build digests 2\n";

}  // namespace

ContentMemory::ContentMemory(std::filesystem::path path) : path_(std::move(path)) {
  try {
    load();
  } catch (const Error&) {
    known_.clear();
  }
}

ContentMemory::~ContentMemory() {
  if (!learnt_ && used_.size() == known_.size()) return;
  try {
    std::string text(magic);
    for (const auto& [inode, record] : used_)
      text.append(reinterpret_cast<const char*>(&record), sizeof record);
    make_directories(path_.parent_path());
    write_file_atomically(path_, text, Durability::survives_crash);
  } catch (const Error&) {
  }
}

void ContentMemory::load() {
  const auto text = read_file_if_exists(path_);
  if (!text || !text->starts_with(magic) || (text->size() - magic.size()) % sizeof(Record) != 0)
    return;
  known_.reserve((text->size() - magic.size()) / sizeof(Record));
  for (std::size_t at = magic.size(); at < text->size(); at += sizeof(Record)) {
    Record record;
    std::memcpy(&record, text->data() + at, sizeof record);
    known_.emplace(record.inode, record);
  }
}

ContentMemory::Record ContentMemory::record_of(const struct stat& info) {
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .size = static_cast<std::uint64_t>(info.st_size),
          .modified = info.st_mtim.tv_sec,
          .modified_part = info.st_mtim.tv_nsec,
          .changed = info.st_ctim.tv_sec,
          .changed_part = info.st_ctim.tv_nsec,
          .digest = {}};
}

bool ContentMemory::same(const Record& a, const Record& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size &&
         a.modified == b.modified && a.modified_part == b.modified_part && a.changed == b.changed &&
         a.changed_part == b.changed_part;
}

std::optional<ContentMemory::Digest> ContentMemory::find(const struct stat& info) {
  const auto found = known_.find(info.st_ino);
  if (found == known_.end() || !same(found->second, record_of(info))) return std::nullopt;
  used_.insert_or_assign(info.st_ino, found->second);
  return found->second.digest;
}

void ContentMemory::learn(const struct stat& info, const Digest& digest) {
  Record record = record_of(info);
  record.digest = digest;
  used_.insert_or_assign(info.st_ino, record);
  learnt_ = true;
}

}  // namespace stack::build
