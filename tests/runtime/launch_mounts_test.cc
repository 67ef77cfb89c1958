// SPDX-License-Identifier: Apache-2.0
// What a container sees of file systems, and what links in an image or volume cannot do.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/files.h"
#include "runtime/launch.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

class Mounts : public testing::Sandbox {
 protected:
  static MountSpec bind(const std::string& source, const std::string& target,
                        Writable writable = Writable::yes) {
    MountSpec mount;
    mount.source = source;
    mount.target = target;
    mount.writable = writable;
    return mount;
  }
  static MountSpec tmpfs(const std::string& target, std::vector<std::string> options) {
    MountSpec mount;
    mount.kind = MountKind::tmpfs;
    mount.target = target;
    mount.options = std::move(options);
    return mount;
  }
  static MountSpec image_at(const std::string& target, std::vector<std::string> layers) {
    MountSpec mount;
    mount.kind = MountKind::image;
    mount.source = "tool:1";
    mount.layers = std::move(layers);
    mount.target = target;
    return mount;
  }
  /// The options of a mount point as the container sees them.
  std::string options_of(ContainerSpec spec, const std::string& target) {
    spec.process.arguments[2] = "while read a b c d e f g; do [ \"$e\" = " + target +
                                " ] && o=$f; done < /proc/self/mountinfo; echo $o";
    return output_of(spec);
  }
};

TEST_F(Mounts, WritesGoToTheUpperLayerAndNotToTheImage) {
  const ContainerSpec spec = shell("echo new > /etc/new; echo changed > /etc/passwd");
  EXPECT_EQ(output_of(spec), "");
  EXPECT_FALSE(stack::exists(image() / "etc/new"));
  EXPECT_EQ(read_file(std::filesystem::path(spec.root.upper) / "etc/new"), "new\n");
}

TEST_F(Mounts, ManyLayersCoverOneAnotherInOrder) {
  ContainerSpec spec = shell("cat /who; echo /layer*");
  std::vector<std::string> layers;
  for (int i = 0; i < 100; ++i) {
    const auto layer = directory(fmt::format("a-rather-long-name-of-a-layer-directory-{:03}", i));
    write_file_atomically(layer / "who", fmt::format("{}\n", i), Durability::survives_crash, 0644);
    layers.push_back(layer);
  }
  layers.push_back(image());
  spec.root.lower = layers;
  EXPECT_EQ(output_of(spec), "0\n/layer*\n");
}

TEST_F(Mounts, AnImagesLayersAreOneReadOnlyTree) {
  const auto upper = directory("upper");
  const auto lower = directory("lower");
  write_file_atomically(upper / "who", "upper\n", Durability::survives_crash, 0644);
  write_file_atomically(lower / "who", "lower\n", Durability::survives_crash, 0644);
  write_file_atomically(lower / "other", "kept\n", Durability::survives_crash, 0644);
  ContainerSpec spec = shell("cat /tool/who /tool/other; touch /tool/x 2>&1");
  spec.mounts = {image_at("/tool", {upper, lower})};
  EXPECT_EQ(run(spec).out, "upper\nkept\ntouch: /tool/x: Read-only file system\n");
  EXPECT_FALSE(stack::exists(upper / "x"));
}

TEST_F(Mounts, ADirectoryOfAnImageIsFoundInsideItWhereverItsLinksPoint) {
  const auto upper = directory("upper");
  const auto lower = directory("lower");
  std::filesystem::create_directories(lower / "usr/share/tool");
  write_file_atomically(lower / "usr/share/tool/x", "tool\n", Durability::survives_crash, 0644);
  std::filesystem::create_directory_symlink("/usr/share", lower / "absolute");
  std::filesystem::create_directory_symlink("../../../../../../../usr/share", lower / "upwards");
  for (const std::vector<std::string>& layers :
       {std::vector<std::string>{lower}, std::vector<std::string>{upper, lower}}) {
    for (const char* subpath : {"usr/share/tool", "absolute/tool", "upwards/tool"}) {
      ContainerSpec spec = shell("cat /tool/x; touch /tool/y 2>&1");
      spec.mounts = {image_at("/tool", layers)};
      spec.mounts[0].subpath = subpath;
      EXPECT_EQ(run(spec).out, "tool\ntouch: /tool/y: Read-only file system\n") << subpath;
    }
  }
}

