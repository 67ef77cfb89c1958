// SPDX-License-Identifier: Apache-2.0
// A container spec is checked as a whole before anything is touched. Pure.
#pragma once

#include "runtime/container_spec.h"

namespace stack::runtime {

/// Throws Error naming the member that cannot be, exit code 125.
void validate(const ContainerSpec& spec);
/// The part that holds for joined programs too.
void validate(const ProcessSpec& process);

}  // namespace stack::runtime
