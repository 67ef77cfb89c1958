// SPDX-License-Identifier: Apache-2.0
// The bytes of a stack file as what all stages read: UTF-8 whose lines end with a newline.
#pragma once

#include <string>

namespace stack::spec {

/// `bytes` of UTF-16 (with its byte order mark, in either order) as UTF-8, without a byte order
/// mark, and with "\n" for "\r\n" and "\r". A surrogate without its other half becomes bytes that
/// are not UTF-8, which check_bytes() tells with its line.
std::string as_source_text(std::string bytes);

}  // namespace stack::spec
