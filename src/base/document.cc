// SPDX-License-Identifier: Apache-2.0
#include "base/document.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace stack {

void write_document(const std::filesystem::path& path, const DocumentKind& kind,
                    const nlohmann::json& body, Durability durability) {
  nlohmann::json document = body;
  document["format"] = kind.format;
  document["kind"] = kind.kind;
  write_file_atomically(
      path, document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), durability);
}

std::optional<nlohmann::json> read_document(const std::filesystem::path& path,
                                            const DocumentKind& kind, Damaged damaged) {
  const auto text = read_file_if_exists(path);
  if (!text) return std::nullopt;
  nlohmann::json document = nlohmann::json::parse(*text, nullptr, false);
  if (!document.is_object() && damaged == Damaged::counts_as_absent) return std::nullopt;
  if (!document.is_object()) fail("{} is damaged: not a JSON object", path.native());
  if (document.value("kind", "") != kind.kind)
    fail("{} is not a {} document", path.native(), kind.kind);
  const int format = document.value("format", 0);
  if (format > kind.format) {
    fail("{} was written by a newer stack (format {}, this one reads up to {})", path.native(),
         format, kind.format);
  }
  return document;
}

}  // namespace stack
