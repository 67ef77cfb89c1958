// SPDX-License-Identifier: Apache-2.0
#include "image/unpack_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "image/archive_pipe.h"
#include "image/tar_stream.h"
#include "scratch_fixture.h"

namespace stack::image {
namespace {

class UnpackFiles : public test::InScratch {
 protected:
  UnpackFiles() {
    for (const char* name : {"from", "root/work"}) std::filesystem::create_directories(path(name));
  }

  /// Copies from/NAME into /work of root/, under the name `as`.
  std::string copy(const std::string& name, const std::string& as,
                   Ownership ownership = Ownership::callers) {
    const Fd from = open_file(path("from"), O_PATH | O_DIRECTORY);
    const Fd root = open_file(path("root"), O_PATH | O_DIRECTORY);
    try {
      through_pipe(
          [&](const TarSink& sink) {
            write_object({from.get(), name, as, {}}, sink);
          },
          [&](int archive) {
            unpack_files(archive, {root.get(), "/work", ownership});
          });
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  struct stat info(const std::string& name) const {
    struct stat info {};
    ::lstat(path(name).c_str(), &info);
    return info;
  }
};

TEST_F(UnpackFiles, MergesDirectoriesAndReplacesFiles) {
  write("from/d/one", "new");
  write("from/d/sub/two", "new");
  write("root/work/d/one", "old");
  write("root/work/d/three", "old");
  EXPECT_EQ(copy("d", "d"), "");
  EXPECT_EQ(read("root/work/d/one"), "new");
  EXPECT_EQ(read("root/work/d/sub/two"), "new");
  EXPECT_EQ(read("root/work/d/three"), "old");
}

TEST_F(UnpackFiles, ContentAloneLeavesTheDirectoryItselfAlone) {
  write("from/d/one", "new");
  ::chmod(path("from/d").c_str(), 0700);
  ::chmod(path("root/work").c_str(), 0751);
  EXPECT_EQ(copy("d", "."), "");
  EXPECT_EQ(read("root/work/one"), "new");
  EXPECT_EQ(info("root/work").st_mode & 07777, 0751U);
}

TEST_F(UnpackFiles, ADirectoryIsNotReplacedByAFileNorAFileByADirectory) {
  write("from/file", "x");
  write("from/d/x", "x");
  write("root/work/d/kept", "x");
  write("root/work/file", "x");
  EXPECT_EQ(copy("file", "d"), "\"d\": cannot overwrite directory with non-directory");
  EXPECT_EQ(copy("d", "file"), "\"file/\": cannot overwrite non-directory with directory");
  EXPECT_EQ(read("root/work/d/kept"), "x");
}

TEST_F(UnpackFiles, LinksOfTheTreeLeadNowhereOutside) {
  write("outside/kept", "safe");
  write("from/d/kept", "evil");
  std::filesystem::create_directory_symlink(path("outside"), path("root/work/d"));
  EXPECT_NE(copy("d", "d"), "");
  std::filesystem::create_symlink(path("outside/kept"), path("root/work/kept"));
  write("from/kept", "new");
  EXPECT_EQ(copy("kept", "kept"), "");
  EXPECT_EQ(read("root/work/kept"), "new");
  EXPECT_EQ(read("outside/kept"), "safe");
}

TEST_F(UnpackFiles, OwnersAndModes) {
  NEEDS_ROOT();
  write("from/file", "x");
  ASSERT_EQ(::chown(path("from/file").c_str(), 12, 34), 0);
  ::chmod(path("from/file").c_str(), 04755);
  EXPECT_EQ(copy("file", "kept", Ownership::as_archived), "");
  EXPECT_EQ(info("root/work/kept").st_uid, 12U);
  EXPECT_EQ(info("root/work/kept").st_mode & 07777, 04755U);
  EXPECT_EQ(copy("file", "mine", Ownership::callers), "");
  EXPECT_EQ(info("root/work/mine").st_uid, ::geteuid());
  EXPECT_EQ(info("root/work/mine").st_mode & 07777, 0755U);
  EXPECT_EQ(copy("file", "roots", Ownership::roots), "");
  EXPECT_EQ(info("root/work/roots").st_mode & 07777, 04755U);
}

TEST_F(UnpackFiles, HolesStayHoles) {
  write("from/sparse", "");
  std::filesystem::resize_file(path("from/sparse"), 64 << 20);
  EXPECT_EQ(copy("sparse", "sparse"), "");
  EXPECT_EQ(info("root/work/sparse").st_size, 64 << 20);
  EXPECT_LT(info("root/work/sparse").st_blocks, 1 << 10);
}

TEST_F(UnpackFiles, TheFileSystemsOfTheKernelTakeNoFiles) {
  write("from/file", "x");
  const Fd from = open_file(path("from"), O_PATH | O_DIRECTORY);
  const Fd root = open_file("/", O_PATH | O_DIRECTORY);
  try {
    through_pipe(
        [&](const TarSink& sink) {
          write_object({from.get(), "file", "file", {}}, sink);
        },
        [&](int archive) {
          unpack_files(archive, {root.get(), "/proc/self"});
        });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "\"file\": this directory takes no files");
  }
}

TEST_F(UnpackFiles, TheFirstErrorIsTheOneThatIsTold) {
  EXPECT_EQ(copy("absent", "x"), "absent: No such file or directory");
}

}  // namespace
}  // namespace stack::image
