// SPDX-License-Identifier: Apache-2.0
// The filter as the kernel would judge it, by an interpreter of classic BPF: no root, no system
// call. launch_security_test.cc asks the kernel itself.
#include "runtime/seccomp.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cstring>

#include "base/files.h"
#include "base/ids.h"
#include "runtime/container_spec.h"

namespace stack::runtime {
namespace {

std::uint32_t judge(const SeccompProgram& program, const seccomp_data& call) {
  std::uint32_t a = 0;
  std::uint32_t memory[16] = {};
  for (std::size_t pc = 0;; ++pc) {
    const sock_filter& i = program.at(pc);
    const auto jump = [&](bool taken) { pc += taken ? i.jt : i.jf; };
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&a, reinterpret_cast<const char*>(&call) + i.k, sizeof a);
        break;
      case BPF_LD | BPF_MEM:
        a = memory[i.k];
        break;
      case BPF_ST:
        memory[i.k] = a;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= i.k;
        break;
      case BPF_JMP | BPF_JA:
        pc += i.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump(a == i.k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump(a > i.k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump(a >= i.k);
        break;
      case BPF_RET | BPF_K:
        return i.k;
      default:
        ADD_FAILURE() << "unexpected instruction " << i.code;
        return 0;
    }
  }
}

std::string verdict(const SeccompProgram& program, int number, std::uint64_t first = 0,
                    std::uint32_t architecture = AUDIT_ARCH_X86_64) {
  const seccomp_data call{number, architecture, 0, {first, 0, 0, 0, 0, 0}};
  const std::uint32_t answer = judge(program, call);
  if (answer == SECCOMP_RET_ALLOW) return "allow";
  if ((answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_KILL_THREAD) return "kill";
  if ((answer & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO) return "other";
  const std::uint32_t error = answer & SECCOMP_RET_DATA;
  return error == EPERM ? "EPERM" : error == ENOSYS ? "ENOSYS" : "errno";
}

const SeccompProgram& standard() {
  static const SeccompProgram program = compile_seccomp(default_capabilities());
  return program;
}

std::set<std::string> with(const char* capability) {
  std::set<std::string> set = default_capabilities();
  set.insert(capability);
  return set;
}

TEST(Seccomp, OrdinaryCallsAreAllowed) {
  for (const int number : {SYS_read, SYS_openat, SYS_execve, SYS_capset, SYS_setresuid,
                           SYS_close_range, SYS_clone, SYS_ptrace, SYS_openat2, SYS_memfd_create})
    EXPECT_EQ(verdict(standard(), number), "allow") << number;
}

TEST(Seccomp, DangerousCallsAreDenied) {
  for (const int number : {SYS_mount, SYS_unshare, SYS_setns, SYS_keyctl, SYS_bpf, SYS_pivot_root,
                           SYS_io_uring_setup, SYS_userfaultfd, SYS_init_module, SYS_reboot,
                           SYS_open_by_handle_at, SYS_swapon, SYS_kexec_load, SYS_add_key})
    EXPECT_EQ(verdict(standard(), number), "EPERM") << number;
}

TEST(Seccomp, CloneMakesThreadsButNoNamespaces) {
  EXPECT_EQ(verdict(standard(), SYS_clone, 0x3d0f00), "allow");
  EXPECT_EQ(verdict(standard(), SYS_clone, 0x10000000), "EPERM") << "user namespace";
  EXPECT_EQ(verdict(standard(), SYS_clone, 0x00020000), "EPERM") << "mount namespace";
  EXPECT_EQ(verdict(standard(), SYS_clone3), "ENOSYS");
}

TEST(Seccomp, SocketsOfAllFamiliesButTwo) {
  EXPECT_EQ(verdict(standard(), SYS_socket, 2), "allow");
  EXPECT_EQ(verdict(standard(), SYS_socket, 38), "EPERM") << "AF_ALG";
  EXPECT_EQ(verdict(standard(), SYS_socket, 39), "allow");
  EXPECT_EQ(verdict(standard(), SYS_socket, 40), "EPERM") << "AF_VSOCK";
  EXPECT_EQ(verdict(standard(), SYS_socket, 44), "allow");
}

TEST(Seccomp, PersonalitiesThatWeakenTheProcessAreDenied) {
  EXPECT_EQ(verdict(standard(), SYS_personality, 0xffffffff), "allow");
  EXPECT_EQ(verdict(standard(), SYS_personality, 0x0040000), "EPERM") << "ADDR_NO_RANDOMIZE";
}

TEST(Seccomp, RecentCallsAreJudgedByNumber) {
  EXPECT_EQ(verdict(standard(), 457), "allow") << "statmount";
  EXPECT_EQ(verdict(standard(), 462), "allow") << "mseal";
  EXPECT_EQ(verdict(standard(), 466), "allow") << "removexattrat";
  EXPECT_EQ(verdict(standard(), 467), "EPERM") << "open_tree_attr";
  EXPECT_EQ(verdict(standard(), 459), "EPERM") << "lsm_get_self_attr";
  EXPECT_EQ(verdict(compile_seccomp(with("SYS_ADMIN")), 459), "allow");
  EXPECT_EQ(verdict(standard(), 335), "allow") << "uretprobe";
}

TEST(Seccomp, UnknownCallsDoNotExist) {
  for (const int number : {470, 500, 1000, 0x3fffffff})
    EXPECT_EQ(verdict(standard(), number), "ENOSYS") << number;
  EXPECT_EQ(verdict(standard(), 470, 0, AUDIT_ARCH_I386), "ENOSYS");
  EXPECT_EQ(verdict(standard(), 0x40000000 + 600), "ENOSYS") << "x32";
}

TEST(Seccomp, TheOtherAbisOfThisProcessorHaveTheSameRules) {
  EXPECT_EQ(verdict(standard(), 3, 0, AUDIT_ARCH_I386), "allow") << "read";
  EXPECT_EQ(verdict(standard(), 21, 0, AUDIT_ARCH_I386), "EPERM") << "mount";
  EXPECT_EQ(verdict(standard(), 310, 0, AUDIT_ARCH_I386), "EPERM") << "unshare";
  EXPECT_EQ(verdict(standard(), 457, 0, AUDIT_ARCH_I386), "allow") << "statmount";
  EXPECT_EQ(verdict(standard(), 0x40000000 + 0), "allow") << "x32 read";
  EXPECT_EQ(verdict(standard(), 0x40000000 + SYS_mount), "EPERM") << "x32 mount";
  EXPECT_EQ(verdict(standard(), 0x40000000 + 457), "allow") << "x32 statmount";
  EXPECT_EQ(verdict(standard(), SYS_read, 0, AUDIT_ARCH_AARCH64), "kill");
}

TEST(Seccomp, CapabilitiesOpenTheirCalls) {
  const SeccompProgram admin = compile_seccomp(with("SYS_ADMIN"));
  for (const int number : {SYS_mount, SYS_unshare, SYS_setns, SYS_clone3, SYS_bpf})
    EXPECT_EQ(verdict(admin, number), "allow") << number;
  EXPECT_EQ(verdict(admin, SYS_clone, 0x10000000), "allow");
  EXPECT_EQ(verdict(admin, SYS_reboot), "EPERM");
  EXPECT_EQ(verdict(compile_seccomp(with("SYS_TIME")), SYS_settimeofday), "allow");
  std::set<std::string> no_chroot = default_capabilities();
  no_chroot.erase("SYS_CHROOT");
  EXPECT_EQ(verdict(standard(), SYS_chroot), "allow");
  EXPECT_EQ(verdict(compile_seccomp(no_chroot), SYS_chroot), "EPERM");
}

TEST(Seccomp, OnlyCapabilitiesThatMatterMakeAnotherProgram) {
  EXPECT_EQ(seccomp_key(with("NET_ADMIN")), seccomp_key(default_capabilities()));
  EXPECT_NE(seccomp_key(with("SYS_ADMIN")), seccomp_key(default_capabilities()));
}

class SeccompCache : public ::testing::Test {
 protected:
  void TearDown() override { remove_tree(directory_); }
  std::filesystem::path file() { return directory_ / list_directory(directory_).at(0); }
  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("stack-seccomp-test-" + random_hex(8));
};

std::string bytes(const SeccompProgram& program) {
  return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)};
}

TEST_F(SeccompCache, AProgramIsCompiledOnce) {
  const SeccompProgram first = cached_seccomp(directory_, default_capabilities());
  EXPECT_EQ(bytes(first), bytes(standard()));
  EXPECT_EQ(list_directory(directory_).size(), 1U);
  EXPECT_EQ(bytes(cached_seccomp(directory_, default_capabilities())), bytes(first));
}

TEST_F(SeccompCache, ADamagedFileIsMadeAnew) {
  cached_seccomp(directory_, default_capabilities());
  std::string content = read_file(file());
  const std::string good = content;
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  for (const std::string& bad : {content, good.substr(0, good.size() - 8), std::string()}) {
    write_file_atomically(file(), bad, Durability::survives_crash);
    EXPECT_EQ(bytes(cached_seccomp(directory_, default_capabilities())), bytes(standard()));
    EXPECT_EQ(read_file(file()), good);
  }
}

}  // namespace
}  // namespace stack::runtime