TEST_F(Mounts, ADirectoryThatTheImageDoesNotHaveIsNamed) {
  ContainerSpec spec = shell("true");
  spec.mounts = {image_at("/tool", {directory("upper"), directory("lower")})};
  spec.mounts[0].subpath = "no/such";
  try {
    run(spec);
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "opening mount source tool:1/no/such: No such file or directory");
  }
}

TEST_F(Mounts, AnImageOfManyLayersIsMountedAndADeviceInItIsNone) {
  ContainerSpec spec = shell("cat /tool/who; cat /tool/null 2>&1");
  std::vector<std::string> layers;
  for (int i = 0; i < 100; ++i) {
    const auto layer = directory(fmt::format("a-rather-long-name-of-a-layer-directory-{:03}", i));
    write_file_atomically(layer / "who", fmt::format("{}\n", i), Durability::survives_crash, 0644);
    layers.push_back(layer);
  }
  ASSERT_EQ(::mknod((layers.back() + "/null").c_str(), S_IFCHR | 0666, 0x103), 0);
  spec.mounts = {image_at("/tool", layers)};
  EXPECT_EQ(run(spec).out, "0\ncat: can't open '/tool/null': Permission denied\n");
}

TEST_F(Mounts, AReadOnlyRootIsReadOnlyButItsMountsAreNot) {
  ContainerSpec spec = shell("touch /x 2>&1; touch /dev/shm/x /data/x /run/x && echo ok");
  spec.root.writable = Writable::no;
  spec.mounts = {bind(directory("data"), "/data"), tmpfs("/run", {})};
  EXPECT_EQ(output_of(spec), "touch: /x: Read-only file system\nok\n");
}

TEST_F(Mounts, ABindShowsTheHostsDirectory) {
  const auto data = directory("data");
  ContainerSpec spec = shell("echo from inside > /srv/data/x");
  spec.mounts = {bind(data, "/srv/data")};
  EXPECT_EQ(output_of(spec), "");
  EXPECT_EQ(read_file(data / "x"), "from inside\n");
}

TEST_F(Mounts, AReadOnlyBindRefusesWrites) {
  ContainerSpec spec = shell("touch /data/x 2>&1");
  spec.mounts = {bind(directory("data"), "/data", Writable::no)};
  EXPECT_EQ(run(spec).out, "touch: /data/x: Read-only file system\n");
}

TEST_F(Mounts, AFileCanBeBound) {
  ContainerSpec spec = shell("cat /etc/motd /deep/er/file");
  const auto source = file("motd", "welcome\n");
  spec.mounts = {bind(source, "/etc/motd"), bind(source, "/deep/er/file")};
  EXPECT_EQ(output_of(spec), "welcome\nwelcome\n");
}

TEST_F(Mounts, EtcFilesAreBound) {
  ContainerSpec spec = shell("cat /etc/hosts /etc/resolv.conf /etc/hostname");
  spec.etc = {file("h", "hosts\n"), file("r", "resolv\n"), file("n", "name\n")};
  EXPECT_EQ(output_of(spec), "hosts\nresolv\nname\n");
}

TEST_F(Mounts, TmpfsOptionsReachTheKernel) {
  ContainerSpec spec = shell("");
  spec.mounts = {tmpfs("/t", {"size=1m", "mode=1770", "uid=1000"})};
  EXPECT_EQ(options_of(spec, "/t"), "rw,nosuid,nodev,noexec,relatime\n");
  spec.process.arguments[2] =
      "stat -c '%a %u' /t; dd if=/dev/zero of=/t/x bs=1M count=2 2>/dev/null";
  EXPECT_EQ(run(spec).out, "1770 1000\n");
}

