// SPDX-License-Identifier: Apache-2.0
// Crafted archives: whatever they say, what lies beside the layer stays as it was.
#include "image/layer.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "image/digest.h"
#include "scratch_fixture.h"
#include "tar_builder.h"

namespace stack::image {
namespace {

using test::TarBuilder;

class Layer : public test::InScratch {
 protected:
  Layer() {
    write("outside/secret", "sentinel");
    make_directories(path("layer"), 0755);
    before_ = test::tree_text(path("outside"));
  }
  ~Layer() override {
    EXPECT_EQ(test::tree_text(path("outside")), before_) << "the archive reached out of its layer";
    EXPECT_EQ(list_directory(scratch_).size(), 2U + extra_);
  }

  UnpackedLayer unpack(const std::string& bytes, LayerPlace place = LayerPlace::bottom,
                       const LayerLimits& limits = {}) {
    const Fd archive(::memfd_create("archive", MFD_CLOEXEC));
    write_all(archive.get(), bytes);
    ::lseek(archive.get(), 0, SEEK_SET);
    const Fd root = open_file(path("layer"), O_RDONLY | O_DIRECTORY);
    return unpack_layer(archive.get(), root.get(), place, limits);
  }
  UnpackedLayer unpack(const TarBuilder& tar, LayerPlace place = LayerPlace::bottom) {
    return unpack(tar.bytes(), place);
  }
  std::string error_of(const std::string& bytes, const LayerLimits& limits = {},
                       LayerPlace place = LayerPlace::bottom) {
    try {
      unpack(bytes, place, limits);
      return "accepted: " + layer();
    } catch (const Error& error) {
      return error.what();
    }
  }
  std::string error_of(const TarBuilder& tar) { return error_of(tar.bytes()); }
  std::string layer() const { return test::tree_text(path("layer")); }

