// SPDX-License-Identifier: Apache-2.0
#include "image/tree_changes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/files.h"
#include "base/text.h"
#include "image/archive_pipe.h"
#include "image/layer.h"
#include "scratch_fixture.h"

namespace stack::image {
namespace {

/// A writable directory above one layer, as overlayfs leaves it.
class TreeChanges : public test::InScratch {
 protected:
  TreeChanges() {
    std::filesystem::create_directories(path("upper"));
    std::filesystem::create_directories(path("lower"));
  }

  std::string changes(const std::set<std::string>& scaffolding = {}) {
    std::vector<std::string> lines;
    for (const auto& change : all(scaffolding)) lines.push_back(to_text(change));
    return join(lines, "\n");
  }
  std::vector<TreeChange> all(const std::set<std::string>& scaffolding = {}) {
    const Fd upper = open_file(path("upper"), O_RDONLY | O_DIRECTORY);
    JoinedDirectory lower;
    lower.push_back(open_file(path("lower"), O_RDONLY | O_DIRECTORY));
    return tree_changes(upper.get(), lower, scaffolding);
  }

  void whiteout(const std::string& name) {
    ASSERT_EQ(::mknod(path("upper/" + name).c_str(), S_IFCHR, makedev(0, 0)), 0);
  }
  void opaque(const std::string& name) {
    ASSERT_EQ(::setxattr(path("upper/" + name).c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  }
  /// The same file in both, as a change of its mode alone leaves it.
  void copied_up(const std::string& name) {
    write("lower/" + name, "same");
    write("upper/" + name, "same");
    same_time(name);
  }
  void same_time(const std::string& name) {
    const timespec times[2] = {{5, 0}, {6, 7}};
    for (const char* tree : {"lower/", "upper/"})
      ::utimensat(AT_FDCWD, path(tree + name).c_str(), times, AT_SYMLINK_NOFOLLOW);
  }
};

TEST_F(TreeChanges, AnEmptyFileOverALinkIsScaffoldingToo) {
  std::filesystem::create_directories(path("lower/etc"));
  std::filesystem::create_symlink("../run/hosts", path("lower/etc/hosts"));
  write("upper/etc/hosts", "");
  EXPECT_EQ(changes({"/etc/hosts"}), "");
  EXPECT_EQ(changes(), "C /etc\nC /etc/hosts");
  write("upper/etc/hosts", "text");
  EXPECT_EQ(changes({"/etc/hosts"}), "C /etc\nC /etc/hosts");
}

TEST_F(TreeChanges, TellsAddedModifiedAndRemovedWithTheirDirectories) {
  NEEDS_ROOT();
  write("lower/etc/passwd", "old");
  write("lower/etc/gone", "x");
  write("lower/other", "x");
  write("upper/etc/passwd", "newer");
  whiteout("etc/gone");
  write("upper/new/deep/file", "x");
  EXPECT_EQ(changes(), "C /etc\nD /etc/gone\nC /etc/passwd\nA /new\nA /new/deep\nA /new/deep/file");
}

TEST_F(TreeChanges, WhatWasOnlyCopiedUpIsNone) {
  copied_up("a/file");
  EXPECT_EQ(changes(), "");
  ::chmod(path("upper/a/file").c_str(), 0600);
  EXPECT_EQ(changes(), "C /a\nC /a/file");
}

TEST_F(TreeChanges, ADirectoryMadeAnewHidesWhatWasInTheOldOne) {
  NEEDS_ROOT();
  write("lower/d/old", "x");
  write("lower/d/kept", "same");
  write("upper/d/kept", "same");
  same_time("d/kept");
  opaque("d");
  EXPECT_EQ(changes(), "C /d\nD /d/old");
}

TEST_F(TreeChanges, AFileForADirectoryAndADirectoryForAFile) {
  write("lower/one/file", "x");
  write("lower/two", "x");
  write("upper/one", "x");
  write("upper/two/file", "x");
  EXPECT_EQ(changes(), "C /one\nC /two\nA /two/file");
}

TEST_F(TreeChanges, PlacesThatNobodyAskedForAreNoneWhileEmpty) {
  std::filesystem::create_directories(path("upper/proc"));
  write("upper/etc/hosts", "");
  const std::set<std::string> places = {"/proc", "/etc", "/etc/hosts"};
  EXPECT_EQ(changes(places), "");
  write("upper/etc/mine", "x");
  EXPECT_EQ(changes(places), "A /etc\nA /etc/mine");
}

TEST_F(TreeChanges, MakeALayerThatChangesTheSame) {
  NEEDS_ROOT();
  write("lower/etc/gone", "x");
  write("lower/d/old", "x");
  whiteout("etc");
  write("upper/d/one", "content");
  std::filesystem::create_hard_link(path("upper/d/one"), path("upper/d/two"));
  std::filesystem::create_symlink("one", path("upper/d/link"));
  opaque("d");
  const auto before = all();
  std::filesystem::create_directories(path("layer"));
  const Fd upper = open_file(path("upper"), O_RDONLY | O_DIRECTORY);
  const Fd layer = open_file(path("layer"), O_RDONLY | O_DIRECTORY);
  through_pipe([&](const TarSink& sink) { write_changes(upper.get(), before, sink); },
               [&](int archive) { unpack_layer(archive, layer.get(), LayerPlace::above_others); });
  std::filesystem::rename(path("upper"), path("upper-before"));
  std::filesystem::rename(path("layer"), path("upper"));
  EXPECT_EQ(all(), before);
  EXPECT_EQ(read("upper/d/two"), "content");
  EXPECT_EQ(std::filesystem::hard_link_count(path("upper/d/two")), 2U);
}

}  // namespace
}  // namespace stack::image
