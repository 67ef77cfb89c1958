// SPDX-License-Identifier: Apache-2.0
// Configs and secrets of a container that runs, given another text.
#pragma once

#include "base/process.h"
#include "runtime/container_spec.h"

namespace stack::runtime {

/// In the mount namespace of the process, covers each of `spec.files` by a new one with its text,
/// owner and mode: whoever opens it sees the old text or the new, whole; who has it open keeps the
/// old one. What is covered stays in memory until the container's end. The caller must be
/// single-threaded. Throws Error, and then some files may be new already.
void replace_files(const ProcessIdentity& process, const ContainerSpec& spec);

}  // namespace stack::runtime
