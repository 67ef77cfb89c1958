// SPDX-License-Identifier: Apache-2.0
#include "cli/container_inspect.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/container_mounts.h"

namespace stack::cli {
namespace {

using Json = nlohmann::json;
using runtime::MountKind;
using runtime::MountSpec;

const std::string anonymous_name(64, 'a');

MountSpec bound(const std::string& source, const std::string& target) {
  MountSpec mount;
  mount.source = source;
  mount.target = target;
  return mount;
}

MountSpec volume(const std::string& name, const std::string& target) {
  MountSpec mount = bound("/var/lib/stack/volumes/" + name + "/_data", target);
  mount.volume = name;
  return mount;
}

MountSpec tmpfs(const std::string& target, const std::vector<std::string>& options = {}) {
  MountSpec mount;
  mount.kind = MountKind::tmpfs;
  mount.target = target;
  mount.options = options;
  return mount;
}

MountSpec read_only(MountSpec mount) {
  mount.writable = runtime::Writable::no;
  return mount;
}

/// Of `stack container run`: the words are the command's.
supervisor::ObservedContainer by_hand() {
  supervisor::ObservedContainer it;
  it.config.by_hand.emplace();
  it.config.wording.binds = {
      {"/a", ""}, {"/b", "ro"}, {"/here", ""}, {"/c", "rw,z"}, {"/anon", ""}};
  it.config.wording.mounts = {"/m", "/mv"};
  it.config.wording.tmpfs = {{"/t", "size=1m"}};
  it.config.spec.mounts = {volume("things", "/a"),
                           read_only(volume("things", "/b")),
                           bound("/srv", "/here"),
                           bound("/srv", "/c"),
                           volume(anonymous_name, "/anon"),
                           tmpfs("/m", {"size=1048576", "mode=1770"}),
                           read_only(volume("things", "/mv")),
                           tmpfs("/t", {"size=1048576"}),
                           volume(anonymous_name, "/of-image")};
  return it;
}

Json modes_of(const Json& mounts) {
  Json modes = Json::object();
  for (const auto& mount : mounts) modes[mount["Destination"].get<std::string>()] = mount["Mode"];
  return modes;
}

TEST(ContainerMounts, WhatWasGivenByHandIsShownAsItWasGiven) {
  const auto container = by_hand();
  const Json wish = Json::object();
  const std::vector<std::string> of_image{"/of-image"};
  const MountView view{container, wish, of_image};
  EXPECT_EQ(view.binds(), (Json{"things:/a", "things:/b:ro", "/srv:/here", "/srv:/c:rw,z"}));
  EXPECT_EQ(view.tmpfs(), (Json{{"/t", "size=1m"}}));
  EXPECT_EQ(view.entries(), Json::parse(R"([{"Type": "tmpfs", "Target": "/m",
                             "TmpfsOptions": {"SizeBytes": 1048576, "Mode": 1016}},
                            {"Type": "volume", "Target": "/mv", "Source": "things",
                             "ReadOnly": true}])"));
  EXPECT_EQ(modes_of(view.all()), Json::parse(R"({"/a": "z", "/b": "ro", "/here": "", "/c": "rw,z",
                                                   "/anon": "", "/m": "", "/mv": "z",
                                                   "/of-image": ""})"));
  EXPECT_EQ(view.volume_places(), (std::vector<std::string>{"/of-image", "/anon"}));
}

TEST(ContainerMounts, OfAFileAsDockerComposeWouldHaveAskedForThem) {
  supervisor::ObservedContainer container;
  container.config.spec.mounts = {
      volume("shop_data", "/data"),      read_only(bound("/srv", "/srv")),
      volume("shop_data", "/plain"),     volume(anonymous_name, "/anon"),
      bound("/srv", "/must-be"),         tmpfs("/entry"),
      volume("shop_data", "/of-another")};
  container.config.wording.mounts = {"/must-be"};
  container.config.spec.files.push_back({"/run/secrets/s", 0, 0, 0444, "", "/srv/secret", true});
  container.config.spec.files.push_back({"/c", 0, 0, 0444, "text", "", false});
  const Json wish{
      {"volumes",
       {"volume shop_data:/data", "bind /srv:/srv read_only", "volume shop_data:/plain nocopy",
        "volume " + anonymous_name + ":/anon", "bind /srv:/must-be", "tmpfs /entry"}}};
  const std::vector<std::string> of_image;
  const MountView view{container, wish, of_image};
  EXPECT_EQ(view.binds(), (Json{"shop_data:/data:rw", "/srv:/srv:ro"}));
  EXPECT_EQ(view.entries(),
            Json::parse(R"([{"Type": "volume", "Target": "/plain", "Source": "shop_data",
                             "VolumeOptions": {"NoCopy": true}},
                            {"Type": "volume", "Target": "/anon"},
                            {"Type": "bind", "Target": "/must-be", "Source": "/srv"},
                            {"Type": "tmpfs", "Target": "/entry"},
                            {"Type": "bind", "Target": "/run/secrets/s", "Source": "/srv/secret",
                             "ReadOnly": true}])"));
  EXPECT_EQ(
      modes_of(view.all()),
      Json::parse(R"({"/data": "rw", "/srv": "ro", "/plain": "z", "/anon": "z", "/must-be": "",
                            "/entry": "", "/of-another": "", "/run/secrets/s": ""})"));
}

