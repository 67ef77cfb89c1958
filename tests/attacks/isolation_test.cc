// SPDX-License-Identifier: Apache-2.0
// What a container must not reach through the kernel: mounts, devices, settings, processes, keys,
// terminals, and system calls with a history.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>

#include "attack.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/cgroup.h"
#include "runtime/kernel.h"

namespace stack::attacks {
namespace {

using runtime::ContainerSpec;

class Isolation : public Attack {
 protected:
  static void with_every_capability(ContainerSpec& spec) {
    spec.security.capabilities = runtime::effective_capabilities({"ALL"}, {}, false);
  }
  static void without_masks(ContainerSpec& spec) { spec.security.system_paths_unconfined = true; }
  static void with_writable_cgroups(ContainerSpec& spec) { spec.security.writable_cgroups = true; }
  static void with_every_device(ContainerSpec& spec) {
    spec.security.device_rules = {"b *:* rwm", "c *:* rwm"};
  }
};

// --- R6: CVE-2022-0492

TEST_F(Isolation, R6NoCgroupTreeCanBeMounted) {
  expect_only_without_defence(
      [&] {
        return loot_of(
            victim("for controller in memory pids cpu freezer; do"
                   "  mount -t cgroup -o $controller none /tmp && echo $controller && break;"
                   "done; mount -t cgroup2 none /tmp && echo unified;"
                   "unshare -UrmC mount -t cgroup2 none /tmp && echo unified in a user namespace"));
      },
      with_every_capability, {Weakness::no_filter});
}

TEST_F(Isolation, R6TheCgroupTreeInsideIsReadOnly) {
  // Looked at, not written to: the release agent of a real machine is no toy.
  expect_only_without_defence(
      [&] {
        return loot_of(
            victim("for group in /sys/fs/cgroup /sys/fs/cgroup/*; do"
                   "  mkdir $group/made && echo $group && rm -r $group/made;"
                   "done; busybox find /sys/fs/cgroup -name release_agent | while read file; do"
                   "  (: >> $file) && echo $file; done"));
      },
      with_writable_cgroups);
}

// --- R7: "Shocker", open_by_handle_at

std::string handle_of(const std::filesystem::path& path) {
  alignas(file_handle) char room[sizeof(file_handle) + MAX_HANDLE_SZ] = {};
  auto& handle = *reinterpret_cast<file_handle*>(room);
  handle.handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (::name_to_handle_at(AT_FDCWD, path.c_str(), &handle, &mount, 0) != 0)
    throw_errno("name_to_handle_at");
  std::string text = fmt::format("{}:", handle.handle_type);
  for (unsigned i = 0; i < handle.handle_bytes; ++i)
    text += fmt::format("{:02x}", handle.f_handle[i]);
  return text;
}

TEST_F(Isolation, R7AFileOfTheHostCannotBeOpenedByItsHandle) {
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        const std::string handle = handle_of(host.path() / "secret");
        ContainerSpec spec = attacker({"/bin/attacker", "handle", "/v", handle});
        spec.mounts = {bind(fresh_directory("volume"), "/v")};
        return Sentinel::leaked_in(loot_of(spec));
      },
      [](ContainerSpec& spec) { spec.security.capabilities.insert("DAC_READ_SEARCH"); });
}

// --- R8

/// What mknod(1) wants to know of nodes that this machine lets its own root open, if nobody else.
std::vector<std::string> sensitive_devices() {
  std::vector<std::string> devices;
  for (const auto& entry : std::filesystem::directory_iterator("/dev")) {
    const std::string name = entry.path().filename();
    struct stat info {};
    if (::lstat(entry.path().c_str(), &info) != 0) continue;
    const bool chosen = S_ISBLK(info.st_mode) || name == "mem" || name == "kmsg";
    if (!chosen || !Fd(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC))) continue;
    devices.push_back(fmt::format("{} {} {}", S_ISBLK(info.st_mode) ? "b" : "c",
                                  major(info.st_rdev), minor(info.st_rdev)));
  }
  return devices;
}

TEST_F(Isolation, R8NoDeviceOfTheHostCanBeOpenedThroughANewNode) {
  std::string script;
  for (const std::string& device : sensitive_devices())
    script += "mknod /tmp/node " + device + "; (: < /tmp/node) && echo '" + device + "';" +
              "rm /tmp/node;";
  if (script.empty()) GTEST_SKIP() << "this machine has no device to open";
  expect_only_without_defence([&] { return loot_of(victim(script)); }, with_every_device);
}

