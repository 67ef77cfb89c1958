// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/backed_volumes.h"

#include <gtest/gtest.h>

#include "builders.h"
#include "orchestrator/lower.h"

namespace stack::orchestrator {
namespace {

using namespace testing;
using volumes::VolumeOptions;

const VolumeOptions kept_in_memory{{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m,uid=7"}};
const VolumeOptions bound{{"type", "none"}, {"device", "/srv/data"}, {"o", "bind,ro"}};

/// web has volume "data" of these options at /data.
spec::Project shop_backed_by(const VolumeOptions& options) {
  spec::Service web = service("web");
  spec::Mount& mount = web.volumes.emplace_back();
  mount.type = spec::MountType::volume;
  mount.source = "data";
  mount.target = "/data";
  spec::Project shop = project({web});
  shop.volumes.at("data").driver_opts = options;
  return shop;
}

const std::string& name_of_data(const DesiredState& wish) {
  return wish.volumes.begin()->first;
}

/// It exists, made by project `owner`.
ObservedState world_with(const DesiredState& wish, const VolumeOptions& options,
                         const std::string& owner) {
  ObservedState world;
  world.volumes[name_of_data(wish)] = {
      name_of_data(wish), {{"com.docker.compose.project", owner}}, {}, "/v", options};
  return world;
}

runtime::MountSpec mount_of(const VolumeOptions& options) {
  DesiredState wish = desired(shop_backed_by(options));
  settle_volumes(wish, {});
  const Places places{{"/layers/1"},
                      [](const auto& volume, const auto&) { return "/v/" + volume; }};
  return lower(wish.containers.at("shop-web-1"), "shop", std::string(64, 'a'), places)
      .spec.mounts.at(0);
}

std::string problems_of(const DesiredState& wish, const ObservedState& world) {
  std::string text;
  for (const Problem& problem : check_volumes(wish, world)) text += problem.message + "\n";
  return text;
}

TEST(BackedVolumes, AreWhatTheirOptionsSayWithTheirNames) {
  const auto plain = mount_of({});
  EXPECT_EQ(plain.kind, runtime::MountKind::bind);
  EXPECT_TRUE(plain.volume.empty());
  const auto directory = mount_of(bound);
  EXPECT_EQ(directory.kind, runtime::MountKind::bind);
  EXPECT_EQ(directory.source, "/srv/data");
  EXPECT_EQ(directory.writable, runtime::Writable::no);
  EXPECT_FALSE(directory.recursive);
  EXPECT_TRUE(directory.volume.ends_with("data"));
  const auto memory = mount_of(kept_in_memory);
  EXPECT_EQ(memory.kind, runtime::MountKind::file_system);
  EXPECT_EQ(memory.type, "tmpfs");
  EXPECT_EQ(memory.options, (std::vector<std::string>{"size=1m", "uid=7"}));
  EXPECT_TRUE(memory.is_one_instance);
}

TEST(BackedVolumes, OthersVolumesAreTakenAsTheyAre) {
  DesiredState wish = desired(shop_backed_by({}));
  settle_volumes(wish, world_with(wish, bound, "other"));
  EXPECT_EQ(wish.volumes.begin()->second.options, bound);
  EXPECT_EQ(wish.containers.at("shop-web-1").mounts.at(0).backing.device, "/srv/data");
  EXPECT_EQ(problems_of(wish, world_with(wish, bound, "other")), "");
}

TEST(BackedVolumes, ThatHaveChangedAreAProblemAndNeverMadeAnew) {
  DesiredState wish = desired(shop_backed_by(kept_in_memory));
  const ObservedState world = world_with(wish, bound, "shop");
  settle_volumes(wish, world);
  EXPECT_EQ(problems_of(wish, world),
            "volume " + name_of_data(wish) +
                " is there with other options: device=/srv/data, o=bind,ro, type=none; and now "
                "device=tmpfs, o=size=1m,uid=7, type=tmpfs\n");
  DesiredState without = desired(shop_backed_by({}));
  settle_volumes(without, world);
  EXPECT_NE(problems_of(without, world).find("and now no options"), std::string::npos);
  EXPECT_EQ(problems_of(wish, world_with(wish, kept_in_memory, "shop")), "");
}

TEST(BackedVolumes, OfADriverThatThereIsNotAreAProblem) {
  spec::Project shop = shop_backed_by({});
  shop.volumes.at("data").driver = "rexray";
  const DesiredState wish = desired(shop);
  EXPECT_EQ(problems_of(wish, {}),
            "volume " + name_of_data(wish) + ": there is no driver \"rexray\"\n");
}

TEST(BackedVolumes, WithOptionsThatMeanNothingAreAProblem) {
  const DesiredState wish = desired(shop_backed_by({{"o", "bind"}}));
  EXPECT_EQ(problems_of(wish, {}),
            "volume " + name_of_data(wish) + ": missing required option: \"type\"\n");
}

TEST(BackedVolumes, AddressesStayAndServersOfSmbSharesGetOne) {
  supervisor::ContainerConfig config;
  runtime::MountSpec share;
  share.kind = runtime::MountKind::file_system;
  share.type = "cifs";
  share.source = "//127.0.0.1/films";
  config.spec.mounts = {share};
  share.type = "nfs";
  share.options = {"vers=4", "addr=192.0.2.7"};
  config.spec.mounts.push_back(share);
  resolve_volume_hosts(config);
  EXPECT_EQ(config.spec.mounts[0].options, std::vector<std::string>{"ip=127.0.0.1"});
  EXPECT_EQ(config.spec.mounts[1].options, (std::vector<std::string>{"vers=4", "addr=192.0.2.7"}));
}

}  // namespace
}  // namespace stack::orchestrator
