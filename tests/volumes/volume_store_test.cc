// SPDX-License-Identifier: Apache-2.0
#include "volumes/volume_store.h"

#include <sys/wait.h>

#include <thread>

#include "volume_fixture.h"

namespace stack::volumes {
namespace {

using Strings = std::vector<std::string>;

Strings names(const std::vector<VolumeInfo>& volumes) {
  Strings result;
  for (const VolumeInfo& volume : volumes) result.push_back(volume.name);
  return result;
}

TEST_F(Volumes, AreMadeOnceAndFoundAgain) {
  const VolumeInfo made = store.ensure({"shop_data", {{"project", "shop"}}});
  EXPECT_EQ(made.data, data("shop_data"));
  write("volumes/shop_data/_data/row", "1");
  const VolumeInfo again = store.ensure({"shop_data", {{"project", "other"}}});
  EXPECT_EQ(again.labels.at("project"), "shop") << "the volume that was there is what counts";
  EXPECT_EQ(read_file(data("shop_data") / "row"), "1");
  EXPECT_FALSE(store.find("none"));
}

TEST_F(Volumes, CanBeLabelledLater) {
  store.ensure({"shop_data", {{"project", "shop"}}});
  store.set_label("shop_data", "stack.kept", "keep");
  EXPECT_EQ(store.find("shop_data")->labels.at("stack.kept"), "keep");
  EXPECT_EQ(store.find("shop_data")->labels.at("project"), "shop");
  store.set_label("shop_data", "stack.kept", "");
  EXPECT_FALSE(store.find("shop_data")->labels.contains("stack.kept"));
  EXPECT_EQ(error_of([&] { store.set_label("none", "a", "b"); }), "no such volume: none");
}

TEST_F(Volumes, KeepTheirOptionsAndShowWhatIsBehindThem) {
  write("srv/row", "1");
  const VolumeOptions options{{"type", "none"}, {"o", "bind"}, {"device", path("srv").native()}};
  store.ensure({"a", {}, options});
  EXPECT_EQ(store.find("a")->options, options);
  EXPECT_EQ(store.ensure({"a", {}}).options, options) << "one that is there is taken as it is";
  EXPECT_EQ(store.mount_source("a", ""), path("srv"));
  EXPECT_EQ(error_of([&] { store.mount_source("a", "none"); }),
            "volume a: open none: No such file or directory");
  EXPECT_EQ(names(store.list()), Strings{"a"});
}

TEST_F(Volumes, AreRemovedAndHadBackWithoutWhatIsBehindTheirDevice) {
  write("srv/row", "1");
  const VolumeOptions options{{"type", "none"}, {"o", "bind"}, {"device", path("srv").native()}};
  store.ensure({"a", {}, options});
  EXPECT_TRUE(store.set_aside("a"));
  EXPECT_FALSE(store.find("a"));
  EXPECT_EQ(store.list_removed().at(0).volume.options, options);
  EXPECT_EQ(store.restore("a").options, options);
  EXPECT_TRUE(store.remove("a"));
  EXPECT_EQ(read_file(path("srv/row")), "1");
}

TEST_F(Volumes, WithADamagedDocumentAreNeitherListedNorLost) {
  store.ensure({"a", {{"project", "shop"}}});
  write("volumes/a/_data/row", "1");
  write("volumes/a/meta.json", "{\"kind\":");
  EXPECT_EQ(names(store.list()), Strings{});
  EXPECT_EQ(error_of([&] {
              store.ensure({"a", {}});
            }),
            path("volumes/a/meta.json").native() + " is damaged: not a JSON object");
  EXPECT_EQ(read_file(data("a") / "row"), "1");
}

TEST_F(Volumes, WithoutADocumentGetOneAndAreNotFilledAgain) {
  store.ensure({"a", {}});
  write("volumes/a/_data/row", "1");
  std::filesystem::remove(path("volumes/a/meta.json"));
  EXPECT_EQ(store.ensure({"a", {{"project", "shop"}}}).labels.at("project"), "shop");
  EXPECT_EQ(names(store.list()), Strings{"a"});
  write("image/srv/from-image", "x");
  EXPECT_FALSE(store.fill_from_image("a", {path("image")}, "/srv"));
  EXPECT_EQ(read_file(data("a") / "row"), "1");
  EXPECT_FALSE(stack::exists(data("a") / "from-image"));
}

TEST_F(Volumes, AreListedByLabels) {
  store.ensure({"a", {{"project", "shop"}, {"service", "db"}}});
  store.ensure({"b", {{"project", "shop"}}});
  store.ensure({"c", {}});
  EXPECT_EQ(names(store.list()), (Strings{"a", "b", "c"}));
  EXPECT_EQ(names(store.list({{"project", "shop"}})), (Strings{"a", "b"}));
  EXPECT_EQ(names(store.list({{"project", "shop"}, {"service", "db"}})), (Strings{"a"}));
  EXPECT_EQ(names(store.list({{"project", "x"}})), Strings{});
  EXPECT_EQ(names(VolumeStore(path("nowhere")).list()), Strings{});
}

TEST_F(Volumes, RefuseNamesThatAreNoPlainComponents) {
  write("outside/x", "sentinel");
  for (const std::string& name : Strings{"", ".", "..", "../outside", "a/b", ".hidden", "-x", "a b",
                                         "a\nb", std::string("a\0b", 3), std::string(256, 'a')}) {
    for (const auto& work : std::vector<std::function<void()>>{
             [&] {
               store.ensure({name, {}});
             },
             [&] { store.find(name); }, [&] { store.remove(name); },
             [&] { store.mount_source(name, ""); }, [&] { store.size(name); },
             [&] { store.fill_from_image(name, {}, "/"); }}) {
      EXPECT_TRUE(error_of(work).starts_with("invalid volume name \"")) << error_of(work);
    }
  }
  EXPECT_EQ(read_file(path("outside/x")), "sentinel");
}

TEST_F(Volumes, AreRemovedWholeAndOnlyByName) {
  store.ensure({"a", {}});
  store.ensure({"b", {}});
  write("volumes/a/_data/deep/file", "x");
  EXPECT_TRUE(store.remove("a"));
  EXPECT_FALSE(store.remove("a"));
  EXPECT_EQ(names(store.list()), Strings{"b"});
  EXPECT_EQ(list_directory(path("volumes")), (Strings{".lock", "b"}));
  EXPECT_FALSE(VolumeStore(path("nowhere")).remove("a"));
}

TEST_F(Volumes, AreRemovedWithoutFollowingLinks) {
  write("outside/x", "sentinel");
  store.ensure({"a", {}});
  std::filesystem::create_symlink(path("outside"), data("a") / "link");
  store.remove("a");
  EXPECT_EQ(read_file(path("outside/x")), "sentinel");
}

TEST_F(Volumes, AreSweptOfWhatAKilledProcessLeft) {
  store.ensure({"a", {}});
  write("volumes/.tmp.dead/_data/half", "x");
  store.ensure({"b", {}});
  EXPECT_EQ(list_directory(path("volumes")), (Strings{".lock", "a", "b"}));
}

TEST_F(Volumes, CanBeSweptWithoutAnotherChange) {
  store.sweep();
  EXPECT_FALSE(stack::exists(path("volumes"))) << "nothing is made for it";
  store.ensure({"a", {}});
  write("volumes/.tmp.dead/a/_data/half", "x");
  store.sweep();
  EXPECT_EQ(list_directory(path("volumes")), (Strings{".lock", "a"}));
}

TEST_F(Volumes, CanBeMadeByManyAtOnce) {
  std::vector<std::thread> makers;
  for (int i = 0; i < 8; ++i) makers.emplace_back([&] { store.ensure({"same", {}}); });
  for (std::thread& maker : makers) maker.join();
  EXPECT_EQ(names(store.list()), Strings{"same"});
}

TEST_F(Volumes, AreRefusedForASubdirectoryThatIsNotReallyInside) {
  store.ensure({"a", {}});
  write("volumes/a/_data/sub/dir/x", "1");
  write("outside/x", "sentinel");
  std::filesystem::create_symlink(path("outside"), data("a") / "link");
  std::filesystem::create_symlink("sub", data("a") / "inner");
  EXPECT_EQ(store.mount_source("a", ""), data("a"));
  EXPECT_EQ(store.mount_source("a", "/sub/dir"), data("a"));
  for (const char* hostile : {"link", "link/x", "inner/dir", "..", "../meta.json", "sub/../../x"}) {
    EXPECT_TRUE(error_of([&] { store.mount_source("a", hostile); }).starts_with("volume a: open "))
        << hostile;
  }
  EXPECT_EQ(error_of([&] { store.mount_source("a", "none"); }),
            "volume a: open none: No such file or directory");
}

TEST_F(Volumes, TellTheDiskTheyTake) {
  store.ensure({"a", {}});
  const std::uint64_t empty = store.size("a");
  write("volumes/a/_data/f", std::string(1 << 20, 'x'));
  std::filesystem::create_hard_link(data("a") / "f", data("a") / "g");
  const std::uint64_t full = store.size("a");
  EXPECT_GE(full, empty + (1 << 20));
  EXPECT_LT(full, empty + (2 << 20)) << "two names of one file count once";
}

TEST_F(Volumes, OfANewerVersionAreRefusedAndKept) {
  store.ensure({"a", {}});
  write("volumes/a/meta.json", R"({"kind":"volume","format":99})");
  EXPECT_NE(error_of([&] { store.ensure({"a", {}}); }).find("newer stack"), std::string::npos);
  EXPECT_TRUE(stack::exists(data("a")));
}

}  // namespace
}  // namespace stack::volumes
