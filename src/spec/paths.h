// SPDX-License-Identifier: Apache-2.0
// Paths as text: no disk is looked at, no link resolved.
#pragma once

#include <string>
#include <string_view>

namespace stack::spec {

/// "/a//b/../c/." -> "/a/c", "" -> "."; a relative path stays relative.
std::string clean_path(std::string_view path);
/// `path` made absolute below `base`; "~" and "~/x" start at `home`.
std::string absolute_path(std::string_view path, std::string_view base, std::string_view home);
/// A URL, git or OCI address that only looks like a path.
bool is_remote(std::string_view path);
/// "C:\dir" or "\\server\share": absolute on another system, and left as it is.
bool is_windows_path(std::string_view path);

/// The absolute `path` as seen from the absolute directory `base`.
std::string relative_path(std::string_view path, std::string_view base);

}  // namespace stack::spec
