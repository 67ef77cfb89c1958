// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_plan.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "base/tmpfs_words.h"

namespace stack::runtime {
namespace {

MountFacts v2_facts() {
  MountFacts facts;
  facts.cgroups.unified = "/sys/fs/cgroup";
  return facts;
}

MountSpec bind(std::string source, std::string target, Writable writable = Writable::yes) {
  MountSpec mount;
  mount.source = std::move(source);
  mount.target = std::move(target);
  mount.writable = writable;
  return mount;
}

MountSpec tmpfs(std::string target, std::vector<std::string> options) {
  MountSpec mount;
  mount.kind = MountKind::tmpfs;
  mount.target = std::move(target);
  mount.options = std::move(options);
  return mount;
}

constexpr const char* standard_part = R"(new proc on /proc nosuid nodev noexec
new tmpfs on /dev nosuid strictatime mode=755 size=65536k
  pts/
  null 1:3
  zero 1:5
  full 1:7
  random 1:8
  urandom 1:9
  tty 5:0
  ptmx -> pts/ptmx
  fd -> /proc/self/fd
  stdin -> /proc/self/fd/0
  stdout -> /proc/self/fd/1
  stderr -> /proc/self/fd/2
  core -> /proc/kcore
  shm/
  mqueue/
new devpts on /dev/pts nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5
new shm on /dev/shm type tmpfs nosuid nodev noexec mode=1777 size=67108864
new mqueue on /dev/mqueue nosuid nodev noexec
new sysfs on /sys ro nosuid nodev noexec
new cgroup2 on /sys/fs/cgroup ro nosuid nodev noexec
)";

constexpr std::string_view sysctl_part =
    R"(set /proc/sys/net/ipv4/ip_unprivileged_port_start = 0
set /proc/sys/net/ipv4/ping_group_range = 0 2147483647
)";

std::string user_part(const ContainerSpec& spec) {
  const std::string text = to_text(mount_plan(spec, v2_facts()));
  const std::size_t begin = text.find("new cgroup2");
  const std::size_t mounts = text.find('\n', begin) + 1;
  return text.substr(mounts, text.find("set /proc") - mounts);
}

TEST(MountPlan, TheStandardMountsAreDockers) {
  EXPECT_EQ(to_text(mount_plan({}, v2_facts())),
            std::string(standard_part) + std::string(sysctl_part) + R"(mask /proc/acpi
mask /proc/asound
mask /proc/interrupts
mask /proc/kcore
mask /proc/keys
mask /proc/latency_stats
mask /proc/sched_debug
mask /proc/scsi
mask /proc/timer_list
mask /proc/timer_stats
mask /sys/firmware
mask /sys/devices/virtual/powercap
read-only /proc/bus
read-only /proc/fs
read-only /proc/irq
read-only /proc/sys
read-only /proc/sysrq-trigger
)");
}

TEST(MountPlan, OuterMountsComeFirstAndEtcFilesAmongThem) {
  ContainerSpec spec;
  spec.mounts = {bind("/h/c", "/a/b/c", Writable::no), bind("/h/a", "/a"),
                 tmpfs("/a/b", {"size=1m"})};
  spec.etc.hosts = "/c/hosts";
  spec.etc.resolv_conf = "/c/resolv.conf";
  EXPECT_EQ(user_part(spec), R"(bind /h/a on /a nodev recursive
new tmpfs on /a/b nosuid nodev noexec size=1m
bind /c/hosts on /etc/hosts nodev recursive
bind /c/resolv.conf on /etc/resolv.conf nodev recursive
bind /h/c on /a/b/c ro nodev recursive
)");
}

TEST(MountPlan, TheUsersOwnEtcFileWins) {
  ContainerSpec spec;
  spec.mounts = {bind("/mine", "/etc/hosts")};
  spec.etc.hosts = "/c/hosts";
  EXPECT_EQ(user_part(spec), "bind /mine on /etc/hosts nodev recursive\n");
}

TEST(MountPlan, TmpfsOptionsCanLoosenTheDefaults) {
  ContainerSpec spec;
  spec.mounts = {tmpfs("/t", {"exec,suid", "mode=1770", "uid=5", "size=64MB"})};
  EXPECT_EQ(user_part(spec), "new tmpfs on /t nodev mode=1770 uid=5 size=64m\n");
}

