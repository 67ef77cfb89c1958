// SPDX-License-Identifier: Apache-2.0
// A file of the web, for those who build images: no registry, no password, and not again when it
// has not changed (RFC 9110, 13.1).
#pragma once

#include <optional>
#include <string>

#include "registry/connection.h"

namespace stack::registry {

/// What a server says of a file besides its bytes.
struct WebFile {
  std::string etag;      ///< header ETag, as it was written
  std::string modified;  ///< header Last-Modified, same
  std::string name;      ///< as it wants to be saved, else the last of the path; may be empty
};

/// Writes the file at `url` into the open file `fd`; nothing is written or returned when it still
/// is what `known` (of an earlier call; may be empty) says. Throws NetworkError when it cannot be
/// had whole, Refusal when the server does not give it, Error when the address is none.
std::optional<WebFile> fetch_file(const std::string& url, const WebFile& known, int fd,
                                  const Waits& waits);

}  // namespace stack::registry
