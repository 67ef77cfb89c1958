// SPDX-License-Identifier: Apache-2.0
// What a machine's or a person's own file says of every project: config.yaml in /etc/stack, and in
// ~/.config/stack (XDG_CONFIG_HOME), which wins.
#pragma once

#include <string>
#include <vector>

#include "spec/assemble.h"
#include "spec/diagnostics.h"

namespace stack::spec {

struct MachineSettings {
  /// `default_bind`: the address on which ports without one of their own are published; empty: on
  /// every one.
  std::string default_bind;
};

/// Later files win. Mistakes go to `diagnostics`, as those of stack files do. Pure.
MachineSettings parse_machine_settings(std::vector<SourceText> files, Diagnostics& diagnostics);

/// Reads the files that `environment` leads to; those that are not there say nothing. Throws Error
/// (invalid file) with all mistakes.
MachineSettings read_machine_settings(const std::map<std::string, std::string>& environment);

}  // namespace stack::spec
