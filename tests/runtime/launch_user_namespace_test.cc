// SPDX-License-Identifier: Apache-2.0
// Containers whose ids are not the host's.
#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.h"
#include "runtime/container_tree.h"
#include "runtime/user_namespace.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

constexpr IdBlock block{0x7123'0000, 0x7234'0000, 65536};

class UserNamespace : public testing::Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped()) return;
    if (!takes_id_mapping(directory("try")))
      GTEST_SKIP() << "the file system of the test's directory takes no mapping of ids";
  }
  static ContainerSpec with_ids(ContainerSpec spec) {
    spec.namespaces.user.kind = NamespaceKind::own;
    spec.ids = block;
    return spec;
  }
  ContainerSpec mapped(const std::string& command) { return with_ids(shell(command)); }
  static std::string owner(const std::filesystem::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) throw_errno("stat {}", path.native());
    return fmt::format("{}:{}", info.st_uid, info.st_gid);
  }
};

TEST_F(UserNamespace, RootInsideIsAnIdOfTheBlockOutside) {
  Running running = start(mapped("exec sleep 1000"));
  EXPECT_EQ(id_block_of(running.identity), block);
  const std::string status = read_file(fmt::format("/proc/{}/status", running.identity.pid));
  EXPECT_NE(status.find(fmt::format("Uid:\t{}\t", block.first_uid)), std::string::npos) << status;
  EXPECT_NE(status.find(fmt::format("Gid:\t{}\t", block.first_gid)), std::string::npos) << status;
  EXPECT_EQ(join(running, shell_process("id -u; cat /proc/self/uid_map | tr -s ' '")).out,
            fmt::format("0\n 0 {} 65536\n", block.first_uid));
  stop(running);
}

TEST_F(UserNamespace, NamespacesOfTheContainerBelongToIt) {
  ContainerSpec spec = mapped(
      "hostname inner && ip link set lo mtu 1400 && echo 7 > /proc/sys/net/core/somaxconn &&"
      "mkdir /m && mount -t tmpfs none /m && touch /m/file && stat -c %u /m/file; hostname");
  spec.security.capabilities.insert({"SYS_ADMIN", "NET_ADMIN"});
  spec.security.seccomp = "unconfined";
  spec.security.system_paths_unconfined = true;
  EXPECT_EQ(output_of(spec), "0\ninner\n");
}

TEST_F(UserNamespace, WhatWasMountedForItCannotBeTakenAway) {
  ContainerSpec spec = mapped(
      "for i in /sys/firmware /proc/interrupts /proc/sys /sys /dev/shm; do umount $i 2>/dev/null "
      "&& echo $i; done;"
      "mount -o remount,rw,bind /proc/sys 2>/dev/null && echo writable; true");
  spec.security.capabilities.insert("SYS_ADMIN");
  spec.security.seccomp = "unconfined";
  EXPECT_EQ(output_of(spec), "");
}

TEST_F(UserNamespace, FilesHaveOnDiskTheIdsSeenInside) {
  ContainerSpec spec = mapped(
      "echo x > /made; chown 33:44 /made; mkdir /tmp2; rm -r /etc/group; mkdir /etc/group;"
      "stat -c %u:%g / /bin /made /dev/null /dev/pts/ptmx /dev/mqueue; echo y > /v/made");
  MountSpec volume;
  volume.source = directory("volume");
  volume.target = "/v";
  volume.container_ids = true;
  spec.mounts = {volume};
  EXPECT_EQ(output_of(spec), "0:0\n0:0\n33:44\n0:0\n0:0\n0:0\n");
  const std::filesystem::path upper = spec.root.upper;
  EXPECT_EQ(owner(upper / "made"), "33:44");
  EXPECT_EQ(owner(upper / "tmp2"), "0:0");
  EXPECT_EQ(owner(std::filesystem::path(volume.source) / "made"), "0:0");
}

TEST_F(UserNamespace, TheStoppedTreeShowsWhatIsOnDisk) {
  const ContainerSpec spec = mapped("touch /made; chown 33:44 /made");
  EXPECT_EQ(output_of(spec), "");
  const ContainerTree tree = mount_stopped_tree(spec);
  EXPECT_FALSE(tree.ids().remaps());
  EXPECT_EQ(owner(fmt::format("/proc/self/fd/{}/made", tree.root())), "33:44");
}

