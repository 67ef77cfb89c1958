// SPDX-License-Identifier: Apache-2.0
#include "cli/name_filter.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

TEST(NameFilter, AnExpressionIsSoughtInTheName) {
  EXPECT_TRUE(is_name_wanted("w1", "xw1y"));
  EXPECT_TRUE(is_name_wanted("^w1$", "w1"));
  EXPECT_FALSE(is_name_wanted("^w1$", "xw1y"));
  EXPECT_TRUE(is_name_wanted("w.*y", "xw1y"));
  EXPECT_TRUE(is_name_wanted("w1|zz", "w1"));
}

TEST(NameFilter, WhatIsNoExpressionIsANameAtMost) {
  EXPECT_FALSE(is_name_wanted("(", "w1"));
  EXPECT_TRUE(is_name_wanted("(", "("));
}

TEST(Filters, OfOneKeyAnyWillDoAndOfSeveralAll) {
  const auto holds = [](const FilterText& filter) { return filter.value == "yes"; };
  EXPECT_TRUE(passes_filters({}, holds));
  EXPECT_TRUE(passes_filters({"name=no", "name=yes"}, holds));
  EXPECT_FALSE(passes_filters({"name=yes", "status=no"}, holds));
  EXPECT_FALSE(passes_filters({"label=yes", "label=no"}, holds)) << "labels must all be there";
}

TEST(Filters, WithoutAValueItIsEmpty) {
  EXPECT_EQ(filter_text("dangling").value, "");
  EXPECT_EQ(filter_text("label=a=b").value, "a=b");
}

}  // namespace
}  // namespace stack::cli
