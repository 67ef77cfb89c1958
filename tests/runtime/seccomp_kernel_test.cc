// SPDX-License-Identifier: Apache-2.0
// The filter as this kernel judges it: every number on every ABI, and from inside of a container.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "base/text.h"
#include "runtime/launch.h"
#include "runtime/seccomp.h"
#include "sandbox.h"
#include "seccomp_judge.h"
#include "seccomp_probe.h"

namespace stack::runtime {
namespace {

using testing::all_abis;
using testing::call_of;
using testing::in_words;
using testing::judge;
using testing::make_call;
using testing::name_of;
using testing::ProbedAbi;

// Errors that no kernel of ours returns, so that they can only come from the filter.
constexpr std::uint32_t would_allow = 4001;
constexpr std::uint32_t would_kill = 4002;
constexpr unsigned numbers = 501;

/// The same decisions, but nothing is ever executed: what would be let through, or killed, gets an
/// error of its own.
SeccompProgram harmless(SeccompProgram program) {
  for (sock_filter& each : program) {
    if (each.code != (BPF_RET | BPF_K)) continue;
    if (each.k == SECCOMP_RET_ALLOW) each.k = SECCOMP_RET_ERRNO | would_allow;
    if (each.k == SECCOMP_RET_KILL_THREAD) each.k = SECCOMP_RET_ERRNO | would_kill;
  }
  return program;
}

struct Asked {
  ProbedAbi abi;
  unsigned number;
  long first;
  long answer;
};

ProbedAbi probed(Abi abi) {
  return abi == Abi::i386 ? ProbedAbi::i386 : abi == Abi::x32 ? ProbedAbi::x32 : ProbedAbi::x86_64;
}

/// Memory that a child which can make no call writes its answers to.
class Answers {
 public:
  explicit Answers(const std::vector<Asked>& calls) : size_(calls.size()) {
    void* memory = ::mmap(nullptr, size_ * sizeof(Asked), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw_errno("mmap");
    calls_ = static_cast<Asked*>(memory);
    std::copy(calls.begin(), calls.end(), calls_);
  }
  ~Answers() { ::munmap(calls_, size_ * sizeof(Asked)); }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  std::span<Asked> calls() { return {calls_, size_}; }

 private:
  std::size_t size_;
  Asked* calls_ = nullptr;
};

int load(const SeccompProgram& program) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()),
                          const_cast<sock_filter*>(program.data())};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0 ? errno : 0;
}

/// The kernel's answers under the harmless filter. The child cannot even exit: it traps.
std::vector<Asked> ask_kernel(const SeccompProgram& program, const std::vector<Asked>& calls) {
  const SeccompProgram filter = harmless(program);
  Answers shared(calls);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (load(filter) != 0) ::_exit(1);
    for (Asked& call : shared.calls())
      call.answer = make_call(call.abi, call.number, call.first, 0);
    __builtin_trap();
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL) << status;
  return {shared.calls().begin(), shared.calls().end()};
}

/// Kernels without CONFIG_IA32_EMULATION, and some hypervisors, end whoever makes an i386 call.
bool has_i386_calls() {
  static const bool has = [] {
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit no_core{};
      ::setrlimit(RLIMIT_CORE, &no_core);
      constexpr unsigned getpid_of_i386 = 20;
      ::_exit(make_call(ProbedAbi::i386, getpid_of_i386, 0, 0) == ::getpid() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) std::cout << "No i386 calls on this machine: the others are probed\n";
    return status == 0;
  }();
  return has;
}

std::vector<Abi> abis_here() {
  std::vector<Abi> abis(std::begin(all_abis), std::end(all_abis));
  if (!has_i386_calls()) std::erase(abis, Abi::i386);
  return abis;
}

std::string words_of(long answer) {
  if (answer == -static_cast<long>(would_allow)) return "allow";
  if (answer == -static_cast<long>(would_kill)) return "kill";
  return in_words(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(-answer));
}

/// uretprobe and uprobe: newer kernels let them by every filter, and end whoever calls them from
/// elsewhere than a probe's own code.
bool passes_by_the_filter(Abi abi, unsigned number) {
  return abi == Abi::x86_64 && (number == 335 || number == 336);
}

