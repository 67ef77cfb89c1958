// SPDX-License-Identifier: Apache-2.0
// JSON documents on disk: each names its kind and format, so that a newer one is refused with a
// clear word and an older one can be upgraded.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/files.h"

namespace stack {

/// What a document is: {"format": FORMAT, "kind": KIND, ...}.
struct DocumentKind {
  std::string_view kind;
  int format;
  std::string_view remedy = {};  ///< what to do about a damaged one
};

/// A time as documents have it: nanoseconds since 1970.
std::int64_t to_nanoseconds(std::chrono::system_clock::time_point time);
std::chrono::system_clock::time_point from_nanoseconds(std::int64_t count);

/// The file is there and is not what was written.
class DamagedDocument : public Error {
 public:
  DamagedDocument(const std::filesystem::path& path, const DocumentKind& kind,
                  std::string_view how);
};

/// Writes `body` (an object) with its kind, its format and a checksum of the whole, atomically.
/// `details` is what most readers do not need: it comes on a line of its own.
void write_document(const std::filesystem::path& path, const DocumentKind& kind,
                    const nlohmann::json& body, Durability durability,
                    const nlohmann::json* details = nullptr);
enum class Damaged { is_an_error, counts_as_absent };
/// Nothing when the file is absent. Throws DamagedDocument when it is torn or altered (unless that
/// counts as absent), Error when it is newer. `details` are parsed only when asked for. A document
/// without a checksum (of an older stack) is believed.
std::optional<nlohmann::json> read_document(const std::filesystem::path& path,
                                            const DocumentKind& kind,
                                            Damaged damaged = Damaged::is_an_error,
                                            nlohmann::json* details = nullptr);

/// Runs `decode`, which takes a document of `path` apart: what it is not content with is damage.
template <std::invocable Decode>
decltype(auto) decode_document(const std::filesystem::path& path, const DocumentKind& kind,
                               Decode&& decode) {
  try {
    return std::forward<Decode>(decode)();
  } catch (const std::exception& error) {
    throw DamagedDocument(path, kind, error.what());
  }
}

}  // namespace stack
