// SPDX-License-Identifier: Apache-2.0
#include "base/document.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "tests/base/temporary_directory.h"

namespace stack {
namespace {

constexpr DocumentKind volume{"volume", 2};

void put(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, text, Durability::survives_crash);
}

/// The message of the Error that reading `path` throws.
std::string refusal(const std::filesystem::path& path) {
  try {
    read_document(path, volume);
  } catch (const Error& error) {
    return error.what();
  }
  return "(accepted)";
}

TEST(Document, ComesBackAsItWasWritten) {
  const TemporaryDirectory home;
  write_document(home / "meta.json", volume, {{"name", "shop_data"}}, Durability::survives_crash);
  const auto read = read_document(home / "meta.json", volume);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at("name"), "shop_data");
}

TEST(Document, SaysWhatItIs) {
  const TemporaryDirectory home;
  write_document(home / "meta.json", volume, {{"name", "x"}}, Durability::survives_crash);
  const auto raw = nlohmann::json::parse(read_file(home / "meta.json"));
  EXPECT_EQ(raw.at("format"), 2);
  EXPECT_EQ(raw.at("kind"), "volume");
}

TEST(Document, AbsentIsAnAnswer) {
  const TemporaryDirectory home;
  EXPECT_EQ(read_document(home / "meta.json", volume), std::nullopt);
}

TEST(Document, OfANewerStackIsRefused) {
  const TemporaryDirectory home;
  const auto path = home / "meta.json";
  put(path, R"({"format": 3, "kind": "volume"})");
  EXPECT_EQ(refusal(path),
            path.native() + " was written by a newer stack (format 3, this one reads up to 2)");
}

TEST(Document, OfAnOlderFormatIsReadAndSaysSo) {
  const TemporaryDirectory home;
  put(home / "meta.json", R"({"format": 1, "kind": "volume"})");
  EXPECT_EQ(read_document(home / "meta.json", volume)->at("format"), 1);
}

TEST(Document, OfAnotherKindIsRefused) {
  const TemporaryDirectory home;
  const auto path = home / "meta.json";
  put(path, R"({"format": 1, "kind": "network"})");
  EXPECT_EQ(refusal(path), path.native() + " is not a volume document");
}

TEST(Document, ThatIsTornIsRefused) {
  const TemporaryDirectory home;
  const auto path = home / "meta.json";
  for (const char* text : {"", "{\"format\": 1, \"ki", "[]", "null", "{} {}"}) {
    put(path, text);
    EXPECT_EQ(refusal(path), path.native() + " is damaged: not a JSON object") << text;
  }
}

TEST(Document, HoldsBytesThatAreNoUtf8) {
  const TemporaryDirectory home;
  write_document(home / "meta.json", volume, {{"name", "\xff"}}, Durability::survives_crash);
  EXPECT_TRUE(read_document(home / "meta.json", volume));
}

}  // namespace
}  // namespace stack
