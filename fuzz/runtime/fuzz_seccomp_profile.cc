// SPDX-License-Identifier: Apache-2.0
// Any bytes as a seccomp profile: an error that says so, or a policy whose filter ends for every
// call with an answer that the profile can give.
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "runtime/seccomp_compile.h"
#include "runtime/seccomp_profile.h"

namespace {

using stack::runtime::SeccompProgram;

void require(bool truth) {
  if (!truth) std::abort();
}

/// The few instructions that our compiler writes; jumps lead forward and stay inside.
std::uint32_t answer(const SeccompProgram& program, const seccomp_data& call) {
  std::uint32_t loaded = 0;
  for (std::size_t at = 0;; ++at) {
    require(at < program.size());
    const sock_filter& each = program[at];
    switch (each.code) {
      case BPF_RET | BPF_K:
        return each.k;
      case BPF_LD | BPF_W | BPF_ABS:
        require(each.k % 4 == 0 && each.k < sizeof call);
        std::memcpy(&loaded, reinterpret_cast<const char*>(&call) + each.k, sizeof loaded);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        loaded &= each.k;
        break;
      case BPF_JMP | BPF_JA:
        at += each.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += loaded == each.k ? each.jt : each.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        at += loaded > each.k ? each.jt : each.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += loaded >= each.k ? each.jt : each.jf;
        break;
      default:
        std::abort();
    }
  }
}

bool can_be_given(const stack::runtime::SeccompProfile& profile, std::uint32_t action) {
  if (action == profile.default_action || action == (SECCOMP_RET_ERRNO | ENOSYS) ||
      action == SECCOMP_RET_KILL_THREAD)
    return true;
  for (const auto& rule : profile.rules) {
    if (rule.action == action) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto profile =
        stack::runtime::parse_seccomp_profile({reinterpret_cast<const char*>(data), size});
    const SeccompProgram program =
        stack::runtime::compile_seccomp(profile, {{"SYS_ADMIN", "BPF"}, {6, 18}});
    for (const std::uint32_t architecture :
         {std::uint32_t{AUDIT_ARCH_X86_64}, std::uint32_t{AUDIT_ARCH_I386},
          std::uint32_t{AUDIT_ARCH_ARM}}) {
      for (std::uint32_t number = 0; number < 600; ++number) {
        for (const std::uint32_t bit : {0U, stack::runtime::x32_bit, 0xfffff000U}) {
          seccomp_data call{};
          call.nr = static_cast<int>(number | bit);
          call.arch = architecture;
          call.args[0] = size;
          call.args[1] = ~std::uint64_t{0};
          require(can_be_given(profile, answer(program, call)));
        }
      }
    }
  } catch (const stack::Error& error) {
    require(std::string_view(error.what()).starts_with("seccomp"));
  }
  return 0;
}
