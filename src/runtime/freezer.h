// SPDX-License-Identifier: Apache-2.0
// A container's processes held where they are, and let go again: the v2 tree's cgroup.freeze where
// there is one (on hybrid machines too), else the v1 freezer (kernel's cgroup-v2.rst and
// freezer-subsystem.rst).
#pragma once

#include <string>
#include <string_view>

namespace stack::runtime {

enum class Freezer {
  thawed,
  freezing,  ///< asked for; some process has yet to come to rest
  frozen,
};

/// Asks the kernel and returns at once: freezer_of() tells when all processes are at rest.
/// Throws Error when there is no such cgroup, or no freezer.
void freeze_cgroup(const std::string& cgroup);
/// Lets them go on. A missing cgroup is fine.
void thaw_cgroup(const std::string& cgroup);
/// What the kernel says; thawed when there is no such cgroup.
Freezer freezer_of(const std::string& cgroup);

/// By the texts of cgroup.freeze and cgroup.events.
Freezer parse_freezer_v2(std::string_view freeze, std::string_view events);
/// By the text of freezer.state.
Freezer parse_freezer_v1(std::string_view state);

}  // namespace stack::runtime
