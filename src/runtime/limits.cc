// SPDX-License-Identifier: Apache-2.0
#include "runtime/limits.h"

#include "base/files.h"

namespace stack::runtime {

namespace {

constexpr NamedLimit limits[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK}};

}  // namespace

std::span<const NamedLimit> named_limits() {
  return limits;
}

std::optional<int> rlimit_resource(std::string_view name) {
  for (const auto& [known, resource] : limits)
    if (known == name) return resource;
  return std::nullopt;
}

rlim_t rlimit_value(std::int64_t value) {
  return value < 0 ? RLIM_INFINITY : static_cast<rlim_t>(value);
}

bool has_apparmor() {
  const auto answer = read_file_if_exists("/sys/module/apparmor/parameters/enabled");
  return answer && answer->starts_with("Y");
}

}  // namespace stack::runtime