TEST(MountPlan, EveryTmpfsOptionThatAFileMayHaveIsUnderstood) {
  for (const auto word : tmpfs_flags)
    EXPECT_NO_THROW(parse_tmpfs_options(std::vector{std::string(word)})) << word;
  for (const auto key : tmpfs_keys)
    EXPECT_NO_THROW(parse_tmpfs_options(std::vector{std::string(key) + "=1"})) << key;
}

TEST(MountPlan, TimesOfATmpfsAreKeptAsTheLastWordSays) {
  const auto attributes = [](const char* options) {
    return parse_tmpfs_options(std::vector<std::string>{options}).attributes &
           (MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME);
  };
  EXPECT_EQ(attributes("noatime,atime,nodiratime,diratime,relatime"), 0U);
  EXPECT_EQ(attributes("strictatime,noatime"), std::uint64_t{MOUNT_ATTR_STRICTATIME});
  EXPECT_EQ(attributes("strictatime,nostrictatime,noatime"), std::uint64_t{MOUNT_ATTR_NOATIME});
}

TEST(MountPlan, UnknownTmpfsOptionsAreRefused) {
  ContainerSpec spec;
  spec.mounts = {tmpfs("/t", {"colour=blue"})};
  EXPECT_THROW(mount_plan(spec, v2_facts()), Error);
}

