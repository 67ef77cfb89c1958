// SPDX-License-Identifier: Apache-2.0
#include "supervisor/settled_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/files.h"
#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

class SettledFiles : public ::testing::Test {
 protected:
  SettledFiles() {
    for (const auto& files : {shop_, lone_}) {
      make_directories(files.run());
      std::ofstream(files.keeper_pid()) << 1;
    }
  }

  std::optional<std::string> found(const std::string& key) const {
    const auto file = find_settled(shop_.paths, key);
    if (!file) return std::nullopt;
    return file->project + ": " + read_file(file->path);
  }

  TemporaryDirectory directory_;
  HostPaths paths_{directory_.path() / "data", directory_.path() / "run"};
  ProjectFiles shop_{paths_, "shop"};
  ProjectFiles lone_{paths_, "a.shop"};
  const std::string one_ = std::string(32, '1');
  const std::string two_ = std::string(32, '2');
  const std::string three_ = std::string(32, '3');
};

TEST_F(SettledFiles, AreFoundByTheirKey) {
  EXPECT_EQ(found(one_), std::nullopt);
  write_settled(shop_, one_, "x");
  EXPECT_EQ(found(one_), "shop: x");
  EXPECT_EQ(found(two_), std::nullopt);
  EXPECT_EQ(found(std::string(31, '1')), std::nullopt);
}

TEST_F(SettledFiles, AStackHasOne) {
  write_settled(shop_, one_, "x");
  write_settled(lone_, three_, "y");
  write_settled(shop_, two_, "z");
  EXPECT_EQ(found(one_), std::nullopt);
  EXPECT_EQ(found(two_), "shop: z");
  EXPECT_EQ(found(three_), "a.shop: y");
}

TEST_F(SettledFiles, AKeyHasOne) {
  write_settled(shop_, one_, "x");
  write_settled(lone_, one_, "y");
  EXPECT_EQ(found(one_), "a.shop: y");
}

TEST_F(SettledFiles, GoWithTheirStack) {
  write_settled(shop_, one_, "x");
  write_settled(lone_, two_, "y");
  remove_settled(shop_);
  EXPECT_EQ(found(one_), std::nullopt);
  EXPECT_EQ(found(two_), "a.shop: y");
  remove_settled(lone_);
  EXPECT_FALSE(stack::exists(paths_.run / "settled"));
}

/// It would stay for ever.
TEST_F(SettledFiles, StayNotBehindAKeeperThatHasGone) {
  std::filesystem::remove(shop_.keeper_pid());
  write_settled(shop_, one_, "x");
  EXPECT_FALSE(stack::exists(paths_.run / "settled"));
}

}  // namespace
}  // namespace stack::supervisor
