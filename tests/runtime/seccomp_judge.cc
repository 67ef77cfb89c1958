// SPDX-License-Identifier: Apache-2.0
#include "seccomp_judge.h"

#include <seccomp.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"

namespace stack::runtime::testing {
namespace {

struct ReleaseFilter {
  void operator()(void* context) const { seccomp_release(context); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

void check(int result, std::string_view attempt) {
  if (result < 0) throw Error(fmt::format("libseccomp: {}", attempt), -result);
}

std::uint32_t token(Abi abi) {
  return abi == Abi::i386 ? SCMP_ARCH_X86 : abi == Abi::x32 ? SCMP_ARCH_X32 : SCMP_ARCH_X86_64;
}

scmp_compare operation(Comparison comparison) {
  switch (comparison) {
    case Comparison::not_equal:
      return SCMP_CMP_NE;
    case Comparison::less:
      return SCMP_CMP_LT;
    case Comparison::less_or_equal:
      return SCMP_CMP_LE;
    case Comparison::equal:
      return SCMP_CMP_EQ;
    case Comparison::greater_or_equal:
      return SCMP_CMP_GE;
    case Comparison::greater:
      return SCMP_CMP_GT;
    case Comparison::masked_equal:
      return SCMP_CMP_MASKED_EQ;
  }
  return SCMP_CMP_EQ;
}

/// SCMP_ACT_KILL_THREAD is 0 as the kernel's; all others are the kernel's values too.
void add_rule(const Filter& filter, const SeccompRule& rule) {
  std::vector<scmp_arg_cmp> tests;
  for (const ArgumentTest& test : rule.tests) {
    const bool masked = test.comparison == Comparison::masked_equal;
    tests.push_back({test.index, operation(test.comparison), masked ? test.mask : test.value,
                     masked ? test.value : 0});
  }
  for (const SystemCall* call : rule.calls) {
    const int number = seccomp_syscall_resolve_name(std::string(call->name).c_str());
    if (number == __NR_SCMP_ERROR) continue;
    const int result = seccomp_rule_add_array(filter.get(), rule.action, number,
                                              static_cast<unsigned>(tests.size()), tests.data());
    // EDOM: the call does not exist on one of the ABIs. EEXIST: a rule says so already.
    if (result != -EDOM && result != -EEXIST) check(result, call->name);
  }
}

SeccompProgram exported(const Filter& filter) {
  const Fd memory(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!memory) throw_errno("memfd_create");
  check(seccomp_export_bpf(filter.get(), memory.get()), "exporting the filter");
  if (::lseek(memory.get(), 0, SEEK_SET) != 0) throw_errno("lseek");
  const std::string bytes = read_all(memory.get());
  SeccompProgram program(bytes.size() / sizeof(sock_filter));
  std::memcpy(program.data(), bytes.data(), program.size() * sizeof(sock_filter));
  return program;
}

}  // namespace

std::uint32_t judge(const SeccompProgram& program, const seccomp_data& call) {
  std::uint32_t a = 0;
  std::uint32_t memory[BPF_MEMWORDS] = {};
  for (std::size_t pc = 0;; ++pc) {
    const sock_filter& i = program.at(pc);
    const auto jump = [&](bool taken) { pc += taken ? i.jt : i.jf; };
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (i.k % 4 != 0 || i.k >= sizeof call)
          throw std::runtime_error("load outside of the call");
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
        throw std::runtime_error("unexpected instruction " + std::to_string(i.code));
    }
  }
}

seccomp_data call_of(Abi abi, unsigned number, std::initializer_list<std::uint64_t> arguments) {
  seccomp_data call{};
  call.nr = static_cast<int>(number | (abi == Abi::x32 ? x32_bit : 0));
  call.arch = abi == Abi::i386 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
  std::transform(arguments.begin(), arguments.end(), call.args, [&](std::uint64_t argument) {
    return abi == Abi::i386 ? argument & 0xffffffff : argument;
  });
  return call;
}

std::string in_words(std::uint32_t answer) {
  const std::uint32_t data = answer & SECCOMP_RET_DATA;
  switch (answer & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
      return "allow";
    case SECCOMP_RET_LOG:
      return "log";
    case SECCOMP_RET_TRACE:
      return fmt::format("trace {}", data);
    case SECCOMP_RET_TRAP:
      return "trap";
    case SECCOMP_RET_KILL_THREAD:
      return "kill";
    case SECCOMP_RET_KILL_PROCESS:
      return "kill process";
    case SECCOMP_RET_ERRNO:
      return data == EPERM ? "EPERM" : data == ENOSYS ? "ENOSYS" : fmt::format("errno {}", data);
    default:
      return fmt::format("{:#x}", answer);
  }
}

std::string verdict(const SeccompProgram& program, Abi abi, unsigned number,
                    std::initializer_list<std::uint64_t> arguments) {
  return in_words(judge(program, call_of(abi, number, arguments)));
}

SeccompProgram by_libseccomp(const SeccompProfile& profile,
                             const SeccompCircumstances& circumstances) {
  const Filter filter(seccomp_init(profile.default_action));
  if (!filter) fail("libseccomp: cannot make a filter");
  for (const Abi abi : profile.other_abis)
    check(seccomp_arch_add(filter.get(), token(abi)), "adding an architecture");
  for (const SeccompRule& rule : profile.rules) {
    if (rule.action != profile.default_action && applies(rule.scope, circumstances))
      add_rule(filter, rule);
  }
  return exported(filter);
}

std::string name_by_libseccomp(Abi abi, unsigned number) {
  const std::uint32_t raw = number | (abi == Abi::x32 ? x32_bit : 0);
  char* name = seccomp_syscall_resolve_num_arch(token(abi), static_cast<int>(raw));
  const std::string result = name == nullptr ? "" : name;
  ::free(name);
  return result;
}

bool known_to_libseccomp(Abi abi, unsigned number) {
  return !name_by_libseccomp(abi, number).empty();
}

std::string name_of(Abi abi) {
  return abi == Abi::i386 ? "i386" : abi == Abi::x32 ? "x32" : "x86_64";
}

}  // namespace stack::runtime::testing
