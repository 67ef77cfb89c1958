// SPDX-License-Identifier: Apache-2.0
#include "volumes/volume_document.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/document.h"
#include "base/error.h"

namespace stack::volumes {
namespace {

using std::chrono::system_clock;

constexpr DocumentKind kind{
    "volume", 1,
    "what the volume holds, in _data beside it, is as it was: remove this file, and `stack up` "
    "writes it anew"};
constexpr std::array<std::string_view, 3> filled_names = {"no", "owner", "content"};

std::filesystem::path file_in(const std::filesystem::path& home) {
  return home / "meta.json";
}

Filled parse_filled(const std::string& text) {
  for (std::size_t i = 0; i < filled_names.size(); ++i) {
    if (filled_names[i] == text) return static_cast<Filled>(i);
  }
  fail("unknown state \"{}\"", text);
}

}  // namespace

std::optional<VolumeDocument> read_volume_document(const std::filesystem::path& home) {
  const auto json = read_document(file_in(home), kind);
  if (!json) return std::nullopt;
  return decode_document(file_in(home), kind, [&] {
    const std::chrono::seconds created(json->at("created").get<std::int64_t>());
    return VolumeDocument{json->at("name"), json->at("labels"), system_clock::time_point(created),
                          parse_filled(json->at("filled")),
                          json->value("options", VolumeOptions())};
  });
}

void write_volume_document(const std::filesystem::path& home, const VolumeDocument& document) {
  const auto created =
      std::chrono::duration_cast<std::chrono::seconds>(document.created.time_since_epoch());
  nlohmann::json json{{"name", document.name},
                      {"labels", document.labels},
                      {"created", created.count()},
                      {"filled", filled_names[static_cast<std::size_t>(document.filled)]}};
  if (!document.options.empty()) json["options"] = document.options;
  write_document(file_in(home), kind, json, Durability::survives_power_loss);
}

}  // namespace stack::volumes
