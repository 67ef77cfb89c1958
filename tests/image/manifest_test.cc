// SPDX-License-Identifier: Apache-2.0
// Strangers' manifests: what is not plainly an image is refused.
#include "image/manifest.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::image {
namespace {

const std::string hex(64, 'a');
const std::string some_digest = "sha256:" + hex;

std::string ref(const std::string& type, const std::string& more = "") {
  return R"({"mediaType":")" + type + R"(","digest":")" + some_digest + R"(","size":10)" + more +
         "}";
}
std::string manifest(const std::string& layers) {
  return R"({"schemaVersion":2,"config":)" + ref("application/vnd.oci.image.config.v1+json") +
         R"(,"layers":[)" + layers + "]}";
}
std::string index(const std::string& items) {
  return R"({"schemaVersion":2,"manifests":[)" + items + "]}";
}
std::string item(const std::string& platform) {
  return ref("application/vnd.oci.image.manifest.v1+json", R"(,"platform":)" + platform);
}
std::string error_of(const std::string& text) {
  try {
    parse_manifest(text);
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Manifest, NamesItsConfigAndLayers) {
  const auto parsed = parse_single_manifest(manifest(ref("application/x.tar") + "," + ref("y")));
  EXPECT_EQ(parsed.config.digest, some_digest);
  ASSERT_EQ(parsed.layers.size(), 2U);
  EXPECT_EQ(parsed.layers[0].media_type, "application/x.tar");
  EXPECT_EQ(parsed.layers[0].size, 10U);
}

TEST(Manifest, IsRefusedWhenItIsNotOne) {
  EXPECT_NE(error_of("{}"), "accepted");
  EXPECT_NE(error_of("[]"), "accepted");
  EXPECT_NE(error_of("null"), "accepted");
  EXPECT_NE(error_of("{"), "accepted");
  EXPECT_NE(error_of(R"({"schemaVersion":1,"fsLayers":[]})").find("first format"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"layers":[],"manifests":[],"config":{}})").find("at once"),
            std::string::npos);
}

TEST(Manifest, IsRefusedWhenADigestOrASizeIsNone) {
  for (const char* bad : {"sha512:aa", "sha256:../../x", "sha256:AAAA", ""})
    EXPECT_NE(error_of(manifest(R"({"digest":")" + std::string(bad) + R"(","size":1})")),
              "accepted")
        << bad;
  for (const char* bad : {"-1", "1e400", "\"7\"", "99999999999999999"})
    EXPECT_NE(error_of(manifest(R"({"digest":")" + some_digest + R"(","size":)" + bad + "}")),
              "accepted")
        << bad;
}

TEST(Manifest, IsRefusedWhenItIsABomb) {
  std::string layers;
  for (int i = 0; i < 513; ++i) layers += (i > 0 ? "," : "") + ref("x");
  EXPECT_NE(error_of(manifest(layers)).find("512"), std::string::npos);
  EXPECT_NE(error_of(std::string(100'000, '[')).find("too deeply"), std::string::npos);
  EXPECT_NE(error_of(std::string(5 << 20, ' ')).find("4 MiB"), std::string::npos);
}

TEST(Manifest, IsRefusedWhenItIsOfSomethingElse) {
  const std::string chart =
      R"({"config":)" + ref("application/vnd.cncf.helm.config.v1+json") + R"(,"layers":[]})";
  EXPECT_NE(error_of(chart).find("not an image"), std::string::npos);
}

TEST(ManifestIndex, IsChosenFromByPlatform) {
  const auto parsed =
      parse_index(index(item(R"({"os":"linux","architecture":"arm64","variant":"v8"})") + "," +
                        item(R"({"os":"linux","architecture":"amd64"})") + "," +
                        item(R"({"os":"unknown","architecture":"unknown"})")));
  EXPECT_EQ(choose_platform(parsed, parse_platform("linux/amd64")).platform->architecture, "amd64");
  EXPECT_EQ(choose_platform(parsed, parse_platform("arm64")).platform->architecture, "arm64");
  try {
    choose_platform(parsed, parse_platform("linux/s390x"));
    ADD_FAILURE() << "there is none";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "there is no image for linux/s390x");
    EXPECT_EQ(error.hint(), "there are: linux/arm64/v8, linux/amd64");
  }
}

TEST(Platform, IsReadAsPeopleWriteIt) {
  EXPECT_EQ(to_text(parse_platform("linux/x86_64")), "linux/amd64");
  EXPECT_EQ(to_text(parse_platform("linux/arm/v7")), "linux/arm/v7");
  EXPECT_THROW(parse_platform("a/b/c/d"), Error);
  EXPECT_THROW(parse_platform("linux/"), Error);
}

TEST(Config, MustHaveAsManyLayersAsTheManifest) {
  const auto parsed = parse_single_manifest(manifest(ref("x")));
  const std::string config =
      R"({"os":"linux","architecture":"arm64","rootfs":{"diff_ids":[")" + some_digest + R"("]}})";
  EXPECT_NO_THROW(check_config(config, parsed, std::nullopt));
  EXPECT_THROW(check_config(config, parsed, parse_platform("linux/amd64")), Error);
  EXPECT_THROW(check_config(R"({"rootfs":{"diff_ids":[]}})", parsed, std::nullopt), Error);
}

}  // namespace
}  // namespace stack::image