Json inspected(const supervisor::ObservedContainer& container, const Labels& of_project = {},
               const image::Image* image = nullptr) {
  ContainerSurroundings around;
  around.of_project = of_project;
  around.image = image;
  around.exposed = {"80/tcp"};
  return inspect_json(container, around);
}

supervisor::ObservedContainer seated(const std::string& network) {
  supervisor::ObservedContainer it;
  it.config.id = std::string(64, 'c');
  it.config.name = "web";
  it.config.applied = "{}";
  supervisor::Endpoint endpoint;
  endpoint.network = network;
  endpoint.aliases = {"web", "www"};
  it.config.endpoints = {endpoint};
  network::DualAddress address;
  address.v4 = *network::parse_ipv4("172.20.0.2");
  it.status.addresses[network] = address;
  it.status.process.pid = 7;
  return it;
}

TEST(ContainerInspect, WhoDoesNotRunHasNoAddress) {
  auto container = seated("shop_default");
  const Labels of_project{{"com.docker.compose.project", "shop"}};
  EXPECT_EQ(inspected(container, of_project)["NetworkSettings"]["IPAddress"], "172.20.0.2");
  container.status.process.pid = 0;
  const Json settings = inspected(container, of_project)["NetworkSettings"];
  for (const Json& each : {settings, settings["Networks"]["shop_default"]}) {
    EXPECT_EQ(each["IPAddress"], "");
    EXPECT_EQ(each["MacAddress"], "");
    EXPECT_EQ(each["IPPrefixLen"], 0);
  }
  EXPECT_EQ(settings["Networks"]["shop_default"]["IPAMConfig"], Json::object());
  EXPECT_EQ(settings["Ports"], Json::object());
}

TEST(ContainerInspect, AnEndpointIsShownAsItWasAskedFor) {
  auto container = seated("shop_default");
  supervisor::Endpoint& endpoint = container.config.endpoints.front();
  endpoint.gw_priority = 5;
  endpoint.interface = "web0";
  endpoint.sysctls = {{"net.ipv4.conf.IFNAME.log_martians", "1"}};
  endpoint.link_local = {*network::parse_ipv4("169.254.7.7")};
  endpoint.link_local6 = {*network::parse_ipv6("fe80::77")};
  const Json seat = inspected(container)["NetworkSettings"]["Networks"]["shop_default"];
  EXPECT_EQ(seat["GwPriority"], 5);
  EXPECT_EQ(seat["IPAMConfig"], (Json{{"LinkLocalIPs", {"169.254.7.7", "fe80::77"}}}));
  EXPECT_EQ(seat["DriverOpts"], Json::parse(R"({
    "com.docker.network.endpoint.ifname": "web0",
    "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1"})"));
  EXPECT_TRUE(seat["Links"].is_null());
}

TEST(ContainerInspect, LinksOfAFileAreThoseThatDockerComposeMakes) {
  auto container = seated("shop_default");
  container.config.links = {{"database", "db"}, {"far", "blog-web-1"}};
  ContainerSurroundings around;
  around.of_project = {{"com.docker.compose.project", "shop"}};
  around.files.project = "shop";
  around.services = {{"db", {"shop-db-1"}}};
  const Json seen = inspect_json(container, around);
  EXPECT_EQ(
      seen["NetworkSettings"]["Networks"]["shop_default"]["Links"],
      (Json{"shop-db-1:database", "shop-db-1:db-1", "shop-db-1:shop-db-1", "blog-web-1:far"}));
  EXPECT_TRUE(seen["HostConfig"]["Links"].is_null());
}

TEST(ContainerInspect, BindingsAreThoseThatWereAskedForByNumber) {
  auto container = seated("bridge");
  container.config.ports = {{"127.0.0.1", 8080, 8080, 80}, {"", 0, 0, 99}};
  EXPECT_EQ(inspected(container)["HostConfig"]["PublishAllPorts"], false);
  EXPECT_EQ(inspected(container)["HostConfig"]["PortBindings"].size(), 2);
  container.config.wording.ports_before_exposed = 1;
  EXPECT_EQ(inspected(container)["HostConfig"]["PublishAllPorts"], true);
  EXPECT_EQ(inspected(container)["HostConfig"]["PortBindings"],
            Json::parse(R"({"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]})"));
}

