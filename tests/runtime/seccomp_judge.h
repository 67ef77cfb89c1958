// SPDX-License-Identifier: Apache-2.0
// A filter's answers without loading it: an interpreter of classic BPF, and the same policy as
// libseccomp would compile it.
#pragma once

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <initializer_list>
#include <string>

#include "runtime/seccomp_compile.h"

namespace stack::runtime::testing {

/// What the program returns for the call. Throws std::out_of_range when it leaves its end, and
/// std::runtime_error on an instruction that seccomp(2) does not take.
std::uint32_t judge(const SeccompProgram& program, const seccomp_data& call);

/// A call as the kernel shows it to a filter: i386's arguments have 32 bits.
seccomp_data call_of(Abi abi, unsigned number, std::initializer_list<std::uint64_t> arguments = {});

/// judge() for that call, in words: "allow", "EPERM", "ENOSYS", "errno 13", "kill", ...
std::string verdict(const SeccompProgram& program, Abi abi, unsigned number,
                    std::initializer_list<std::uint64_t> arguments = {});
std::string in_words(std::uint32_t answer);

/// The rules for these circumstances given to libseccomp one by one. Names that it does not know
/// are left out, and nothing gets ENOSYS for being new.
SeccompProgram by_libseccomp(const SeccompProfile& profile,
                             const SeccompCircumstances& circumstances);
/// Whether libseccomp has a name for the number.
bool known_to_libseccomp(Abi abi, unsigned number);
/// That name, or "".
std::string name_by_libseccomp(Abi abi, unsigned number);

inline constexpr Abi all_abis[] = {Abi::x86_64, Abi::i386, Abi::x32};
std::string name_of(Abi abi);

}  // namespace stack::runtime::testing
