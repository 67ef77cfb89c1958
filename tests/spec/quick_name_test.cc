// SPDX-License-Identifier: Apache-2.0
#include "spec/quick_name.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "spec/load_sources.h"
#include "spec/reporter.h"

namespace stack::spec {
namespace {

TEST(QuickName, IsTheFirstKeyOfAFile) {
  EXPECT_EQ(quick_name("# ours\n\nname: shop  # the shop\nservices:\n  web:\n    image: x\n"),
            "shop");
  EXPECT_EQ(quick_name("name: a-1_b\r\nservices: {}\r\n"), "a-1_b");
}

TEST(QuickName, IsEmptyWhenNoKeyIsCalledSo) {
  EXPECT_EQ(quick_name("services:\n  name:\n    image: x\nvolumes: {name: {name: y}}\n"), "");
  EXPECT_EQ(quick_name("version: '3'\nx-a: |\n  name: no\n\n  services\nservices: {}"), "");
}

/// Each of them has another name than a quick look would say, or might have.
TEST(QuickName, IsLeftToTheParserOtherwise) {
  for (const char* text : {
           "  name: shop\n  services: {}\n",
           "{name: shop}\n",
           "\"name\": shop\n",
           "'name': shop\n",
           "? name\n: shop\n",
           "services: {}\nname: shop\n",
           "x-a: \"one\nname: two\"\nservices: {}\n",
           "services: {}\n---\nname: shop\n",
           "---\nname: shop\n",
           "%YAML 1.2\n---\nname: shop\n",
           "<<: {name: shop}\n",
           "name: shop\nname: other\n",
           "name: ${NAME}\n",
           "name: 'shop'\n",
           "name: Shop\n",
           "name: shop 2\n",
           "name: 12\n",
           "name: true\n",
           "name: shop\n two\n",
           "name: shop#1\n",
           "name: &a shop\n",
           "name: >\n  shop\n",
           "name:\n  shop\n",
           "name:shop\n",
           "name : shop\n",
           "\tname: shop\n",
           "\xef\xbb\xbfname: shop\n",
           "web:\n  image: x\n",
       })
    EXPECT_EQ(quick_name(text), std::nullopt) << text;
}

/// Nothing when it is not YAML.
std::optional<std::string> parsed_name(const std::string& text) {
  Diagnostics diagnostics;
  Reporter reporter(diagnostics, Purpose::run);
  try {
    const auto files = parse_sources({{"/f", "f", text}}, reporter);
    if (diagnostics.has_errors()) return std::nullopt;
    return name_in_sources(files, {});
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::vector<std::string> texts_of_files() {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("golden-config")) {
    const auto kind = entry.path().extension();
    if (kind == ".yaml" || kind == ".yml") texts.push_back(read_file(entry.path()));
  }
  return texts;
}

using Dice = std::mt19937;

std::size_t roll(Dice& dice, std::size_t below) {
  return std::uniform_int_distribution<std::size_t>(0, below - 1)(dice);
}

/// A file as nobody writes it: lines are put in, lost, moved, indented and cut.
std::string spoilt(const std::string& text, Dice& dice) {
  static const std::vector<std::string> odd{
      "name: shop",       "name: shop ",   " name: shop", "name: 'shop'",  "\"name\": shop",
      "x-a: \"one",       "two\"",         "---",         "...",           "x-b: |",
      "name: shop # a",   "name: &a shop", "? name",      ": shop",        "{name: shop}",
      "x-c: >-",          "  name: inner", "services:",   "name:",         "- name: shop",
      "name: ${N:-shop}", "x-d: 'one",     "two'",        "<<: {name: a}", "\tname: shop"};
  auto lines = split(text, '\n');
  for (std::size_t times = 1 + roll(dice, 3); times > 0; --times) {
    const auto at = lines.begin() + static_cast<std::ptrdiff_t>(roll(dice, lines.size()));
    switch (roll(dice, 5)) {
      case 0:
        lines.insert(lines.begin(), odd[roll(dice, odd.size())]);
        break;
      case 1:
        if (lines.size() > 1) lines.erase(at);
        break;
      case 2:
        *at = "  " + *at;
        break;
      case 3:
        *at = std::string(trim(*at));
        break;
      default:
        lines.insert(at, odd[roll(dice, odd.size())]);
    }
  }
  return join(lines, "\n");
}

/// Or a command would act on another project than `up`.
TEST(QuickName, SaysWhatTheParserSaysOrNothing) {
  const auto texts = texts_of_files();
  ASSERT_GT(texts.size(), 50U);
  Dice dice(7);
  int answers = 0;
  for (int round = 0; round < 300; ++round) {
    for (const std::string& whole : texts) {
      const std::string text = round == 0 ? whole : spoilt(whole, dice);
      const auto quick = quick_name(text);
      const auto parsed = quick ? parsed_name(text) : std::nullopt;
      if (!parsed) continue;
      ++answers;
      ASSERT_EQ(*quick, *parsed) << text;
    }
  }
  EXPECT_GT(answers, 1000);
}

}  // namespace
}  // namespace stack::spec
