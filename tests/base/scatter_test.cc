// SPDX-License-Identifier: Apache-2.0
#include "base/scatter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "temporary_directory.h"

namespace stack {
namespace {

TEST(Scatter, DirectoriesOfExt4AreMarked) {
  const TemporaryDirectory folder;
  struct statfs info {};
  ASSERT_EQ(::statfs(folder.path().c_str(), &info), 0);
  if (info.f_type != EXT4_SUPER_MAGIC) GTEST_SKIP() << "temporary files are not on ext4";
  scatter_subdirectories(folder.path());
  scatter_subdirectories(folder.path());
  const Fd there(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int flags = 0;
  ASSERT_EQ(::ioctl(there.get(), FS_IOC_GETFLAGS, &flags), 0);
  EXPECT_NE(flags & FS_TOPDIR_FL, 0);
}

TEST(Scatter, ElsewhereNothingHappens) {
  scatter_subdirectories("/proc/self");
  scatter_subdirectories("/does/not/exist");
}

}  // namespace
}  // namespace stack
