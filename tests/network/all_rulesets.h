// SPDX-License-Identifier: Apache-2.0
// All rules of one stack as one text, to be read by a person and compared: golden/NAME.nft.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/format.h"
#include "network/firewall.h"
#include "network/port_lock.h"

namespace stack::network::test {

/// What begins a part; the rest of its line says whose namespace it is for.
constexpr const char* part_mark = "# ---- in the namespace of ";

inline std::string all_rulesets(const FirewallSpec& spec, const std::vector<PortLock>& ports) {
  return fmt::format("{0}the host\n{1}{0}the stack\n{2}{3}{0}a container\n{4}", part_mark,
                     host_ruleset(spec), stack_ruleset(spec), bridge_ruleset(ports),
                     container_ruleset(40001, 40002));
}

/// STACK_UPDATE_GOLDEN=1 writes the file anew, for a person to read before committing.
inline void expect_golden(const std::filesystem::path& file, const std::string& rulesets) {
  if (std::getenv("STACK_UPDATE_GOLDEN") != nullptr) std::ofstream(file) << rulesets;
  EXPECT_EQ(rulesets, read_file_if_exists(file).value_or("(no " + file.native() + ")"));
}

}  // namespace stack::network::test
