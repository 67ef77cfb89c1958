// SPDX-License-Identifier: Apache-2.0
#include "runtime/validate.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "runtime/capabilities.h"
#include "runtime/mount_plan.h"
#include "runtime/user_lookup.h"
#include "runtime/working_directory.h"

namespace stack::runtime {
namespace {

template <typename... Args>
void require(bool condition, fmt::format_string<Args...> text, Args&&... args) {
  if (condition) return;
  throw Error(fmt::format(text, std::forward<Args>(args)...))
      .with_exit_code(ExitCode::runtime_error);
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

bool is_absolute(const std::string& path) {
  return path.starts_with('/') && !has_nul(path) && path.size() <= 4095;
}

/// Absolute, without "." and ".." and double slashes: "/var/lib/x".
bool is_clean_absolute(const std::string& path) {
  if (!is_absolute(path)) return false;
  if (path == "/") return true;
  const auto parts = split(std::string_view(path).substr(1), '/');
  return std::none_of(parts.begin(), parts.end(), [](const std::string& part) {
    return part.empty() || part == "." || part == "..";
  });
}

bool is_below(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory + "/");
}

void check_cgroup(const std::string& cgroup) {
  require(is_clean_absolute("/" + cgroup) && cgroup.find('/') != std::string::npos,
          "cgroup {} is not a path like stack/PROJECT/ID", stack::quoted(cgroup));
}

/// Our own store's directories: overlayfs would take a backslash for an escape.
void check_layer(const std::string& path) {
  require(is_clean_absolute(path) && path.find('\\') == std::string::npos,
          "layer directory {} must be a plain absolute path", stack::quoted(path));
}

void check_layers(const std::vector<std::string>& layers, const std::string& whose) {
  require(!layers.empty(), "{} has no layers", whose);
  require(layers.size() <= 500, "{} has {} layers; overlayfs takes 500", whose, layers.size());
  for (const std::string& layer : layers) check_layer(layer);
}

void check_root(const RootSpec& root) {
  check_layers(root.lower, "the root file system");
  check_layer(root.upper);
  check_layer(root.work);
}

/// Files of /proc that tell how large the machine is: those that runc allows, for lxcfs and the
/// like.
bool may_be_covered(const MountSpec& mount) {
  static const std::set<std::string_view> files = {
      "/proc/cpuinfo",  "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/net/dev",
      "/proc/slabinfo", "/proc/stat",      "/proc/swaps",   "/proc/uptime"};
  return mount.kind == MountKind::bind && files.contains(mount.target);
}

void check_mount(const MountSpec& mount) {
  require(is_clean_absolute(mount.target), "mount target {} must be a plain absolute path",
          stack::quoted(mount.target));
  require(mount.target != "/", "mount target / would hide the whole image");
  require(!is_below(mount.target, "/proc") || may_be_covered(mount),
          "mount target {}: nothing can be mounted inside /proc", mount.target);
  if (mount.kind == MountKind::bind)
    require(!mount.source.empty() && mount.source.front() == '/' && !has_nul(mount.source),
            "mount source {} must be absolute", stack::quoted(mount.source));
  if (mount.kind == MountKind::bind || mount.kind == MountKind::file_system) {
    require(!mount.subpath.starts_with('/') && !has_nul(mount.subpath),
            "subpath {} must be relative", stack::quoted(mount.subpath));
  }
  if (mount.kind == MountKind::file_system)
    require(!mount.type.empty() && !has_nul(mount.type) && !has_nul(mount.source),
            "a file system must have a type");
  if (mount.kind == MountKind::image) check_layers(mount.layers, "image " + mount.source);
}

void check_targets_differ(const std::vector<MountSpec>& mounts) {
  std::set<std::string_view> targets;
  for (const MountSpec& mount : mounts)
    require(targets.insert(mount.target).second, "two mounts on {}", mount.target);
}

void check_hooks(const std::vector<HostHook>& hooks) {
  constexpr std::uint32_t longest = 24 * 3600;
  for (const HostHook& hook : hooks) {
    require(is_clean_absolute(hook.path), "hook {} must be a plain absolute path",
            stack::quoted(hook.path));
    require(hook.timeout <= longest, "hook {}: a timeout of {} s is more than a day", hook.path,
            hook.timeout);
    for (const auto* texts : {&hook.arguments, &hook.environment})
      for (const std::string& text : *texts)
        require(!has_nul(text), "hook {}: an argument contains a NUL character", hook.path);
  }
}

void check_files(const std::vector<FileSpec>& files) {
  for (const FileSpec& file : files)
    require(is_clean_absolute(file.target) && file.target != "/" && !is_below(file.target, "/proc"),
            "file target {} must be a plain absolute path outside of /proc",
            stack::quoted(file.target));
}

/// The namespace that a kernel parameter belongs to; none for what is the whole machine's.
const NamespaceSpec* namespace_of_sysctl(const std::string& path, const NamespacesSpec& spaces) {
  static const std::set<std::string_view> of_ipc = {
      "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem",
      "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced"};
  if (path.starts_with("net/")) return &spaces.network;
  return path.starts_with("fs/mqueue/") || of_ipc.contains(path) ? &spaces.ipc : nullptr;
}

void check_sysctls(const ContainerSpec& spec) {
  for (const auto& [name, value] : spec.sysctls) {
    const std::string path = sysctl_path(name);
    require(is_clean_absolute("/" + path) && !has_nul(value), "kernel parameter {} is malformed",
            stack::quoted(name));
    const NamespaceSpec* space = namespace_of_sysctl(path, spec.namespaces);
    require(space != nullptr,
            "kernel parameter {} belongs to the whole machine, not to a container", name);
    require(space->kind != NamespaceKind::host,
            "kernel parameter {} would be the host's: the container shares its namespace", name);
  }
}

/// What belongs to the host cannot belong to a user namespace.
void check_user_namespace(const ContainerSpec& spec) {
  const NamespacesSpec& spaces = spec.namespaces;
  if (spaces.user.kind == NamespaceKind::host) return;
  require(spec.ids.remaps() && spec.ids.first_uid != 0 && spec.ids.first_gid != 0,
          "a user namespace needs a block of ids");
  require(!spec.security.privileged, "a privileged container cannot have a user namespace");
  for (const NamespaceSpec* space : {&spaces.network, &spaces.pid, &spaces.ipc})
    require(space->kind != NamespaceKind::host,
            "a container with a user namespace cannot have a namespace of the host");
  require(spec.root.upper.substr(0, spec.root.upper.rfind('/')) ==
              spec.root.work.substr(0, spec.root.work.rfind('/')),
          "the writable layer of a container with a user namespace must lie in one directory");
}

void check_resources(const ResourceSpec& resources) {
  constexpr std::uint64_t least_memory = 512 << 10;
  if (resources.memory_limit)
    require(*resources.memory_limit >= least_memory, "memory limit {} is too small to start in",
            human_size(*resources.memory_limit));
  if (resources.cpus)
    require(std::isfinite(*resources.cpus) && *resources.cpus > 0 && *resources.cpus <= 100'000,
            "cpus must be a positive number");
}

void check_names(const ContainerSpec& spec) {
  require(!spec.id.empty() && !has_nul(spec.id), "a container needs an id");
  require(spec.hostname.size() <= 64 && !has_nul(spec.hostname),
          "host name {} is longer than 64 characters", stack::quoted(spec.hostname));
  require(spec.domainname.size() <= 64 && !has_nul(spec.domainname),
          "domain name {} is longer than 64 characters", stack::quoted(spec.domainname));
}

void check_environment(const std::vector<std::string>& environment) {
  for (const std::string& entry : environment) {
    require(entry.find('=') != std::string::npos && entry.front() != '=' && !has_nul(entry),
            "environment entry {} is not NAME=VALUE",
            stack::quoted(std::string_view(entry).substr(0, entry.find('='))));
  }
}

}  // namespace

void validate(const ProcessSpec& process) {
  require(!process.arguments.empty() && !process.arguments.front().empty(),
          "there is no command to run");
  for (const std::string& argument : process.arguments)
    require(!has_nul(argument), "an argument of the command contains a NUL character");
  check_environment(process.environment);
  require(is_absolute(process.working_directory), "working directory {} must be an absolute path",
          stack::quoted(process.working_directory));
  require(!is_below(plain_directory(process.working_directory), "/proc"),
          "working directory {} cannot be below /proc", process.working_directory);
  require(parse_user(process.user).has_value(), "invalid user {}", stack::quoted(process.user));
}

void validate(const ContainerSpec& spec) {
  check_names(spec);
  check_cgroup(spec.cgroup);
  check_root(spec.root);
  for (const MountSpec& mount : spec.mounts) check_mount(mount);
  check_targets_differ(spec.mounts);
  check_files(spec.files);
  check_hooks(spec.hooks);
  check_sysctls(spec);
  check_user_namespace(spec);
  check_resources(spec.resources);
  validate(spec.process);
  capability_bits(spec.security.capabilities);
}

}  // namespace stack::runtime
