// SPDX-License-Identifier: Apache-2.0
#include "runtime/tmpfs_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "base/tmpfs_words.h"

namespace stack::runtime {
namespace {

enum class Change { set, clear };

/// What a word does to the attributes of the mount.
struct Flag {
  std::string_view word;
  std::uint64_t attribute;
  Change change;
};

/// Times are kept as relatime has it where nothing else is said; mandatory locks are no more.
constexpr std::array<Flag, 18> flags = {{
    {"ro", MOUNT_ATTR_RDONLY, Change::set},
    {"rw", MOUNT_ATTR_RDONLY, Change::clear},
    {"noexec", MOUNT_ATTR_NOEXEC, Change::set},
    {"exec", MOUNT_ATTR_NOEXEC, Change::clear},
    {"nosuid", MOUNT_ATTR_NOSUID, Change::set},
    {"suid", MOUNT_ATTR_NOSUID, Change::clear},
    {"nodev", MOUNT_ATTR_NODEV, Change::set},
    {"dev", MOUNT_ATTR_NODEV, Change::clear},
    {"noatime", MOUNT_ATTR_NOATIME, Change::set},
    {"atime", MOUNT_ATTR_NOATIME, Change::clear},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, Change::set},
    {"diratime", MOUNT_ATTR_NODIRATIME, Change::clear},
    {"strictatime", MOUNT_ATTR_STRICTATIME, Change::set},
    {"nostrictatime", MOUNT_ATTR_STRICTATIME, Change::clear},
    {"relatime", 0, Change::set},
    {"norelatime", 0, Change::set},
    {"mand", 0, Change::set},
    {"nomand", 0, Change::set},
}};

/// Words that the file system takes itself.
constexpr std::array<std::string_view, 3> file_system_words = {"sync", "async", "dirsync"};

struct Spread {
  std::string_view word;
  std::uint64_t propagation;
};

/// Nothing is mounted below yet, so with an r in front they are the same.
constexpr std::array<Spread, 8> spreads = {{
    {"private", MS_PRIVATE},
    {"rprivate", MS_PRIVATE},
    {"shared", MS_SHARED},
    {"rshared", MS_SHARED},
    {"slave", MS_SLAVE},
    {"rslave", MS_SLAVE},
    {"unbindable", MS_UNBINDABLE},
    {"runbindable", MS_UNBINDABLE},
}};

void apply_flag(TmpfsOptions& parsed, std::string_view word) {
  if (std::ranges::find(file_system_words, word) != file_system_words.end())
    parsed.parameters.push_back({std::string(word), ""});
  if (const auto spread = std::ranges::find(spreads, word, &Spread::word); spread != spreads.end())
    parsed.propagation = spread->propagation;
  const auto flag = std::ranges::find(flags, word, &Flag::word);
  if (flag == flags.end()) return;
  if (flag->change == Change::set) {
    parsed.attributes |= flag->attribute;
  } else {
    parsed.attributes &= ~flag->attribute;
  }
}

/// tmpfs knows k, m, g and %; people also write 64mb.
std::string size_for_kernel(std::string_view value) {
  std::string size = to_lower(value);
  if (size.size() > 2 && size.back() == 'b') size.pop_back();
  return size;
}

void apply_option(TmpfsOptions& parsed, std::string_view option) {
  if (!is_tmpfs_option(option)) fail("unknown tmpfs option {}", stack::quoted(option));
  const std::size_t equals = option.find('=');
  if (equals == std::string_view::npos) return apply_flag(parsed, option);
  const std::string key(option.substr(0, equals));
  const std::string_view value = option.substr(equals + 1);
  parsed.parameters.push_back({key, key == "size" ? size_for_kernel(value) : std::string(value)});
}

}  // namespace

TmpfsOptions parse_tmpfs_options(std::span<const std::string> options) {
  TmpfsOptions parsed;
  parsed.attributes = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  for (const std::string& list : options) {
    for (const std::string& option : split(list, ',')) apply_option(parsed, option);
  }
  // One of the two is what the kernel takes, and mount(2) lets this one win.
  if ((parsed.attributes & MOUNT_ATTR_STRICTATIME) != 0)
    parsed.attributes &= ~std::uint64_t{MOUNT_ATTR_NOATIME};
  return parsed;
}

}  // namespace stack::runtime
