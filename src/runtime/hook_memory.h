// SPDX-License-Identifier: Apache-2.0
// The parent's side of HooksTask: owns what the child will read, and writes the bundle that hooks
// of the OCI's kind look into: a directory with a config.json that says where the root is.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/child_hooks.h"
#include "runtime/container_spec.h"

namespace stack::runtime {

class HookMemory {
 public:
  /// Writes the bundle beside the root's upper directory when there are hooks. Throws Error.
  explicit HookMemory(const ContainerSpec& spec);
  HookMemory(const HookMemory&) = delete;
  HookMemory& operator=(const HookMemory&) = delete;

  /// Valid while this object lives. `streams`: the container's own.
  HooksTask task(std::span<const int, 3> streams) const;

 private:
  std::vector<HostHook> hooks_;
  std::vector<std::vector<char*>> pointers_;  ///< arguments and environment of each
  std::vector<HookTask> tasks_;
  std::string state_before_pid_;
  std::string state_after_pid_;
};

/// The config.json of the bundle. Exposed for tests.
std::string bundle_config(const ContainerSpec& spec);

}  // namespace stack::runtime
