// SPDX-License-Identifier: Apache-2.0
#include "runtime/user_lookup.h"

#include <gtest/gtest.h>

#include <string>

#include "base/format.h"

namespace stack::runtime {
namespace {

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "\n"
    "broken line\n"
    "evil:x:-1:0::/:\n"
    "web:x:1000:1001:Web:/srv/web:/bin/sh\n"
    "nohome:x:7:7:::\n"
    "5000:x:12:12::/twelve:\n"
    "alias:x:1000:50::/elsewhere:\n";
constexpr std::string_view group =
    "root:x:0:\n"
    "web:x:1001:\n"
    "staff:x:50:root,web\n"
    "bad:x:nan:web\n"
    "777:x:13:\n"
    "logs:x:60:webber,web";

std::string found(std::string_view text) {
  const auto request = parse_user(text);
  if (!request) return "malformed";
  ResolvedUser user;
  switch (resolve_user(*request, passwd, group, user)) {
    case LookupResult::no_such_user:
      return "no such user";
    case LookupResult::no_such_group:
      return "no such group";
    case LookupResult::too_many_groups:
      return "too many groups";
    case LookupResult::found:
      break;
  }
  std::string line = fmt::format("{}:{} groups", user.uid, user.gid);
  for (std::size_t i = 0; i < user.group_count; ++i) line += fmt::format(" {}", user.groups[i]);
  return fmt::format("{} home {}", line, user.home);
}

TEST(UserLookup, NobodyAskedForIsRoot) {
  EXPECT_EQ(found(""), "0:0 groups 0 50 home /root");
}

TEST(UserLookup, ANameBringsItsGroupsAndHome) {
  EXPECT_EQ(found("web"), "1000:1001 groups 1001 50 60 home /srv/web");
}

TEST(UserLookup, ANumberOfAKnownUserIsThatUser) {
  EXPECT_EQ(found("1000"), "1000:1001 groups 1001 50 60 home /srv/web");
}

TEST(UserLookup, DigitsAreNeverAName) {
  EXPECT_EQ(found("5000"), "5000:0 groups 0 home /");
  EXPECT_EQ(found("1000:777"), "1000:777 groups 777 home /srv/web");
}

TEST(UserLookup, TheFirstOfThatNumberSaysWhereHeLives) {
  EXPECT_EQ(found("alias"), "1000:50 groups 50 home /srv/web");
}

TEST(UserLookup, AnUnknownNumberIsTakenAsItIs) {
  EXPECT_EQ(found("4711"), "4711:0 groups 0 home /");
}

TEST(UserLookup, AGroupReplacesAllOthers) {
  EXPECT_EQ(found("web:staff"), "1000:50 groups 50 home /srv/web");
  EXPECT_EQ(found("5:6"), "5:6 groups 6 home /");
  EXPECT_EQ(found("web:6"), "1000:6 groups 6 home /srv/web");
}

TEST(UserLookup, AnEmptyHomeIsTheRoot) {
  EXPECT_EQ(found("nohome"), "7:7 groups 7 home ");
}

TEST(UserLookup, AnEmptyHalfAsksForNothing) {
  EXPECT_EQ(found(":"), found(""));
  EXPECT_EQ(found("1000:"), found("1000"));
  EXPECT_EQ(found("web:"), found("web"));
  EXPECT_EQ(found("4711:"), "4711:0 groups 0 home /");
  EXPECT_EQ(found(":50"), "0:50 groups 50 home /root");
  EXPECT_EQ(found(":staff"), "0:50 groups 50 home /root");
}

TEST(UserLookup, UnknownNamesAreNotFound) {
  EXPECT_EQ(found("nobody"), "no such user");
  EXPECT_EQ(found("web:nogroup"), "no such group");
}

TEST(UserLookup, ANegativeIdInTheImageIsNoUser) {
  EXPECT_EQ(found("evil"), "no such user");
}

TEST(UserLookup, MalformedTextsAreNeverRoot) {
  for (const char* text : {"-1",         "+1",          " 1",         "1 ",

                           "4294967295", "4294967296",  "2147483648", "99999999999999999999",
                           "1:2:3",      "web:staff:x", "a b",        "\n",
                           "0\n",        "a/b",         "1:-1",       "1:4294967295",
                           "\t",         "web\n",       "::",         ":1:",
                           "web::"}) {
    EXPECT_EQ(found(text), "malformed") << text;
  }
  EXPECT_EQ(found("0x0"), "no such user");
  EXPECT_EQ(found(std::string_view("0\0", 2)), "malformed");
  EXPECT_EQ(found(std::string(300, 'a')), "malformed");
}

TEST(UserLookup, TooManyGroupsAreRefused) {
  std::string groups;
  for (int i = 0; i < 1100; ++i) groups += fmt::format("g{}:x:{}:web\n", i, 2000 + i);
  ResolvedUser user;
  EXPECT_EQ(resolve_user(*parse_user("web"), passwd, groups, user), LookupResult::too_many_groups);
}

}  // namespace
}  // namespace stack::runtime
