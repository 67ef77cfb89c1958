// SPDX-License-Identifier: Apache-2.0
// Our compiler against libseccomp's: the same policy, the same answer for every call.
#include "runtime/seccomp_compile.h"

#include <gtest/gtest.h>
#include <seccomp.h>

#include <algorithm>
#include <random>

#include "base/error.h"
#include "runtime/container_spec.h"
#include "runtime/seccomp_list.h"
#include "seccomp_judge.h"

namespace stack::runtime {
namespace {

using testing::all_abis;
using testing::by_libseccomp;
using testing::call_of;
using testing::in_words;
using testing::judge;
using testing::known_to_libseccomp;
using testing::name_of;
using testing::verdict;

constexpr unsigned numbers_tried = 601;
constexpr SeccompAction allow = SECCOMP_RET_ALLOW;
constexpr SeccompAction denied = SECCOMP_RET_ERRNO | EPERM;

SeccompCircumstances with(std::set<std::string> capabilities) {
  return {std::move(capabilities), {6, 18}};
}

/// Calls that the programs judge differently, among those that libseccomp knows.
std::string differences(const SeccompProgram& ours, const SeccompProgram& theirs,
                        std::initializer_list<std::uint64_t> arguments = {}) {
  std::string text;
  for (const Abi abi : all_abis) {
    for (unsigned number = 0; number < numbers_tried; ++number) {
      if (!known_to_libseccomp(abi, number)) continue;
      const auto call = call_of(abi, number, arguments);
      const std::string a = in_words(judge(ours, call));
      const std::string b = in_words(judge(theirs, call));
      if (a != b) text += fmt::format("{} {}: {}, libseccomp {}\n", name_of(abi), number, a, b);
    }
  }
  return text;
}

const std::set<std::string> capability_sets[] = {{},
                                                 default_capabilities(),
                                                 {"SYS_ADMIN"},
                                                 {"SYS_PTRACE", "SYS_TIME", "SYS_NICE"},
                                                 {"BPF", "PERFMON", "SYSLOG", "SYS_CHROOT"},
                                                 {"DAC_READ_SEARCH", "SYS_BOOT", "SYS_MODULE"},
                                                 {"SYS_PACCT", "SYS_RAWIO", "SYS_TTY_CONFIG"}};

TEST(SeccompCompile, DockersListIsJudgedAsByLibseccomp) {
  const SeccompProfile profile = docker_seccomp_profile();
  for (const auto& capabilities : capability_sets) {
    const SeccompProgram ours = compile_seccomp(profile, with(capabilities));
    const SeccompProgram theirs = by_libseccomp(profile, with(capabilities));
    for (const std::uint64_t first :
         {0ULL, 1ULL, 2ULL, 8ULL, 37ULL, 38ULL, 39ULL, 40ULL, 41ULL, 44ULL, 0x11ULL, 0x20000ULL,
          0x20008ULL, 0x40000ULL, 0x10000000ULL, 0x3d0f00ULL, 0x7e020000ULL, 0x80ULL,
          0xffffffffULL})
      EXPECT_EQ(differences(ours, theirs, {first, 1, 2}), "") << "first argument " << first;
  }
}

TEST(SeccompCompile, OlderKernelsLackWhatTheyCannotGuard) {
  const SeccompProgram old =
      compile_seccomp(docker_seccomp_profile(), {default_capabilities(), {4, 7}});
  EXPECT_EQ(verdict(old, Abi::x86_64, 101), "EPERM") << "ptrace";
  EXPECT_EQ(verdict(old, Abi::x86_64, 0), "allow") << "read";
}

TEST(SeccompCompile, ProgramsAreMuchShorterThanLibseccomps) {
  const SeccompProfile profile = docker_seccomp_profile();
  const auto circumstances = with(default_capabilities());
  EXPECT_LT(compile_seccomp(profile, circumstances).size(), 300U);
  EXPECT_GT(by_libseccomp(profile, circumstances).size(), 900U);
}

SeccompRule rule(std::initializer_list<const char*> names, SeccompAction action,
                 std::vector<ArgumentTest> tests = {}) {
  SeccompRule made{{}, action, std::move(tests), {}};
  for (const char* name : names) made.calls.push_back(find_system_call(name));
  return made;
}

SeccompProfile profile_of(SeccompAction otherwise, std::vector<SeccompRule> rules) {
  SeccompProfile profile;
  profile.default_action = otherwise;
  profile.other_abis = {Abi::i386, Abi::x32};
  profile.rules = std::move(rules);
  return profile;
}

std::string first_judged(const SeccompProfile& profile, unsigned number,
                         std::initializer_list<std::uint64_t> arguments) {
  return verdict(compile_seccomp(profile, with({})), Abi::x86_64, number, arguments);
}

TEST(SeccompCompile, AllTestsOfARuleMustHold) {
  const auto profile = profile_of(denied, {rule({"mmap"}, allow,
                                                {{0, Comparison::equal, 1},
                                                 {1, Comparison::greater, 10},
                                                 {2, Comparison::masked_equal, 4, 6}})});
  EXPECT_EQ(first_judged(profile, 9, {1, 11, 5}), "allow");
  EXPECT_EQ(first_judged(profile, 9, {0, 11, 5}), "EPERM");
  EXPECT_EQ(first_judged(profile, 9, {1, 10, 5}), "EPERM");
  EXPECT_EQ(first_judged(profile, 9, {1, 11, 7}), "EPERM");
}

TEST(SeccompCompile, AnyRuleOfACallMayHold) {
  const auto profile = profile_of(denied, {rule({"mmap"}, allow, {{0, Comparison::equal, 1}}),
                                           rule({"mmap"}, allow, {{1, Comparison::equal, 2}})});
  EXPECT_EQ(first_judged(profile, 9, {1, 0}), "allow");
  EXPECT_EQ(first_judged(profile, 9, {0, 2}), "allow");
  EXPECT_EQ(first_judged(profile, 9, {0, 1}), "EPERM");
}

TEST(SeccompCompile, TheFirstOfTwoActionsCounts) {
  const auto profile =
      profile_of(denied, {rule({"mmap"}, SECCOMP_RET_TRAP, {{0, Comparison::less, 10}}),
                          rule({"mmap"}, allow, {{0, Comparison::less, 20}})});
  EXPECT_EQ(first_judged(profile, 9, {9}), "trap");
  EXPECT_EQ(first_judged(profile, 9, {10}), "allow");
  EXPECT_EQ(first_judged(profile, 9, {20}), "EPERM");
}

TEST(SeccompCompile, ARuleWithoutTestsBeatsThoseThatHaveSome) {
  for (const auto& rules :
       {std::vector{rule({"mmap"}, SECCOMP_RET_TRAP, {{0, Comparison::equal, 1}}),
                    rule({"mmap"}, allow)},
        std::vector{rule({"mmap"}, allow),
                    rule({"mmap"}, SECCOMP_RET_TRAP, {{0, Comparison::equal, 1}})}}) {
    const auto profile = profile_of(denied, rules);
    EXPECT_EQ(first_judged(profile, 9, {1}), "allow");
    EXPECT_EQ(verdict(by_libseccomp(profile, with({})), Abi::x86_64, 9, {1}), "allow");
  }
}

TEST(SeccompCompile, ARuleThatRepeatsTheDefaultHidesNoOther) {
  const auto profile = profile_of(denied, {rule({"mmap"}, denied), rule({"mmap"}, allow)});
  EXPECT_EQ(first_judged(profile, 9, {}), "allow");
}

// flatpak's CVE-2019-10063 was of this kind.
TEST(SeccompCompile, WhatTheKernelIgnoresOfAnArgumentCannotFoolTheFilter) {
  const SeccompProfile profile = docker_seccomp_profile();
  const SeccompProgram ours = compile_seccomp(profile, with({}));
  constexpr std::uint64_t alg = 0x1'0000'0026;
  EXPECT_EQ(verdict(by_libseccomp(profile, with({})), Abi::x86_64, 41, {alg}), "allow");
  EXPECT_EQ(verdict(ours, Abi::x86_64, 41, {alg}), "EPERM");
  EXPECT_EQ(verdict(ours, Abi::x32, 41, {alg}), "EPERM");
  EXPECT_EQ(verdict(ours, Abi::x86_64, 41, {0x1'0000'0002}), "allow");
  EXPECT_EQ(verdict(ours, Abi::x86_64, 135, {0x1'0004'0000}), "EPERM") << "personality";
}

TEST(SeccompCompile, CallsBehindAMultiplexerStayClosed) {
  constexpr unsigned socketcall = 102;
  constexpr unsigned ipc = 117;
  const auto only_inet = profile_of(
      denied, {rule({"socket"}, allow, {{0, Comparison::equal, 2}}), rule({"bind"}, allow)});
  const SeccompProgram open = compile_seccomp(only_inet, with({}));
  EXPECT_EQ(verdict(open, Abi::i386, 359, {2}), "allow");
  EXPECT_EQ(verdict(open, Abi::i386, 359, {3}), "EPERM");
  EXPECT_EQ(verdict(open, Abi::i386, socketcall, {1}), "EPERM") << "its family cannot be seen";
  EXPECT_EQ(verdict(open, Abi::i386, socketcall, {2}), "allow") << "bind";
  const auto no_shm =
      profile_of(allow, {rule({"shmget"}, denied, {{1, Comparison::greater, 4096}})});
  const SeccompProgram closed = compile_seccomp(no_shm, with({}));
  EXPECT_EQ(verdict(closed, Abi::i386, ipc, {23}), "EPERM");
  EXPECT_EQ(verdict(closed, Abi::i386, ipc, {0x10017}), "EPERM") << "a version in its upper half";
  EXPECT_EQ(verdict(closed, Abi::i386, ipc, {24}), "allow");
}

TEST(SeccompCompile, AbisThatAreNotServedAreKilled) {
  SeccompProfile profile = docker_seccomp_profile();
  profile.other_abis = {};
  const SeccompProgram program = compile_seccomp(profile, with({}));
  EXPECT_EQ(verdict(program, Abi::x86_64, 0), "allow");
  EXPECT_EQ(verdict(program, Abi::i386, 3), "kill");
  EXPECT_EQ(verdict(program, Abi::x32, 0), "kill");
  EXPECT_EQ(verdict(program, Abi::x86_64, 0xffffffff), "ENOSYS") << "cancelled by a tracer";
  EXPECT_EQ(differences(program, by_libseccomp(profile, with({}))), "");
}

TEST(SeccompCompile, AProfileThatTheKernelWouldNotTakeIsRefused) {
  std::vector<SeccompRule> rules;
  for (std::uint64_t i = 0; i < 1000; ++i)
    rules.push_back(rule({"ioctl"}, allow, {{1, Comparison::equal, 2 * i}}));
  EXPECT_THROW(compile_seccomp(profile_of(denied, rules), with({})), Error);
}

/// Random policies with up to `rules` rules for a call.
class Policies {
 public:
  explicit Policies(unsigned rules) : rules_(rules) {}
  SeccompProfile next() {
    SeccompProfile profile = profile_of(one_of({denied, allow, SECCOMP_RET_TRAP}), {});
    if (pick(3) == 0) profile.other_abis.erase(Abi::x32);
    if (pick(3) == 0) profile.other_abis.erase(Abi::i386);
    std::set<std::string_view> used;
    const auto calls = system_calls();
    for (unsigned i = pick(60); i > 0; --i) {
      const SystemCall& call = calls[pick(calls.size())];
      if (multiplexed_on_i386(call.name) != nullptr || !used.insert(call.name).second) continue;
      for (unsigned rules = 1 + pick(rules_); rules > 0; --rules)
        profile.rules.push_back(
            {{&call}, one_of({allow, denied, SECCOMP_RET_ERRNO | 13}), tests(), {}});
    }
    return profile;
  }
  std::uint64_t value() { return values_[pick(std::size(values_))]; }

