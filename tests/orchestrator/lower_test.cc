// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/lower.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "builders.h"
#include "orchestrator/diff.h"
#include "orchestrator/lower_limits.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

supervisor::ContainerConfig lowered(const spec::Service& service,
                                    const image::ImageConfig& image = {}) {
  ImageCatalog catalog = images();
  catalog["busybox"].config = image;
  const auto shop = project({service});
  const DesiredState state = desired_state(shop, {service.name}, catalog);
  const Places places{
      {"/layers/1"},
      [](const auto& volume, const auto&) { return "/volumes/" + volume; },
      [](const auto& id) { return std::vector<std::filesystem::path>{"/layers/of/" + id}; }};
  return lower(state.containers.begin()->second, "shop", std::string(64, 'a'), places);
}

bool contains(const std::vector<std::string>& list, const std::string& entry) {
  return std::ranges::find(list, entry) != list.end();
}

/// What diff() calls an update must be all that lower_changeable() changes, and nothing less.
TEST(Lower, WhatIsUpdatedInPlaceIsWhatANewContainerWouldBe) {
  spec::Service before = service("web");
  spec::Service after = service("web");
  after.mem_limit = 64 << 20;
  after.restart.kind = spec::RestartPolicy::Kind::always;
  after.stop_signal = "SIGUSR1";
  after.labels["tier"] = "front";
  after.ports.push_back({});
  after.ports.back().target = 80;
  after.ports.back().published = 8080;
  after.healthcheck.emplace().test = {"CMD", "true"};
  after.post_start.push_back(
      {.command = {"a"}, .user = {}, .privileged = false, .working_dir = {}, .environment = {}});
  after.pre_stop = after.post_start;
  after.networks["default"].aliases = {"www"};
  supervisor::ContainerConfig updated = lowered(before);
  lower_changeable(desired(project({after})).containers.at("shop-web-1"), updated);
  EXPECT_EQ(updated, lowered(after));
  supervisor::ContainerConfig changed = lowered(before);
  replace_changeable(changed, updated);
  EXPECT_EQ(changed, updated);
  ObservedState world = come_true(desired(project({before})));
  const auto changes = diff(desired(project({after})), world, {"web"});
  EXPECT_EQ(changes.containers.at("shop-web-1").verdict, Verdict::update);
}

TEST(Lower, TheFilesEnvironmentWinsAndANullUnsetsWhatTheImageSets) {
  spec::Service web = service("web");
  web.environment = {{"A", "file"}, {"B", std::nullopt}};
  image::ImageConfig image;
  image.environment = {"A=image", "B=image", "C=image"};
  const auto environment = lowered(web, image).spec.process.environment;
  EXPECT_TRUE(contains(environment, "A=file"));
  EXPECT_TRUE(contains(environment, "C=image"));
  EXPECT_FALSE(contains(environment, "B=image"));
  EXPECT_TRUE(contains(environment, "HOSTNAME=aaaaaaaaaaaa"));
}

TEST(Lower, ServiceContainerNameAliasesAndShortIdAreNamesInEachNetwork) {
  spec::Service web = service("web");
  web.networks["default"].aliases = {"www"};
  const auto config = lowered(web);
  ASSERT_EQ(config.endpoints.size(), 1U);
  EXPECT_EQ(config.endpoints[0].network, "shop_default");
  EXPECT_EQ(config.endpoints[0].aliases,
            (std::vector<std::string>{"web", "shop-web-1", "aaaaaaaaaaaa", "www"}));
}

TEST(Lower, AVirtualAddressHasTheNamesOfTheService) {
  spec::Service web = service("web");
  web.hostname = "front";
  web.networks["default"].aliases = {"www"};
  EXPECT_FALSE(supervisor::has_virtual_address(lowered(web)));
  web.virtual_address = true;
  const auto config = lowered(web);
  ASSERT_TRUE(supervisor::has_virtual_address(config));
  EXPECT_EQ(*config.endpoints[0].vip, (supervisor::VirtualSeat{"web", {"web", "www"}, 0}));
}

TEST(Lower, NamesAndNameServersAreHandedDown) {
  spec::Service web = service("web");
  web.links = {{"db", "store"}};
  web.external_links = {{"other-db-1", "far"}};
  web.extra_hosts = {"one=10.0.0.1", "one=::1", "host=host-gateway"};
  web.dns = {"192.0.2.1"};
  web.dns_search = {"."};
  web.dns_opt = {"ndots:1"};
  const auto config = lowered(web);
  EXPECT_EQ(config.links,
            (std::vector<supervisor::LinkRule>{{"store", "db"}, {"far", "other-db-1"}}));
  EXPECT_EQ(config.extra_hosts,
            (std::vector<std::pair<std::string, std::string>>{
                {"one", "10.0.0.1"}, {"one", "::1"}, {"host", "host-gateway"}}));
  EXPECT_EQ(config.dns, (supervisor::DnsRules{{"192.0.2.1"}, {"."}, {"ndots:1"}}));
}

