// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_spread.h"

#include <gtest/gtest.h>

namespace stack::runtime {
namespace {

constexpr std::string_view machine =
    "43 42 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "50 43 0:50 / /mnt rw,relatime shared:3 - tmpfs none rw\n"
    "51 50 0:51 / /mnt/in rw,relatime master:3 - tmpfs none rw\n"
    "52 43 0:52 / /a\\040b rw,relatime shared:7 master:3 - tmpfs none rw\n"
    "53 43 0:53 / /twice rw,relatime shared:8 - tmpfs none rw\n"
    "54 53 0:54 / /twice rw,relatime - tmpfs none rw\n";

std::string why(const std::string& path, std::string_view propagation) {
  return why_no_spread(path, propagation, machine).value_or("");
}

TEST(MountSpread, NobodyAskedForAnything) {
  for (const char* word : {"", "private", "rprivate"}) EXPECT_EQ(why("/srv", word), "");
}

TEST(MountSpread, OfAPrivateMountNothingSpreads) {
  EXPECT_EQ(why("/srv", "rshared"), "is mounted on / but it is not a shared mount");
  EXPECT_EQ(why("/srv", "slave"), "is mounted on / but it is not a shared or slave mount");
  EXPECT_EQ(why("/", "shared"), "is mounted on / but it is not a shared mount");
  EXPECT_EQ(why("/mntx", "shared"), "is mounted on / but it is not a shared mount");
  EXPECT_EQ(why("/twice", "rslave"), "is mounted on /twice but it is not a shared or slave mount");
}

TEST(MountSpread, OfASharedOneBothWays) {
  for (const char* path : {"/mnt", "/mnt/x", "/a b/x"}) {
    EXPECT_EQ(why(path, "rshared"), "") << path;
    EXPECT_EQ(why(path, "rslave"), "") << path;
  }
}

TEST(MountSpread, OfOneThatFollowsOnlyInwards) {
  EXPECT_EQ(why("/mnt/in/x", "rslave"), "");
  EXPECT_EQ(why("/mnt/in/x", "rshared"), "is mounted on /mnt/in but it is not a shared mount");
}

}  // namespace
}  // namespace stack::runtime
