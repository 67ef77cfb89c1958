// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_spread.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/format.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

/// A line of proc_pid_mountinfo(5).
struct HostMount {
  std::string place;
  bool is_shared = false;
  bool follows = false;  ///< is the slave of another
};

/// "\040" is a space there.
std::string without_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 3 >= text.size()) {
      plain += text[at];
      continue;
    }
    const auto digit = [&](std::size_t place) { return text[at + place] - '0'; };
    plain += static_cast<char>(digit(1) * 64 + digit(2) * 8 + digit(3));
    at += 3;
  }
  return plain;
}

HostMount mount_of_line(const std::string& line) {
  constexpr std::size_t place = 4;
  constexpr std::size_t optional_fields = 6;
  const auto fields = split(line, ' ');
  HostMount mount;
  if (fields.size() <= optional_fields) return mount;
  mount.place = without_escapes(fields[place]);
  for (std::size_t i = optional_fields; i < fields.size() && fields[i] != "-"; ++i) {
    mount.is_shared = mount.is_shared || fields[i].starts_with("shared:");
    mount.follows = mount.follows || fields[i].starts_with("master:");
  }
  return mount;
}

bool lies_on(const std::filesystem::path& path, const std::filesystem::path& place) {
  const bool has_slash = !place.has_filename();  // "/" itself
  const auto end = has_slash ? std::prev(place.end()) : place.end();
  return std::mismatch(place.begin(), end, path.begin(), path.end()).first == end;
}

/// The innermost; of two at one place the later covers the earlier.
std::optional<HostMount> mount_below(const std::string& path, std::string_view mountinfo) {
  std::optional<HostMount> found;
  for (const std::string& line : split(mountinfo, '\n')) {
    HostMount mount = mount_of_line(line);
    if (mount.place.empty() || !lies_on(path, mount.place)) continue;
    if (!found || mount.place.size() >= found->place.size()) found = std::move(mount);
  }
  return found;
}

}  // namespace

std::optional<std::string> why_no_spread(const std::string& path, std::string_view propagation,
                                         std::string_view mountinfo) {
  const bool both_ways = propagation.ends_with("shared");
  if (!both_ways && !propagation.ends_with("slave")) return std::nullopt;
  const auto mount = mount_below(path, mountinfo);
  if (!mount || mount->is_shared || (!both_ways && mount->follows)) return std::nullopt;
  return fmt::format("is mounted on {} but it is not a shared {}mount", mount->place,
                     both_ways ? "" : "or slave ");
}

}  // namespace stack::runtime
