// SPDX-License-Identifier: Apache-2.0
// Which device nodes a container may use, for both ways in which the kernel takes it: text lines
// for the v1 devices controller, a small BPF program for a v2 cgroup (which has no such
// controller).
#pragma once

#include <linux/bpf.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stack::runtime {

enum class DeviceType : char { any = 'a', block = 'b', character = 'c' };

/// One allowance; what no rule allows is denied. Absent numbers stand for all.
struct DeviceRule {
  DeviceType type = DeviceType::any;
  std::optional<unsigned> major;
  std::optional<unsigned> minor;
  std::string access = "rwm";  ///< letters of "rwm": read, write, mknod
  bool operator==(const DeviceRule&) const = default;
};

/// Docker's default: mknod of anything, use of null, zero, full, random, urandom, tty, console,
/// ptmx and pseudo terminals.
std::vector<DeviceRule> default_device_rules();
/// Everything, for privileged containers.
std::vector<DeviceRule> all_devices();

/// "c 1:3 rwm" or "a *:* rw" as in device_cgroup_rules. Throws Error.
DeviceRule parse_rule(const std::string& text);

/// A line for devices.allow: "c 1:3 rwm".
std::string device_line(const DeviceRule& rule);
/// A BPF_PROG_TYPE_CGROUP_DEVICE program that answers 1 for what a rule allows and else 0.
std::vector<bpf_insn> device_program(std::span<const DeviceRule> rules);

/// Loads the program and attaches it to the v2 cgroup directory. The kernel drops it together with
/// the cgroup. Throws Error.
void attach_device_program(int cgroup, std::span<const bpf_insn> program);

}  // namespace stack::runtime
