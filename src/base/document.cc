// SPDX-License-Identifier: Apache-2.0
#include "base/document.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace stack {
namespace {

std::string to_line(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void write_document(const std::filesystem::path& path, const DocumentKind& kind,
                    const nlohmann::json& body, Durability durability,
                    const nlohmann::json* details) {
  nlohmann::json document = body;
  document["format"] = kind.format;
  document["kind"] = kind.kind;
  std::string text = to_line(document);
  if (details != nullptr) text += "\n" + to_line(*details);
  write_file_atomically(path, text, durability);
}

std::optional<nlohmann::json> read_document(const std::filesystem::path& path,
                                            const DocumentKind& kind, Damaged damaged,
                                            nlohmann::json* details) {
  const auto text = read_file_if_exists(path);
  if (!text) return std::nullopt;
  const std::string_view all = *text;
  const std::size_t end = std::min(all.find('\n'), all.size());
  nlohmann::json document = nlohmann::json::parse(all.substr(0, end), nullptr, false);
  bool whole = document.is_object();
  if (details != nullptr && whole) {
    *details = nlohmann::json::parse(all.substr(end), nullptr, false);
    whole = details->is_object();
  }
  if (!whole && damaged == Damaged::counts_as_absent) return std::nullopt;
  if (!whole) fail("{} is damaged: not a JSON object", path.native());
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
