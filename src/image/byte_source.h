// SPDX-License-Identifier: Apache-2.0
// Where the bytes of an archive come from: a file, a download, an entry of another archive.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace stack::image {

/// Gives the next piece at each call; it is valid until the next one. Empty: the end. Throws Error.
using ByteSource = std::function<std::string_view()>;

/// What is read from the descriptor `file`, which stays the caller's, from where it stands.
ByteSource bytes_of_file(int file);
/// Each piece is also shown to `witness`.
ByteSource watched(ByteSource source, std::function<void(std::string_view)> witness);
/// `first`, and then what `rest` gives.
ByteSource starting_with(std::string first, ByteSource rest);

}  // namespace stack::image