TEST_F(Mounts, TheWordsOfATmpfsReachTheKernel) {
  ContainerSpec spec = shell("");
  spec.mounts = {tmpfs("/t", {"strictatime,sync,mand,exec,shared"})};
  EXPECT_EQ(options_of(spec, "/t"), "rw,nosuid,nodev\n");
  spec.process.arguments[2] =
      "grep -c ' /t rw,nosuid,nodev shared:[0-9]* - tmpfs tmpfs rw,sync' "
      "/proc/self/mountinfo";
  EXPECT_EQ(run(spec).out, "1\n");
}

TEST_F(Mounts, ATmpfsLooksLikeTheDirectoryThatItCovers) {
  std::filesystem::create_directory(image() / "var");
  ASSERT_EQ(::chmod((image() / "var").c_str(), 01733), 0);
  ContainerSpec spec = shell("stat -c %a /var");
  spec.mounts = {tmpfs("/var", {})};
  EXPECT_EQ(output_of(spec), "1733\n");
}

TEST_F(Mounts, ATmpfsWhereThereWasNothingIsForAll) {
  ContainerSpec spec = shell("stat -c %a /run/app /run");
  spec.mounts = {tmpfs("/run/app", {})};
  EXPECT_EQ(output_of(spec), "1777\n755\n");
}

TEST_F(Mounts, SharedMemoryHasItsSize) {
  ContainerSpec spec = shell("grep ' /dev/shm ' /proc/mounts");
  spec.resources.shm_size = 1U << 20;
  const std::string line = output_of(spec);
  EXPECT_NE(line.find("size=1024k"), std::string::npos) << line;
}

TEST_F(Mounts, StandardDevicesWork) {
  EXPECT_EQ(
      output_of("echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c;"
                "echo y 2>/dev/null > /dev/full || echo full; ls /dev/pts; readlink /dev/ptmx"),
      "3\n5\nfull\nptmx\npts/ptmx\n");
}

TEST_F(Mounts, MaskedPathsReadAsEmpty) {
  EXPECT_EQ(
      output_of("cat /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; ls /sys/firmware"),
      "");
}

TEST_F(Mounts, KernelSettingsAreReadOnly) {
  const auto outcome =
      run("echo 1 > /proc/sys/kernel/domainname; "
          "echo 1 > /sys/kernel/mm/ksm/run; mkdir /sys/fs/cgroup/x");
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err,
            "/bin/sh: can't create /proc/sys/kernel/domainname: Read-only file system\n"
            "/bin/sh: can't create /sys/kernel/mm/ksm/run: Read-only file system\n"
            "mkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system\n");
}

TEST_F(Mounts, LowPortsAndPingNeedNoCapability) {
  EXPECT_EQ(output_of("cat /proc/sys/net/ipv4/ip_unprivileged_port_start; "
                      "sed 's/[[:space:]]/ /' /proc/sys/net/ipv4/ping_group_range"),
            "0\n0 2147483647\n");
}

TEST_F(Mounts, TheContainerSeesItsOwnCgroupAsTheRoot) {
  const std::string text = output_of(
      "grep -v -e cpuset -e blkio -e freezer -e systemd -e perf "
      "-e net_ -e hugetlb -e rdma -e misc /proc/self/cgroup | sed 's/.*://'");
  EXPECT_EQ(text.find_first_not_of("/\n"), std::string::npos) << text;
}

TEST_F(Mounts, AnImagesLinkCannotLeadAMountOutside) {
  const auto outside = directory("outside");
  std::filesystem::create_symlink(outside, image() / "data");
  std::filesystem::create_symlink("../../../../../../" + outside.string(), image() / "up");
  ContainerSpec spec = shell("cat /data/x /up/deeper/x");
  const auto source = directory("source");
  write_file_atomically(source / "x", "bound\n", Durability::survives_crash, 0644);
  spec.mounts = {bind(source, "/data"), bind(source, "/up/deeper")};
  // In-root, each link leads to a path that does not exist there: refused, or made inside.
  try {
    run(spec);
  } catch (const Error&) {
  }
  EXPECT_TRUE(list_directory(outside).empty());
}

