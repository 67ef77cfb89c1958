// SPDX-License-Identifier: Apache-2.0
#include "spec/quick_name.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace stack::spec
