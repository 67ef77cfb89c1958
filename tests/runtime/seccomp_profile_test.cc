// SPDX-License-Identifier: Apache-2.0
// Docker's profile files: what they mean, and what is said of mistakes in them.
#include "runtime/seccomp_profile.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "runtime/seccomp_compile.h"
#include "seccomp_judge.h"

namespace stack::runtime {
namespace {

using testing::verdict;

SeccompProgram compiled(std::string_view json, const std::set<std::string>& capabilities = {},
                        KernelVersion kernel = {6, 18}) {
  return compile_seccomp(parse_seccomp_profile(json), {capabilities, kernel});
}

/// A profile that denies with EPERM and has these rules.
std::string denying(std::string_view rules) {
  return fmt::format(R"({{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{}]}})", rules);
}

std::string error_of(std::string_view json) {
  try {
    parse_seccomp_profile(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

constexpr unsigned read_ = 0, write_ = 1, mmap_ = 9, ptrace_ = 101, mount_ = 165, reboot_ = 169;

TEST(SeccompProfile, AListOfWhatIsAllowed) {
  const auto program = compiled(R"({
    "defaultAction": "SCMP_ACT_ERRNO",
    "defaultErrnoRet": 13,
    "archMap": [
      {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
      {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}
    ],
    "syscalls": [
      {"names": ["read", "futex_waitv"], "action": "SCMP_ACT_ALLOW", "comment": "words"},
      {"name": "write", "action": "SCMP_ACT_LOG"},
      {"names": ["s390_pci_mmio_read", "no_such_call"], "action": "SCMP_ACT_ALLOW"}
    ]})");
  EXPECT_EQ(verdict(program, Abi::x86_64, read_), "allow");
  EXPECT_EQ(verdict(program, Abi::i386, 3), "allow");
  EXPECT_EQ(verdict(program, Abi::x32, read_), "allow");
  EXPECT_EQ(verdict(program, Abi::x86_64, write_), "log");
  EXPECT_EQ(verdict(program, Abi::x86_64, mount_), "errno 13");
  EXPECT_EQ(verdict(program, Abi::x86_64, 449), "allow");
  EXPECT_EQ(verdict(program, Abi::x86_64, 450), "ENOSYS") << "newer than what the profile knows";
}

TEST(SeccompProfile, AListOfWhatIsDenied) {
  const auto program = compiled(R"({
    "defaultAction": "SCMP_ACT_ALLOW",
    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "syscalls": [
      {"names": ["mount"], "action": "SCMP_ACT_ERRNO"},
      {"names": ["reboot"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
      {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"}
    ]})");
  EXPECT_EQ(verdict(program, Abi::x86_64, mount_), "EPERM");
  EXPECT_EQ(verdict(program, Abi::i386, 21), "EPERM");
  EXPECT_EQ(verdict(program, Abi::x86_64, reboot_), "ENOSYS");
  EXPECT_EQ(verdict(program, Abi::x86_64, ptrace_), "kill process");
  EXPECT_EQ(verdict(program, Abi::x86_64, 5000), "allow");
  EXPECT_EQ(verdict(program, Abi::x32, read_), "kill") << "not among its architectures";
}

TEST(SeccompProfile, EveryActionThatAFilterCanTake) {
  const std::pair<const char*, const char*> actions[] = {{"SCMP_ACT_KILL", "kill"},
                                                         {"SCMP_ACT_KILL_THREAD", "kill"},
                                                         {"SCMP_ACT_KILL_PROCESS", "kill process"},
                                                         {"SCMP_ACT_TRAP", "trap"},
                                                         {"SCMP_ACT_ERRNO", "errno 7"},
                                                         {"SCMP_ACT_TRACE", "trace 7"},
                                                         {"SCMP_ACT_LOG", "log"},
                                                         {"SCMP_ACT_ALLOW", "allow"}};
  for (const auto& [name, words] : actions) {
    const auto program = compiled(
        denying(fmt::format(R"({{"names": ["mount"], "action": "{}", "errnoRet": 7}})", name)));
    EXPECT_EQ(verdict(program, Abi::x86_64, mount_), words);
  }
}

TEST(SeccompProfile, EveryComparison) {
  struct Row {
    const char* op;
    const char* below;
    const char* same;
    const char* above;
  };
  for (const Row& row :
       {Row{"NE", "allow", "EPERM", "allow"}, Row{"LT", "allow", "EPERM", "EPERM"},
        Row{"LE", "allow", "allow", "EPERM"}, Row{"EQ", "EPERM", "allow", "EPERM"},
        Row{"GE", "EPERM", "allow", "allow"}, Row{"GT", "EPERM", "EPERM", "allow"}}) {
    const auto program = compiled(denying(fmt::format(
        R"({{"names": ["mmap"], "action": "SCMP_ACT_ALLOW",
             "args": [{{"index": 1, "value": 4294967301, "op": "SCMP_CMP_{}"}}]}})",
        row.op)));
    EXPECT_EQ(verdict(program, Abi::x86_64, mmap_, {0, 0x1'0000'0004}), row.below) << row.op;
    EXPECT_EQ(verdict(program, Abi::x86_64, mmap_, {0, 0x1'0000'0005}), row.same) << row.op;
    EXPECT_EQ(verdict(program, Abi::x86_64, mmap_, {0, 0x1'0000'0006}), row.above) << row.op;
    EXPECT_EQ(verdict(program, Abi::x86_64, mmap_, {0, 0x2'0000'0000}), row.above) << row.op;
    EXPECT_EQ(verdict(program, Abi::x86_64, mmap_, {0, 0xffff'ffff}), row.below) << row.op;
  }
  const auto masked = compiled(denying(
      R"({"names": ["mmap"], "action": "SCMP_ACT_ALLOW", "args": [
          {"index": 0, "value": 6, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]})"));
  EXPECT_EQ(verdict(masked, Abi::x86_64, mmap_, {3}), "allow");
  EXPECT_EQ(verdict(masked, Abi::x86_64, mmap_, {6}), "EPERM");
}

TEST(SeccompProfile, TestsOfTwoArgumentsMustBothHoldThoseOfOneAreAlternatives) {
  const auto both = compiled(denying(
      R"({"names": ["mmap"], "action": "SCMP_ACT_ALLOW", "args": [
          {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
          {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]})"));
  EXPECT_EQ(verdict(both, Abi::x86_64, mmap_, {1, 2}), "allow");
  EXPECT_EQ(verdict(both, Abi::x86_64, mmap_, {1, 3}), "EPERM");
  const auto either = compiled(denying(
      R"({"names": ["mmap"], "action": "SCMP_ACT_ALLOW", "args": [
          {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
          {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]})"));
  EXPECT_EQ(verdict(either, Abi::x86_64, mmap_, {1}), "allow");
  EXPECT_EQ(verdict(either, Abi::x86_64, mmap_, {2}), "allow");
  EXPECT_EQ(verdict(either, Abi::x86_64, mmap_, {3}), "EPERM");
}

TEST(SeccompProfile, RulesForSomeCapabilities) {
  const std::string profile = denying(
      R"({"names": ["mount"], "action": "SCMP_ACT_ALLOW",
          "includes": {"caps": ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]}},
         {"names": ["reboot"], "action": "SCMP_ACT_ALLOW",
          "excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_BPF"]}})");
  const auto none = compiled(profile);
  const auto one = compiled(profile, {"SYS_ADMIN"});
  const auto both = compiled(profile, {"SYS_ADMIN", "SYS_CHROOT"});
  EXPECT_EQ(verdict(none, Abi::x86_64, mount_), "EPERM");
  EXPECT_EQ(verdict(one, Abi::x86_64, mount_), "EPERM");
  EXPECT_EQ(verdict(both, Abi::x86_64, mount_), "allow");
  EXPECT_EQ(verdict(none, Abi::x86_64, reboot_), "allow");
  EXPECT_EQ(verdict(one, Abi::x86_64, reboot_), "EPERM");
}

TEST(SeccompProfile, RulesForSomeKernels) {
  const std::string profile = denying(
      R"({"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
         {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "4.8"}})");
  EXPECT_EQ(verdict(compiled(profile, {}, {4, 8}), Abi::x86_64, mount_), "allow");
  EXPECT_EQ(verdict(compiled(profile, {}, {4, 10}), Abi::x86_64, mount_), "allow");
  EXPECT_EQ(verdict(compiled(profile, {}, {4, 7}), Abi::x86_64, mount_), "EPERM");
  EXPECT_EQ(verdict(compiled(profile, {}, {4, 8}), Abi::x86_64, ptrace_), "EPERM");
  EXPECT_EQ(verdict(compiled(profile, {}, {3, 19}), Abi::x86_64, ptrace_), "allow");
}

TEST(SeccompProfile, RulesForOtherProcessorsAreLeftOut) {
  const auto program = compiled(denying(
      R"({"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm64"]}},
         {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["amd64"]}},
         {"names": ["reboot"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64"]}},
         {"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {}, "excludes": null})"));
  EXPECT_EQ(verdict(program, Abi::x86_64, mount_), "EPERM");
  EXPECT_EQ(verdict(program, Abi::x86_64, ptrace_), "EPERM");
  EXPECT_EQ(verdict(program, Abi::x86_64, reboot_), "allow");
  EXPECT_EQ(verdict(program, Abi::x86_64, read_), "allow");
}

TEST(SeccompProfile, MistakesAreNamedWithTheirPlace) {
  const std::pair<std::string, const char*> mistakes[] = {
      {"{\n  \"defaultAction\": oops}", "line 2, column 20: this is not JSON"},
      {"", "line 1, column 1: this is not JSON"},
      {"[]", "it must be an object, not a list"},
      {"{}", "defaultAction: a profile and each of its rules must say an action"},
      {R"({"defaultAction": "ALLOW"})",
       R"(defaultAction must be an action such as SCMP_ACT_ALLOW or SCMP_ACT_ERRNO, not "ALLOW")"},
      {R"({"defaultAction": 1})", "defaultAction must be a string, not 1"},
      {R"({"defaultAction": "SCMP_ACT_NOTIFY"})",
       "defaultAction: SCMP_ACT_NOTIFY is not supported: nobody listens for the calls"},
      {R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096})",
       "defaultErrnoRet must be a whole number from 0 to 4095, not 4096"},
      {R"({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]})",
       "flags: filter flags are not supported; leave them out"},
      {R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/x"})",
       "listenerPath: listeners for system calls are not supported"},
      {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}})",
       "syscalls must be a list, not an object"},
      {R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["x86"]})",
       R"(architectures[0] must be an architecture such as SCMP_ARCH_X86_64, not "x86")"},
      {R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"],
           "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]})",
       R"(it has either "architectures" or "archMap")"},
      {denying("7"), "syscalls[0] must be an object, not 7"},
      {denying(R"({"names": ["read"]})"),
       "syscalls[0].action: a profile and each of its rules must say an action"},
      {denying(R"({"names": ["read", 5], "action": "SCMP_ACT_ALLOW"})"),
       "syscalls[0].names[1] must be a string, not 5"},
      {denying(R"({"name": "read", "names": ["read"], "action": "SCMP_ACT_ALLOW"})"),
       R"(syscalls[0]: a rule has either "name" or "names")"},
      {denying(
           R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "op": "SCMP_CMP_EQ"}]})"),
       "syscalls[0].args[0].index must be a whole number from 0 to 5, not 6"},
      {denying(
           R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]})"),
       "syscalls[0].args[0].value must be a whole number from 0 to 18446744073709551615, not -1"},
      {denying(
           R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "EQ"}]})"),
       R"(syscalls[0].args[0].op must be a comparison such as SCMP_CMP_EQ or SCMP_CMP_MASKED_EQ, not "EQ")"},
      {denying(R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0}]})"),
       "syscalls[0].args[0].op: a test of an argument must say how to compare"},
      {denying(
           R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "new"}})"),
       R"(syscalls[0].includes.minKernel must be a version such as "4.8", not "new")"},
      {denying(
           R"({"names": ["read"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": "CAP_BPF"}})"),
       R"(syscalls[0].excludes.caps must be a list, not "CAP_BPF")"},
  };
  for (const auto& [json, message] : mistakes)
    EXPECT_EQ(error_of(json), std::string("seccomp profile: ") + message);
}

TEST(SeccompProfile, AHostileValueDoesNotReachTheTerminal) {
  const std::string message =
      error_of("{\"defaultAction\": \"\\u001b[2J" + std::string(5000, 'x') + "\"}");
  EXPECT_NE(message.find("\\u001b[2J"), std::string::npos) << message;
  EXPECT_LT(message.size(), 250U);
}

TEST(SeccompProfile, NumbersThatJsonCannotHoldAreRefused) {
  EXPECT_NE(error_of(R"({"defaultAction": 1e999})"), "no error");
  EXPECT_NE(error_of(std::string(100000, '[')), "no error");
}

}  // namespace
}  // namespace stack::runtime
