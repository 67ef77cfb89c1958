// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/copy_rules.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::orchestrator {
namespace {

/// "DIRECTORY NAME", or the error.
std::string copied(const std::string& from, FileKind from_kind, const std::string& to,
                   FileKind to_kind) {
  try {
    const CopyPlan plan = plan_copy({from, clean_absolute(from, "/"), from_kind},
                                    {to, clean_absolute(to, "/"), to_kind});
    return plan.directory + " " + plan.name;
  } catch (const Error& error) {
    return error.what();
  }
}

constexpr auto absent = FileKind::absent;
constexpr auto directory = FileKind::directory;
constexpr auto file = FileKind::file;

TEST(CopyRules, AFile) {
  EXPECT_EQ(copied("/a/f", file, "/b/new", absent), "/b new");
  EXPECT_EQ(copied("/a/f", file, "/b/new/", absent), "no such directory: /b/new/");
  EXPECT_EQ(copied("/a/f", file, "/b/old", file), "/b old");
  EXPECT_EQ(copied("/a/f", file, "/b", directory), "/b f");
  EXPECT_EQ(copied("/a/f", file, "/b/", directory), "/b f");
  EXPECT_EQ(copied("/a/f", file, "/", directory), "/ f");
  EXPECT_EQ(copied("/a/f", file, "/new", absent), "/ new");
}

TEST(CopyRules, ADirectory) {
  EXPECT_EQ(copied("/a/d", directory, "/b/new", absent), "/b new");
  EXPECT_EQ(copied("/a/d", directory, "/b/new/", absent), "/b new");
  EXPECT_EQ(copied("/a/d", directory, "/b/old", file),
            "cannot copy directory /a/d: /b/old is no directory");
  EXPECT_EQ(copied("/a/d", directory, "/b", directory), "/b d");
  EXPECT_EQ(copied("/a/d/", directory, "/b", directory), "/b d");
}

TEST(CopyRules, TheContentOfADirectory) {
  EXPECT_EQ(copied("/a/d/.", directory, "/b", directory), "/b .");
  EXPECT_EQ(copied("/a/d/./", directory, "/b", directory), "/b .");
  EXPECT_EQ(copied("/a/d/.", directory, "/b/new", absent), "/b new");
  EXPECT_EQ(copied("/", directory, "/b", directory), "/b .");
}

TEST(CopyRules, AColonSeparatesServiceAndPathUnlessThePathIsExplicit) {
  const auto parsed = [](const std::string& text) {
    const CopyArgument argument = parse_copy_argument(text);
    return argument.service + "|" + argument.path;
  };
  EXPECT_EQ(parsed("web:/a"), "web|/a");
  EXPECT_EQ(parsed("web:a:b"), "web|a:b");
  EXPECT_EQ(parsed("web:"), "web|");
  EXPECT_EQ(parsed("./a:b"), "|./a:b");
  EXPECT_EQ(parsed("/a:b"), "|/a:b");
  EXPECT_EQ(parsed("a"), "|a");
  EXPECT_EQ(parsed("-"), "|-");
}

TEST(CopyRules, PathsAreCleanedWithoutLeavingTheRoot) {
  EXPECT_EQ(clean_absolute("../../x/./y//z/", "/a"), "/x/y/z");
  EXPECT_EQ(clean_absolute("", "/"), "/");
  EXPECT_EQ(clean_absolute("/a/..", "/"), "/");
  EXPECT_EQ(directory_of("/a"), "/");
  EXPECT_EQ(directory_of("/a/b"), "/a");
  EXPECT_EQ(last_name_of("/"), ".");
}

}  // namespace
}  // namespace stack::orchestrator