TEST(Lower, AMountedImageBecomesItsLayers) {
  spec::Service web = service("web");
  spec::Mount& mount = web.volumes.emplace_back();
  mount.type = spec::MountType::image;
  mount.source = "busybox";
  mount.target = "/opt";
  mount.access = spec::Access::read_only;
  mount.subpath = "bin";
  const auto mounts = lowered(web).spec.mounts;
  ASSERT_EQ(mounts.size(), 1U);
  EXPECT_EQ(mounts[0].kind, runtime::MountKind::image);
  EXPECT_EQ(mounts[0].source, "busybox");
  EXPECT_EQ(mounts[0].layers, (std::vector<std::string>{"/layers/of/sha256:1"}));
  EXPECT_EQ(mounts[0].subpath, "bin");
  EXPECT_EQ(mounts[0].writable, runtime::Writable::no);
}

TEST(Lower, TheImagesHealthCheckStandsWhereTheFileSaysNothing) {
  using std::chrono_literals::operator""s;
  image::ImageConfig image;
  image.healthcheck =
      image::ImageHealthcheck{.test = {"CMD", "probe"}, .interval = 7s, .retries = 2};
  spec::Service web = service("web");
  const auto inherited = lowered(web, image).health;
  ASSERT_TRUE(inherited);
  EXPECT_EQ(inherited->command, (std::vector<std::string>{"probe"}));
  EXPECT_EQ(inherited->interval, 7s);
  EXPECT_EQ(inherited->timeout, 30s);
  web.healthcheck = spec::Healthcheck{};
  web.healthcheck->interval = 1s;
  EXPECT_EQ(lowered(web, image).health->interval, 1s);
  EXPECT_EQ(lowered(web, image).health->retries, 2U);
  web.healthcheck->disable = true;
  EXPECT_FALSE(lowered(web, image).health);
}

TEST(Lower, TheNetworkOfHighestPriorityComesFirst) {
  spec::Service web = service("web");
  web.networks["zone"].priority = 10;
  const auto config = lowered(web);
  EXPECT_EQ(config.endpoints[0].network, "shop_zone");
  EXPECT_EQ(config.endpoints[1].network, "shop_default");
}

TEST(Lower, AShellHealthCheckBecomesAnArgumentList) {
  spec::Service web = service("web");
  web.healthcheck.emplace().test = {"CMD-SHELL", "curl -f localhost || exit 1"};
  web.healthcheck->interval = std::chrono::seconds(2);
  const auto health = lowered(web).health;
  ASSERT_TRUE(health);
  EXPECT_EQ(health->command,
            (std::vector<std::string>{"/bin/sh", "-c", "curl -f localhost || exit 1"}));
  EXPECT_EQ(health->interval, std::chrono::seconds(2));
  EXPECT_EQ(health->retries, 3U);
}

TEST(Lower, NoneAndDisableTurnTheHealthCheckOff) {
  spec::Service web = service("web");
  web.healthcheck.emplace().test = {"NONE"};
  EXPECT_FALSE(lowered(web).health);
  web.healthcheck->test = {"CMD", "true"};
  web.healthcheck->disable = true;
  EXPECT_FALSE(lowered(web).health);
}

TEST(Lower, TheStopSignalOfTheFileWinsOverTheImages) {
  image::ImageConfig image;
  image.stop_signal = "SIGQUIT";
  EXPECT_EQ(lowered(service("web")).stop.signal, "SIGTERM");
  EXPECT_EQ(lowered(service("web"), image).stop.signal, "SIGQUIT");
  spec::Service web = service("web");
  web.stop_signal = "SIGINT";
  EXPECT_EQ(lowered(web, image).stop.signal, "SIGINT");
}

TEST(Lower, LoggingIsWhatIsKeptOfTheOutput) {
  spec::Service web = service("web");
  EXPECT_EQ(lowered(web).log,
            (supervisor::LogPolicy{supervisor::LogPolicy::Kept::files, 10'000'000, 3}));
  web.logging = {"json-file", {{"max-size", "1m"}, {"max-file", "4"}}};
  EXPECT_EQ(lowered(web).log,
            (supervisor::LogPolicy{supervisor::LogPolicy::Kept::files, 1'000'000, 4}));
  web.logging = {"none", {}};
  EXPECT_EQ(lowered(web).log.kept, supervisor::LogPolicy::Kept::nothing);
}

