// SPDX-License-Identifier: Apache-2.0
// From a policy to the program for seccomp(2): numbers with the same answer become ranges, and a
// tree of comparisons finds a number's range. Most calls cost eight comparisons, and the kernel,
// which tries every number when the filter is loaded, is done ten times sooner than with a list.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "runtime/seccomp_policy.h"

namespace stack::runtime {

using SeccompProgram = std::vector<sock_filter>;

/// The rules of `profile` that count in these circumstances, as a program. Throws Error when it
/// would be longer than the kernel takes (4096 instructions).
///
/// i386's socketcall and ipc keep the arguments of the calls they stand for behind a pointer. A
/// rule that has tests is taken there for what keeps the policy closed: not at all if it lets
/// through, without its tests if it denies.
SeccompProgram compile_seccomp(const SeccompProfile& profile,
                               const SeccompCircumstances& circumstances);

/// Whether the rule counts there.
bool applies(const RuleScope& scope, const SeccompCircumstances& circumstances);
/// Whether the action lets the call run: allowed, logged, or left to a tracer.
bool lets_through(SeccompAction action);

}  // namespace stack::runtime
