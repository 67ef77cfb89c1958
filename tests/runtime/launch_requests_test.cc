// SPDX-License-Identifier: Apache-2.0
// What a container may ask for beyond the defaults, as its program sees it.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/files.h"
#include "runtime/launch.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

class Requests : public testing::Sandbox {
 protected:
  static ContainerSpec as_user(ContainerSpec spec, const std::string& user) {
    spec.process.user = user;
    return spec;
  }
};

TEST_F(Requests, UlimitsAreSetAndTheStandardOnesGiveWay) {
  ContainerSpec spec = shell("ulimit -n; ulimit -Hn; ulimit -c");
  spec.process.ulimits = {{"nofile", {100, 200}}, {"core", {0, 0}}};
  EXPECT_EQ(output_of(spec), "100\n200\n0\n");
}

TEST_F(Requests, AUlimitThatTheKernelRefusesNamesItself) {
  ContainerSpec spec = shell("true");
  spec.process.ulimits = {{"core", {0, 0}}, {"nofile", {1LL << 40, 1LL << 40}}};
  EXPECT_STREQ(failure_of(spec).what(), "setting ulimit nofile: Operation not permitted");
}

TEST_F(Requests, FurtherGroupsByNumberAndByName) {
  std::filesystem::create_directories(image() / "etc");
  write_file_atomically(image() / "etc/group", "audio:x:63:\n", Durability::survives_crash);
  ContainerSpec spec = shell("id -G");
  spec.process.user = "1000:1000";
  spec.process.groups = {"50", "audio"};
  EXPECT_EQ(output_of(spec), "1000 50 63\n");
}

TEST_F(Requests, AGroupThatTheImageDoesNotHaveNamesItself) {
  ContainerSpec spec = shell("true");
  spec.process.groups = {"50", "nosuch"};
  EXPECT_STREQ(failure_of(spec).what(),
               "unable to find group nosuch: no matching entries in group file");
}

TEST_F(Requests, WhoJoinsHasTheContainersGroupsAndLimits) {
  ContainerSpec spec = shell("exec sleep 1000");
  spec.process.groups = {"50"};
  spec.process.ulimits = {{"nofile", {100, 200}}};
  spec.process.oom_score_adj = 5;
  Running running = start(spec);
  EXPECT_EQ(
      join(running, shell_process("id -G | grep -cw 50; ulimit -n; cat /proc/self/oom_score_adj"))
          .out,
      "1\n100\n5\n");
  stop(running);
}

TEST_F(Requests, OomScoreAdj) {
  ContainerSpec spec = shell("cat /proc/self/oom_score_adj");
  spec.process.oom_score_adj = 321;
  EXPECT_EQ(output_of(spec), "321\n");
}

TEST_F(Requests, NoNewPrivileges) {
  const std::string command = "grep NoNewPrivs /proc/self/status";
  EXPECT_EQ(output_of(command), "NoNewPrivs:\t0\n");
  ContainerSpec spec = shell(command);
  spec.security.no_new_privileges = true;
  EXPECT_EQ(output_of(spec), "NoNewPrivs:\t1\n");
}

TEST_F(Requests, KernelParametersOfItsNamespaces) {
  ContainerSpec spec =
      shell("cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmni");
  spec.sysctls = {{"net.ipv4.ip_unprivileged_port_start", "1000"}, {"kernel.shmmni", "77"}};
  EXPECT_EQ(output_of(spec), "1000\n77\n");
}

TEST_F(Requests, AKernelParameterThatDoesNotExistNamesItself) {
  ContainerSpec spec = shell("true");
  spec.sysctls = {{"net.nosuch", "1"}};
  EXPECT_STREQ(failure_of(spec).what(),
               "setting sysctl /proc/sys/net/nosuch: No such file or directory");
}

TEST_F(Requests, ADeviceOfTheHostUnderItsOwnName) {
  ContainerSpec spec = shell("stat -c '%t:%T %a' /dev/sub/clock; head -c1 /dev/sub/clock | wc -c");
  spec.security.devices = {{"/dev/zero", "/dev/sub/clock", "rw"}};
  EXPECT_EQ(output_of(spec), "1:5 666\n1\n");
}

TEST_F(Requests, ADeviceByItsNumberNeedsNoNodeOnTheHost) {
  ContainerSpec spec = shell(
      "stat -c '%t:%T %a %u:%g' /dev/made; head -c1 /dev/made | wc -c; ls -l /dev/fifo | cut -c1");
  spec.security.devices = {
      {"/dev/nosuch", "/dev/made", "rw", DeviceIdentity{'c', 1, 5}, 0640, 3, 4},
      {"/dev/fifo", "/dev/fifo", "", DeviceIdentity{'p', 0, 0}}};
  EXPECT_EQ(output_of(spec), "1:5 640 3:4\n1\np\n");
}

TEST_F(Requests, AHookOfTheHostWorksOnTheFilesBeforeTheProgramRuns) {
  const auto hook =
      file("hook", "#!/bin/sh\necho $1 $A > /sys/from-hook; read -r state; echo \"$state\"\n");
  std::filesystem::permissions(hook, std::filesystem::perms::owner_all);
  ContainerSpec spec = shell("cat /from-hook; ls -d /sys/kernel");
  spec.hooks = {{hook, {"hook", "word"}, {"A=1"}, 0}};
  EXPECT_EQ(
      output_of(spec),
      fmt::format(R"({{"ociVersion":"1.0.2","id":"{}","status":"creating","pid":1,)"
                  R"("bundle":"{}"}})"
                  "\nword 1\n/sys/kernel\n",
                  spec.id,
                  (std::filesystem::path(spec.root.upper).parent_path() / "bundle").native()));
}