 private:
  unsigned pick(std::size_t below) { return static_cast<unsigned>(random_() % below); }
  SeccompAction one_of(std::initializer_list<SeccompAction> actions) {
    return actions.begin()[pick(actions.size())];
  }
  std::vector<ArgumentTest> tests() {
    std::vector<ArgumentTest> made;
    for (unsigned index = 0; index < 2; ++index) {
      if (pick(2) == 0) continue;
      ArgumentTest test{index, static_cast<Comparison>(pick(7)), value()};
      if (test.comparison == Comparison::masked_equal) {
        test.mask = value() | 1;
        test.value &= test.mask;
      }
      made.push_back(test);
    }
    return made;
  }

  static constexpr std::uint64_t values_[] = {0, 1, 2, 5, 6, 0x7fffffff, 0x80000000, 0xffffffff};
  unsigned rules_;
  std::mt19937 random_{20240229};
};

TEST(SeccompCompile, RandomPoliciesAreJudgedAsByLibseccomp) {
  Policies policies(1);
  for (int i = 0; i < 100; ++i) {
    const SeccompProfile profile = policies.next();
    const SeccompProgram ours = compile_seccomp(profile, with({}));
    const SeccompProgram theirs = by_libseccomp(profile, with({}));
    for (int j = 0; j < 8; ++j) {
      const std::string text = differences(ours, theirs, {policies.value(), policies.value()});
      ASSERT_EQ(text, "") << "policy " << i;
    }
  }
}

bool holds(const ArgumentTest& test, const seccomp_data& call) {
  const std::uint64_t argument = call.args[test.index];
  switch (test.comparison) {
    case Comparison::not_equal:
      return argument != test.value;
    case Comparison::less:
      return argument < test.value;
    case Comparison::less_or_equal:
      return argument <= test.value;
    case Comparison::equal:
      return argument == test.value;
    case Comparison::greater_or_equal:
      return argument >= test.value;
    case Comparison::greater:
      return argument > test.value;
    case Comparison::masked_equal:
      return (argument & test.mask) == test.value;
  }
  return false;
}

/// What the header of SeccompProfile says, rule by rule.
SeccompAction by_definition(const SeccompProfile& profile, const SystemCall& call,
                            const seccomp_data& data) {
  const SeccompRule* first = nullptr;
  for (const SeccompRule& rule : profile.rules) {
    if (rule.calls.front() != &call || rule.action == profile.default_action) continue;
    if (rule.tests.empty()) return rule.action;
    if (first == nullptr &&
        std::all_of(rule.tests.begin(), rule.tests.end(),
                    [&](const ArgumentTest& test) { return holds(test, data); }))
      first = &rule;
  }
  return first == nullptr ? profile.default_action : first->action;
}

// libseccomp merges rules of one call that test the same argument, and is not exact about it.
TEST(SeccompCompile, SeveralRulesOfACallAreJudgedInTheirOrder) {
  Policies policies(4);
  for (int i = 0; i < 100; ++i) {
    const SeccompProfile profile = policies.next();
    const SeccompProgram program = compile_seccomp(profile, with({}));
    for (const SystemCall& call : system_calls()) {
      for (const Abi abi : all_abis) {
        const int number = call.number(abi);
        if (number < 0 || (abi != Abi::x86_64 && !profile.other_abis.contains(abi))) continue;
        if (abi == Abi::i386 && (number == 102 || number == 117)) continue;
        const auto data =
            call_of(abi, static_cast<unsigned>(number), {policies.value(), policies.value()});
        ASSERT_EQ(in_words(judge(program, data)), in_words(by_definition(profile, call, data)))
            << "policy " << i << ' ' << name_of(abi) << ' ' << call.name;
      }
    }
  }
}

TEST(SeccompCalls, NumbersAreThoseOfLibseccomp) {
  std::string wrong;
  for (const Abi abi : all_abis) {
    for (unsigned number = 0; number < numbers_tried; ++number) {
      const std::string name = testing::name_by_libseccomp(abi, number);
      if (name.empty()) continue;
      const SystemCall* call = find_system_call(name);
      if (call == nullptr || call->number(abi) != static_cast<int>(number))
        wrong += fmt::format("{} {}: {}\n", name_of(abi), number, name);
    }
  }
  EXPECT_EQ(wrong, "");
}

TEST(SeccompCalls, NoNumberHasTwoNames) {
  for (const Abi abi : all_abis) {
    std::set<int> seen;
    for (const SystemCall& call : system_calls()) {
      if (call.number(abi) < 0) continue;
      EXPECT_TRUE(seen.insert(call.number(abi)).second) << call.name;
    }
  }
}

}  // namespace
}  // namespace stack::runtime
