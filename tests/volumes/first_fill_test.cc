// SPDX-License-Identifier: Apache-2.0
#include "volumes/first_fill.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "volume_fixture.h"

namespace stack::volumes {
namespace {

class FirstFill : public Volumes {
 protected:
  FirstFill() {
    store.ensure({"v", {}});
    write("image/var/lib/db/PG_VERSION", "15");
    write("image/var/lib/db/base/1/x", "rows");
    std::filesystem::create_symlink("base/1", path("image/var/lib/db/link"));
    std::filesystem::create_hard_link(path("image/var/lib/db/PG_VERSION"),
                                      path("image/var/lib/db/same"));
    ::chmod(path("image/var/lib/db").c_str(), 0700);
    ::chmod(path("image/var/lib/db/base").c_str(), 02750);
    if (::geteuid() == 0) own("image/var/lib/db", 100);
    const timespec times[2] = {{7, 0}, {1'000'000'000, 5}};
    ::utimensat(AT_FDCWD, path("image/var/lib/db/base").c_str(), times, 0);
    ::utimensat(AT_FDCWD, path("image/var/lib/db").c_str(), times, 0);
  }
  void own(const std::string& relative, uid_t owner) {
    ASSERT_EQ(::chown(path(relative).c_str(), owner, owner), 0);
  }
  bool fill(const std::string& from = "/var/lib/db") {
    return store.fill_from_image("v", {path("image")}, from);
  }
  bool fill_layers(const std::vector<std::string>& layers, const std::string& from) {
    std::vector<std::filesystem::path> paths;
    for (const std::string& layer : layers) paths.push_back(path(layer));
    return store.fill_from_image("v", paths, from);
  }
  std::string content() const { return tree_text(data("v")); }
  std::string of_image() const { return tree_text(path("image/var/lib/db")); }
};

TEST_F(FirstFill, CopiesContentOwnersModesTimesAndLinks) {
  EXPECT_TRUE(fill());
  EXPECT_EQ(content(), of_image());
  struct stat one {};
  struct stat two {};
  ::stat((data("v") / "PG_VERSION").c_str(), &one);
  ::stat((data("v") / "same").c_str(), &two);
  EXPECT_EQ(one.st_ino, two.st_ino);
  for (const auto& directory : {data("v"), data("v") / "base"}) {
    struct stat info {};
    ::stat(directory.c_str(), &info);
    EXPECT_EQ(info.st_mtim.tv_sec, 1'000'000'000) << directory;
    EXPECT_EQ(info.st_mtim.tv_nsec, 5) << directory;
  }
}

TEST_F(FirstFill, GoesBehindTheDeviceOfAVolumeThatHasOne) {
  make_directories(path("srv"), 0755);
  const auto fill_device = [&] {
    return store.fill_from_image("v", {path("image")}, "/var/lib/db",
                                 open_file(path("srv"), O_RDONLY | O_DIRECTORY));
  };
  EXPECT_TRUE(fill_device());
  EXPECT_EQ(tree_text(path("srv")), of_image());
  EXPECT_TRUE(list_directory(data("v")).empty());
  EXPECT_FALSE(fill_device());
}

TEST_F(FirstFill, BehindADeviceIsCompletedAfterADeathBeforeAnyStep) {
  for (const char* stop :
       {"copy", "sync the copy", "declare the copy ready", "move an entry", "set owner and mode",
        "remember that it is filled", "remove the emptied copy"}) {
    store.remove("v");
    remove_tree(path("srv"));
    store.ensure({"v", {}});
    make_directories(path("srv"), 0755);
    const auto fill_device = [&](const StepHook& before) {
      return fill_elsewhere(path("volumes/v"), open_file(path("srv"), O_RDONLY | O_DIRECTORY),
                            {path("image")}, "/var/lib/db", before);
    };
    EXPECT_THROW(fill_device([&](const char* step) {
                   if (std::string_view(step) == stop) throw Error("cut off");
                 }),
                 Error)
        << stop;
    fill_device([](const char*) {});
    EXPECT_EQ(tree_text(path("srv")), of_image()) << stop;
  }
}

TEST_F(FirstFill, HappensOnce) {
  EXPECT_TRUE(fill());
  EXPECT_FALSE(fill());
  remove_tree(data("v") / "base");
  write("image/var/lib/db/new", "x");
  EXPECT_FALSE(fill());
  for (const auto& name : list_directory(data("v"))) remove_tree(data("v") / name);
  EXPECT_FALSE(fill()) << "who emptied it wants it empty";
}

TEST_F(FirstFill, LeavesAVolumeAloneThatHasSomething) {
  write("volumes/v/_data/mine", "1");
  EXPECT_FALSE(fill());
  EXPECT_EQ(list_directory(data("v")), std::vector<std::string>{"mine"});
}

TEST_F(FirstFill, IsNothingWhenTheImageHasNoSuchDirectory) {
  EXPECT_FALSE(fill("/nowhere/at/all"));
  EXPECT_FALSE(fill("/var/lib/db/PG_VERSION")) << "a file is no directory";
  EXPECT_FALSE(store.fill_from_image("v", {}, "/"));
  EXPECT_TRUE(fill()) << "another image may still fill it";
}

TEST_F(FirstFill, OfAnEmptyDirectoryTakesItsOwnerAndMode) {
  NEEDS_ROOT();
  make_directories(path("image/empty"), 0755);
  ::chmod(path("image/empty").c_str(), 01770);
  own("image/empty", 42);
  EXPECT_TRUE(fill("/empty"));
  EXPECT_EQ(content(), ". 1770 42\n");
  ::chmod(data("v").c_str(), 0711);
  EXPECT_FALSE(fill("/empty")) << "once";
  EXPECT_EQ(content(), ". 711 42\n");
  EXPECT_TRUE(fill()) << "an image that has content there";
  EXPECT_EQ(content(), of_image());
}

TEST_F(FirstFill, KeepsTheDirectoryThatAContainerHasMounted) {
  const Fd mounted = open_file(data("v"), O_RDONLY | O_DIRECTORY);
  fill();
  EXPECT_EQ(::faccessat(mounted.get(), "base/1/x", R_OK, 0), 0);
}

TEST_F(FirstFill, NeverOverwritesWhatAContainerMadeMeanwhile) {
  const auto before = [&](const char* step) {
    if (std::string_view(step) == "declare the copy ready")
      write("volumes/v/_data/PG_VERSION", "theirs");
  };
  EXPECT_TRUE(first_fill(path("volumes/v"), {path("image")}, "/var/lib/db", before));
  EXPECT_EQ(read_file(data("v") / "PG_VERSION"), "theirs");
  EXPECT_EQ(read_file(data("v") / "base/1/x"), "rows");
  EXPECT_FALSE(stack::exists(path("volumes/v/.fill.ready")));
}

TEST_F(FirstFill, FollowsLinksInsideTheImageOnly) {
  write("outside/secret", "sentinel");
  std::filesystem::create_directory_symlink("/var/lib", path("image/data"));
  std::filesystem::create_directory_symlink("../../../../../../outside", path("image/var/up"));
  std::filesystem::create_directory_symlink(path("outside"), path("image/abs"));
  std::filesystem::create_directory_symlink("loop", path("image/loop"));
  EXPECT_FALSE(fill("/var/up"));
  EXPECT_FALSE(fill("/abs"));
  EXPECT_EQ(error_of([&] { fill("/loop"); }),
            "filling volume v from the image's /loop: /loop: too many symbolic links: Too many "
            "levels of symbolic links");
  EXPECT_TRUE(fill("/data/db")) << "an absolute link starts at the image's root";
  EXPECT_EQ(content(), of_image());
}

TEST_F(FirstFill, CopiesLinksAsLinks) {
  write("outside/secret", "sentinel");
  std::filesystem::create_symlink(path("outside/secret"), path("image/var/lib/db/leak"));
  fill();
  EXPECT_TRUE(std::filesystem::is_symlink(data("v") / "leak"));
}

TEST_F(FirstFill, LeavesDevicesOut) {
  NEEDS_ROOT();
  ASSERT_EQ(::mknod(path("image/var/lib/db/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  ASSERT_EQ(::mkfifo(path("image/var/lib/db/fifo").c_str(), 0600), 0);
  fill();
  EXPECT_FALSE(stack::exists(data("v") / "null"));
  EXPECT_TRUE(stack::exists(data("v") / "fifo"));
}

TEST_F(FirstFill, CopiesHarmlessAttributesOnly) {
  NEEDS_ROOT();
  const std::string file = path("image/var/lib/db/PG_VERSION");
  ASSERT_EQ(::setxattr(file.c_str(), "user.mine", "1", 1, 0), 0);
  ASSERT_EQ(::setxattr(file.c_str(), "trusted.other", "1", 1, 0), 0);
  fill();
  char value = 0;
  EXPECT_EQ(::getxattr((data("v") / "PG_VERSION").c_str(), "user.mine", &value, 1), 1);
  EXPECT_EQ(::getxattr((data("v") / "PG_VERSION").c_str(), "trusted.other", &value, 1), -1);
}

TEST_F(FirstFill, KeepsHoles) {
  const Fd file = open_file(path("image/var/lib/db/sparse"), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(::pwrite(file.get(), "x", 1, 50 << 20), 1);
  fill();
  struct stat info {};
  ::stat((data("v") / "sparse").c_str(), &info);
  EXPECT_EQ(info.st_size, (50 << 20) + 1);
  EXPECT_LT(info.st_blocks, 2048);
  const std::string copy = read_file(data("v") / "sparse");
  EXPECT_EQ(copy.back(), 'x');
}

TEST_F(FirstFill, JoinsLayersAsOverlayfsDoes) {
  NEEDS_ROOT();
  write("low/d/kept", "low");
  write("low/d/hidden", "low");
  write("low/d/both", "low");
  write("low/d/opaque/gone", "low");
  write("low/d/merged/low", "low");
  write("low/d/file-then-dir", "low");
  write("low/d/dir-then-file/x", "low");
  write("top/d/both", "top");
  write("top/d/opaque/new", "top");
  write("top/d/merged/top", "top");
  write("top/d/file-then-dir/y", "top");
  write("top/d/dir-then-file", "top");
  make_whiteout(path("top/d/hidden"));
  make_opaque(path("top/d/opaque"));
  EXPECT_TRUE(fill_layers({"top", "low"}, "/d"));
  EXPECT_EQ(content(), R"(. 755 0
both 644 0 top
dir-then-file 644 0 top
file-then-dir 755 0
file-then-dir/y 644 0 top
kept 644 0 low
merged 755 0
merged/low 644 0 low
merged/top 644 0 top
opaque 755 0
opaque/new 644 0 top
)");
}

TEST_F(FirstFill, ResolvesPathsAcrossLayers) {
  NEEDS_ROOT();
  write("low/real/x", "low");
  write("low/old/y", "low");
  make_directories(path("top"), 0755);
  std::filesystem::create_symlink("real", path("top/link"));
  make_whiteout(path("top/old"));
  EXPECT_FALSE(fill_layers({"top", "low"}, "/old")) << "whited out";
  EXPECT_TRUE(fill_layers({"top", "low"}, "/link"));
  EXPECT_EQ(read_file(data("v") / "x"), "low");
}

TEST_F(FirstFill, IsCompletedAfterADeathBeforeAnyStep) {
  for (int fatal = 0;; ++fatal) {
    store.remove("v");
    store.ensure({"v", {}});
    const pid_t child = ::fork();
    if (child == 0) {
      int step = 0;
      first_fill(path("volumes/v"), {path("image")}, "/var/lib/db", [&](const char*) {
        if (step++ == fatal) ::_exit(1);
      });
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const bool died = WEXITSTATUS(status) == 1;
    fill();  // what starting the next container does
    EXPECT_EQ(content(), of_image()) << "died before step " << fatal;
    EXPECT_EQ(list_directory(path("volumes/v")), (std::vector<std::string>{"_data", "meta.json"}));
    EXPECT_FALSE(fill());
    if (!died) {
      EXPECT_GT(fatal, 9) << "all steps were tried";
      break;
    }
  }
}

TEST_F(FirstFill, ByManyAtOnceHappensOnce) {
  std::atomic<int> copies = 0;
  std::vector<std::thread> fillers;
  for (int i = 0; i < 8; ++i) fillers.emplace_back([&] { copies += fill() ? 1 : 0; });
  for (std::thread& filler : fillers) filler.join();
  EXPECT_EQ(copies, 1);
  EXPECT_EQ(content(), of_image());
}

TEST_F(FirstFill, NeedsTheVolume) {
  EXPECT_EQ(error_of([&] { store.fill_from_image("none", {path("image")}, "/"); }),
            "filling volume none from the image's /: there is no such volume");
}

TEST_F(FirstFill, IsWaitedForByARemoval) {
  const auto lock = lock_volume(path("volumes/v"));
  std::atomic<bool> removed = false;
  std::thread remover([&] {
    store.remove("v");
    removed = true;
  });
  EXPECT_FALSE(removed);
  EXPECT_TRUE(stack::exists(data("v")));
  ::flock(lock->get(), LOCK_UN);
  remover.join();
  EXPECT_FALSE(stack::exists(data("v")));
}

}  // namespace
}  // namespace stack::volumes
