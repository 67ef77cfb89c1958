// SPDX-License-Identifier: Apache-2.0
// JSON documents on disk: each names its kind and format, so that a newer one is refused with a
// clear word and an older one can be upgraded.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "base/files.h"

namespace stack {

/// What a document is: {"format": FORMAT, "kind": KIND, ...}.
struct DocumentKind {
  std::string_view kind;
  int format;
};

/// Writes `body` (an object) with its kind and format in front, atomically. `details` is what most
/// readers do not need: it comes on a line of its own.
void write_document(const std::filesystem::path& path, const DocumentKind& kind,
                    const nlohmann::json& body, Durability durability,
                    const nlohmann::json* details = nullptr);
enum class Damaged { is_an_error, counts_as_absent };
/// Nothing when the file is absent. Throws Error when it is torn (unless that counts as absent), of
/// another kind, or newer. `details` are read only when asked for.
std::optional<nlohmann::json> read_document(const std::filesystem::path& path,
                                            const DocumentKind& kind,
                                            Damaged damaged = Damaged::is_an_error,
                                            nlohmann::json* details = nullptr);

}  // namespace stack
