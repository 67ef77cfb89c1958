// SPDX-License-Identifier: Apache-2.0
#include "build/expand.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::build {
namespace {

std::optional<std::string> variable(const std::string& name) {
  if (name == "A") return "one";
  if (name == "EMPTY") return "";
  if (name == "PATHS") return "/usr/local/bin:/usr/bin";
  if (name == "TWO") return "a b";
  return std::nullopt;
}

std::string expanded(const std::string& word) {
  return expand_word(word, variable, '\\');
}

TEST(BuildExpand, VariablesAndQuotes) {
  EXPECT_EQ(expanded("$A-${A}_$B."), "one-one_.");
  EXPECT_EQ(expanded(R"("$A" '$A' \$A \"x\" "\$A \n")"), R"(one $A $A "x" $A \n)");
  EXPECT_EQ(expanded("a$"), "a$");
  EXPECT_EQ(expanded("$1$@"), "");
}

TEST(BuildExpand, Modifiers) {
  EXPECT_EQ(expanded("${B:-x$A}"), "xone");
  EXPECT_EQ(expanded("${EMPTY:-x}${EMPTY-x}${B-y}"), "xy");
  EXPECT_EQ(expanded("${A:+set}${B:+set}${EMPTY+e}${EMPTY:+e}"), "sete");
  EXPECT_EQ(expanded("${B:-${C:-deep}}"), "deep");
  EXPECT_EQ(expanded("${PATHS#*/}|${PATHS##*/}|${PATHS%/*}|${PATHS%%/*}"),
            "usr/local/bin:/usr/bin|bin|/usr/local/bin:/usr|");
  EXPECT_EQ(expanded("${PATHS/usr/x}|${PATHS//usr/x}"),
            "/x/local/bin:/usr/bin|/x/local/bin:/x/bin");
}

TEST(BuildExpand, PatternsKnowStarsAndQuestionMarksAlone) {
  const Lookup variable = [](const std::string&) { return "a[bc]*d/?"; };
  EXPECT_EQ(expand_word("${X//[bc]/-}", variable, '\\'), "a-*d/?");
  EXPECT_EQ(expand_word("${X/\\*/+}", variable, '\\'), "a[bc]+d/?");
  EXPECT_EQ(expand_word("${X/\\//_}", variable, '\\'), "a[bc]*d_?");
  EXPECT_EQ(expand_word("${X%%[b]*}", variable, '\\'), "a[bc]*d/?");
  EXPECT_EQ(expand_word("${X/d/x\\/y}", variable, '\\'), "a[bc]*x\\/y/?") << "kept, as BuildKit";
}

TEST(BuildExpand, AnEscapedStarIsNoStar) {
  const Lookup variable = [](const std::string&) { return "aab*c"; };
  EXPECT_EQ(expand_word("${D%%\\**}|${D%\\**}|${D#*\\*}", variable, '\\'), "aab|aab|c");
}

TEST(BuildExpand, PatternsGoByCharactersNotBytes) {
  const Lookup variable = [](const std::string&) { return "\u00e9a"; };
  EXPECT_EQ(expand_word("${F#?}|${F/?/x}|${F//?/x}|${F%?}|${F%%?}", variable, '\\'),
            "a|xa|xx|\u00e9|\u00e9");
}

TEST(BuildExpand, WhatIsNotClosedIsRefused) {
  for (const char* word : {"${A", "\"a", "'a", "${}", "${A:x}", "${B:?no}", "${A!}"})
    EXPECT_THROW(expanded(word), Error) << word;
}

TEST(BuildExpand, WordsArePartedOutsideOfQuotesOnly) {
  EXPECT_EQ(expand_words(R"( $TWO "$TWO" c\ d '' )", variable, '\\'),
            (std::vector<std::string>{"a", "b", "a b", "c d", ""}));
}

TEST(BuildExpand, InDocumentsQuotesAreText) {
  EXPECT_EQ(expand_document("\"$A\" '$A' \\$A \\q \\\\\n", variable), "\"one\" 'one' $A q \\\n");
}

TEST(BuildArguments, HaveScopes) {
  Arguments global({{"GIVEN", "g"}, {"HTTP_PROXY", "p"}}, {{"TARGETARCH", "amd64"}});
  global.declare("BASE", "b", nullptr);
  Arguments stage({{"GIVEN", "g"}, {"HTTP_PROXY", "p"}}, {{"TARGETARCH", "amd64"}});
  EXPECT_EQ(stage.find("BASE"), std::nullopt);
  stage.declare("BASE", std::nullopt, &global);
  stage.declare("GIVEN", "default", &global);
  stage.declare("OWN", "default", &global);
  stage.declare("TARGETARCH", std::nullopt, &global);
  EXPECT_EQ(stage.find("BASE"), "b");
  EXPECT_EQ(stage.find("GIVEN"), "g");
  EXPECT_EQ(stage.find("OWN"), "default");
  EXPECT_EQ(stage.find("TARGETARCH"), "amd64");
  EXPECT_EQ(stage.find("HTTP_PROXY"), std::nullopt) << "a password may be in it";
  EXPECT_FALSE(stage.declared().contains("HTTP_PROXY"));
  using Values = std::map<std::string, std::string>;
  EXPECT_EQ(stage.proxies(), (Values{{"HTTP_PROXY", "p"}, {"http_proxy", "p"}}));
  stage.declare("HTTP_PROXY", std::nullopt, &global);
  EXPECT_EQ(stage.find("HTTP_PROXY"), "p");
}

}  // namespace
}  // namespace stack::build
