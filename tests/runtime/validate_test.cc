// SPDX-License-Identifier: Apache-2.0
#include "runtime/validate.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"

namespace stack::runtime {
namespace {

ContainerSpec good_spec() {
  ContainerSpec spec;
  spec.id = "0123";
  spec.cgroup = "stack/shop/0123";
  spec.root.lower = {"/layers/a"};
  spec.root.upper = "/c/upper";
  spec.root.work = "/c/work";
  spec.process.arguments = {"true"};
  spec.security.capabilities = default_capabilities();
  return spec;
}

/// What validate() says of a good spec after `change`; empty when it is still good.
std::string verdict(const std::function<void(ContainerSpec&)>& change) {
  ContainerSpec spec = good_spec();
  change(spec);
  try {
    validate(spec);
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

std::string verdict_on_target(const std::string& target) {
  return verdict([&](ContainerSpec& spec) {
    MountSpec mount;
    mount.source = "/data";
    mount.target = target;
    spec.mounts = {mount};
  });
}

TEST(Validate, AGoodSpecPasses) {
  EXPECT_EQ(verdict([](ContainerSpec&) {}), "");
}

TEST(Validate, ACommandIsNeeded) {
  EXPECT_EQ(verdict([](ContainerSpec& s) { s.process.arguments.clear(); }),
            "there is no command to run");
}

TEST(Validate, TargetsMustStayInside) {
  EXPECT_EQ(verdict_on_target("/var/lib/data"), "");
  EXPECT_EQ(verdict_on_target("/"), "mount target / would hide the whole image");
  EXPECT_EQ(verdict_on_target("/proc/sys"),
            "mount target /proc/sys: nothing can be mounted inside /proc");
  EXPECT_EQ(verdict_on_target("/proc/meminfo"), "");
  EXPECT_EQ(verdict_on_target("/proc/net/dev"), "");
  EXPECT_NE(verdict_on_target("/proc/meminfo/x"), "");
  EXPECT_NE(verdict_on_target("/proc/net"), "");
  EXPECT_EQ(verdict_on_target("/a/../../etc"),
            "mount target \"/a/../../etc\" must be a plain absolute path");
  EXPECT_EQ(verdict_on_target("data"), "mount target \"data\" must be a plain absolute path");
}

TEST(Validate, TwoMountsOnOnePlaceAreRefused) {
  EXPECT_EQ(verdict([](ContainerSpec& s) {
              MountSpec mount;
              mount.source = "/a";
              mount.target = "/t";
              s.mounts = {mount, mount};
            }),
            "two mounts on /t");
}

std::string verdict_on_sysctl(const std::string& name, NamespaceKind kind = NamespaceKind::own) {
  return verdict([&](ContainerSpec& spec) {
    spec.sysctls = {{name, "1"}};
    spec.namespaces.network.kind = kind;
    spec.namespaces.ipc.kind = kind;
  });
}

TEST(Validate, KernelParametersAreThoseOfTheContainersNamespaces) {
  for (const char* own : {"net.ipv4.ip_forward", "net/ipv4/conf/eth0.1/forwarding", "kernel.sem",
                          "fs.mqueue.msg_max"}) {
    EXPECT_EQ(verdict_on_sysctl(own), "");
    EXPECT_EQ(verdict_on_sysctl(own, NamespaceKind::shared), "");
    EXPECT_EQ(verdict_on_sysctl(own, NamespaceKind::host),
              fmt::format("kernel parameter {} would be the host's: the container shares its "
                          "namespace",
                          own));
  }
  for (const char* of_all : {"kernel.core_pattern", "vm.swappiness", "network.x", "kernel.shm"})
    EXPECT_EQ(verdict_on_sysctl(of_all),
              fmt::format("kernel parameter {} belongs to the whole machine, not to a container",
                          of_all));
  for (const char* malformed : {"net/../kernel/core_pattern", "/net/x", "net..x"})
    EXPECT_EQ(verdict_on_sysctl(malformed),
              fmt::format("kernel parameter \"{}\" is malformed", malformed));
}

TEST(Validate, FilesInMemoryStayInside) {
  const auto verdict_on = [](const std::string& target) {
    return verdict([&](ContainerSpec& spec) {
      spec.files.emplace_back();
      spec.files.back().target = target;
    });
  };
  EXPECT_EQ(verdict_on("/run/secrets/key"), "");
  for (const char* target : {"/", "key", "/a/../b", "/proc/self/attr/current"})
    EXPECT_EQ(
        verdict_on(target),
        fmt::format("file target \"{}\" must be a plain absolute path outside of /proc", target));
}

TEST(Validate, TheWorkingDirectoryCannotBeALeakedDescriptor) {
  EXPECT_EQ(verdict([](ContainerSpec& s) { s.process.working_directory = "/proc/self/fd/7"; }),
            "working directory /proc/self/fd/7 cannot be below /proc");
  EXPECT_EQ(
      verdict([](ContainerSpec& s) { s.process.working_directory = "/a/..//proc/self/./fd/7"; }),
      "working directory /a/..//proc/self/./fd/7 cannot be below /proc");
}

TEST(Validate, TheWorkingDirectoryIsAbsoluteInWhateverForm) {
  for (const char* path : {"/app/", "/a/../b", "//x", "/.", "/"})
    EXPECT_EQ(verdict([&](ContainerSpec& s) { s.process.working_directory = path; }), "") << path;
  EXPECT_EQ(verdict([](ContainerSpec& s) { s.process.working_directory = "srv"; }),
            "working directory \"srv\" must be an absolute path");
}

TEST(Validate, MalformedUsersAreRefused) {
  EXPECT_EQ(verdict([](ContainerSpec& s) { s.process.user = "-1"; }), "invalid user \"-1\"");
}

TEST(Validate, UnknownCapabilitiesAreRefused) {
  EXPECT_EQ(verdict([](ContainerSpec& s) { s.security.capabilities = {"FLY"}; }),
            "unknown capability \"FLY\"");
}

TEST(Validate, AnEnvironmentEntryIsQuotedWithoutItsValue) {
  EXPECT_EQ(verdict([](ContainerSpec& s) { s.process.environment = {"=secret"}; }),
            "environment entry \"\" is not NAME=VALUE");
}

TEST(Validate, TheCgroupIsAPathBelowTheHierarchy) {
  EXPECT_EQ(verdict([](ContainerSpec& s) { s.cgroup = "stack/../x"; }),
            "cgroup \"stack/../x\" is not a path like stack/PROJECT/ID");
}

TEST(Validate, ARootNeedsLayers) {
  EXPECT_EQ(verdict([](ContainerSpec& s) { s.root.lower.clear(); }),
            "the root file system has no layers");
}

TEST(Validate, AUserNamespaceHasABlockAndNothingOfTheHost) {
  const auto with_ids = [](ContainerSpec& spec) {
    spec.namespaces.user.kind = NamespaceKind::own;
    spec.ids = {100000, 100000, 65536};
  };
  EXPECT_EQ(verdict(with_ids), "");
  const std::vector<std::function<void(ContainerSpec&)>> mistakes = {
      [](ContainerSpec& spec) { spec.ids.count = 0; },
      [](ContainerSpec& spec) { spec.ids.first_uid = 0; },
      [](ContainerSpec& spec) { spec.security.privileged = true; },
      [](ContainerSpec& spec) { spec.namespaces.network.kind = NamespaceKind::host; },
      [](ContainerSpec& spec) { spec.namespaces.pid.kind = NamespaceKind::host; },
      [](ContainerSpec& spec) { spec.root.work = "/elsewhere/work"; }};
  for (const auto& mistake : mistakes)
    EXPECT_NE(verdict([&](ContainerSpec& spec) {
                with_ids(spec);
                mistake(spec);
              }),
              "");
}

}  // namespace
}  // namespace stack::runtime
