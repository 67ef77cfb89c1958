// SPDX-License-Identifier: Apache-2.0
// Archives of images: those of docker, old and new, and ours; and ones that lie.
#include "image/archive_load.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "image/archive_save.h"
#include "image/digest.h"
#include "image/store_index.h"
#include "scratch_fixture.h"
#include "tar_builder.h"

namespace stack::image {
namespace {

using nlohmann::json;
using test::TarBuilder;
using Strings = std::vector<std::string>;

std::string layer_one() {
  return TarBuilder().file("a", "one").file("gone", "x").bytes();
}
std::string layer_two() {
  return TarBuilder().file("b", "two").file(".wh.gone", "").bytes();
}
std::string config_of(const Strings& layers, const std::string& word = "w") {
  Strings diff_ids;
  for (const auto& layer : layers) diff_ids.push_back(digest_of(layer));
  return json{{"os", "linux"},
              {"config", {{"Cmd", {word}}}},
              {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}},
              {"unknown", {{"kept", true}}}}
      .dump(2);
}

class Archives : public test::InScratch {
 protected:
  Archives() : store(path("images")) {}

  std::vector<LoadedImage> load(const std::string& bytes) {
    write("in.tar", bytes);
    return load_images(store, {.source = path("in.tar")}, {});
  }
  std::string error_of(const std::string& bytes) {
    try {
      load(bytes);
      return "accepted";
    } catch (const Error& error) {
      EXPECT_TRUE(store.list().empty());
      EXPECT_EQ(test::leftovers(scratch_), 0);
      return error.what();
    }
  }
  std::string saved(const Strings& references) {
    std::string bytes;
    save_images(store, references, [&](std::string_view piece) { bytes += piece; });
    return bytes;
  }
  /// As docker 1.10 to 24 has it: layers first, the list last.
  static std::string docker_archive(const std::string& config, const Strings& layers,
                                    const std::string& name) {
    TarBuilder tar;
    json names = json::array();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string folder = std::to_string(i);
      tar.directory(folder).file(folder + "/VERSION", "1.0").file(folder + "/json", "{}");
      tar.file(folder + "/layer.tar", layers[i]);
      names.push_back(folder + "/layer.tar");
    }
    tar.file("c.json", config);
    const json list = {{{"Config", "c.json"}, {"RepoTags", {name}}, {"Layers", names}}};
    return tar.file("manifest.json", list.dump()).file("repositories", "{}").bytes();
  }

  ImageStore store;
};

TEST_F(Archives, OfDockerAreLoaded) {
  const std::string config = config_of({layer_one(), layer_two()});
  for (const auto& bytes :
       {docker_archive(config, {layer_one(), layer_two()}, "shop/a:1"),
        test::gzip(docker_archive(config, {layer_one(), layer_two()}, "b:2")),
        test::zstd(
            docker_archive(config, {test::gzip(layer_one()), test::zstd(layer_two())}, "c"))}) {
    const auto loaded = load(bytes);
    ASSERT_EQ(loaded.size(), 1U);
    EXPECT_EQ(loaded[0].image.id, digest_of(config)) << "the config is kept bit by bit";
    EXPECT_EQ(loaded[0].image.layers.size(), 2U);
  }
  EXPECT_EQ(store.list().at(0).names,
            (Strings{"docker.io/library/b:2", "docker.io/library/c:latest", "docker.io/shop/a:1"}));
}

TEST_F(Archives, WithALayerThatIsALinkAreLoaded) {
  const std::string config = config_of({layer_one()});
  TarBuilder tar;
  tar.symlink("x/layer.tar", "../y/layer.tar").file("y/layer.tar", layer_one());
  tar.file("c.json", config);
  tar.file("manifest.json", R"([{"Config":"c.json","RepoTags":null,"Layers":["x/layer.tar"]}])");
  EXPECT_EQ(load(tar.bytes()).at(0).names, Strings{});
}

TEST_F(Archives, ComeOutAsTheyWentIn) {
  const std::string config = config_of({layer_one(), layer_two()});
  load(docker_archive(config, {layer_one(), layer_two()}, "shop/a:1"));
  const std::string first = saved({"shop/a:1"});
  store.remove("shop/a:1", {}, false);
  EXPECT_TRUE(list_directory(path("images/layers")).empty());
  EXPECT_EQ(load(first).at(0).names, Strings{"docker.io/shop/a:1"});
  EXPECT_EQ(saved({"shop/a:1"}), first);
}

TEST_F(Archives, HaveALayerOfTwoImagesOnce) {
  const std::string config = config_of({layer_one()});
  const std::string other = config_of({layer_two(), layer_one()}, "other");
  load(docker_archive(config, {layer_one()}, "a:1"));
  load(docker_archive(other, {layer_two(), layer_one()}, "b:1"));
  const std::string both = saved({"a:1", "b:1"});
  EXPECT_LT(both.size(), 2 * layer_one().size() + layer_two().size() + 15'000);
  store.remove("a:1", {}, false);
  store.remove("b:1", {}, false);
  EXPECT_EQ(load(both).size(), 2U);
  // The bottom layer of one is an upper layer of the other: the same files at two places.
  EXPECT_EQ(list_directory(path("images/layers")).size(), 3U * 3);
  EXPECT_EQ(saved({"a:1", "b:1"}), both);
}

TEST_F(Archives, WithTheSameLayerTwiceAreLoaded) {
  const std::string config = config_of({layer_one(), layer_one()});
  EXPECT_EQ(load(docker_archive(config, {layer_one(), layer_one()}, "a")).at(0).image.layers.size(),
            2U);
}

TEST_F(Archives, WithAWhiteoutAtTheBottomHideNothing) {
  const std::string config = config_of({layer_two()});
  const auto loaded = load(docker_archive(config, {layer_two()}, "a"));
  EXPECT_EQ(list_directory(loaded.at(0).image.layers.at(0)), Strings{"b"});
}

TEST_F(Archives, ThatLieAreRefused) {
  const std::string config = config_of({layer_one()});
  EXPECT_NE(error_of(docker_archive(config, {layer_two()}, "a")).find("config says"),
            std::string::npos);
  EXPECT_NE(error_of(docker_archive(config, {layer_one(), layer_two()}, "a")).find("2 layers"),
            std::string::npos);
  EXPECT_NE(error_of(TarBuilder().file("x", "y").bytes()).find("not an archive of images"),
            std::string::npos);
  EXPECT_NE(error_of(TarBuilder().file("manifest.json", "[]").bytes()), "accepted");
  EXPECT_NE(error_of(TarBuilder().file("manifest.json", "[{]").bytes()), "accepted");
  EXPECT_NE(error_of(TarBuilder().file("blobs/sha256/" + std::string(64, 'a'), "{}").bytes())
                .find("not what its name says"),
            std::string::npos);
  const std::string whole = docker_archive(config, {layer_one()}, "a");
  EXPECT_NE(error_of(whole.substr(0, whole.size() / 2)), "accepted");
}

TEST_F(Archives, OfADamagedLayerAreNotWritten) {
  const auto loaded = load(docker_archive(config_of({layer_one()}), {layer_one()}, "a"));
  stack::write_file_atomically(loaded.at(0).image.layers.at(0) / "a", "ONE",
                               Durability::survives_crash);
  EXPECT_THROW(saved({"a"}), Error);
  EXPECT_THROW(saved({"nobody"}), Error);
}

}  // namespace
}  // namespace stack::image
