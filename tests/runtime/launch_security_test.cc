// SPDX-License-Identifier: Apache-2.0
// What a container must not be able to do, asked of the kernel from inside.
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "runtime/launch.h"
#include "runtime/program.h"
#include "runtime/seccomp.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

class Security : public testing::Sandbox {};

TEST_F(Security, MountingIsDenied) {
  const auto outcome = run("mount -t tmpfs none /tmp; unshare -Ur true");
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err,
            "mount: permission denied (are you root?)\n"
            "unshare: unshare(0x10000000): Operation not permitted\n");
}

TEST_F(Security, ADeviceNodeCanBeMadeButNotOpened) {
  const auto outcome =
      run("mknod /tmp/disk b 254 0 && mknod /dev/mem c 1 1 && echo made; "
          "cat /dev/mem; head -c 1 /tmp/disk");
  EXPECT_EQ(outcome.out, "made\n");
  EXPECT_EQ(outcome.err,
            "cat: can't open '/dev/mem': Operation not permitted\n"
            "head: /tmp/disk: Operation not permitted\n");
}

TEST_F(Security, ADeviceNodeInAVolumeIsNoDevice) {
  const auto volume = directory("volume");
  ASSERT_EQ(::mknod((volume / "zero").c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);
  ContainerSpec spec = shell("head -c 1 /v/zero");
  MountSpec mount;
  mount.source = volume;
  mount.target = "/v";
  spec.mounts = {mount};
  EXPECT_EQ(run(spec).err, "head: /v/zero: Permission denied\n");
}

TEST_F(Security, ALeakedDirectoryCannotBeTheWorkingDirectory) {
  ContainerSpec spec = shell("true");
  std::filesystem::create_symlink("/proc/self/fd/7", image() / "escape");
  spec.process.working_directory = "/escape";
  EXPECT_EQ(failure_of(spec).exit_code(), ExitCode::runtime_error);
}

TEST_F(Security, TheLauncherKeepsNothingOpenInTheContainer) {
  const Fd secret = open_file("/etc", O_RDONLY | O_DIRECTORY);
  const int inherited = ::dup(secret.get());
  EXPECT_EQ(output_of("ls -1 /proc/self/fd"), "0\n1\n2\n3\n");
  ::close(inherited);
}

TEST_F(Security, OurInitCannotBeReadOrTracedFromInside) {
  ContainerSpec spec = shell(
      "readlink /proc/1/exe; cat /proc/1/exe /proc/1/environ /proc/1/mem > /dev/null; "
      "ls /proc/1/fd");
  spec.process.init = true;
  const auto outcome = run(spec);
  EXPECT_EQ(outcome.out, "") << "no path to our program, no open descriptor";
  EXPECT_EQ(outcome.err,
            "cat: can't open '/proc/1/exe': Permission denied\n"
            "cat: can't open '/proc/1/environ': Permission denied\n"
            "cat: can't open '/proc/1/mem': Permission denied\n");
}

TEST_F(Security, PrivilegedContainersHaveDevicesAndWritableSettings) {
  ContainerSpec spec = shell(
      "mount -t tmpfs none /tmp && echo mounted; mkdir -p /sys/fs/cgroup/*/x && echo cgroup; "
      "[ -e /dev/kmsg ] && echo kmsg; grep CapEff /proc/self/status | tr '\\t' ' '; "
      "grep Seccomp: /proc/self/status | tr '\\t' ' '");
  spec.security.privileged = true;
  spec.security.capabilities = effective_capabilities({}, {}, true);
  const std::string out = output_of(spec);
  EXPECT_NE(out.find("mounted\ncgroup\nkmsg\nCapEff: 000001f"), std::string::npos) << out;
  EXPECT_NE(out.find("Seccomp: 0"), std::string::npos) << out;
}

TEST_F(Security, ADefaultContainerIsFiltered) {
  EXPECT_EQ(output_of("grep Seccomp: /proc/self/status"), "Seccomp:\t2\n");
}

TEST_F(Security, ThreadsWorkUnderTheFilter) {
  const SeccompProgram filter = seccomp_for("", default_capabilities());
  const pid_t child = ::fork();
  if (child == 0) {
    sock_fprog program{static_cast<unsigned short>(filter.size()),
                       const_cast<sock_filter*>(filter.data())};
    if (::syscall(SYS_seccomp, 1, 0, &program) != 0) ::_exit(1);
    pthread_t thread;
    const auto work = [](void*) -> void* { return nullptr; };
    if (::pthread_create(&thread, nullptr, work, nullptr) != 0) ::_exit(2);
    ::_exit(::pthread_join(thread, nullptr) == 0 ? 0 : 3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace stack::runtime
