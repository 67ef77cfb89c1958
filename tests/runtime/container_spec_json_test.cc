// SPDX-License-Identifier: Apache-2.0
#include "runtime/container_spec_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace stack::runtime {
namespace {

ContainerSpec full_spec() {
  ContainerSpec spec;
  spec.id = "0123";
  spec.name = "shop-db-1";
  spec.cgroup = "stack/shop/0123";
  spec.hostname = "db";
  spec.domainname = "example.test";
  spec.root = {{"/layers/b", "/layers/a"}, "/c/upper", "/c/work", Writable::no};
  MountSpec bind;
  bind.source = "/data";
  bind.subpath = "some/part";
  bind.target = "/var/lib/data";
  bind.writable = Writable::no;
  bind.propagation = "rslave";
  bind.recursive = false;
  MountSpec tmpfs;
  tmpfs.kind = MountKind::tmpfs;
  tmpfs.target = "/run";
  tmpfs.options = {"size=1m", "exec"};
  MountSpec image;
  image.kind = MountKind::image;
  image.source = "tool:1";
  image.target = "/opt";
  image.layers = {"/layers/b", "/layers/a"};
  MountSpec volume;
  volume.kind = MountKind::file_system;
  volume.source = "tmpfs";
  volume.target = "/cache";
  volume.volume = "shop_cache";
  volume.type = "tmpfs";
  volume.is_one_instance = true;
  spec.mounts = {bind, tmpfs, image, volume};
  spec.etc = {"/e/hosts", "/e/resolv.conf", "/e/hostname"};
  spec.process = {{"postgres"}, {"A=b"}, "/srv",    "postgres:postgres",      true,
                  true,         true,    {"audio"}, {{"nofile", {1024, -1}}}, -5};
  ResourceSpec& limits = spec.resources;
  limits.memory_limit = 1U << 30;
  limits.memory_reservation = 1U << 20;
  limits.memory_swap = -1;
  limits.memory_swappiness = 0;
  limits.oom_kill_disable = true;
  limits.cpus = 1.5;
  limits.cpu_shares = 512;
  limits.cpu_period = 50'000;
  limits.cpu_quota = -1;
  limits.cpu_rt_period = 1;
  limits.cpu_rt_runtime = 2;
  limits.cpuset = "0-1";
  limits.pids_limit = -1;
  limits.shm_size = 1U << 20;
  limits.block = {
      10, {{"/dev/a", 20}}, {{"/dev/b", 1}}, {{"/dev/c", 2}}, {{"/dev/d", 3}}, {{"/dev/e", 4}}};
  spec.security = {{"CHOWN", "KILL"}, true, true, "{}",
                   "docker-default",  true, true, {{"/dev/a", "/dev/b", "r"}},
                   {"c 1:3 r"}};
  spec.security.devices.push_back({"/dev/x", "/dev/y", "", DeviceIdentity{'b', 7, 8}, 0640, 1, 2});
  spec.root.size = 1U << 30;
  spec.hooks = {{"/bin/hook", {"hook", "x"}, {"A=b"}, 5}};
  spec.namespaces.network.kind = NamespaceKind::host;
  spec.namespaces.pid = {NamespaceKind::shared, "shop-web-1"};
  spec.namespaces.ipc.kind = NamespaceKind::none;
  spec.namespaces.uts.kind = NamespaceKind::host;
  spec.namespaces.cgroup.kind = NamespaceKind::host;
  spec.namespaces.user.kind = NamespaceKind::own;
  spec.ids = {1000, 2000, 3000};
  spec.sysctls = {{"net.core.somaxconn", "1"}};
  spec.files = {{"/run/x", 1, 2, 0400, "text", "", false}, {"/run/y", 1, 2, 0400, "", "/y", true}};
  return spec;
}

TEST(ContainerSpecJson, ARoundTripKeepsEveryMember) {
  const ContainerSpec spec = full_spec();
  EXPECT_EQ(nlohmann::json(spec).get<ContainerSpec>(), spec);
}

TEST(ContainerSpecJson, TheContentOfASecretIsNotWritten) {
  ContainerSpec spec;
  spec.files = {{"/run/secrets/key", 0, 0, 0444, "canary", "", true}};
  EXPECT_EQ(nlohmann::json(spec).dump().find("canary"), std::string::npos);
}

TEST(ContainerSpecJson, AbsentLimitsStayAbsent) {
  ContainerSpec spec;
  spec.id = "0123";
  const nlohmann::json json = spec;
  EXPECT_FALSE(json["resources"].contains("memory_limit"));
  EXPECT_EQ(json.get<ContainerSpec>(), spec);
}

TEST(ContainerSpecJson, UnknownMembersAreIgnoredAndAbsentOnesKeepTheirDefault) {
  const auto spec = nlohmann::json::parse(R"({
    "id": "1", "colour": "blue", "root": {"lower": ["/l"]},
    "process": {"arguments": ["true"]}, "security": {"capabilities": []}})")
                        .get<ContainerSpec>();
  EXPECT_EQ(spec.root.lower, std::vector<std::string>{"/l"});
  EXPECT_EQ(spec.process.working_directory, "/");
  EXPECT_EQ(spec.resources.shm_size, 64U << 20);
}

TEST(ContainerSpecJson, AWrongShapeThrows) {
  EXPECT_THROW(nlohmann::json::parse(R"({"id": 5})").get<ContainerSpec>(),
               nlohmann::json::exception);
}

}  // namespace
}  // namespace stack::runtime
