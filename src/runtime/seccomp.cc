// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp.h"

#include <sys/utsname.h>

#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "runtime/seccomp_list.h"
#include "runtime/seccomp_profile.h"

namespace stack::runtime {
namespace {

/// Change it whenever our list or the compiler changes: it is part of the cache's key.
constexpr int policy_version = 3;

/// "6.18.44-cloud" and "7.0-rc1" begin with two numbers.
KernelVersion running_kernel() {
  utsname names{};
  if (::uname(&names) != 0) throw_errno("uname");
  const std::vector<std::string> parts = split(names.release, '.');
  const auto number = [&](std::size_t i) -> unsigned {
    if (i >= parts.size()) return 0;
    return parse_integer<unsigned>(parts[i].substr(0, parts[i].find('-'))).value_or(0);
  };
  return {number(0), number(1)};
}

std::string_view as_bytes(const SeccompProgram& program) {
  return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)};
}

/// A cache file: the key, a hash of the program, the program.
std::string cache_header(const std::string& key, std::string_view program) {
  return fmt::format("{}\n{:016x}\n", key, stable_hash(program));
}

SeccompProgram from_cache(const std::string& content, const std::string& key) {
  const std::size_t header_size = cache_header(key, "").size();
  if (content.size() <= header_size || (content.size() - header_size) % sizeof(sock_filter) != 0)
    return {};
  const std::string_view program = std::string_view(content).substr(header_size);
  if (!content.starts_with(cache_header(key, program))) return {};
  SeccompProgram instructions(program.size() / sizeof(sock_filter));
  std::memcpy(instructions.data(), program.data(), program.size());
  return instructions;
}

}  // namespace

std::string seccomp_key(std::string_view profile, const std::set<std::string>& capabilities) {
  const KernelVersion kernel = running_kernel();
  std::string key =
      fmt::format("stack-seccomp {} linux {}.{}", policy_version, kernel.major, kernel.minor);
  if (!profile.empty()) {
    for (const std::string& capability : capabilities) key += ' ' + capability;
    return key.append("\n").append(profile);
  }
  for (const std::string_view capability : capabilities_of_docker_list()) {
    if (capabilities.contains(std::string(capability))) key.append(" ").append(capability);
  }
  return key;
}

SeccompProgram seccomp_for(std::string_view profile, const std::set<std::string>& capabilities) {
  if (profile == seccomp_unconfined) return {};
  return compile_seccomp(
      profile.empty() ? docker_seccomp_profile() : parse_seccomp_profile(profile),
      {capabilities, running_kernel()});
}

SeccompProgram cached_seccomp(const std::filesystem::path& cache, std::string_view profile,
                              const std::set<std::string>& capabilities) {
  if (profile == seccomp_unconfined) return {};
  if (cache.empty()) return seccomp_for(profile, capabilities);
  const std::string key = seccomp_key(profile, capabilities);
  const std::filesystem::path file = cache / ("seccomp-" + stable_hex(key, 16));
  try {
    SeccompProgram program = from_cache(read_file_if_exists(file).value_or(""), key);
    if (!program.empty()) return program;
  } catch (const Error&) {
    // Unreadable is as good as absent: the program is made anew.
  }
  SeccompProgram program = seccomp_for(profile, capabilities);
  try {
    make_directories(cache);
    const std::string_view bytes = as_bytes(program);
    write_file_atomically(file, cache_header(key, bytes) + std::string(bytes),
                          Durability::survives_crash);
  } catch (const Error&) {
    // A full or read-only disk costs the next start a fraction of a millisecond, nothing else.
  }
  return program;
}

}  // namespace stack::runtime