std::vector<Asked> every_call(Abi abi, std::initializer_list<long> first_arguments) {
  std::vector<Asked> calls;
  for (unsigned number = 0; number < numbers; ++number) {
    if (passes_by_the_filter(abi, number)) continue;
    for (const long first : first_arguments) calls.push_back({probed(abi), number, first, 0});
  }
  return calls;
}

TEST(SeccompKernel, EveryNumberOfEveryAbiIsAnsweredAsTheTableSays) {
  for (const auto& capabilities :
       {default_capabilities(), std::set<std::string>{"SYS_ADMIN", "SYS_PTRACE"}}) {
    const SeccompProgram program = seccomp_for("", capabilities);
    for (const Abi abi : abis_here()) {
      std::string wrong;
      for (const Asked& call : ask_kernel(
               program, every_call(abi, {0, 2, 8, 37, 38, 39, 40, 44, 0x11, 0x40000, 0x20008,
                                         0x10000000, 0x3d0f00, 0xffffffff, 0x100000026, -1}))) {
        const std::string must = in_words(
            judge(program, call_of(abi, call.number, {static_cast<std::uint64_t>(call.first)})));
        if (words_of(call.answer) != must)
          wrong += fmt::format("{} ({:#x}): {}, not {}\n", call.number, call.first,
                               words_of(call.answer), must);
      }
      EXPECT_EQ(wrong, "") << name_of(abi);
    }
  }
}

/// Numbers that a default container is denied on x86_64 when its first argument is -1; 336 to 423
/// are no calls. socket(-1) has no family, and is let through to hear that.
const std::set<unsigned> denied_on_x86_64 = {
    56,  134, 136, 139, 153, 155, 156, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174,
    175, 176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 103, 212, 227, 236, 237, 238, 239, 246,
    248, 249, 250, 256, 272, 279, 298, 300, 304, 308, 312, 313, 320, 321, 323, 425, 426, 427, 428,
    429, 430, 431, 432, 433, 435, 438, 440, 442, 443, 450, 459, 460, 461, 467, 468, 469};

TEST(SeccompKernel, ADefaultContainerIsDeniedExactlyThese) {
  const SeccompProgram program = seccomp_for("", default_capabilities());
  std::set<unsigned> denied;
  for (const Asked& call : ask_kernel(program, every_call(Abi::x86_64, {-1}))) {
    const bool no_call = (call.number > 335 && call.number < 424) || call.number > 469;
    if (no_call) {
      EXPECT_EQ(words_of(call.answer), call.number > 469 ? "ENOSYS" : "EPERM") << call.number;
    } else if (words_of(call.answer) != "allow") {
      denied.insert(call.number);
    }
  }
  EXPECT_EQ(denied, denied_on_x86_64);
}

/// What libseccomp's names say must hold on the other two: the same name, the same answer.
TEST(SeccompKernel, TheOtherAbisAreDeniedTheSameNames) {
  const SeccompProgram program = seccomp_for("", default_capabilities());
  std::map<std::string, std::string> by_name;
  for (const Asked& call : ask_kernel(program, every_call(Abi::x86_64, {0})))
    by_name[testing::name_by_libseccomp(Abi::x86_64, call.number)] = words_of(call.answer);
  for (const Abi abi : abis_here()) {
    if (abi == Abi::x86_64) continue;
    std::size_t compared = 0;
    for (const Asked& call : ask_kernel(program, every_call(abi, {0}))) {
      const std::string name = testing::name_by_libseccomp(abi, call.number);
      if (name.empty() || !by_name.contains(name)) continue;
      EXPECT_EQ(words_of(call.answer), by_name[name]) << name_of(abi) << ' ' << name;
      ++compared;
    }
    EXPECT_GT(compared, 250U) << name_of(abi);
  }
}

