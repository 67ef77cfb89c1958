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
  spec.mounts = {bind, tmpfs};
  spec.etc = {"/e/hosts", "/e/resolv.conf", "/e/hostname"};
  spec.process = {{"postgres"}, {"A=b"}, "/srv", "postgres:postgres", true, true, true};
  spec.resources = {1U << 30, 1.5, -1, 1U << 20};
  spec.security = {{"CHOWN", "KILL"}, true};
  spec.network = NetworkNamespace::host;
  return spec;
}

TEST(ContainerSpecJson, ARoundTripKeepsEveryMember) {
  const ContainerSpec spec = full_spec();
  EXPECT_EQ(nlohmann::json(spec).get<ContainerSpec>(), spec);
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