TEST(Lower, OutputIsSentWithItsTagAndItsFields) {
  using Shipping = supervisor::LogShipping;
  spec::Service web = service("web");
  web.labels = {{"my.tier", "front"}, {"other", "no"}};
  web.environment["COLOUR"] = "red";
  web.logging = {"journald", {{"labels", "my.tier, none"}, {"env-regex", "^COL"}}};
  const auto journald = lowered(web).log.shipping.value();
  EXPECT_EQ(journald.to, Shipping::To::journald);
  EXPECT_EQ(journald.tag, std::string(12, 'a'));
  EXPECT_EQ(journald.fields,
            (std::vector<std::string>{
                "CONTAINER_ID=" + std::string(12, 'a'), "CONTAINER_ID_FULL=" + std::string(64, 'a'),
                "CONTAINER_NAME=shop-web-1", "CONTAINER_TAG=" + std::string(12, 'a'),
                "IMAGE_NAME=busybox", "MY_TIER=front", "COLOUR=red"}));
  web.logging = {"syslog",
                 {{"syslog-address", "tcp://[fd00::1]:601"},
                  {"syslog-facility", "local7"},
                  {"syslog-format", "rfc5424"},
                  {"tag", "{{.ImageName}}/{{.Name}}"}}};
  const auto syslog = lowered(web).log.shipping.value();
  EXPECT_EQ(syslog.way, Shipping::Way::tcp);
  EXPECT_EQ(syslog.place, "fd00::1");
  EXPECT_EQ(syslog.port, 601);
  EXPECT_EQ(syslog.facility, 23);
  EXPECT_EQ(syslog.format, Shipping::Format::rfc5424);
  EXPECT_EQ(syslog.tag, "busybox/shop-web-1");
  web.logging = {"syslog", {}};
  EXPECT_EQ(lowered(web).log.shipping.value().place, "/dev/log");
}

TEST(Lower, AnotherLabelIsAnotherContainerWhereLabelsGoWithLines) {
  spec::Service web = service("web");
  web.logging = {"journald", {{"labels", "tier"}}};
  const ObservedState world = come_true(desired(project({web})));
  web.labels["tier"] = "front";
  const auto changes = diff(desired(project({web})), world, {"web"});
  EXPECT_EQ(changes.containers.at("shop-web-1").verdict, Verdict::recreate);
}

TEST(Lower, AServiceWithNothingToRunIsRefusedByName) {
  spec::Service web = service("web");
  web.command.reset();
  EXPECT_THROW(lowered(web), Error);
}

TEST(Lower, HostNetworkPublishesNothing) {
  spec::Service web = service("web");
  web.networks.clear();
  web.network_mode = "host";
  web.ports.push_back({});
  const auto config = lowered(web);
  EXPECT_TRUE(config.ports.empty());
  EXPECT_EQ(config.spec.namespaces.network.kind, runtime::NamespaceKind::host);
}

TEST(Lower, ASubpathIsLeftToTheRuntimeWhichOpensItAtEachStart) {
  spec::Service web = service("web");
  spec::Mount mount;
  mount.type = spec::MountType::volume;
  mount.source = "data";
  mount.target = "/data";
  mount.subpath = "/part/of";
  web.volumes.push_back(mount);
  const auto lowered_mount = lowered(web).spec.mounts.at(0);
  EXPECT_EQ(lowered_mount.source, "/volumes/shop_data");
  EXPECT_EQ(lowered_mount.subpath, "part/of");
}

TEST(Lower, TmpfsOptionsAreHandedOn) {
  spec::Service web = service("web");
  spec::Mount mount;
  mount.type = spec::MountType::tmpfs;
  mount.target = "/run";
  mount.tmpfs_size = 1024;
  mount.tmpfs_mode = 0755;
  web.volumes.push_back(mount);
  EXPECT_EQ(lowered(web).spec.mounts.at(0).options,
            (std::vector<std::string>{"size=1024", "mode=755"}));
}

TEST(Lower, IdsOfItsOwnAreAskedForAndVolumesKeepThoseThatAreSeenInside) {
  spec::Service web = service("web");
  web.userns_mode = "auto:size=1000";
  spec::Mount volume;
  volume.source = "data";
  volume.target = "/data";
  web.volumes = {volume};
  const auto config = lowered(web);
  EXPECT_EQ(config.spec.namespaces.user.kind, runtime::NamespaceKind::own);
  EXPECT_EQ(config.spec.ids, (IdBlock{0, 0, 1000}));
  EXPECT_TRUE(config.spec.mounts.at(0).container_ids);
  web.userns_mode = "host";
  EXPECT_EQ(lowered(web).spec.namespaces.user.kind, runtime::NamespaceKind::host);
  EXPECT_FALSE(lowered(web).spec.ids.remaps());
}

TEST(Lower, WhoSharesANamespaceSharesItsUserNamespace) {
  DesiredContainer wish;
  wish.model.userns_mode = "auto";
  wish.shares = {{"network_mode", "shop-db-1"}};
  EXPECT_EQ(namespaces_of(wish).user,
            (runtime::NamespaceSpec{runtime::NamespaceKind::shared, "shop-db-1"}));
}

}  // namespace
}  // namespace stack::orchestrator
