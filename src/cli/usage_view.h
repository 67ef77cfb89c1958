// SPDX-License-Identifier: Apache-2.0
// What a container uses, in the words of `docker stats`. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/field_template.h"
#include "runtime/cgroup_stats.h"

namespace stack::cli {

/// One look at one container.
struct UsageReading {
  std::chrono::steady_clock::time_point time;
  runtime::ResourceUsage resources;
  runtime::NetworkUsage network;
};

struct UsageSubject {
  std::string id;
  std::string name;
  std::string typed = {};  ///< how it was asked for; empty: by nothing
};

/// Of one processor: 200 when two are busy. 0 without time between the readings.
double cpu_percent(const UsageReading& before, const UsageReading& now);

/// "1.5MiB": binary units with four digits, as docker prints memory.
std::string binary_size(std::uint64_t bytes);

/// Fields of `docker stats --format json`; `before` for the CPU's share. `machine`: bytes of memory
/// that the machine has, which is the limit of a container without a smaller one.
Fields usage_fields(const UsageSubject& container, const UsageReading& before,
                    const UsageReading& now, std::uint64_t machine);
/// Headings of all fields.
const Fields& usage_headings();
/// Those of the plain table.
const std::vector<std::string>& usage_columns();

}  // namespace stack::cli