TEST_F(Isolation, R8ADeviceInAVolumeIsNoDevice) {
  expect_only_without_defence(
      [&] {
        const auto volume = fresh_directory("volume");
        EXPECT_EQ(::mknod((volume / "zero").c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);
        ContainerSpec spec = victim("head -c 8 /v/zero | tr '\\0' 'x'");
        spec.mounts = {bind(volume, "/v")};
        return loot_of(spec);
      },
      {Weakness::devices_in_volumes});
}

// --- R9

TEST_F(Isolation, R9NoSettingOfTheMachineCanBeWrittenTo) {
  expect_only_without_defence(
      [&] {
        std::string open;
        for (const std::string& path : split(loot_of(victim("attacker writable")), '\n')) {
          // A pressure file takes a request to be woken up, which changes nothing (psi, kernel
          // docs).
          if (!path.empty() && !path.starts_with("/proc/pressure/")) open += path + "\n";
        }
        return open;
      },
      without_masks);
}

TEST_F(Isolation, R9WhatIsMaskedReadsAsEmpty) {
  expect_only_without_defence(
      [&] {
        return loot_of(
            victim("for file in /proc/interrupts /proc/keys /proc/timer_list; do"
                   "  [ -r $file ] && head -c 64 $file; done; ls /sys/firmware; ls /proc/acpi"));
      },
      without_masks);
}

TEST_F(Isolation, R9NoKernelParameterOfTheHostIsSet) {
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);  // whose are this machine's from here on
  expect_only_without_defence(
      [&]() -> std::string {
        const std::string file = "/proc/sys/net/ipv4/ip_default_ttl";
        const std::string before = read_file(file);
        ContainerSpec spec = victim("true");
        spec.namespaces.network.kind = runtime::NamespaceKind::host;
        spec.sysctls = {{"net.ipv4.ip_default_ttl", "33"}};
        loot_of(spec);
        return read_file(file) == before ? "" : "the host's packets live less long";
      },
      {Weakness::unchecked_spec});
}

// --- R10

/// A process of the host that does nothing but be there.
class Bystander {
 public:
  Bystander() : pid_(::fork()) {
    if (pid_ == 0) {
      for (;;) ::pause();
    }
  }
  ~Bystander() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  pid_t pid() const { return pid_; }
  bool is_killed() const {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == pid_;
  }

 private:
  pid_t pid_;
};

TEST_F(Isolation, R10NoProcessOfTheHostIsSeenOrKilled) {
  expect_only_without_defence(
      [&] {
        const Bystander bystander;
        std::string gain =
            loot_of(victim(fmt::format("cat /proc/{0}/comm; kill -9 {0}", bystander.pid())));
        if (bystander.is_killed()) gain += "killed a process of the host";
        return gain;
      },
      {Weakness::shared_processes});
}

TEST_F(Isolation, R10KillingEverybodyKillsNobodyOutside) {
  // Not for a weakened run: there everybody is everybody.
  const Bystander bystander;
  run("kill -9 -1");
  EXPECT_FALSE(bystander.is_killed());
}

TEST_F(Isolation, R10TheLauncherCannotBeReadThroughOurInit) {
  expect_only_without_defence(
      [&] {
        ContainerSpec spec = victim("readlink /proc/1/exe; head -c 4 /proc/1/exe");
        spec.process.init = true;
        return loot_of(spec);
      },
      {Weakness::readable_launcher});
}

// --- R11

TEST_F(Isolation, R11TheLaunchersKeysAreNotInReach) {
  ASSERT_GE(::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr), 0);
  const std::string token = "launcher's key";
  if (::syscall(SYS_add_key, "user", "stack-attack", token.c_str(), token.size(),
                KEY_SPEC_SESSION_KEYRING) < 0)
    GTEST_SKIP() << "no key can be made: " << std::strerror(errno);
  expect_only_without_defence(
      [&] {
        return loot_of(attacker({"/bin/attacker", "key", "stack-attack"}));
      },
      {Weakness::shared_keyring, Weakness::no_filter});
}

// --- R14