TEST_F(Mounts, AnAbsoluteLinkIsResolvedInsideTheImage) {
  std::filesystem::create_directory(image() / "real");
  std::filesystem::create_symlink("/real", image() / "alias");
  ContainerSpec spec = shell("cat /real/x");
  const auto source = directory("source");
  write_file_atomically(source / "x", "bound\n", Durability::survives_crash, 0644);
  spec.mounts = {bind(source, "/alias")};
  EXPECT_EQ(output_of(spec), "bound\n");
}

// As docker's: what the link names is made, inside.
TEST_F(Mounts, ALinkThatLeadsNowhereYetIsFollowedAndItsEndMade) {
  std::filesystem::create_symlink("/run", image() / "varrun");
  std::filesystem::create_symlink("../../../usr/share/zone/UTC", image() / "etc/localtime");
  std::filesystem::create_symlink("/one/./two/../three/", image() / "chain");
  std::filesystem::create_symlink("chain/deep", image() / "longer");
  ContainerSpec spec = shell(
      "cat /etc/localtime /usr/share/zone/UTC /run/socket /one/three/deep/x; pwd; "
      "ls -d /one/two; readlink /varrun");
  const auto source = directory("source");
  write_file_atomically(source / "x", "x\n", Durability::survives_crash, 0644);
  const auto zone = file("zone", "zone\n");
  const auto socket = file("socket", "socket\n");
  spec.mounts = {bind(zone, "/etc/localtime", Writable::no), bind(socket, "/varrun/socket"),
                 bind(source, "/longer"), tmpfs("/varrun/t", {})};
  spec.process.working_directory = "/varrun/w/x";
  EXPECT_EQ(output_of(spec), "zone\nzone\nsocket\nx\n/run/w/x\n/one/two\n/run\n");
}

TEST_F(Mounts, LinksThatLeadInCirclesAreRefused) {
  std::filesystem::create_symlink("b", image() / "a");
  std::filesystem::create_symlink("a", image() / "b");
  ContainerSpec spec = shell("true");
  spec.mounts = {bind(directory("source"), "/a/x")};
  EXPECT_TRUE(std::string(failure_of(spec).what()).ends_with("Too many levels of symbolic links"));
}

TEST_F(Mounts, EtcFilesTakeThePlaceOfLinks) {
  std::filesystem::create_symlink("../run/systemd/resolv.conf", image() / "etc/resolv.conf");
  std::filesystem::create_symlink("/bin/hosts", image() / "etc/hosts");
  write_file_atomically(image() / "bin/hosts", "image\n", Durability::survives_crash, 0644);
  ContainerSpec spec = shell(
      "cat /etc/hosts /etc/resolv.conf /bin/hosts; readlink /etc/hosts /etc/resolv.conf; ls /run");
  spec.etc.hosts = file("hosts", "hosts\n");
  spec.etc.resolv_conf = file("resolv.conf", "resolver\n");
  spec.etc.over_links = true;
  spec.root.writable = Writable::no;
  const Outcome outcome = run(spec);
  EXPECT_EQ(outcome.out, "hosts\nresolver\nimage\n");
  EXPECT_NE(outcome.err.find("/run: No such file"), std::string::npos) << outcome.err;
}

