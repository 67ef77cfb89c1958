// SPDX-License-Identifier: Apache-2.0
// A blob on its way in: hashed while it comes, taken up again where a connection broke, and never
// ended well unless it is what its digest says.
#pragma once

#include <atomic>
#include <memory>

#include "image/byte_source.h"
#include "registry/client.h"

namespace stack::registry {

/// `client` and `is_over` must outlive the source; when `is_over` becomes true the next piece is an
/// error. At the end of a blob that is longer, shorter or other than `blob` says, it throws Error.
image::ByteSource download(RepositoryClient& client, const image::BlobRef& blob,
                           const std::atomic<bool>& is_over);

}  // namespace stack::registry
