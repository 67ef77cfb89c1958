// SPDX-License-Identifier: Apache-2.0
// Which ids of the host a container's ids are, when it has a user namespace of its own
// (user_namespaces(7)): 0 inside is the first of a block, 1 the next, and so on.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace stack {

struct IdBlock {
  std::uint32_t first_uid = 0;
  std::uint32_t first_gid = 0;
  std::uint32_t count = 0;  ///< 0: no block, the ids inside are the host's

  bool operator==(const IdBlock&) const = default;

  bool remaps() const { return count != 0; }
  /// Whether a user or group of that number can exist inside.
  bool has(std::uint32_t inside) const { return !remaps() || inside < count; }
  /// What the host calls an id that has().
  uid_t uid_outside(uid_t inside) const { return first_uid + inside; }
  gid_t gid_outside(gid_t inside) const { return first_gid + inside; }
  /// What the container calls an id of the host; one that is not its own is nobody's.
  uid_t uid_inside(uid_t outside) const { return inside(outside, first_uid); }
  gid_t gid_inside(gid_t outside) const { return inside(outside, first_gid); }

 private:
  static constexpr std::uint32_t nobody = 65534;
  std::uint32_t inside(std::uint32_t outside, std::uint32_t first) const {
    if (!remaps()) return outside;
    return outside >= first && outside - first < count ? outside - first : nobody;
  }
};

}  // namespace stack