TEST_F(UserNamespace, FilesAreMadeInTheRunningTreeInTheNameOfItsRoot) {
  Running running = start(mapped("exec sleep 1000"));
  {
    const auto tree = open_running_tree(running.identity);
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->ids(), block);
    const FilesOfRoot files(tree->ids());
    ASSERT_EQ(::mkdirat(tree->root(), "made", 0755), 0);
    ASSERT_EQ(::fchownat(tree->root(), "made", block.uid_outside(5), block.gid_outside(6), 0), 0);
  }
  EXPECT_EQ(owner(directory("ours")), "0:0");
  EXPECT_EQ(join(running, shell_process("stat -c %u:%g /made")).out, "5:6\n");
  stop(running);
}

TEST_F(UserNamespace, OfManyLayersTheUpperOnesCount) {
  ContainerSpec spec = mapped("cat /file; stat -c %u:%g /file");
  for (int number = 0; number < 40; ++number) {
    const auto layer = directory(fmt::format("many-{}", number));
    write_file_atomically(layer / "file", fmt::format("{}\n", number), Durability::survives_crash);
    ASSERT_EQ(::chown((layer / "file").c_str(), 7, 8), 0);
    spec.root.lower.insert(spec.root.lower.begin(), layer);
  }
  EXPECT_EQ(output_of(spec), "39\n7:8\n");
}

TEST_F(UserNamespace, BindsShowOwnersOfTheHostAsNobodyButTheOneThatIsAskedFor) {
  const auto folder = directory("folder");
  for (const char* name : {"mine", "roots"})
    write_file_atomically(folder / name, "text", Durability::survives_crash);
  for (const auto& path : {folder, folder / "mine"})
    ASSERT_EQ(::chown(path.c_str(), 1234, 1235), 0);
  ContainerSpec spec =
      mapped("stat -c %u /w/mine /w/roots; cat /w/roots 2>/dev/null || echo refused");
  MountSpec bind;
  bind.source = folder;
  bind.target = "/w";
  spec.mounts = {bind};
  EXPECT_EQ(output_of(spec), "65534\n65534\nrefused\n");
  spec = mapped("stat -c %u /w/mine /w/roots; touch /w/new");
  bind.owner_mapped = true;
  spec.mounts = {bind};
  spec.process.user = "77:78";
  EXPECT_EQ(output_of(spec), "77\n65534\n");
  EXPECT_EQ(owner(folder / "new"), "1234:1235");
}

TEST_F(UserNamespace, IsSharedWithAnother) {
  Running other = start(mapped("exec sleep 1000"));
  const auto open = [&](const char* kind) {
    return open_file(fmt::format("/proc/{}/ns/{}", other.identity.pid, kind), O_RDONLY);
  };
  const Fd user = open("user");
  const Fd network = open("net");
  shared_.user = user.get();
  shared_.network = network.get();
  ContainerSpec spec =
      mapped("readlink /proc/self/ns/user /proc/self/ns/net; ip link set lo mtu 1300; id -u");
  spec.security.capabilities.insert("NET_ADMIN");
  spec.namespaces.user = {NamespaceKind::shared, "other"};
  spec.namespaces.network = {NamespaceKind::shared, "other"};
  const std::string out = output_of(spec);
  shared_ = {};
  EXPECT_EQ(out,
            join(other, shell_process("readlink /proc/self/ns/user /proc/self/ns/net; id -u")).out);
  EXPECT_EQ(join(other, shell_process("cat /sys/class/net/lo/mtu")).out, "1300\n");
  stop(other);
}

TEST_F(UserNamespace, AUserWithoutAnIdIsRefused) {
  ContainerSpec spec = mapped("true");
  spec.process.user = "65536";
  EXPECT_NE(std::string(failure_of(spec).what()).find("not among the ids"), std::string::npos);
}

TEST_F(UserNamespace, LimitsAreTheContainers) {
  ContainerSpec spec = mapped("ulimit -l");
  spec.process.ulimits["memlock"] = {1 << 20, 1 << 20};
  EXPECT_EQ(output_of(spec), "1024\n");
}

}  // namespace
}  // namespace stack::runtime
