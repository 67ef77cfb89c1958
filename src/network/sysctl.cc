// SPDX-License-Identifier: Apache-2.0
#include "network/sysctl.h"

#include "base/files.h"
#include "base/text.h"

namespace stack::network {
namespace {

std::string path_of(const std::string& name) {
  return "/proc/sys/" + name;
}

}  // namespace

void set_sysctl(const std::string& name, std::string_view value) {
  write_kernel_file(path_of(name), value);
}

void set_sysctl_if_exists(const std::string& name, std::string_view value) {
  if (exists(path_of(name))) set_sysctl(name, value);
}

void enable_ipv6(const std::string& interface) {
  const std::string settings = "net/ipv6/conf/" + interface + "/";
  for (const char* trust : {"accept_ra", "autoconf", "accept_redirects", "accept_dad"})
    set_sysctl_if_exists(settings + trust, "0");
  set_sysctl(settings + "disable_ipv6", "0");
}

std::optional<std::string> get_sysctl(const std::string& name) {
  const auto content = read_file_if_exists(path_of(name));
  if (!content) return std::nullopt;
  return std::string(trim(*content));
}

}  // namespace stack::network