class SeccompInside : public testing::Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    std::filesystem::copy_file(SECCOMP_PROBE, image() / "probe");
  }
  static std::vector<std::string> possible(std::vector<std::string> calls) {
    if (!has_i386_calls())
      std::erase_if(calls, [](const std::string& call) { return call.starts_with("i386:"); });
    return calls;
  }
  /// What the probe prints for `calls` when they have these answers, word for word.
  static std::string lines(const std::vector<std::pair<std::string, long>>& answers) {
    std::string text;
    for (const auto& [call, answer] : answers)
      if (!possible({call}).empty()) text += fmt::format("{} {}\n", call, answer);
    return text;
  }
  /// The probe's lines under this profile.
  std::string probe(const std::vector<std::string>& calls, const std::string& profile = "") {
    std::vector<std::string> arguments = {"/probe"};
    for (std::string& call : possible(calls)) arguments.push_back(std::move(call));
    ContainerSpec spec = program(arguments);
    spec.security.seccomp = profile;
    return output_of(spec);
  }
  /// Every call with the errors that it may have.
  void expect_errors(const std::vector<std::string>& calls, int error) {
    std::string expected;
    for (const std::string& call : possible(calls))
      expected += fmt::format("{} {}\n", call, -error);
    EXPECT_EQ(probe(calls), expected);
  }
};

TEST_F(SeccompInside, WhatADefaultContainerMustNotDo) {
  expect_errors(
      {// mount, unshare(NEWUSER), keyctl, bpf, io_uring_setup, open_by_handle_at
       "x86_64:165", "x86_64:272:0x10000000", "x86_64:250", "x86_64:321", "x86_64:425",
       "x86_64:304", "i386:21", "i386:310:0x10000000", "i386:288", "i386:357", "i386:425",
       "i386:342", "x32:165", "x32:272:0x10000000", "x32:250", "x32:321", "x32:425", "x32:304",
       // socket(AF_ALG), the same with a bit that the kernel ignores, socket(AF_VSOCK)
       "x86_64:41:38:5", "x86_64:41:0x100000026:5", "x86_64:41:40:1", "i386:359:38:5",
       "i386:359:40:1", "x32:41:38:5", "x32:41:0x100000026:5", "x32:41:40:1",
       // personality(ADDR_NO_RANDOMIZE), clone(NEWUSER), clone(NEWNS)
       "x86_64:135:0x40000", "i386:136:0x40000", "x32:135:0x40000", "x86_64:56:0x10000011",
       "i386:120:0x10000011", "x32:56:0x10000011", "x86_64:56:0x20011", "i386:120:0x20011"},
      EPERM);
}

TEST_F(SeccompInside, CallsThatALibcHasAnotherWayForDoNotExist) {
  expect_errors({"x86_64:435", "i386:435", "x32:435", "x86_64:470", "i386:470", "x32:480",
                 "x86_64:1000", "i386:1000", "x32:1000"},
                ENOSYS);
}

TEST_F(SeccompInside, OrdinaryCallsReachTheKernel) {
  // getppid of process 1; personality to ask; a socket of a family that is none.
  EXPECT_EQ(
      probe({"x86_64:110", "i386:64", "x86_64:135:0xffffffff", "x86_64:41:200", "i386:359:200"}),
      lines({{"x86_64:110", 0},
             {"i386:64", 0},
             {"x86_64:135:0xffffffff", 0},
             {"x86_64:41:200", -EAFNOSUPPORT},
             {"i386:359:200", -EAFNOSUPPORT}}));
}

TEST_F(SeccompInside, AProfileReplacesTheList) {
  const std::string profile = R"({
    "defaultAction": "SCMP_ACT_ALLOW",
    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77},
                 {"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 78,
                  "args": [{"index": 0, "value": 5, "op": "SCMP_CMP_GE"}]}]})";
  EXPECT_EQ(
      probe({"x86_64:110", "i386:64", "x86_64:121:5", "x86_64:121:0", "x86_64:272:0"}, profile),
      lines({{"x86_64:110", -77},
             {"i386:64", -77},
             {"x86_64:121:5", -78},
             {"x86_64:121:0", 1},
             {"x86_64:272:0", 0}}))
      << "unshare(0) is allowed";
}

TEST_F(SeccompInside, UnconfinedIsNoFilter) {
  ContainerSpec spec = shell("grep Seccomp: /proc/self/status | tr '\\t' ' '");
  spec.security.seccomp = "unconfined";
  EXPECT_EQ(output_of(spec), "Seccomp: 0\n");
}

TEST_F(SeccompInside, AWrongProfileIsSaidBeforeAnythingStarts) {
  ContainerSpec spec = shell("true");
  spec.security.seccomp = R"({"defaultAction": "ALLOW"})";
  EXPECT_NE(std::string(failure_of(spec).what()).find("defaultAction must be an action"),
            std::string::npos);
}

}  // namespace
}  // namespace stack::runtime
