// SPDX-License-Identifier: Apache-2.0
#include "build/ignore.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::build {
namespace {

bool fits(const char* pattern, const char* path) {
  return PathPattern(pattern).matches(path);
}

TEST(BuildPattern, StarsAndClasses) {
  EXPECT_TRUE(fits("*.txt", "a.txt"));
  EXPECT_FALSE(fits("*.txt", "d/a.txt"));
  EXPECT_TRUE(fits("**/*.txt", "a.txt"));
  EXPECT_TRUE(fits("**/*.txt", "d/e/a.txt"));
  EXPECT_TRUE(fits("a/**", "a/b/c"));
  EXPECT_TRUE(fits("a/**/c", "a/c"));
  EXPECT_FALSE(fits("a/**/c", "a/xc"));
  EXPECT_TRUE(fits("?[a-c][^x]", "zby"));
  EXPECT_FALSE(fits("?[a-c][^x]", "zbx"));
  EXPECT_TRUE(fits("\\*", "*"));
  EXPECT_FALSE(fits("\\*", "a"));
  EXPECT_THROW(PathPattern("[a"), Error);
}

TEST(BuildPattern, ManyStarsTakeNoTime) {
  std::string pattern, path(200, 'a');
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(PathPattern(pattern + "b").matches(path));
}

TEST(BuildIgnore, TheLastLineThatFitsDecides) {
  const IgnoreRules rules(
      "# comment\n\n /build/ \n*.key\n!public.key\ndocs\n!docs/**/*.md\n../up\n");
  EXPECT_TRUE(rules.ignores("build"));
  EXPECT_TRUE(rules.ignores("build/a/b"));
  EXPECT_FALSE(rules.ignores("src/build"));
  EXPECT_TRUE(rules.ignores("x.key"));
  EXPECT_FALSE(rules.ignores("public.key"));
  EXPECT_FALSE(rules.ignores("d/x.key"));
  EXPECT_TRUE(rules.ignores("docs/a.txt"));
  EXPECT_FALSE(rules.ignores("docs/b/a.md"));
  EXPECT_TRUE(rules.may_hold_exceptions("docs"));
  EXPECT_FALSE(rules.ignores("up")) << "\"../up\" is nothing in the context";
}

TEST(BuildPattern, ACharacterIsOneOfUtf8) {
  EXPECT_TRUE(fits("?", "\u00f6"));
  EXPECT_FALSE(fits("??", "\u00f6"));
  EXPECT_TRUE(fits("\u00fc/[\u00e9]", "\u00fc/\u00e9"));
  EXPECT_TRUE(fits("[a-\u00fc]*", "\u00f6x"));
  EXPECT_FALSE(fits("[^\u00f6]", "\u00f6"));
  EXPECT_TRUE(fits("?\xff", "a\xff")) << "what is no UTF-8 is itself";
  EXPECT_FALSE(fits("\xfe", "\xff"));
}

TEST(BuildPattern, TwoStarsInTheMiddleMeanWholeNames) {
  EXPECT_TRUE(fits("a**b", "ab"));
  EXPECT_TRUE(fits("a**b", "ax/y/b"));
  EXPECT_FALSE(fits("a**b", "axb"));
  EXPECT_TRUE(fits("**b", "axb"));
  EXPECT_FALSE(fits("**b*", "axb"));
}

TEST(BuildIgnore, ALineThatDecidesNothingForADirectoryIsNotHandedDown) {
  const IgnoreRules late("a/b\n!a\n");
  EXPECT_TRUE(late.ignores("a/b"));
  EXPECT_TRUE(late.ignores("a/b/c"));
  EXPECT_FALSE(late.ignores("a/c"));
  EXPECT_FALSE(late.ignores_alone("a/b")) << "as watch";
  const IgnoreRules inner("d\n!d/e/f\nd/e\n");
  EXPECT_TRUE(inner.ignores("d/e"));
  EXPECT_FALSE(inner.ignores("d/e/f"));
  EXPECT_FALSE(inner.ignores("d/e/f/g"));
  EXPECT_TRUE(inner.ignores("d/e/g"));
  EXPECT_TRUE(IgnoreRules("*/b\n!a\n").ignores("a/b"));
  EXPECT_TRUE(IgnoreRules("**/c\n!a\n").ignores("a/b/c"));
  EXPECT_FALSE(IgnoreRules("a\n!a\n").ignores("a/b"));
}

TEST(BuildIgnore, PathsAreCleaned) {
  EXPECT_EQ(clean_relative("/a/./b//../c/"), "a/c");
  EXPECT_EQ(clean_relative("../../x"), "x");
  EXPECT_EQ(clean_relative("."), "");
}

TEST(BuildIgnore, ExclusionsAreBelowTheSource) {
  const std::vector<std::string> patterns{"*.txt", "!a.txt", "/one", "./two", "sub/"};
  const IgnoreRules rules = exclusion(patterns);
  EXPECT_TRUE(rules.ignores("b.txt"));
  EXPECT_FALSE(rules.ignores("a.txt"));
  EXPECT_FALSE(rules.ignores("one")) << "as BuildKit";
  EXPECT_TRUE(rules.ignores("two"));
  EXPECT_TRUE(rules.ignores("sub/three"));
  const std::vector<std::string> mark{"!"};
  EXPECT_THROW(exclusion(mark), Error);
}

}  // namespace
}  // namespace stack::build
