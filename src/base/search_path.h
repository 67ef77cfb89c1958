// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace stack {

/// PATH where nobody has said another, as docker has it.
inline constexpr std::string_view default_search_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace stack
