// SPDX-License-Identifier: Apache-2.0
// The systemd unit that runs `stack boot` (systemd.service(5), systemd.unit(5)).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace stack::cli {

inline constexpr std::string_view boot_unit_name = "stack-boot.service";

/// STACK_ROOT and STACK_RUN, where they are set: `stack boot` finds the same stacks.
std::map<std::string, std::string> environment_of_roots();

/// A unit that runs `program` once, when the network is up, with `environment`. What it starts is
/// not systemd's to end: stacks have control groups of their own.
std::string boot_unit(const std::string& program,
                      const std::map<std::string, std::string>& environment);

/// Writes the unit into `directory`, and the link by which it is part of multi-user.target. Again:
/// no harm.
void install_boot_unit(const std::filesystem::path& directory, const std::string& program,
                       const std::map<std::string, std::string>& environment);
/// Removes both; false when there was no unit.
bool remove_boot_unit(const std::filesystem::path& directory);
/// `systemctl daemon-reload`. Throws Error when that fails.
void reload_systemd();

}  // namespace stack::cli
