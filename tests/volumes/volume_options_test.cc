// SPDX-License-Identifier: Apache-2.0
#include "volumes/volume_options.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace stack::volumes {
namespace {

using Kind = VolumeMount::Kind;
using Strings = std::vector<std::string>;

std::string refusal(const VolumeOptions& options) {
  try {
    parse_volume_options(options);
    return "taken";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(VolumeOptions, NoneAreAPlainVolume) {
  EXPECT_EQ(parse_volume_options({}), VolumeMount{});
}

TEST(VolumeOptions, ABindIsADirectoryOfTheHost) {
  const auto mount =
      parse_volume_options({{"type", "none"}, {"o", "bind, ro,nodev"}, {"device", "/srv/data"}});
  EXPECT_EQ(mount.kind, Kind::bind);
  EXPECT_EQ(mount.device, "/srv/data");
  EXPECT_EQ(mount.options, (Strings{"ro", "nodev"}));
  EXPECT_TRUE(mount.is_read_only());
  EXPECT_FALSE(mount.recursive) << "what is mounted below it is another matter";
  EXPECT_TRUE(parse_volume_options({{"type", "none"}, {"o", "rbind"}, {"device", "/a"}}).recursive);
}

TEST(VolumeOptions, OthersAreFileSystems) {
  const auto share = parse_volume_options(
      {{"type", "nfs"}, {"o", "addr=nas,ro,vers=4,rw"}, {"device", ":/films"}});
  EXPECT_EQ(share.kind, Kind::file_system);
  EXPECT_EQ(share.type, "nfs");
  EXPECT_EQ(share.options, (Strings{"addr=nas", "ro", "vers=4", "rw"}));
  EXPECT_FALSE(share.is_read_only()) << "the last word counts";
  EXPECT_FALSE(share.is_one_instance) << "the kernel knows a share that it has mounted already";
}

TEST(VolumeOptions, WhatLivesInItsMountIsOneForAll) {
  EXPECT_TRUE(parse_volume_options({{"type", "tmpfs"}, {"device", "tmpfs"}}).is_one_instance);
  EXPECT_FALSE(parse_volume_options({{"type", "ext4"}, {"device", "/dev/sdz"}}).is_one_instance);
}

TEST(VolumeOptions, WhatDockerRefusesIsRefusedInItsWords) {
  EXPECT_EQ(refusal({{"typ", "none"}}), "invalid option: \"typ\"");
  EXPECT_EQ(refusal({{"o", "bind"}}), "missing required option: \"type\"");
  EXPECT_EQ(refusal({{"type", "tmpfs"}}), "missing required option: \"device\"");
  EXPECT_EQ(refusal({{"type", "none"}, {"device", ""}}), "missing required option: \"device\"");
  EXPECT_EQ(refusal({{"size", "1g"}}), "option size: quotas of volumes are not supported");
}

TEST(VolumeOptions, WhatTheKernelWouldPassOverIsRefused) {
  EXPECT_EQ(refusal({{"type", "none"}, {"o", "bind"}, {"device", "data"}}),
            "device \"data\" is not an absolute path");
  EXPECT_EQ(refusal({{"type", "none"}, {"o", "bind,uid=1000"}, {"device", "/data"}}),
            "option \"uid=1000\" in o means nothing to a bind mount");
  EXPECT_EQ(refusal({{"type", "none"}, {"device", "/data"}}), "type \"none\" is no file system");
  EXPECT_EQ(refusal({{"type", "nfs"}, {"device", ":/"}, {"o", std::string(256, 'x')}}),
            "an option in o is longer than the 255 bytes that the kernel takes");
}

TEST(VolumeOptions, TheirTextKeepsPasswords) {
  EXPECT_EQ(
      to_text({{"type", "cifs"}, {"o", "user=me,password=secret,vers=3"}, {"device", "//a/b"}}),
      "device=//a/b, o=user=me,password=********,vers=3, type=cifs");
}

}  // namespace
}  // namespace stack::volumes