TEST(MountPlan, ABindTakesFlagsAndHooksComeLast) {
  ContainerSpec spec;
  spec.mounts = {bind("/driver", "/opt", Writable::no)};
  spec.mounts[0].options = {"nosuid", "noexec"};
  spec.hooks = {{"/bin/hook", {"hook"}, {}, 0}};
  const std::string text = to_text(mount_plan(spec, v2_facts()));
  EXPECT_NE(text.find("bind /driver on /opt ro nosuid nodev noexec recursive\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("run /bin/hook\n"), std::string::npos) << text;
  spec.mounts[0].options = {"size=1m"};
  EXPECT_THROW(mount_plan(spec, v2_facts()), Error);
}

TEST(MountPlan, AVolumeOfItsOwnFileSystemTakesWhatMountTakes) {
  ContainerSpec spec;
  MountSpec share = bind("nas:/films", "/films");
  share.kind = MountKind::file_system;
  share.type = "nfs4";
  share.volume = "shop_films";
  share.options = {"addr=192.0.2.1", "noatime", "soft", "nosuid"};
  spec.mounts = {share};
  EXPECT_EQ(user_part(spec),
            "volume nas:/films on /films type nfs4 nosuid nodev noatime addr=192.0.2.1 soft\n");
  spec.mounts[0].options = {"ro"};
  EXPECT_EQ(user_part(spec), "volume nas:/films on /films type nfs4 ro nodev ro\n")
      << "the mount, and the file system itself";
  spec.mounts[0].options = {"ro", "rw"};
  EXPECT_EQ(user_part(spec), "volume nas:/films on /films type nfs4 nodev\n");
}

TEST(MountPlan, AUsersMountReplacesAStandardOne) {
  ContainerSpec spec;
  spec.mounts = {tmpfs("/dev/shm", {"size=1g"})};
  const std::string text = to_text(mount_plan(spec, v2_facts()));
  EXPECT_EQ(text.find(" on /dev/shm"), text.rfind(" on /dev/shm"));
  // It would give the tmpfs its mode.
  EXPECT_EQ(text.find("  shm/"), std::string::npos);
  EXPECT_NE(text.find("  mqueue/"), std::string::npos);
  EXPECT_NE(text.find("new tmpfs on /dev/shm nosuid nodev noexec size=1g"), std::string::npos);
}

TEST(MountPlan, WithoutIpcThereIsNoSharedMemory) {
  ContainerSpec spec;
  spec.namespaces.ipc.kind = NamespaceKind::none;
  EXPECT_EQ(to_text(mount_plan(spec, v2_facts())).find("shm"), std::string::npos);
}

TEST(MountPlan, LinksGiveWayToEtcFilesWhereThatIsAskedFor) {
  ContainerSpec spec;
  EXPECT_TRUE(mount_plan(spec, v2_facts()).files.empty());
  spec.etc.over_links = true;
  EXPECT_TRUE(to_text(mount_plan(spec, v2_facts()))
                  .starts_with("file /etc/hosts\nfile /etc/hostname\nfile /etc/resolv.conf\n"));
}

TEST(MountPlan, ADeviceIsOneWhereItIsTheSourceOfABindItself) {
  ContainerSpec spec;
  MountSpec volume = bind("/v", "/volume");
  volume.container_ids = true;
  MountSpec refused = bind("/dev/null", "/refused");
  refused.options = {"nodev"};
  spec.mounts = {bind("/dev/null", "/device"), volume, refused};
  const MountPlan plan = mount_plan(spec, v2_facts());
  std::vector<std::string> devices;
  for (const MountStep& step : plan.steps)
    if (step.device_itself) devices.push_back(step.target);
  EXPECT_EQ(devices, std::vector<std::string>{"/device"});
}

TEST(MountPlan, PropagationIsKeptForTheBindAlone) {
  ContainerSpec spec;
  MountSpec shared = bind("/h", "/s");
  shared.propagation = "rslave";
  shared.recursive = false;
  spec.mounts = {shared};
  EXPECT_EQ(user_part(spec), "bind /h on /s nodev slave\n");
  shared.propagation = "sideways";
  spec.mounts = {shared};
  EXPECT_THROW(mount_plan(spec, v2_facts()), Error);
}

TEST(MountPlan, OwnersAreThoseThatTheHostKnowsWhenIdsAreRemapped) {
  ContainerSpec spec;
  spec.ids = {100000, 200000, 1000};
  MountSpec volume = bind("/v", "/volume");
  volume.container_ids = true;
  spec.mounts = {volume, bind("/h", "/host"), tmpfs("/t", {"uid=5", "gid=6"})};
  spec.files = {{"/secret", 7, 8, 0400, "text", "", true}};
  MountFacts facts = v2_facts();
  facts.devices = {{"disk", S_IFBLK | 0660, makedev(254, 0), {}, 0, 6},
                   {"far", S_IFCHR | 0600, makedev(1, 9), {}, 5000, 0}};
  EXPECT_EQ(user_part(spec), R"(bind /v on /volume nodev recursive container-ids
bind /h on /host nodev recursive
new tmpfs on /t nosuid nodev noexec uid=100005 gid=200006
file tmpfs on /secret ro nosuid nodev
  file
)");
  const MountPlan plan = mount_plan(spec, facts);
  EXPECT_NE(to_text(plan).find("gid=200005"), std::string::npos);  // tty's, of /dev/pts
  const auto& dev = plan.steps[1].nodes;
  EXPECT_EQ(std::pair(dev.back().uid, dev.back().gid), std::pair(100000U, 200000U));
  EXPECT_EQ(std::pair(dev.end()[-2].uid, dev.end()[-2].gid), std::pair(100000U, 200006U));
  const auto& secret = plan.steps.back().nodes.front();
  EXPECT_EQ(std::pair(secret.uid, secret.gid), std::pair(100007U, 200008U));
}

TEST(MountPlan, AnOwnerWithoutAnIdIsRefused) {
  ContainerSpec spec;
  spec.ids = {100000, 200000, 1000};
  spec.mounts = {tmpfs("/t", {"uid=1000"})};
  EXPECT_THROW(mount_plan(spec, v2_facts()), Error);
  spec.mounts = {};
  spec.files = {{"/secret", 0, 1000, 0400, "text", "", true}};
  EXPECT_THROW(mount_plan(spec, v2_facts()), Error);
}

TEST(MountPlan, V1HierarchiesAreShownWhereTheHostHasThem) {
  MountFacts facts;
  facts.cgroups.v1 = {{"/sys/fs/cgroup/cpu,cpuacct", {"cpu", "cpuacct"}},
                      {"/sys/fs/cgroup/memory", {"memory"}}};
  facts.cgroups.unified = "/sys/fs/cgroup/unified";
  const std::string text = to_text(mount_plan({}, facts));
  const std::size_t begin = text.find("new tmpfs on /sys/fs/cgroup");
  EXPECT_EQ(text.substr(begin, text.find("set /proc") - begin),
            R"(new tmpfs on /sys/fs/cgroup ro nosuid nodev noexec mode=755
  cpu,cpuacct/
  cpu -> cpu,cpuacct
  cpuacct -> cpu,cpuacct
  memory/
  unified/
new cgroup on /sys/fs/cgroup/cpu,cpuacct ro nosuid nodev noexec cpu cpuacct
new cgroup on /sys/fs/cgroup/memory ro nosuid nodev noexec memory
new cgroup2 on /sys/fs/cgroup/unified ro nosuid nodev noexec
)");
}

TEST(MountPlan, PrivilegedContainersSeeTheHostsDevicesAndNothingMasked) {
  ContainerSpec spec;
  spec.security.privileged = true;
  spec.mounts = {bind("/h", "/d")};
  MountFacts facts = v2_facts();
  facts.devices = {{"null", S_IFCHR | 0666, makedev(1, 3), {}},
                   {"vda", S_IFBLK | 0660, makedev(254, 0), {}}};
  const std::string text = to_text(mount_plan(spec, facts));
  EXPECT_NE(text.find("mqueue/\n  vda 254:0\n"), std::string::npos);
  EXPECT_NE(text.find("new sysfs on /sys nosuid"), std::string::npos);
  EXPECT_NE(text.find("bind /h on /d recursive"), std::string::npos);
  EXPECT_EQ(text.find("mask "), std::string::npos);
}

TEST(MountPlan, NamespacesOfIpcDecideOnSharedMemory) {
  ContainerSpec spec;
  const auto shm_of = [&](NamespaceKind kind) {
    spec.namespaces.ipc.kind = kind;
    const std::string text = to_text(mount_plan(spec, v2_facts()));
    const std::size_t end = text.find(" on /dev/shm");
    if (end == std::string::npos) return std::string("none");
    const std::size_t begin = text.rfind('\n', end) + 1;
    return text.substr(begin, end - begin);
  };
  EXPECT_EQ(shm_of(NamespaceKind::own), "new shm");
  EXPECT_EQ(shm_of(NamespaceKind::host), "bind /dev/shm");
  EXPECT_EQ(shm_of(NamespaceKind::shared), "shared shm");
  EXPECT_EQ(shm_of(NamespaceKind::none), "none");
}

TEST(MountPlan, KernelParametersAreSetByTheirPathsAfterTheStandardOnes) {
  ContainerSpec spec;
  spec.sysctls = {{"net.core.somaxconn", "1"}, {"net/ipv4/conf/eth0.1/forwarding", "0"}};
  const std::string text = to_text(mount_plan(spec, v2_facts()));
  EXPECT_NE(text.find("set /proc/sys/net/ipv4/ip_unprivileged_port_start = 0\n"
                      "set /proc/sys/net/ipv4/ping_group_range = 0 2147483647\n"
                      "set /proc/sys/net/core/somaxconn = 1\n"
                      "set /proc/sys/net/ipv4/conf/eth0.1/forwarding = 0\n"),
            std::string::npos)
      << text;
  spec.namespaces.network.kind = NamespaceKind::host;
  spec.sysctls.clear();
  EXPECT_EQ(to_text(mount_plan(spec, v2_facts())).find("set /proc"), std::string::npos);
}

TEST(MountPlan, UnconfinedSystemPathsAreNeitherMaskedNorReadOnly) {
  ContainerSpec spec;
  spec.security.system_paths_unconfined = true;
  const std::string text = to_text(mount_plan(spec, v2_facts()));
  EXPECT_EQ(text.find("mask "), std::string::npos);
  EXPECT_EQ(text.find("read-only "), std::string::npos);
}

TEST(MountPlan, FilesAndDevicesOutsideOfDevAreMountsOfTheirOwn) {
  ContainerSpec spec;
  spec.files = {{"/run/secrets/key", 0, 0, 0400, "x", "", true}};
  MountFacts facts = v2_facts();
  facts.device_binds = {bind("/dev/fuse", "/opt/fuse")};
  const std::string text = to_text(mount_plan(spec, facts));
  EXPECT_NE(text.find("bind /dev/fuse on /opt/fuse\n"), std::string::npos) << text;
  EXPECT_NE(text.find("file tmpfs on /run/secrets/key ro nosuid nodev\n"), std::string::npos)
      << text;
}

TEST(MountPlan, AReadOnlyRootIsTheLastStep) {
  ContainerSpec spec;
  spec.root.writable = Writable::no;
  const std::string text = to_text(mount_plan(spec, v2_facts()));
  EXPECT_TRUE(text.ends_with("read-only /proc/sysrq-trigger\nread-only /\n"));
}

}  // namespace
}  // namespace stack::runtime