  std::string before_;
  std::size_t extra_ = 0;
};

std::string attribute(const std::filesystem::path& file, const char* name) {
  char value[64];
  const ssize_t size = ::lgetxattr(file.c_str(), name, value, sizeof value);
  return size < 0 ? "(none)" : std::string(value, static_cast<std::size_t>(size));
}

TEST_F(Layer, IsUnpackedWithModesTimesAndLinks) {
  TarBuilder tar;
  tar.directory("./").directory("./d", 02750).file("./d/f", "hello", 04755);
  tar.hard_link("./d/g", "./d/f").symlink("./l", "d/f").raw({.name = "p", .type = '6', .link = ""});
  const UnpackedLayer result = unpack(tar);
  EXPECT_EQ(layer(), R"(d dir 2750
d/f file 4755 hello
d/g file 4755 hello
l -> d/f
p fifo 644
)");
  EXPECT_EQ(result.file_bytes, 5U);
  for (const char* name : {"layer/d", "layer/d/f", "layer/l", "layer/p"}) {
    struct stat info {};
    ::lstat(path(name).c_str(), &info);
    EXPECT_EQ(info.st_mtim.tv_sec, 1'000'000'000) << name;
  }
}

TEST_F(Layer, HasTheDigestOfItsUncompressedStreamHoweverPacked) {
  const std::string bytes = TarBuilder().file("a", std::string(100'000, 'x')).bytes() +
                            std::string(9000, '\0');  // padding to a tape block counts too
  const std::string expected = digest_of(bytes);
  EXPECT_EQ(unpack(bytes).diff_id, expected);
  EXPECT_EQ(unpack(test::gzip(bytes)).diff_id, expected);
  EXPECT_EQ(unpack(test::zstd(bytes)).diff_id, expected);
  EXPECT_EQ(unpack(test::zstd(bytes)).stream_bytes, bytes.size());
}

TEST_F(Layer, MakesMissingParentsAndDropsALeadingSlash) {
  unpack(TarBuilder().file("/a/./b//c", "x").file("////d", "y"));
  EXPECT_EQ(layer(), "a dir 755\na/b dir 755\na/b/c file 644 x\nd file 644 y\n");
}

TEST_F(Layer, MakesMissingParentsThatEverybodyMayEnterWhateverTheUmask) {
  const mode_t before = ::umask(077);
  unpack(TarBuilder().file("a/b/c", "x"));
  ::umask(before);
  struct stat info {};
  ASSERT_EQ(::stat(path("layer/a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0755U);
}

TEST_F(Layer, RefusesNamesThatLeadOut) {
  for (const char* name : {"../outside/secret", "..", "a/../../outside/secret", "/../x", "a/.."}) {
    EXPECT_EQ(error_of(TarBuilder().file(name, "evil")),
              fmt::format("entry \"{}\": the name leads out of the layer", name));
    EXPECT_EQ(error_of(TarBuilder().symlink(name, "x")),
              fmt::format("entry \"{}\": the name leads out of the layer", name));
  }
  EXPECT_EQ(error_of(TarBuilder().pax({"path=../evil"}).file("fine", "x")),
            "entry \"../evil\": the name leads out of the layer");
  EXPECT_EQ(error_of(TarBuilder().gnu_long('L', "../evil").file("fine", "x")),
            "entry \"../evil\": the name leads out of the layer");
}

TEST_F(Layer, KeepsLinksInsideWhenWritingThroughThem) {
  const std::string outside = path("outside").native();
  unpack(TarBuilder().symlink("up", "../outside").directory("outside").file("up/a", "1"));
  unpack(TarBuilder().symlink("abs", "/inner").directory("inner").file("abs/b", "2"));
  EXPECT_EQ(read("layer/outside/a"), "1");
  EXPECT_EQ(read("layer/inner/b"), "2");
  // A link to a real directory of the host is one that does not exist in here.
  const std::string text = error_of(TarBuilder().symlink("x", outside).file("x/secret", "evil"));
  EXPECT_TRUE(text.ends_with("No such file or directory")) << text;
}

TEST_F(Layer, ReplacesALinkInsteadOfWritingToItsTarget) {
  unpack(TarBuilder().symlink("f", "../outside/secret").file("f", "mine"));
  EXPECT_EQ(layer(), "f file 644 mine\n");
  unpack(TarBuilder().symlink("f", "/etc").directory("f").file("f/x", "1"));
  EXPECT_EQ(layer(), "f dir 755\nf/x file 644 1\n");
}

TEST_F(Layer, ReplacesADirectoryByAFileAndNeverKeepsAStaleParent) {
  unpack(TarBuilder()
             .directory("d")
             .file("d/a", "1")
             .symlink("d", "/e")
             .directory("e")
             .file("d/b", "2"));
  EXPECT_EQ(layer(), "d -> /e\ne dir 755\ne/b file 644 2\n");
}

TEST_F(Layer, LooksForHardLinksInsideOnly) {
  EXPECT_EQ(error_of(TarBuilder().hard_link("x", "../outside/secret")),
            "entry \"x\": the name leads out of the layer");
  EXPECT_EQ(error_of(TarBuilder().hard_link("x", path("outside/secret"))).substr(0, 11),
            "entry \"x\": ");
  EXPECT_EQ(error_of(TarBuilder().hard_link("x", "nothing")),
            "entry \"x\": hard link to nothing, which is missing");
  // A link to a link is a second name of the link: the later file replaces it, not what it names.
  unpack(TarBuilder().symlink("l", "../outside/secret").hard_link("h", "l").file("h", "mine"));
  EXPECT_EQ(read("layer/h"), "mine");
}

TEST_F(Layer, KeepsAFileThatIsHardLinkedToItself) {
  unpack(TarBuilder().file("f", "data").hard_link("f", "f"));
  EXPECT_EQ(layer(), "f file 644 data\n");
}

TEST_F(Layer, RefusesNamesTheFileSystemCannotHold) {
  const std::string component(300, 'n');
  EXPECT_TRUE(error_of(TarBuilder().pax({"path=" + component}).file("x", ""))
                  .ends_with("File name too long"));
  const std::string million = "a/" + std::string(1 << 20, 'b');
  EXPECT_TRUE(
      error_of(TarBuilder().gnu_long('L', million).file("x", "")).starts_with("damaged archive"))
      << "libarchive's own bound";
}

TEST_F(Layer, KeepsNamesThatAreNotAscii) {
  unpack(TarBuilder().file("gr\xc3\xbc\xc3\x9f", "1").pax({"path=caf\xc3\xa9"}).file("x", "2"));
  EXPECT_EQ(layer(), "caf\xc3\xa9 file 644 2\ngr\xc3\xbc\xc3\x9f file 644 1\n");
}

TEST_F(Layer, RefusesADeviceThatOverlayfsTakesForAWhiteout) {
  EXPECT_EQ(error_of(TarBuilder().device("null", 0, 0)),
            "entry \"null\": a character device 0:0 would hide files of other layers");
}

TEST_F(Layer, MakesOtherDevices) {
  NEEDS_ROOT();
  unpack(TarBuilder().device("null", 1, 3));
  EXPECT_EQ(layer(), "null char 1:3\n");
}

TEST_F(Layer, KeepsCapabilitiesAndDropsOrdersToOverlayfs) {
  NEEDS_ROOT();
  // VFS_CAP_REVISION_2, cap_net_bind_service.
  const std::string capability("\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  unpack(TarBuilder()
             .pax({"SCHILY.xattr.security.capability=" + capability,
                   "SCHILY.xattr.trusted.overlay.redirect=/../../etc",
                   "SCHILY.xattr.trusted.overlay.metacopy=", "SCHILY.xattr.user.overlay.opaque=y",
                   "SCHILY.xattr.security.selinux=label", "SCHILY.xattr.user.mine=kept"})
             .file("f", "x", 0755));
  EXPECT_EQ(attribute(path("layer/f"), "security.capability"), capability);
  EXPECT_EQ(attribute(path("layer/f"), "trusted.overlay.redirect"), "(none)");
  EXPECT_EQ(attribute(path("layer/f"), "trusted.overlay.metacopy"), "(none)");
  EXPECT_EQ(attribute(path("layer/f"), "user.overlay.opaque"), "(none)");
  EXPECT_EQ(attribute(path("layer/f"), "user.mine"), "kept");
}

TEST_F(Layer, DropsWhiteoutsAtTheBottom) {
  unpack(TarBuilder().directory("d").file("d/.wh.x", "").file("d/.wh..wh..opq", "").file("y", ""));
  EXPECT_EQ(layer(), "d dir 755\ny file 644 \n");
}

TEST_F(Layer, TurnsWhiteoutsIntoOverlayfssOwn) {
  NEEDS_ROOT();
  unpack(TarBuilder()
             .file("d/.wh.gone", "")
             .file("e/mine", "1")
             .file("e/.wh..wh..opq", "")
             .file("f/x", "2")
             .file(".wh.f", "")
             .file("kept", "3")
             .file(".wh.kept", "")
             .file(".wh.again", "")
             .file("again", "4")
             .directory(".wh..wh.plnk"),
         LayerPlace::above_others);
  EXPECT_EQ(layer(), R"(again file 644 4
d dir 755
d/gone char 0:0
e dir 755
e/mine file 644 1
f dir 755
f/x file 644 2
kept file 644 3
)");
  EXPECT_EQ(attribute(path("layer/e"), "trusted.overlay.opaque"), "y");
  EXPECT_EQ(attribute(path("layer/f"), "trusted.overlay.opaque"), "y");
  EXPECT_EQ(attribute(path("layer/d"), "trusted.overlay.opaque"), "(none)");
}

TEST_F(Layer, RefusesWhiteoutsOfNothing) {
  for (const char* name : {".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh..."}) {
    EXPECT_EQ(error_of(TarBuilder().file(name, "")),
              fmt::format("entry \"{}\": whiteout without a name", name));
  }
  EXPECT_EQ(error_of(TarBuilder().file("../.wh.outside", "")),
            "entry \"../.wh.outside\": the name leads out of the layer");
}

TEST_F(Layer, StopsBeforeTheDiskIsFull) {
  NEEDS_ROOT();
  // 32 MiB of zeros in some kilobytes, for a file system of 16 MiB that goes with the child.
  const std::string bomb =
      test::gzip(TarBuilder().file("zeros", std::string(32 << 20, '\0')).bytes());
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0) ::_exit(1);
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (::mount("none", path("layer").c_str(), "tmpfs", 0, "size=16m") != 0) ::_exit(2);
    LayerLimits limits;
    limits.reserved_bytes = 8 << 20;
    limits.reserved_inodes = 10;
    limits.check_every = 1 << 20;
    const bool stopped = error_of(bomb, limits) ==
                         "entry \"zeros\": too little space is left: No space left on device";
    const bool in_time = std::filesystem::space(path("layer")).available >= 7 << 20;
    ::_exit(!stopped ? 3 : !in_time ? 4 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Layer, StopsAfterTooManyEntries) {
  TarBuilder tar;
  for (int i = 0; i < 20; ++i) tar.file("f" + std::to_string(i), "");
  LayerLimits limits;
  limits.entries = 10;
  EXPECT_EQ(error_of(tar.bytes(), limits), "the layer has more than 10 entries");
}

TEST_F(Layer, RefusesToReadOnWithoutAnyFile) {
  LayerLimits limits;
  limits.idle_bytes = 4 << 20;
  const std::string zeros(5 << 20, '\0');
  const std::string words = "the archive has more than 4194304 bytes that belong to no file";
  EXPECT_EQ(error_of(test::zstd(TarBuilder().file("a", "").bytes() + zeros), limits), words);
  // Whiteouts have no content.
  EXPECT_EQ(error_of(test::zstd(TarBuilder().file("d/.wh.a", zeros).file("b", "").bytes()), limits),
            words);
  EXPECT_EQ(error_of(TarBuilder().file("a", zeros).file("b", zeros).bytes(), limits).substr(0, 9),
            "accepted:");
}

TEST_F(Layer, RefusesWhatIsCompressedTwice) {
  const std::string once = test::gzip(TarBuilder().file("a", "1").bytes());
  EXPECT_EQ(error_of(test::gzip(once)), "the archive is compressed more than once");
  EXPECT_EQ(error_of(test::zstd(once)), "the archive is compressed more than once");
}

TEST_F(Layer, DoesNotTakeAHugeClaimedSizeForData) {
  const std::string text = error_of(
      TarBuilder().raw({.name = "big", .link = "", .size = 077777777777ULL}, "only this much"));
  EXPECT_TRUE(text.starts_with("entry \"big\": damaged archive: ")) << text;
}

TEST_F(Layer, RefusesWhatIsNoArchiveAndWhatIsCutShort) {
  EXPECT_TRUE(error_of(std::string(5000, 'x')).starts_with("damaged archive: "));
  EXPECT_EQ(error_of(std::string()), "the archive is empty");
  const std::string bytes = TarBuilder().file("a", std::string(100'000, 'x')).bytes();
  EXPECT_TRUE(error_of(bytes.substr(0, 50'000)).starts_with("entry \"a\": damaged archive: "));
  const std::string packed = test::zstd(bytes);
  EXPECT_NE(error_of(packed.substr(0, packed.size() / 2)).find("damaged archive"),
            std::string::npos);
}

TEST_F(Layer, RefusesARootThatIsNoDirectory) {
  EXPECT_EQ(error_of(TarBuilder().symlink("/", "/etc")),
            "entry \"/\": the root of the layer must be a directory");
  EXPECT_EQ(error_of(TarBuilder().hard_link("x", "/")),
            "entry \"x\": hard link to the root of the layer");
}

}  // namespace
}  // namespace stack::image
