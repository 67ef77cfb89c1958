// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace stack::runtime {
namespace {

struct AttributeWord {
  std::string_view word;
  std::uint64_t cleared;
  std::uint64_t set;
};

constexpr std::array<AttributeWord, 15> attribute_words_of_mounts = {{
    {"defaults", 0, 0},
    {"ro", 0, MOUNT_ATTR_RDONLY},
    {"rw", MOUNT_ATTR_RDONLY, 0},
    {"nosuid", 0, MOUNT_ATTR_NOSUID},
    {"suid", MOUNT_ATTR_NOSUID, 0},
    {"nodev", 0, MOUNT_ATTR_NODEV},
    {"dev", MOUNT_ATTR_NODEV, 0},
    {"noexec", 0, MOUNT_ATTR_NOEXEC},
    {"exec", MOUNT_ATTR_NOEXEC, 0},
    {"nodiratime", 0, MOUNT_ATTR_NODIRATIME},
    {"diratime", MOUNT_ATTR_NODIRATIME, 0},
    // Of these three, which exclude one another, relatime is 0.
    {"relatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME},
    {"atime", MOUNT_ATTR__ATIME, MOUNT_ATTR_RELATIME},
    {"noatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME},
    {"strictatime", MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME},
}};

FilesystemOption parameter(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return {word, ""};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

}  // namespace

MountOptions parse_mount_options(std::span<const std::string> options) {
  MountOptions parsed;
  for (const std::string& word : options) {
    const auto known = std::ranges::find(attribute_words_of_mounts, word, &AttributeWord::word);
    if (known == attribute_words_of_mounts.end()) {
      parsed.parameters.push_back(parameter(word));
    } else {
      parsed.attributes = (parsed.attributes & ~known->cleared) | known->set;
    }
  }
  return parsed;
}

}  // namespace stack::runtime
