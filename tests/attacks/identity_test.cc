// SPDX-License-Identifier: Apache-2.0
// Who a program may be, and what it may come to be: users, capabilities.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "attack.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/user_namespace.h"

namespace stack::attacks {
namespace {

using runtime::ContainerSpec;

class Who : public Attack {};

// --- R12: CVE-2022-24769, CVE-2022-27650, CVE-2022-29162

/// Gives the file capabilities that only the inheritable ones of its caller make real.
void let_inherit(const std::filesystem::path& program) {
  vfs_cap_data data{};
  data.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  data.data[0].inheritable = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE;
  if (::setxattr(program.c_str(), "security.capability", &data, sizeof data, 0) != 0)
    throw_errno("setxattr");
}

TEST_F(Who, R12AFileDoesNotTurnInheritableCapabilitiesIntoRealOnes) {
  make_directories(image() / "capable", 0755);
  std::filesystem::copy_file("/bin/busybox", image() / "capable/grep");
  let_inherit(image() / "capable/grep");
  expect_only_without_defence(
      [&] {
        ContainerSpec spec = victim(
            "/capable/grep -E 'CapInh|CapPrm|CapEff|CapAmb' /proc/self/status |"
            "grep -v 0000000000000000");
        spec.process.user = "web";
        return loot_of(spec);
      },
      {Weakness::inheritable_capabilities});
}

TEST_F(Who, R12AProgramThatJoinsInheritsNothingEither) {
  expect_only_without_defence(
      [&] {
        Running container = start(victim("sleep 1000"));
        runtime::ProcessSpec process =
            shell_process("grep -E 'CapInh|CapAmb' /proc/self/status | grep -v 0000000000000000");
        process.user = "web";
        const std::string out = join(container, process).out;
        stop(container);
        return out;
      },
      {Weakness::inheritable_capabilities});
}

TEST_F(Who, R12ASetUserIdProgramIsWorthNothingWithoutNewPrivileges) {
  std::filesystem::copy_file(image() / "bin/attacker", image() / "bin/root-attacker");
  std::filesystem::permissions(image() / "bin/root-attacker", std::filesystem::perms(04755));
  expect_only_without_defence(
      [&] {
        ContainerSpec spec = program({"/bin/root-attacker", "root"});
        spec.process.user = "web";
        spec.security.no_new_privileges = true;
        return loot_of(weaken(spec));
      },
      [](ContainerSpec& spec) { spec.security.no_new_privileges = false; });
}

// --- R13: CVE-2026-30892

/// 200 texts that are no user, most of them 0 to atoi(3).
std::vector<std::string> no_users() {
  const std::vector<std::string> heads = {
      "-1",         "+0",         "0x0",        "0x10", "1e3",
      " 0",         "0 ",         "\t0",        "0\n",  "0;0",
      "0/0",        "0,0",        "--",         "-",    "+",
      "4294967295", "4294967296", "2147483648", "..",   "99999999999999999999"};
  const std::vector<std::string> tails = {"",   ":-1", ":0x0", ": 0", ":0:0",
                                          "::", ":0 ", ":\n",  ":/",  ":+5"};
  std::vector<std::string> texts;
  for (const std::string& head : heads) {
    for (const std::string& tail : tails) texts.push_back(head + tail);
  }
  return texts;
}

TEST_F(Who, R13TextsThatAreNoUserDoNotBecomeRoot) {
  const auto texts = no_users();
  ASSERT_EQ(texts.size(), 200U);
  expect_only_without_defence(
      [&] {
        for (const std::string& text : texts) {
          ContainerSpec spec = victim("id -u");
          spec.process.user = text;
          const std::string out = loot_of(spec);
          if (!out.empty()) return text + " runs as user " + out;
        }
        return std::string();
      },
      {Weakness::loose_users});
}

TEST_F(Who, R13NeitherInAProgramThatJoins) {
  expect_only_without_defence(
      [&] {
        Running container = start(victim("sleep 1000"));
        std::string gain;
        for (const std::string& text : no_users()) {
          runtime::ProcessSpec process = shell_process("id -u");
          process.user = text;
          try {
            gain = join(container, process).out;
          } catch (const Error&) {
            continue;  // refused
          }
          if (!gain.empty()) break;
        }
        stop(container);
        return gain;
      },
      {Weakness::loose_users});
}

// --- ids of its own (userns_mode: auto)

ContainerSpec with_ids(ContainerSpec spec) {
  spec.namespaces.user.kind = runtime::NamespaceKind::own;
  spec.ids = {0x7123'0000, 0x7123'0000, 65536};
  return spec;
}

void with_the_hosts_ids(ContainerSpec& spec) {
  spec.namespaces.user.kind = runtime::NamespaceKind::host;
  spec.ids = {};
}

class Nobody : public Who {
 protected:
  void SetUp() override {
    Who::SetUp();
    if (!IsSkipped() && !runtime::takes_id_mapping(fresh_directory("try")))
      GTEST_SKIP() << "the file system of the test's directory takes no mapping of ids";
  }
};

TEST_F(Nobody, R18AFileOfTheHostsRootInABindIsNotRead) {
  expect_only_without_defence(
      [&] {
        const Sentinel host = sentinel();
        std::filesystem::permissions(host.path() / "secret", std::filesystem::perms(0600));
        ContainerSpec spec = with_ids(shell("cat /host/secret"));
        spec.mounts = {bind(host.path(), "/host")};
        return Sentinel::leaked_in(loot_of(weaken(spec)));
      },
      with_the_hosts_ids);
}

TEST_F(Nobody, R12ASetUserIdProgramInABindIsNotTheHostsRoots) {
  expect_only_without_defence(
      [&]() -> std::string {
        const auto folder = fresh_directory("folder");
        std::filesystem::permissions(folder, std::filesystem::perms(0777));
        ContainerSpec spec = with_ids(shell("cp /bin/busybox /w/door; chmod 4755 /w/door"));
        spec.mounts = {bind(folder, "/w")};
        loot_of(weaken(spec));
        struct stat made {};
        if (::stat((folder / "door").c_str(), &made) != 0) return "";
        const bool is_door = made.st_uid == 0 && (made.st_mode & S_ISUID) != 0;
        return is_door ? "a program that makes anybody root of the host" : "";
      },
      with_the_hosts_ids);
}

TEST_F(Nobody, R9WithAllRightsTheMachinesSettingsAreStillNotItsOwn) {
  expect_only_without_defence(
      [&] {
        ContainerSpec spec = with_ids(program({"/bin/attacker", "writable"}));
        spec.security.capabilities = runtime::effective_capabilities({"ALL"}, {}, false);
        spec.security.seccomp = "unconfined";
        spec.security.system_paths_unconfined = true;
        std::string open;
        for (const std::string& path : split(loot_of(weaken(spec)), '\n'))
          if (path == "/proc/sys/kernel/core_pattern" || path.starts_with("/proc/sys/vm/"))
            open += path + "\n";
        return open;
      },
      with_the_hosts_ids);
}

TEST_F(Nobody, R10ItsProcessesAreNobodysOutside) {
  expect_only_without_defence(
      [&]() -> std::string {
        Running container = start(weaken(with_ids(shell("exec sleep 1000"))));
        const std::string status =
            read_file(fmt::format("/proc/{}/status", container.identity.pid));
        stop(container);
        return status.find("Uid:\t0\t") == std::string::npos ? "" : "it is the host's root";
      },
      with_the_hosts_ids);
}

}  // namespace
}  // namespace stack::attacks
