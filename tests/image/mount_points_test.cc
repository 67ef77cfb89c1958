// SPDX-License-Identifier: Apache-2.0
#include "image/mount_points.h"

#include <sys/stat.h>

#include <thread>

#include "base/files.h"
#include "image/image_store.h"
#include "scratch_fixture.h"

namespace stack::image {
namespace {

class MountPoints : public test::InScratch {
 protected:
  MountPoints() : paths{path("images")} { make_directories(paths.root); }

  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 ? info.st_mode : 0;
  }

  StorePaths paths;
};

TEST_F(MountPoints, AreWhatTheStandardMountsNeed) {
  const mode_t before = ::umask(0077);
  const auto layer = mount_points(paths);
  ::umask(before);
  EXPECT_EQ(list_directory(layer),
            (std::vector<std::string>{".dockerenv", "dev", "etc", "proc", "sys"}));
  EXPECT_EQ(list_directory(layer / "etc"),
            (std::vector<std::string>{"hostname", "hosts", "mtab", "resolv.conf"}));
  EXPECT_EQ(std::filesystem::read_symlink(layer / "etc/mtab"), "/proc/mounts");
  EXPECT_EQ(mode_of(layer / ".dockerenv"), S_IFREG | 0755U);
  EXPECT_EQ(mode_of(layer), S_IFDIR | 0755U);
  EXPECT_EQ(mode_of(layer / "etc"), S_IFDIR | 0755U);
  EXPECT_EQ(mode_of(layer / "etc/hosts"), S_IFREG | 0644U);
}

TEST_F(MountPoints, AreMadeOnceByWhoeverNeedsThem) {
  {
    std::vector<std::jthread> many;
    for (int count = 0; count < 8; ++count)
      many.emplace_back([this] { EXPECT_EQ(mount_points(paths), paths.root / "mount-points-2"); });
  }
  EXPECT_EQ(list_directory(paths.root), (std::vector<std::string>{"lock", "mount-points-2"}));
}

/// A kill in the middle leaves nothing that would be taken for them.
TEST_F(MountPoints, HalfMadeOnesAreNotThere) {
  make_directories(paths.root / ".tmp.half/tree/etc");
  EXPECT_TRUE(stack::exists(mount_points(paths) / "proc"));
}

}  // namespace
}  // namespace stack::image
