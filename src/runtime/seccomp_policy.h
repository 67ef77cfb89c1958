// SPDX-License-Identifier: Apache-2.0
// A policy for system calls as data: what docker's profile files say, and what our own list says.
#pragma once

#include <linux/seccomp.h>

#include <array>
#include <cerrno>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/seccomp_calls.h"

namespace stack::runtime {

/// The kernel's answer to a call: SECCOMP_RET_... with its data, as in linux/seccomp.h.
using SeccompAction = std::uint32_t;

/// As if the kernel had no such call.
constexpr SeccompAction no_such_call = SECCOMP_RET_ERRNO | ENOSYS;

struct KernelVersion {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const KernelVersion&) const = default;
};

enum class Comparison : std::uint8_t {
  not_equal,
  less,
  less_or_equal,
  equal,
  greater_or_equal,
  greater,
  masked_equal,
};

/// "argument `index`, as an unsigned number, `comparison` `value`".
struct ArgumentTest {
  unsigned index = 0;  ///< 0 to 5
  Comparison comparison = Comparison::equal;
  std::uint64_t value = 0;
  std::uint64_t mask = ~std::uint64_t{0};  ///< masked_equal: bits of the argument that count

  bool operator==(const ArgumentTest&) const = default;
};

/// Where and for whom a rule counts.
struct RuleScope {
  std::vector<std::string> needs_capabilities;   ///< all of them; canonical names (no CAP_)
  std::vector<std::string> unless_capabilities;  ///< none of them
  std::optional<KernelVersion> from_kernel;      ///< this one or newer
  std::optional<KernelVersion> before_kernel;    ///< older than this one
};

/// "`calls` get `action` when all of `tests` hold".
struct SeccompRule {
  std::vector<const SystemCall*> calls;
  SeccompAction action = 0;
  std::vector<ArgumentTest> tests;
  RuleScope scope;
};

/// For one call the first rule whose tests hold decides; a rule without tests beats all that have
/// some, wherever it stands.
struct SeccompProfile {
  SeccompAction default_action = 0;
  /// The other ABIs that are served; a call by one that is not ends the thread. x86_64 always is.
  std::set<Abi> other_abis;
  /// By Abi: numbers above get ENOSYS, so that a libc tries an older call. Negative: no such limit.
  /// x32's block of its own, 512 to 547, is not above.
  std::array<int, abi_count> newest = {-1, -1, -1};
  std::vector<SeccompRule> rules;
};

/// What a profile is judged by when a container starts.
struct SeccompCircumstances {
  std::set<std::string> capabilities;  ///< canonical names
  KernelVersion kernel;
};

}  // namespace stack::runtime
