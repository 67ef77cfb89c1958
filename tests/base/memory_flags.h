// SPDX-License-Identifier: Apache-2.0
// What the kernel was told of a piece of memory.
#pragma once

#include <cstdint>
#include <string>

#include "base/files.h"
#include "base/text.h"

namespace stack::test {

/// Flags of the mapping that an address is in (proc(5): smaps), " hg " among them when large pages
/// were asked for. Throws Error.
inline std::string flags_at(const void* pointer) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  bool is_inside = false;
  for (const std::string& line : split(read_file("/proc/self/smaps"), '\n')) {
    std::size_t end = 0;
    const std::size_t dash = line.find('-');
    if (dash != std::string::npos && line.find(':') > dash) {
      const auto first = std::stoull(line, &end, 16);
      const auto last = std::stoull(line.substr(dash + 1), nullptr, 16);
      is_inside = end == dash && first <= address && address < last;
    } else if (is_inside && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return "";
}

inline bool has_large_pages() {
  return read_file_if_exists("/sys/kernel/mm/transparent_hugepage/enabled").has_value();
}

}  // namespace stack::test
