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
  EXPECT_EQ(refusal(path), path.native() + " is damaged: not a volume document");
}

TEST(Document, ThatIsTornIsRefused) {
  const TemporaryDirectory home;
  const auto path = home / "meta.json";
  for (const char* text : {"", "{\"format\": 1, \"ki", "[]", "null", "{} {}"}) {
    put(path, text);
    EXPECT_EQ(refusal(path), path.native() + " is damaged: not a JSON object") << text;
  }
}

TEST(Document, TellsWhatToDoAboutADamagedOne) {
  const TemporaryDirectory home;
  constexpr DocumentKind kind{"volume", 1, "write it anew"};
  put(home / "meta.json", "{");
  try {
    read_document(home / "meta.json", kind);
    FAIL();
  } catch (const DamagedDocument& damaged) {
    EXPECT_EQ(damaged.hint(), "write it anew");
  }
}

/// With details, as the longest documents have them.
std::string written(const std::filesystem::path& path) {
  const nlohmann::json details{{"spec", {{"args", {"sleep", "1000"}}}}};
  write_document(path, volume, {{"name", "shop_data"}, {"labels", {{"a", "b"}}}},
                 Durability::survives_crash, &details);
  return read_file(path);
}

/// What is read from `text`: as it was written, or nothing at all.
void expect_all_or_nothing(const std::filesystem::path& path, const std::string& text) {
  put(path, text);
  nlohmann::json details;
  const auto read = read_document(path, volume, Damaged::counts_as_absent, &details);
  if (!read) return;
  EXPECT_EQ(read->at("name"), "shop_data") << text;
  EXPECT_EQ(read->at("labels").dump(), R"({"a":"b"})") << text;
  EXPECT_EQ(details.dump(), R"({"spec":{"args":["sleep","1000"]}})") << text;
}

TEST(Document, CutAnywhereIsNotBelieved) {
  const TemporaryDirectory home;
  const std::string text = written(home / "meta.json");
  for (std::size_t size = 0; size < text.size(); ++size)
    expect_all_or_nothing(home / "meta.json", text.substr(0, size));
}

TEST(Document, WithAnyBitFlippedIsNotBelieved) {
  const TemporaryDirectory home;
  const std::string text = written(home / "meta.json");
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    expect_all_or_nothing(home / "meta.json", flipped);
  }
}

TEST(Document, OfATimeBeforeChecksumsIsBelieved) {
  const TemporaryDirectory home;
  put(home / "meta.json", R"({"format": 1, "kind": "volume", "name": "old"})");
  EXPECT_EQ(read_document(home / "meta.json", volume)->at("name"), "old");
}

TEST(Document, HoldsBytesThatAreNoUtf8) {
  const TemporaryDirectory home;
  write_document(home / "meta.json", volume, {{"name", "\xff"}}, Durability::survives_crash);
  EXPECT_TRUE(read_document(home / "meta.json", volume));
}

}  // namespace
}  // namespace stack
