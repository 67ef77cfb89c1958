// SPDX-License-Identifier: Apache-2.0
#include "image/tar_stream.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "image/layer.h"
#include "scratch_fixture.h"

namespace stack::image {
namespace {

class TarStream : public test::InScratch {
 protected:
  Fd root(const std::string& name) const { return open_file(path(name), O_RDONLY | O_DIRECTORY); }

  void make_tree(const std::string& name) {
    write(name + "/b/long-" + std::string(120, 'x'), "content");
    write(name + "/a", std::string(1000, 'y'));
    std::filesystem::create_hard_link(path(name + "/a"), path(name + "/c"));
    std::filesystem::create_symlink("a", path(name + "/l"));
    settle(name);
  }
  /// The same times everywhere, some with nanoseconds.
  void settle(const std::string& name) {
    const timespec times[2] = {{5, 0}, {1234567890, 987654321}};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path(name)))
      ::utimensat(AT_FDCWD, entry.path().c_str(), times, AT_SYMLINK_NOFOLLOW);
    ::utimensat(AT_FDCWD, path(name).c_str(), times, 0);
  }
};

TEST_F(TarStream, GivesEqualTreesEqualIds) {
  make_tree("one");
  make_tree("two");
  const TreeDigest one = digest_tree(root("one").get());
  EXPECT_EQ(one.diff_id, digest_tree(root("two").get()).diff_id);
  EXPECT_EQ(one.file_bytes, 1007U);
}

TEST_F(TarStream, GivesATreeAnotherIdWhenAnythingOfItChanges) {
  make_tree("one");
  const std::string before = digest_tree(root("one").get()).diff_id;
  ::chmod(path("one/a").c_str(), 0600);
  const std::string after_mode = digest_tree(root("one").get()).diff_id;
  EXPECT_NE(before, after_mode);
  write("one/b/new", "");
  settle("one");
  EXPECT_NE(after_mode, digest_tree(root("one").get()).diff_id);
}

TEST_F(TarStream, IsAnArchiveThatUnpacksToTheSameTreeAndTheSameId) {
  make_tree("one");
  std::filesystem::create_directory(path("two"));
  const Fd archive(::memfd_create("archive", MFD_CLOEXEC));
  write_tar_stream(root("one").get(),
                   [&](std::string_view bytes) { write_all(archive.get(), bytes); });
  ::lseek(archive.get(), 0, SEEK_SET);
  const auto unpacked = unpack_layer(archive.get(), root("two").get(), LayerPlace::bottom);
  EXPECT_EQ(test::tree_text(path("one")), test::tree_text(path("two")));
  EXPECT_EQ(unpacked.diff_id, digest_tree(root("one").get()).diff_id);
  EXPECT_EQ(unpacked.diff_id, digest_tree(root("two").get()).diff_id);
}

}  // namespace
}  // namespace stack::image
