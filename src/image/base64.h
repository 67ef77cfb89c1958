// SPDX-License-Identifier: Apache-2.0
// Bytes as text, for headers and keys (RFC 4648).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stack::image {

std::string to_base64(std::string_view bytes);
/// Nothing when it is none.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace stack::image
