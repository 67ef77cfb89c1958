// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup_stats.h"

#include <unistd.h>

#include <optional>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace stack::runtime {
namespace {

std::uint64_t number(std::string_view text) {
  return parse_integer<std::uint64_t>(trim(text)).value_or(0);
}

/// Value of a "key value" line; nothing when there is no such key.
std::optional<std::uint64_t> value_of(std::string_view text, std::string_view key) {
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ')
      return number(std::string_view(line).substr(key.size()));
  }
  return std::nullopt;
}

/// cgroup v1 says "no limit" by a number near 2^63, v2 by "max".
std::uint64_t limit(std::string_view text) {
  constexpr std::uint64_t nobody_has_this = 1ULL << 62;
  const std::uint64_t bytes = number(text);
  return bytes >= nobody_has_this ? 0 : bytes;
}

std::uint64_t without_cache(std::uint64_t used, std::uint64_t inactive_files) {
  return inactive_files < used ? used - inactive_files : used;
}

/// One container's directories in one layout.
class Reading {
 public:
  Reading(const CgroupLayout& layout, const std::string& cgroup, const ReadText& read)
      : layout_(layout), cgroup_(cgroup), read_(read) {}

  ResourceUsage take() const {
    ResourceUsage usage;
    usage.cpu = cpu();
    take_memory(usage);
    take_blocks(usage);
    usage.tasks = number(either("pids", "pids.current", "pids.current"));
    return usage;
  }

  std::uint64_t oom_kills() const {
    return value_of(either("memory", "memory.oom_control", "memory.events"), "oom_kill")
        .value_or(0);
  }

 private:
  std::string v1(const char* controller, const char* file) const {
    const auto* hierarchy = layout_.v1_with(controller);
    return hierarchy == nullptr ? "" : read_(hierarchy->mount + "/" + cgroup_ + "/" + file);
  }
  std::string v2(const char* file) const {
    return layout_.unified.empty() ? "" : read_(layout_.unified + "/" + cgroup_ + "/" + file);
  }
  std::string either(const char* controller, const char* v1_file, const char* v2_file) const {
    return layout_.v1_with(controller) != nullptr ? v1(controller, v1_file) : v2(v2_file);
  }

  std::chrono::nanoseconds cpu() const {
    if (layout_.v1_with("cpuacct") != nullptr)
      return std::chrono::nanoseconds(number(v1("cpuacct", "cpuacct.usage")));
    return std::chrono::microseconds(value_of(v2("cpu.stat"), "usage_usec").value_or(0));
  }

  void take_memory(ResourceUsage& usage) const {
    const bool old = layout_.v1_with("memory") != nullptr;
    const auto used = number(either("memory", "memory.usage_in_bytes", "memory.current"));
    const std::string counts = either("memory", "memory.stat", "memory.stat");
    const auto cache = value_of(counts, old ? "total_inactive_file" : "inactive_file");
    usage.memory = without_cache(used, cache.value_or(0));
    usage.memory_limit = limit(either("memory", "memory.limit_in_bytes", "memory.max"));
  }

  void take_blocks(ResourceUsage& usage) const {
    if (layout_.v1_with("blkio") != nullptr) {
      take_v1_blocks(v1("blkio", "blkio.throttle.io_service_bytes_recursive"), usage);
    } else {
      take_v2_blocks(v2("io.stat"), usage);
    }
  }

  /// "254:0 Read 4096" per device and kind.
  static void take_v1_blocks(std::string_view text, ResourceUsage& usage) {
    for (const std::string& line : split(text, '\n')) {
      const auto words = split(line, ' ');
      if (words.size() != 3) continue;
      if (words[1] == "Read") usage.block_read += number(words[2]);
      if (words[1] == "Write") usage.block_written += number(words[2]);
    }
  }

  /// "254:0 rbytes=4096 wbytes=0 rios=1 ..." per device.
  static void take_v2_blocks(std::string_view text, ResourceUsage& usage) {
    for (const std::string& line : split(text, '\n')) {
      for (const std::string& word : split(line, ' ')) {
        const std::size_t value = word.find('=') + 1;
        if (word.starts_with("rbytes=")) usage.block_read += number(word.substr(value));
        if (word.starts_with("wbytes=")) usage.block_written += number(word.substr(value));
      }
    }
  }

  const CgroupLayout& layout_;
  const std::string& cgroup_;
  const ReadText& read_;
};

/// A container may go away between two files.
std::string read_or_nothing(const std::string& path) {
  try {
    return read_file_if_exists(path).value_or("");
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

ResourceUsage usage_of(const CgroupLayout& layout, const std::string& cgroup,
                       const ReadText& read) {
  return Reading(layout, cgroup, read).take();
}

std::uint64_t read_oom_kills(const std::string& cgroup) {
  return Reading(host_cgroup_layout(), cgroup, read_or_nothing).oom_kills();
}

ResourceUsage read_usage(const std::string& cgroup) {
  return usage_of(host_cgroup_layout(), cgroup, read_or_nothing);
}

NetworkUsage parse_network_usage(std::string_view net_dev) {
  constexpr std::size_t received = 0, sent = 8;  // columns after the name (proc(5))
  NetworkUsage usage;
  for (const std::string& line : split(net_dev, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || trim(line.substr(0, colon)) == "lo") continue;
    std::vector<std::string> columns = split(line.substr(colon + 1), ' ');
    std::erase(columns, "");
    if (columns.size() <= sent) continue;
    usage.received += number(columns[received]);
    usage.sent += number(columns[sent]);
  }
  return usage;
}

std::uint64_t machine_memory() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace stack::runtime
