// SPDX-License-Identifier: Apache-2.0
// The filter that a container gets, as the kernel would judge it: no root, no system call.
// seccomp_kernel_test.cc asks the kernel itself.
#include "runtime/seccomp.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "runtime/container_spec.h"
#include "seccomp_judge.h"

namespace stack::runtime {
namespace {

std::string verdict(const SeccompProgram& program, long number, std::uint64_t first = 0,
                    Abi abi = Abi::x86_64) {
  return testing::verdict(program, abi, static_cast<unsigned>(number), {first});
}

SeccompProgram compiled(const std::set<std::string>& capabilities) {
  return seccomp_for("", capabilities);
}

const SeccompProgram& standard() {
  static const SeccompProgram program = compiled(default_capabilities());
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
  EXPECT_EQ(verdict(compiled(with("SYS_ADMIN")), 459), "allow");
  EXPECT_EQ(verdict(standard(), 335), "allow") << "uretprobe";
}

TEST(Seccomp, UnknownCallsDoNotExist) {
  for (const int number : {470, 500, 1000, 0x3fffffff})
    EXPECT_EQ(verdict(standard(), number), "ENOSYS") << number;
  EXPECT_EQ(verdict(standard(), 470, 0, Abi::i386), "ENOSYS");
  EXPECT_EQ(verdict(standard(), 0x40000000 + 600), "ENOSYS") << "x32";
}

TEST(Seccomp, TheOtherAbisOfThisProcessorHaveTheSameRules) {
  EXPECT_EQ(verdict(standard(), 3, 0, Abi::i386), "allow") << "read";
  EXPECT_EQ(verdict(standard(), 21, 0, Abi::i386), "EPERM") << "mount";
  EXPECT_EQ(verdict(standard(), 310, 0, Abi::i386), "EPERM") << "unshare";
  EXPECT_EQ(verdict(standard(), 457, 0, Abi::i386), "allow") << "statmount";
  EXPECT_EQ(verdict(standard(), 0x40000000 + 0), "allow") << "x32 read";
  EXPECT_EQ(verdict(standard(), 0x40000000 + SYS_mount), "EPERM") << "x32 mount";
  EXPECT_EQ(verdict(standard(), 0x40000000 + 457), "allow") << "x32 statmount";
  seccomp_data elsewhere = testing::call_of(Abi::x86_64, SYS_read);
  elsewhere.arch = AUDIT_ARCH_AARCH64;
  EXPECT_EQ(testing::in_words(testing::judge(standard(), elsewhere)), "kill");
}

TEST(Seccomp, CapabilitiesOpenTheirCalls) {
  const SeccompProgram admin = compiled(with("SYS_ADMIN"));
  for (const int number : {SYS_mount, SYS_unshare, SYS_setns, SYS_clone3, SYS_bpf})
    EXPECT_EQ(verdict(admin, number), "allow") << number;
  EXPECT_EQ(verdict(admin, SYS_clone, 0x10000000), "allow");
  EXPECT_EQ(verdict(admin, SYS_reboot), "EPERM");
  EXPECT_EQ(verdict(compiled(with("SYS_TIME")), SYS_settimeofday), "allow");
  std::set<std::string> no_chroot = default_capabilities();
  no_chroot.erase("SYS_CHROOT");
  EXPECT_EQ(verdict(standard(), SYS_chroot), "allow");
  EXPECT_EQ(verdict(compiled(no_chroot), SYS_chroot), "EPERM");
}

TEST(Seccomp, OnlyCapabilitiesThatMatterMakeAnotherProgram) {
  EXPECT_EQ(seccomp_key("", with("NET_ADMIN")), seccomp_key("", default_capabilities()));
  EXPECT_NE(seccomp_key("", with("SYS_ADMIN")), seccomp_key("", default_capabilities()));
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
  const SeccompProgram first = cached_seccomp(directory_, "", default_capabilities());
  EXPECT_EQ(bytes(first), bytes(standard()));
  EXPECT_EQ(list_directory(directory_).size(), 1U);
  EXPECT_EQ(bytes(cached_seccomp(directory_, "", default_capabilities())), bytes(first));
}

constexpr std::string_view only_read =
    R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})";

TEST_F(SeccompCache, EachProfileHasItsOwnProgram) {
  const SeccompProgram mine = cached_seccomp(directory_, only_read, default_capabilities());
  EXPECT_EQ(verdict(mine, SYS_read), "allow");
  EXPECT_EQ(verdict(mine, SYS_write), "ENOSYS") << "newer than what the profile knows";
  EXPECT_EQ(bytes(cached_seccomp(directory_, "", default_capabilities())), bytes(standard()));
  EXPECT_EQ(bytes(cached_seccomp(directory_, only_read, default_capabilities())), bytes(mine));
  EXPECT_EQ(list_directory(directory_).size(), 2U);
}

TEST_F(SeccompCache, UnconfinedIsNoProgram) {
  EXPECT_TRUE(cached_seccomp(directory_, seccomp_unconfined, default_capabilities()).empty());
  EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(SeccompCache, AWrongProfileIsAnErrorEachTime) {
  for (int i = 0; i < 2; ++i)
    EXPECT_THROW(cached_seccomp(directory_, "{", default_capabilities()), Error);
}

TEST_F(SeccompCache, ADamagedFileIsMadeAnew) {
  cached_seccomp(directory_, "", default_capabilities());
  std::string content = read_file(file());
  const std::string good = content;
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  for (const std::string& bad : {content, good.substr(0, good.size() - 8), std::string()}) {
    write_file_atomically(file(), bad, Durability::survives_crash);
    EXPECT_EQ(bytes(cached_seccomp(directory_, "", default_capabilities())), bytes(standard()));
    EXPECT_EQ(read_file(file()), good);
  }
}

}  // namespace
}  // namespace stack::runtime