/// Runs `launch_it` in a process whose controlling terminal is `slave`.
void with_terminal(const char* slave, const std::function<void(int)>& launch_it) {
  const pid_t child = ::fork();
  if (child == 0) {
    // Not the wrapped one: this session must be, whatever is weakened.
    ::syscall(SYS_setsid);
    const int terminal = ::open(slave, O_RDWR);
    launch_it(terminal);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
}

TEST_F(Isolation, R14NothingIsTypedIntoTheLaunchersTerminal) {
  const auto allowed = read_file_if_exists("/proc/sys/dev/tty/legacy_tiocsti");
  if (allowed && trim(*allowed) == "0") GTEST_SKIP() << "this kernel lets nobody type (TIOCSTI)";
  const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(master && ::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0);
  const std::string slave = ::ptsname(master.get());
  const Fd reader = open_file(slave, O_RDWR | O_NOCTTY | O_NONBLOCK);
  termios raw{};
  ::tcgetattr(reader.get(), &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(reader.get(), TCSANOW, &raw);
  expect_only_without_defence(
      [&] {
        with_terminal(slave.c_str(), [&](int terminal) {
          run(attacker({"/bin/attacker", "type", "reboot"}), terminal);
        });
        char typed[64];
        const ssize_t size = ::read(reader.get(), typed, sizeof typed);
        return std::string(typed, size > 0 ? static_cast<std::size_t>(size) : 0);
      },
      {Weakness::keeps_session});
}

// --- R15, R16, R17

TEST_F(Isolation, R15R16R17SystemCallsWithAHistoryAreClosed) {
  expect_only_without_defence([&] { return loot_of(victim("attacker doors")); },
                              {Weakness::no_filter});
}

TEST_F(Isolation, R17ThreadsCanStillBeMade) {
  EXPECT_EQ(run("attacker threads").exit_code, 0);
}

TEST_F(Isolation, R17NoUserNamespaceCanBeMade) {
  expect_only_without_defence([&] { return loot_of(victim("unshare -Ur echo made")); },
                              {Weakness::no_filter});
}

// --- R23

/// A process with exactly that number.
pid_t fork_as(pid_t number) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<std::uintptr_t>(&number);
  arguments.set_tid_size = 1;
  const pid_t child = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (child == 0) {
    for (;;) ::pause();
  }
  return child;
}

/// One that was started later, in the kernel's coarse ticks too.
pid_t heir_of(const ProcessIdentity& process) {
  for (;;) {
    const pid_t heir = fork_as(process.pid);
    if (heir < 0 || process_start_time(heir) != process.start_time) return heir;
    ::kill(heir, SIGKILL);
    ::waitpid(heir, nullptr, 0);
  }
}

TEST_F(Isolation, R23ANumberThatAnotherProcessHasNowIsNotSignalled) {
  expect_only_without_defence(
      [&]() -> std::string {
        Running container = start(victim("sleep 1000"));
        const ProcessIdentity was = container.identity;
        stop(container);
        const pid_t heir = heir_of(was);
        EXPECT_EQ(heir, was.pid) << "the number could not be given again";
        // As the launcher has it, and as somebody who only has a record of it.
        EXPECT_FALSE(send_signal(container.pidfd.get(), SIGKILL));
        const auto found = open_process(was);
        if (found) send_signal(found->get(), SIGKILL);
        const bool killed = found.has_value();
        ::kill(heir, SIGKILL);
        ::waitpid(heir, nullptr, 0);
        return killed ? "the process that has the number now is killed" : "";
      },
      {Weakness::processes_by_number});
}

// --- R25

TEST_F(Isolation, R25AMountInAContainerDoesNotReachTheHost) {
  expect_only_without_defence(
      [&]() -> std::string {
        const auto shared = fresh_directory("shared");
        make_directories(shared / "place", 0755);
        EXPECT_EQ(::mount(shared.c_str(), shared.c_str(), nullptr, MS_BIND, nullptr), 0);
        EXPECT_EQ(::mount(nullptr, shared.c_str(), nullptr, MS_SHARED, nullptr), 0);
        ContainerSpec spec = victim("mount -t tmpfs mine /v/place");
        spec.mounts = {bind(shared, "/v")};
        spec.security.privileged = true;
        with_every_capability(spec);
        loot_of(spec);
        const bool seen = read_file("/proc/self/mountinfo").find((shared / "place").native()) !=
                          std::string::npos;
        ::umount2(shared.c_str(), MNT_DETACH);
        return seen ? "the host has the container's mount" : "";
      },
      {Weakness::shared_mounts});
}

}  // namespace
}  // namespace stack::attacks