TEST_F(Mounts, ADeviceOfItsOwnNameIsOneAndNotOneInADirectory) {
  ContainerSpec spec = shell("cat /etc/cron; echo x > /etc/cron; echo $?; cat /d/null 2>&1");
  const auto devices = directory("devices");
  ASSERT_EQ(::mknod((devices / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  spec.mounts = {bind("/dev/null", "/etc/cron"), bind(devices, "/d")};
  EXPECT_EQ(run(spec).out, "0\ncat: can't open '/d/null': Permission denied\n");
}

TEST_F(Mounts, AConfigMayBeAProgram) {
  ContainerSpec spec = shell("/run.sh");
  spec.files = {{"/run.sh", 0, 0, 0755, "#!/bin/sh\necho ran\n", "", false}};
  EXPECT_EQ(output_of(spec), "ran\n");
}

TEST_F(Mounts, SharedMemoryIsForAll) {
  ContainerSpec spec = shell("stat -c %a /dev/shm /dev/mqueue; grep ' /dev/shm ' /proc/mounts");
  EXPECT_TRUE(output_of(spec).starts_with("1777\n1777\nshm /dev/shm tmpfs "));
  spec = shell("stat -c %a /dev/shm /dev/mqueue");
  spec.mounts = {tmpfs("/dev/shm", {"size=1m"}), tmpfs("/dev/mqueue", {})};
  EXPECT_EQ(output_of(spec), "1777\n1777\n");
}

TEST_F(Mounts, WhoTellsHowLargeTheMachineIsMayBeCovered) {
  ContainerSpec spec = shell("cat /proc/meminfo");
  spec.mounts = {bind(file("meminfo", "MemTotal: 1 kB\n"), "/proc/meminfo")};
  EXPECT_EQ(output_of(spec), "MemTotal: 1 kB\n");
}

// As docker, which looks before anything is mounted; where he lives is what he sees (runc).
TEST_F(Mounts, WhoAUserIsTheImageSays) {
  ContainerSpec spec = shell("id -u; echo $HOME");
  write_file_atomically(image() / "etc/passwd", "app:x:1000:1000::/image:\n",
                        Durability::survives_crash, 0644);
  spec.mounts = {
      bind(file("passwd", "app:x:2000:2000::/wrong:\nx:x:1000:1::/seen:\n"), "/etc/passwd")};
  spec.process.user = "app";
  EXPECT_EQ(output_of(spec), "1000\n/seen\n");
}

TEST_F(Mounts, AnImageWhoseDevIsALinkIsRefused) {
  std::filesystem::create_symlink("/tmp", image() / "dev");
  EXPECT_STREQ(failure_of(shell("true")).what(),
               "mounting tmpfs on /dev: Too many levels of symbolic links");
}

TEST_F(Mounts, EtcHostsAsALinkOutsideTouchesNothingOutside) {
  const auto victim = file("victim", "untouched\n");
  std::filesystem::create_symlink(victim, image() / "etc/hosts");
  ContainerSpec spec = shell("echo overwritten > /etc/hosts");
  spec.etc.hosts = file("hosts", "hosts\n");
  try {
    run(spec);
  } catch (const Error&) {
  }
  EXPECT_EQ(read_file(victim), "untouched\n");
}

TEST_F(Mounts, ADirectoryOnAFileIsRefusedWithAHint) {
  ContainerSpec spec = shell("true");
  spec.mounts = {bind(directory("data"), "/etc/passwd")};
  const Error error = failure_of(spec);
  EXPECT_NE(std::string(error.what()).find(" on /etc/passwd: Not a directory"), std::string::npos)
      << error.what();
  EXPECT_FALSE(error.hint().empty());
}

TEST_F(Mounts, AVolumeWhereLinksAreExchangedNeverLeadsOutside) {
  const auto outside = directory("outside");
  const auto volume = directory("volume");
  std::filesystem::create_directory(volume / "a");
  std::filesystem::create_symlink(outside, volume / "b");
  ContainerSpec attacker = program(
      {"/bin/sh", "-c", "while :; do mv -T /v/a /v/c; mv -T /v/b /v/a; mv -T /v/c /v/b; done"});
  std::filesystem::create_symlink("busybox", image() / "bin/mv");
  attacker.mounts = {bind(volume, "/v")};
  Running running = start(attacker);
  const auto source = directory("source");
  for (int round = 0; round < 30; ++round) {
    ContainerSpec victim = shell("true");
    victim.mounts = {bind(volume, "/v"), bind(source, "/v/a/deep")};
    try {
      run(victim);
    } catch (const Error&) {
    }
  }
  stop(running);
  EXPECT_TRUE(list_directory(outside).empty());
}

}  // namespace
}  // namespace stack::runtime
