// SPDX-License-Identifier: Apache-2.0
#include "base/document.h"

#include <cstring>
#include <nlohmann/json.hpp>

namespace stack {
namespace {

// A document begins so; 16 hexadecimal digits follow, which alone are not part of the sum.
constexpr std::string_view check_begin = R"({"check":")";
constexpr std::size_t check_digits = 16;

std::string to_line(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Each step is a bijection of the sum so far, so that no single changed word can go unnoticed.
std::uint64_t add_to_sum(std::uint64_t sum, std::string_view text) {
  sum ^= text.size();
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(text.size(), sizeof word);
    std::memcpy(&word, text.data(), size);
    sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
    sum ^= sum >> 32;
    text.remove_prefix(size);
  }
  return sum;
}

std::string check_of(std::string_view behind_it) {
  return fmt::format("{:016x}", add_to_sum(0, behind_it));
}

/// Of `{"a":1}`, `{"check":"0123456789abcdef","a":1}`.
std::string with_check(const std::string& text) {
  const std::string rest = "\"," + text.substr(1);
  return fmt::format("{}{}{}", check_begin, check_of(rest), rest);
}

/// True also without a checksum.
bool is_whole(std::string_view text) {
  const std::size_t end = check_begin.size() + check_digits;
  if (!text.starts_with(check_begin) || text.size() < end) return true;
  return text.substr(check_begin.size(), check_digits) == check_of(text.substr(end));
}

nlohmann::json parse_object(std::string_view text) {
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  if (!value.is_object()) fail("not a JSON object");
  return value;
}

nlohmann::json parse_whole(const std::filesystem::path& path, const DocumentKind& kind,
                           std::string_view text, nlohmann::json* details) {
  return decode_document(path, kind, [&] {
    if (!is_whole(text)) fail("wrong checksum");
    const std::size_t end = std::min(text.find('\n'), text.size());
    nlohmann::json document = parse_object(text.substr(0, end));
    if (details != nullptr) *details = parse_object(text.substr(end));
    if (document.value("kind", "") != kind.kind) fail("not a {} document", kind.kind);
    return document;
  });
}

}  // namespace

std::int64_t to_nanoseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

std::chrono::system_clock::time_point from_nanoseconds(std::int64_t count) {
  using Duration = std::chrono::system_clock::duration;
  const std::chrono::nanoseconds since_epoch(count);
  return std::chrono::system_clock::time_point(std::chrono::duration_cast<Duration>(since_epoch));
}

DamagedDocument::DamagedDocument(const std::filesystem::path& path, const DocumentKind& kind,
                                 std::string_view how)
    : Error(fmt::format("{} is damaged: {}", path.native(), how)) {
  with_hint(std::string(kind.remedy));
}

void write_document(const std::filesystem::path& path, const DocumentKind& kind,
                    const nlohmann::json& body, Durability durability,
                    const nlohmann::json* details) {
  nlohmann::json document = body;
  document["format"] = kind.format;
  document["kind"] = kind.kind;
  std::string text = to_line(document);
  if (details != nullptr) text += "\n" + to_line(*details);
  write_file_atomically(path, with_check(text), durability);
}

std::optional<nlohmann::json> read_document(const std::filesystem::path& path,
                                            const DocumentKind& kind, Damaged damaged,
                                            nlohmann::json* details) {
  const auto text = read_file_if_exists(path);
  if (!text) return std::nullopt;
  try {
    nlohmann::json document = parse_whole(path, kind, *text, details);
    const int format = document.value("format", 0);
    if (format <= kind.format) return document;
    fail("{} was written by a newer stack (format {}, this one reads up to {})", path.native(),
         format, kind.format);
  } catch (const DamagedDocument&) {
    if (damaged == Damaged::counts_as_absent) return std::nullopt;
    throw;
  }
}

}  // namespace stack
