// SPDX-License-Identifier: Apache-2.0
#include "runtime/tmpfs_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

enum class Change { set, clear };

struct Flag {
  std::string_view word;
  std::uint64_t attribute;
  Change change;
};

constexpr std::array<Flag, 11> flags = {{
    {"ro", MOUNT_ATTR_RDONLY, Change::set},
    {"rw", MOUNT_ATTR_RDONLY, Change::clear},
    {"noexec", MOUNT_ATTR_NOEXEC, Change::set},
    {"exec", MOUNT_ATTR_NOEXEC, Change::clear},
    {"nosuid", MOUNT_ATTR_NOSUID, Change::set},
    {"suid", MOUNT_ATTR_NOSUID, Change::clear},
    {"nodev", MOUNT_ATTR_NODEV, Change::set},
    {"dev", MOUNT_ATTR_NODEV, Change::clear},
    {"noatime", MOUNT_ATTR_NOATIME, Change::set},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, Change::set},
    {"defaults", 0, Change::set},
}};

constexpr std::array<std::string_view, 6> keys = {"size", "mode",      "uid",
                                                  "gid",  "nr_inodes", "nr_blocks"};

bool apply_flag(TmpfsOptions& parsed, std::string_view word) {
  const auto flag =
      std::find_if(flags.begin(), flags.end(), [&](const Flag& each) { return each.word == word; });
  if (flag == flags.end()) return false;
  if (flag->change == Change::set) {
    parsed.attributes |= flag->attribute;
  } else {
    parsed.attributes &= ~flag->attribute;
  }
  return true;
}

/// tmpfs knows k, m, g and %; people also write 64mb.
std::string size_for_kernel(std::string_view value) {
  std::string size = to_lower(value);
  if (size.size() > 2 && size.back() == 'b') size.pop_back();
  return size;
}

void apply_parameter(TmpfsOptions& parsed, std::string_view option) {
  const std::size_t equals = option.find('=');
  const std::string key(option.substr(0, equals));
  if (equals == std::string_view::npos || std::find(keys.begin(), keys.end(), key) == keys.end())
    fail("unknown tmpfs option {}", stack::quoted(option));
  const std::string_view value = option.substr(equals + 1);
  if (value.empty()) fail("tmpfs option {} has no value", stack::quoted(key));
  parsed.parameters.push_back({key, key == "size" ? size_for_kernel(value) : std::string(value)});
}

}  // namespace

TmpfsOptions parse_tmpfs_options(std::span<const std::string> options) {
  TmpfsOptions parsed;
  parsed.attributes = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  for (const std::string& list : options) {
    for (const std::string& option : split(list, ',')) {
      if (!option.empty() && !apply_flag(parsed, option)) apply_parameter(parsed, option);
    }
  }
  return parsed;
}

}  // namespace stack::runtime
