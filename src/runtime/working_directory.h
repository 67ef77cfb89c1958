// SPDX-License-Identifier: Apache-2.0
// Images and stack files hold a working directory word for word ("/app/", "/a/../b"); whoever goes
// there goes by its plain form. Pure.
#pragma once

#include <string>
#include <string_view>

namespace stack::runtime {

/// "/a//b/../c/." as "/a/c", as Go's path.Clean has it; ".." of the top is the top. For absolute
/// paths.
std::string plain_directory(std::string_view absolute);

}  // namespace stack::runtime