TEST(ContainerInspect, TheDefaultNetworkKnowsNoNames) {
  const Json bridge = inspected(seated("bridge"))["NetworkSettings"]["Networks"]["bridge"];
  EXPECT_TRUE(bridge["Aliases"].is_null());
  EXPECT_TRUE(bridge["DNSNames"].is_null());
  const Json own = inspected(seated("own"))["NetworkSettings"]["Networks"]["own"];
  EXPECT_EQ(own["Aliases"], Json{"www"});
}

TEST(ContainerInspect, WithoutANetworkNothingIsExposed) {
  supervisor::ObservedContainer container = seated("bridge");
  EXPECT_EQ(inspected(container)["NetworkSettings"]["Ports"], (Json{{"80/tcp", nullptr}}));
  container.config.endpoints.clear();
  container.config.spec.namespaces.network.kind = runtime::NamespaceKind::host;
  EXPECT_EQ(inspected(container)["NetworkSettings"]["Ports"], Json::object());
}

TEST(ContainerInspect, OnlyWhatWasSaidIsInTheConfig) {
  supervisor::ObservedContainer container = seated("bridge");
  container.config.health.emplace();
  container.config.health->interval = std::chrono::seconds(7);
  container.config.applied = R"({"healthcheck": {"test": ["CMD", "true"], "interval": "7s"}})";
  Json config = inspected(container)["Config"];
  EXPECT_EQ(config["Healthcheck"], (Json{{"Test", {"CMD", "true"}}, {"Interval", 7'000'000'000}}));
  EXPECT_FALSE(config.contains("StopSignal"));
  EXPECT_FALSE(config.contains("MacAddress"));
  EXPECT_EQ(config["AttachStdout"], true);
  container.config.applied = R"({"stop_signal": "INT"})";
  container.config.wording.mac_address = "02:00:00:00:00:05";
  container.config.wording.detached = true;
  config = inspected(container)["Config"];
  EXPECT_EQ(config["StopSignal"], "INT");
  EXPECT_EQ(config["MacAddress"], "02:00:00:00:00:05");
  EXPECT_EQ(config["AttachStdout"], false);
}

TEST(ContainerInspect, AnEntrypointThatWasTakenAwayIsNotOneThatNeverWas) {
  image::Image image;
  image.config.entrypoint = {"/entry"};
  image.config.command = {"serve"};
  supervisor::ObservedContainer container = seated("bridge");
  container.config.applied = R"({"entrypoint": []})";
  Json config = inspected(container, {}, &image)["Config"];
  EXPECT_EQ(config["Entrypoint"], Json::array());
  EXPECT_EQ(config["Cmd"], Json{"serve"});
  container.config.applied = R"({"entrypoint": ["/mine"]})";
  config = inspected(container, {}, &image)["Config"];
  EXPECT_EQ(config["Entrypoint"], Json{"/mine"});
  EXPECT_TRUE(config["Cmd"].is_null());
}

TEST(ContainerInspect, TheEnvironmentIsInDockersOrder) {
  image::Image image;
  image.config.environment = {"PATH=/bin", "A=1", "B=2"};
  supervisor::ObservedContainer container = seated("bridge");
  container.config.applied = R"({"environment": {"B": "3", "Z": "z"}})";
  container.config.spec.process.environment = {"A=1", "B=3", "PATH=/bin", "Z=z"};
  EXPECT_EQ(inspected(container, {}, &image)["Config"]["Env"],
            (Json{"B=3", "Z=z", "PATH=/bin", "A=1"}));
}

TEST(ContainerInspect, NothingIsAnEmptyListToDockerAndNullToDockerCompose) {
  supervisor::ObservedContainer container = seated("bridge");
  EXPECT_TRUE(inspected(container)["HostConfig"]["Dns"].is_null());
  EXPECT_EQ(inspected(container)["HostConfig"]["ExtraHosts"], Json::array());
  container.config.by_hand.emplace();
  EXPECT_EQ(inspected(container)["HostConfig"]["Dns"], Json::array());
  EXPECT_TRUE(inspected(container)["HostConfig"]["ExtraHosts"].is_null());
}

TEST(ContainerInspect, SecurityIsSaidAsItWasGiven) {
  supervisor::ObservedContainer container = seated("bridge");
  container.config.applied = R"({"privileged": true})";
  EXPECT_EQ(inspected(container)["HostConfig"]["SecurityOpt"], Json{"label=disable"});
  container.config.wording.security = {"seccomp=unconfined"};
  EXPECT_EQ(inspected(container)["HostConfig"]["SecurityOpt"],
            (Json{"seccomp=unconfined", "label=disable"}));
  container.config.wording.security = {"label=type:t"};
  EXPECT_EQ(inspected(container)["HostConfig"]["SecurityOpt"], Json{"label=type:t"});
}

}  // namespace
}  // namespace stack::cli
