// SPDX-License-Identifier: Apache-2.0
#include "cli/usage_view.h"

#include <array>

#include "base/format.h"
#include "base/text.h"

namespace stack::cli {
namespace {

std::string percent(double value) {
  return fmt::format("{:.2f}%", value);
}

std::string pair_of(std::uint64_t first, std::uint64_t second) {
  return human_size(first) + " / " + human_size(second);
}

/// A limit that the machine cannot reach is none.
std::uint64_t effective_limit(std::uint64_t limit, std::uint64_t machine) {
  return limit == 0 || limit > machine ? machine : limit;
}

}  // namespace

double cpu_percent(const UsageReading& before, const UsageReading& now) {
  const std::chrono::duration<double> passed = now.time - before.time;
  const std::chrono::duration<double> used = now.resources.cpu - before.resources.cpu;
  if (passed.count() <= 0 || used.count() <= 0) return 0;
  return used / passed * 100;
}

std::string binary_size(std::uint64_t bytes) {
  static constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.4g}{}", value, units[unit]);
}

Fields usage_fields(const UsageSubject& container, const UsageReading& before,
                    const UsageReading& now, std::uint64_t machine) {
  const auto& used = now.resources;
  const bool known = used.memory > 0 || used.tasks > 0;
  const std::uint64_t limit = known ? effective_limit(used.memory_limit, machine) : 0;
  const double share =
      limit == 0 ? 0 : static_cast<double>(used.memory) / static_cast<double>(limit) * 100;
  return {{"BlockIO", pair_of(used.block_read, used.block_written)},
          {"CPUPerc", percent(cpu_percent(before, now))},
          {"Container", container.typed.empty() ? container.id : container.typed},
          {"ID", container.id},
          {"MemPerc", percent(share)},
          {"MemUsage", binary_size(used.memory) + " / " + binary_size(limit)},
          {"Name", container.name},
          {"NetIO", pair_of(now.network.received, now.network.sent)},
          {"PIDs", fmt::format("{}", used.tasks)}};
}

const Fields& usage_headings() {
  static const Fields headings{
      {"BlockIO", "BLOCK I/O"}, {"CPUPerc", "CPU %"}, {"Container", "CONTAINER"},
      {"ID", "CONTAINER ID"},   {"MemPerc", "MEM %"}, {"MemUsage", "MEM USAGE / LIMIT"},
      {"Name", "NAME"},         {"NetIO", "NET I/O"}, {"PIDs", "PIDS"}};
  return headings;
}

const std::vector<std::string>& usage_columns() {
  static const std::vector<std::string> columns{"ID",      "Name",  "CPUPerc", "MemUsage",
                                                "MemPerc", "NetIO", "BlockIO", "PIDs"};
  return columns;
}

}  // namespace stack::cli
