// SPDX-License-Identifier: Apache-2.0
// Kernel settings below /proc/sys; those of net/ are the calling thread's network namespace's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stack::network {

/// `name` as "net/ipv4/ip_forward". Throws Error.
void set_sysctl(const std::string& name, std::string_view value);
/// Does nothing where the kernel has no such setting (IPv6 off, module not loaded).
void set_sysctl_if_exists(const std::string& name, std::string_view value);
/// IPv6 on an interface of the calling thread's namespace: on, with nothing believed that
/// neighbours announce, and addresses usable at once.
void enable_ipv6(const std::string& interface);
/// Its value without the final newline; nothing where there is no such setting.
std::optional<std::string> get_sysctl(const std::string& name);

}  // namespace stack::network
