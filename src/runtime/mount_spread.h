// SPDX-License-Identifier: Apache-2.0
// Whether later mounts can spread between a path of the host and a bind of it: the mount that the
// path lies on must be shared, or at least follow another (mount_namespaces(7)). The kernel does
// not say: it binds all the same, and nothing ever spreads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stack::runtime {

/// The end of "path PATH ...", in docker's words; nothing when it can, or is not asked for.
/// `mountinfo` is the text of /proc/self/mountinfo, `path` has no links in it. Pure.
std::optional<std::string> why_no_spread(const std::string& path, std::string_view propagation,
                                         std::string_view mountinfo);

}  // namespace stack::runtime
