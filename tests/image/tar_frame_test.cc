// SPDX-License-Identifier: Apache-2.0
// Whatever tar a layer comes as, tree and frame give back exactly that.
#include "image/tar_frame.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/files.h"
#include "image/digest.h"
#include "image/new_layer.h"
#include "scratch_fixture.h"
#include "tar_builder.h"

namespace stack::image {
namespace {

using test::TarBuilder;

class Frame : public test::InScratch {
 protected:
  UnpackedTree unpack(const std::string& bytes, LayerPlace place = LayerPlace::above_others) {
    bool is_told = false;
    return unpack_new_layer(
        [bytes, is_told]() mutable {
          return std::exchange(is_told, true) ? std::string_view{} : std::string_view(bytes);
        },
        path("tree"), place);
  }
  std::string stream() {
    std::string text;
    const Fd tree = open_file(path("tree"), O_RDONLY | O_DIRECTORY);
    write_framed_stream(path("tree.frame"), tree.get(),
                        [&](std::string_view bytes) { text += bytes; });
    return text;
  }
  void expect_same(const TarBuilder& tar) {
    const std::string bytes = tar.bytes();
    EXPECT_EQ(unpack(bytes).layer.diff_id, digest_of(bytes));
    EXPECT_EQ(digest_of(stream()), digest_of(bytes));
    EXPECT_FALSE(stack::exists(path("tree.frame.replaced")));
  }
};

TEST_F(Frame, GivesBackTheStreamOfOrdinaryFiles) {
  TarBuilder tar;
  tar.directory("d").file("d/a", std::string(300'000, 'x')).file("d/empty", "");
  tar.symlink("d/l", "a").hard_link("d/h", "d/a").file("./d/./odd", "dots in its name");
  tar.gnu_long('L', std::string(120, 'n') + "/" + std::string(120, 'n'))
      .file("short", "named by the entry before");
  tar.pax({"path=d/by-pax", "mtime=1.5"}).file("other", "named by its records");
  expect_same(tar);
}

/// A piece that was parsed makes room for one that is far ahead: it must not be looked at again.
TEST_F(Frame, GivesBackAStreamThatComesInManyPieces) {
  TarBuilder tar;
  for (int i = 0; i < 3000; ++i) tar.file("f" + std::to_string(i), "content " + std::to_string(i));
  const std::string bytes = tar.bytes();
  unpack_new_layer(
      [&, at = std::size_t{0}]() mutable {
        const auto piece = std::string_view(bytes).substr(at, 700);
        at += piece.size();
        return piece;
      },
      path("tree"), LayerPlace::above_others);
  EXPECT_EQ(digest_of(stream()), digest_of(bytes));
}

TEST_F(Frame, GivesBackFilesThatALaterEntryReplaced) {
  TarBuilder tar;
  tar.file("a", "first").file("a", "other").file("b", "kept").hard_link("c", "b");
  tar.file("b", "same").directory("d").file("d/x", "deep").file("d", "a file now");
  expect_same(tar);
  EXPECT_EQ(read("tree/a"), "other");
  EXPECT_EQ(read("tree/c"), "kept");
}

TEST_F(Frame, GivesBackWhatIsThereThroughALinkThatWasReplaced) {
  TarBuilder tar;
  tar.directory("one").directory("two").symlink("l", "one").file("l/f", "in one");
  tar.symlink("l", "two").file("l/f", "in two");
  expect_same(tar);
}

TEST_F(Frame, KeepsWhiteoutsThatABottomLayerDrops) {
  TarBuilder tar;
  tar.file(".wh.gone", "").file("d/.wh..wh..opq", "").file("d/x", "y");
  const std::string bytes = tar.bytes();
  unpack(bytes, LayerPlace::bottom);
  EXPECT_EQ(digest_of(stream()), digest_of(bytes));
}

TEST_F(Frame, IsMadeOfTheUncompressedStream) {
  const std::string bytes = TarBuilder().file("a", std::string(1 << 20, 'a')).bytes();
  unpack(test::gzip(bytes));
  EXPECT_EQ(digest_of(stream()), digest_of(bytes));
  EXPECT_LT(stack::read_file(path("tree.frame")).size(), 1000U) << "the content is in it";
}

TEST_F(Frame, RefusesAFileThatIsNoLongerWhatItWas) {
  unpack(TarBuilder().file("a", "12345").bytes());
  write("tree/a", "123");
  EXPECT_THROW(stream(), Error);
}

TEST_F(Frame, IsRefusedWhenItIsCutOff) {
  unpack(TarBuilder().file("a", "12345").bytes());
  const std::string frame = read("tree.frame");
  for (const std::size_t size : {std::size_t{0}, std::size_t{9}, frame.size() - 1}) {
    write("tree.frame", frame.substr(0, size));
    EXPECT_THROW(stream(), Error) << size;
  }
}

}  // namespace
}  // namespace stack::image
