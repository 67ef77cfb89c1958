// SPDX-License-Identifier: Apache-2.0
// Namespaces that a container has for itself, has from the host, or shares with another.
#include <fcntl.h>
#include <signal.h>

#include "base/files.h"
#include "runtime/cgroup.h"
#include "runtime/launch.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

class Namespaces : public testing::Sandbox {
 protected:
  static Fd open_namespace(const Running& other, const char* kind) {
    return open_file(fmt::format("/proc/{}/ns/{}", other.identity.pid, kind), O_RDONLY);
  }
  static std::string own(const char* kind) {
    return std::filesystem::read_symlink(std::string("/proc/self/ns/") + kind).native() + "\n";
  }
};

TEST_F(Namespaces, AreItsOwnWhenNothingIsSaid) {
  for (const char* kind : {"net", "pid", "ipc", "uts", "cgroup", "mnt"})
    EXPECT_NE(output_of(std::string("readlink /proc/self/ns/") + kind), own(kind)) << kind;
}

TEST_F(Namespaces, OfTheHostAreTheHosts) {
  ContainerSpec spec = shell("for i in net pid ipc uts cgroup; do readlink /proc/self/ns/$i; done");
  NamespacesSpec& spaces = spec.namespaces;
  for (NamespaceSpec* each :
       {&spaces.network, &spaces.pid, &spaces.ipc, &spaces.uts, &spaces.cgroup})
    each->kind = NamespaceKind::host;
  spec.hostname.clear();
  EXPECT_EQ(output_of(spec), own("net") + own("pid") + own("ipc") + own("uts") + own("cgroup"));
}

TEST_F(Namespaces, AProcessWithoutItsOwnPidNamespaceSeesTheHostsProcesses) {
  ContainerSpec spec = shell(fmt::format("cat /proc/{}/comm", ::getpid()));
  spec.namespaces.pid.kind = NamespaceKind::host;
  EXPECT_EQ(output_of(spec), process_name(::getpid()) + "\n");
}

TEST_F(Namespaces, APidNamespaceIsSharedWithAnother) {
  Running other = start(shell("exec sleep 1000"));
  const Fd space = open_namespace(other, "pid");
  shared_.pid = space.get();
  ContainerSpec spec = shell("cat /proc/1/comm; [ $$ != 1 ] && echo second");
  spec.namespaces.pid = {NamespaceKind::shared, "other"};
  EXPECT_EQ(output_of(spec), "sleep\nsecond\n");
  shared_ = {};
  // The launcher's own children are where they were.
  EXPECT_EQ(output_of("echo $$"), "1\n");
  stop(other);
}

TEST_F(Namespaces, WhoSharesAPidNamespaceEndsWithIt) {
  Running other = start(shell("exec sleep 1000"));
  const Fd space = open_namespace(other, "pid");
  shared_.pid = space.get();
  ContainerSpec spec = shell("exec sleep 1000");
  spec.namespaces.pid = {NamespaceKind::shared, "other"};
  Running second = start(spec);
  // The other's end waits until the second is reaped, so that comes first.
  send_signal(other.pidfd.get(), SIGKILL);
  EXPECT_EQ(testing::await_exit(second.identity.pid, second.pidfd.get()), 137);
  stop(other);
  remove_cgroup(second.spec.cgroup);
}

TEST_F(Namespaces, ANetworkIsSharedWithAnother) {
  Running other = start(shell("exec sleep 1000"));
  const Fd space = open_namespace(other, "net");
  shared_.network = space.get();
  ContainerSpec spec = shell("readlink /proc/self/ns/net; cat /sys/class/net/lo/operstate");
  spec.namespaces.network = {NamespaceKind::shared, "other"};
  const auto theirs =
      std::filesystem::read_symlink(fmt::format("/proc/{}/ns/net", other.identity.pid));
  EXPECT_EQ(output_of(spec), theirs.native() + "\nunknown\n");
  stop(other);
}

TEST_F(Namespaces, SharedMemoryIsSharedWithTheIpcNamespace) {
  Running other = start(shell("echo from-other > /dev/shm/note; exec sleep 1000"));
  join(other, shell_process("until [ -s /dev/shm/note ]; do :; done"));
  const Fd ipc = open_namespace(other, "ipc");
  const Fd mounts = open_namespace(other, "mnt");
  shared_.ipc = ipc.get();
  shared_.mount = mounts.get();
  ContainerSpec spec = shell("cat /dev/shm/note; echo back > /dev/shm/answer");
  spec.namespaces.ipc = {NamespaceKind::shared, "other"};
  EXPECT_EQ(output_of(spec), "from-other\n");
  EXPECT_EQ(join(other, shell_process("cat /dev/shm/answer")).out, "back\n");
  stop(other);
}

TEST_F(Namespaces, WithoutIpcThereIsNoSharedMemory) {
  ContainerSpec spec = shell("ls -A /dev/shm; mount | grep -c ' /dev/shm '");
  spec.namespaces.ipc.kind = NamespaceKind::none;
  EXPECT_EQ(run(spec).out, "0\n");
}

TEST_F(Namespaces, ASharedOneThatIsNotThereIsAnError) {
  ContainerSpec spec = shell("true");
  spec.namespaces.network = {NamespaceKind::shared, "shop-db-1"};
  EXPECT_STREQ(failure_of(spec).what(), "the network namespace of shop-db-1 is not there");
}

TEST_F(Namespaces, ExecWorksWithoutAnyOfItsOwn) {
  ContainerSpec spec = shell("exec sleep 1000");
  spec.namespaces.pid.kind = NamespaceKind::host;
  spec.namespaces.network.kind = NamespaceKind::host;
  Running running = start(spec);
  EXPECT_EQ(join(running, shell_process("readlink /proc/self/ns/net")).out, own("net"));
  stop(running);
}

}  // namespace
}  // namespace stack::runtime