TEST_F(Requests, AHookThatFailsHangsOrIsNotThereNamesItself) {
  const auto failing = file("failing", "#!/bin/sh\nexit 3\n");
  const auto hanging = file("hanging", "#!/bin/sh\nexec sleep 1000\n");
  for (const auto& path : {failing, hanging})
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  ContainerSpec spec = shell("true");
  spec.hooks = {{failing, {"hook", "a"}, {}, 0}};
  EXPECT_EQ(failure_of(spec).what(),
            fmt::format("running the hook {} (hook a): exited (3)", failing.native()));
  spec.hooks = {{hanging, {"hook"}, {"PATH=/bin:/usr/bin"}, 1}};
  EXPECT_EQ(failure_of(spec).what(),
            fmt::format("running the hook {} (hook): Timer expired", hanging.native()));
  spec.hooks = {{"/nosuch", {"hook"}, {}, 0}};
  EXPECT_STREQ(failure_of(spec).what(),
               "running the hook /nosuch (hook): No such file or directory");
}

TEST_F(Requests, ADeviceOutsideOfDevIsBound) {
  ContainerSpec spec = shell("head -c2 /opt/zero | wc -c");
  spec.security.devices = {{"/dev/zero", "/opt/zero", "rw"}};
  EXPECT_EQ(output_of(spec), "2\n");
}

TEST_F(Requests, DeviceRulesDecideWhoMayOpen) {
  if (!exists("/dev/fuse")) GTEST_SKIP() << "no /dev/fuse: a device that anybody may open";
  const std::string command = "rm -f fuse; mknod fuse c 10 229; head -c0 fuse && echo opened";
  EXPECT_NE(run(command).out, "opened\n");
  ContainerSpec spec = shell(command);
  spec.security.device_rules = {"c 10:229 r"};
  EXPECT_EQ(run(spec).out, "opened\n") << run(spec).err;
}

TEST_F(Requests, WhatIsNoDeviceIsAnError) {
  ContainerSpec spec = shell("true");
  spec.security.devices = {{"/etc/passwd", "/dev/x", "rwm"}};
  EXPECT_STREQ(failure_of(spec).what(), "/etc/passwd is not a device node");
}

TEST_F(Requests, FilesAreInMemoryReadOnlyAndHaveTheirOwners) {
  ContainerSpec spec = shell(
      "cat /run/secrets/key; stat -c '%u %g %a' /run/secrets/key; "
      "(echo x > /run/secrets/key) 2>/dev/null || echo refused; "
      "grep ' /run/secrets/key ' /proc/mounts | cut -d' ' -f1");
  spec.files = {{"/run/secrets/key", 7, 8, 0440, "canary", "", true}};
  EXPECT_EQ(output_of(spec), "canary7 8 440\nrefused\ntmpfs\n");
}

TEST_F(Requests, FilesWorkWithAReadOnlyRoot) {
  ContainerSpec spec = shell("cat /run/secrets/key");
  spec.root.writable = Writable::no;
  spec.files = {{"/run/secrets/key", 0, 0, 0444, "text", "", true}};
  EXPECT_EQ(output_of(spec), "text");
}

TEST_F(Requests, AnOwnerMappedBindBelongsToTheUserInsideAndToTheOwnerOutside) {
  const auto folder = directory("shared");
  write_file_atomically(folder / "old", "text", Durability::survives_crash);
  for (const auto& path : {folder, folder / "old"}) ASSERT_EQ(::chown(path.c_str(), 1234, 1235), 0);
  ContainerSpec spec = shell("stat -c '%u:%g' /w /w/old; echo new > /w/new; stat -c %u /w/new");
  MountSpec bind;
  bind.source = folder;
  bind.target = "/w";
  bind.owner_mapped = true;
  spec.mounts = {bind};
  spec.process.user = "77:78";
  const auto outcome = run(spec);
  if (outcome.err.find("Invalid argument") != std::string::npos)
    GTEST_SKIP() << "the file system of the test's directory takes no mapping of ids";
  EXPECT_EQ(outcome.out, "77:78\n77:78\n77\n") << outcome.err;
  struct stat made {};
  ASSERT_EQ(::stat((folder / "new").c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, 1234U);
  EXPECT_EQ(made.st_gid, 1235U);
}

TEST_F(Requests, WritableCgroups) {
  const std::string command = "grep -c ' cgroup2* ro' /proc/mounts";
  EXPECT_NE(run(command).out, "0\n");
  ContainerSpec spec = shell(command);
  spec.security.writable_cgroups = true;
  EXPECT_EQ(run(spec).out, "0\n");
}

TEST_F(Requests, UnconfinedSystemPaths) {
  const std::string command = "grep -c -E ' /proc/[a-z]+ ' /proc/mounts";
  ContainerSpec spec = shell(command);
  spec.security.system_paths_unconfined = true;
  EXPECT_EQ(run(spec).out, "0\n");
}

}  // namespace
}  // namespace stack::runtime
