// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_plan.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "runtime/mount_options.h"

namespace stack::runtime {
namespace {

constexpr std::uint64_t hardened = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV;

std::uint64_t read_only_unless(bool writable) {
  return writable ? 0 : MOUNT_ATTR_RDONLY;
}

bool writes_cgroups(const SecuritySpec& security) {
  return security.privileged || security.writable_cgroups;
}

MountStep standard(std::string type, std::string target, std::uint64_t attributes) {
  MountStep step;
  step.source = std::move(type);
  step.target = std::move(target);
  step.attributes = attributes;
  step.links = TargetLinks::refuse;
  return step;
}

Node directory(std::string path) {
  return {std::move(path), S_IFDIR | 0755, 0, {}, 0, 0};
}
Node link(std::string path, std::string to) {
  return {std::move(path), S_IFLNK | 0777, 0, std::move(to), 0, 0};
}
Node character(std::string path, unsigned major, unsigned minor) {
  return {std::move(path), S_IFCHR | 0666, makedev(major, minor), {}, 0, 0};
}

/// The first to claim a path has it: further nodes replace none of the standard ones.
void append_devices(std::vector<Node>& nodes, const std::vector<Node>& further) {
  for (const Node& node : further) {
    const bool taken = std::any_of(nodes.begin(), nodes.end(),
                                   [&](const Node& each) { return each.path == node.path; });
    if (!taken) nodes.push_back(node);
  }
}

bool is_below(const std::string& path, const std::string& directory_path) {
  return path == directory_path || path.starts_with(directory_path + "/");
}

/// A mount below another must come after it. What the user mounts at a standard place replaces
/// the standard mount and those below it.
bool replaced_by_user(const ContainerSpec& spec, const std::string& target) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(),
                     [&](const MountSpec& mount) { return is_below(target, mount.target); });
}

bool has_standard_mount(const ContainerSpec& spec, const std::string& target) {
  const bool missing = target == "/dev/shm" && spec.namespaces.ipc.kind == NamespaceKind::none;
  return !missing && !replaced_by_user(spec, target);
}

MountStep dev(const ContainerSpec& spec, const MountFacts& facts) {
  MountStep step = standard("tmpfs", "/dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
  step.parameters = {{"mode", "755"}, {"size", "65536k"}};
  step.nodes = {directory("pts"),
                character("null", 1, 3),
                character("zero", 1, 5),
                character("full", 1, 7),
                character("random", 1, 8),
                character("urandom", 1, 9),
                character("tty", 5, 0),
                link("ptmx", "pts/ptmx"),
                link("fd", "/proc/self/fd"),
                link("stdin", "/proc/self/fd/0"),
                link("stdout", "/proc/self/fd/1"),
                link("stderr", "/proc/self/fd/2"),
                link("core", "/proc/kcore")};
  // Elsewhere they are made by what is mounted there, or not at all.
  for (const char* const name : {"shm", "mqueue"})
    if (has_standard_mount(spec, fmt::format("/dev/{}", name)))
      step.nodes.push_back(directory(name));
  // The pty is bound over it once it exists.
  if (spec.process.terminal) step.nodes.push_back({"console", S_IFREG | 0600, 0, {}, 0, 0});
  append_devices(step.nodes, facts.devices);
  return step;
}

/// POSIX shared memory belongs to the IPC namespace by custom: who has the host's has its files.
MountStep host_shm() {
  MountStep step = standard("/dev/shm", "/dev/shm", hardened);
  step.kind = StepKind::bind;
  step.propagation = MS_PRIVATE;
  return step;
}

MountStep pts() {
  MountStep step = standard("devpts", "/dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  step.parameters = {{"newinstance", ""}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}};
  return step;
}

MountStep shm(const ResourceSpec& resources, NamespaceKind ipc) {
  if (ipc == NamespaceKind::host) return host_shm();
  MountStep step = standard("shm", "/dev/shm", hardened);
  step.type = "tmpfs";
  if (ipc == NamespaceKind::shared) step.kind = StepKind::shared_shm;
  step.parameters = {{"mode", "1777"}, {"size", fmt::format("{}", resources.shm_size)}};
  return step;
}

std::string last_component(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// v1: a tmpfs with a mount point for each hierarchy, links for controllers that share one.
std::vector<MountStep> cgroup_v1(const CgroupLayout& layout, const SecuritySpec& security) {
  const std::uint64_t attributes = hardened | read_only_unless(writes_cgroups(security));
  std::vector<MountStep> steps = {standard("tmpfs", "/sys/fs/cgroup", attributes)};
  steps.front().parameters = {{"mode", "755"}};
  for (const CgroupHierarchy& hierarchy : layout.v1) {
    if (hierarchy.on_demand) continue;
    const std::string name = last_component(hierarchy.mount);
    steps.front().nodes.push_back(directory(name));
    MountStep step = standard("cgroup", "/sys/fs/cgroup/" + name, attributes);
    for (const std::string& controller : hierarchy.controllers) {
      step.parameters.push_back({controller, ""});
      if (controller != name) steps.front().nodes.push_back(link(controller, name));
    }
    steps.push_back(std::move(step));
  }
  if (!layout.unified.empty()) {
    steps.front().nodes.push_back(directory("unified"));
    steps.push_back(standard("cgroup2", "/sys/fs/cgroup/unified", attributes));
  }
  return steps;
}

std::vector<MountStep> cgroup_steps(const CgroupLayout& layout, const SecuritySpec& security) {
  if (!layout.v1.empty()) return cgroup_v1(layout, security);
  return {
      standard("cgroup2", "/sys/fs/cgroup", hardened | read_only_unless(writes_cgroups(security)))};
}

std::uint64_t propagation_flag(const std::string& word) {
  if (word == "rprivate" || word == "private") return MS_PRIVATE;
  if (word == "rslave" || word == "slave") return MS_SLAVE;
  if (word == "rshared" || word == "shared") return MS_SHARED;
  fail("unknown propagation {}: use rprivate, rslave or rshared", word);
}

std::uint64_t bind_attributes(const MountSpec& mount) {
  const MountOptions options = parse_mount_options(mount.options);
  if (!options.parameters.empty())
    fail("unknown option {} of a bind: use nosuid, noexec or nodev",
         stack::quoted(options.parameters.front().key));
  return options.attributes;
}

/// Device nodes that somebody puts into a volume must not become devices.
bool is_without_devices(const MountSpec& mount, const SecuritySpec& security) {
  return !security.privileged && !is_below(mount.target, "/dev");
}

/// What all that shows something of the host have in common.
MountStep step_of(const MountSpec& mount, StepKind kind) {
  MountStep step;
  step.kind = kind;
  step.source = mount.source;
  step.subpath = mount.subpath;
  step.target = mount.target;
  step.container_ids = mount.container_ids;
  return step;
}

MountStep bind_step(const MountSpec& mount, const SecuritySpec& security) {
  MountStep step = step_of(mount, StepKind::bind);
  step.propagation = propagation_flag(mount.propagation);
  step.depth = mount.recursive ? Depth::with_submounts : Depth::alone;
  step.attributes = bind_attributes(mount);
  if (mount.writable == Writable::no) step.attributes |= MOUNT_ATTR_RDONLY;
  step.owner_mapped = mount.owner_mapped;
  const bool refused = (step.attributes & MOUNT_ATTR_NODEV) != 0;
  step.device_itself = !mount.container_ids && mount.subpath.empty() && !refused;
  if (is_without_devices(mount, security)) step.attributes |= MOUNT_ATTR_NODEV;
  return step;
}

MountStep layers_step(const MountSpec& mount) {
  MountStep step = step_of(mount, StepKind::layers);
  step.layers = mount.layers;
  step.container_ids = true;
  step.propagation = MS_PRIVATE;
  step.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
  return step;
}

/// The one kind of bind that must be a device.
MountStep device_step(const MountSpec& device) {
  MountStep step;
  step.kind = StepKind::bind;
  step.source = device.source;
  step.target = device.target;
  step.propagation = MS_PRIVATE;
  return step;
}

MountStep tmpfs_step(const MountSpec& mount) {
  MountStep step;
  step.source = "tmpfs";
  step.target = mount.target;
  TmpfsOptions options = parse_tmpfs_options(mount.options);
  step.attributes = options.attributes;
  step.propagation = options.propagation;
  if (mount.writable == Writable::no) step.attributes |= MOUNT_ATTR_RDONLY;
  step.mode_of_target = std::none_of(options.parameters.begin(), options.parameters.end(),
                                     [](const auto& each) { return each.key == "mode"; });
  step.parameters = std::move(options.parameters);
  return step;
}

MountStep user_step(const MountSpec& mount, const SecuritySpec& security) {
  switch (mount.kind) {
    case MountKind::bind:
      return bind_step(mount, security);
    case MountKind::image:
      return layers_step(mount);
    case MountKind::file_system:
      return volume_step(mount, security);
    case MountKind::tmpfs:
      break;
  }
  return tmpfs_step(mount);
}

std::vector<MountSpec> etc_binds(const EtcFiles& etc, Writable writable) {
  std::vector<MountSpec> binds;
  const auto add = [&](const std::string& source, const char* target) {
    if (source.empty()) return;
    MountSpec bind;
    bind.source = source;
    bind.target = target;
    bind.writable = writable;
    binds.push_back(std::move(bind));
  };
  add(etc.hosts, "/etc/hosts");
  add(etc.resolv_conf, "/etc/resolv.conf");
  add(etc.hostname, "/etc/hostname");
  return binds;
}

bool mounted_by_user(const ContainerSpec& spec, const std::string& target) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(),
                     [&](const MountSpec& mount) { return mount.target == target; });
}

/// Read-only, so that nobody takes it for something that stays. It may be a program.
MountStep file_step(const FileSpec& file) {
  MountStep step;
  step.kind = StepKind::file;
  step.source = "tmpfs";
  step.target = file.target;
  step.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY;
  step.content = file.content;
  step.nodes = {
      {"file", S_IFREG | static_cast<mode_t>(file.mode & 07777), 0, {}, file.uid, file.gid}};
  return step;
}

/// What the user mounts at the same place is there instead.
std::vector<MountStep> unmapped_file_steps(const ContainerSpec& spec) {
  std::vector<MountStep> steps;
  for (const FileSpec& file : spec.files)
    if (!mounted_by_user(spec, file.target)) steps.push_back(file_step(file));
  return steps;
}

std::vector<MountStep> standard_steps(const ContainerSpec& spec, const MountFacts& facts) {
  std::vector<MountStep> steps = {
      standard("proc", "/proc", hardened),
      dev(spec, facts),
      pts(),
      shm(spec.resources, spec.namespaces.ipc.kind),
      standard("mqueue", "/dev/mqueue", hardened),
      standard("sysfs", "/sys", hardened | read_only_unless(spec.security.privileged))};
  for (MountStep& step : cgroup_steps(facts.cgroups, spec.security))
    steps.push_back(std::move(step));
  return steps;
}

std::ptrdiff_t depth_of(const std::string& target) {
  return std::count(target.begin(), target.end(), '/');
}

/// In a network namespace of our own low ports and ping need no capability, unless the user says
/// otherwise.
std::vector<SysctlStep> sysctl_steps(const ContainerSpec& spec) {
  std::vector<SysctlStep> steps;
  if (spec.namespaces.network.kind == NamespaceKind::own) {
    steps.push_back({"/proc/sys/net/ipv4/ip_unprivileged_port_start", "0", IfMissing::skip});
    steps.push_back({"/proc/sys/net/ipv4/ping_group_range", "0 2147483647", IfMissing::skip});
  }
  for (const auto& [name, value] : spec.sysctls)
    steps.push_back({"/proc/sys/" + sysctl_path(name), value, IfMissing::fail});
  return steps;
}

// ---- ids of a user namespace, which the host knows by other numbers

void require_inside(const IdBlock& ids, std::uint32_t id, const char* what,
                    const std::string& target) {
  if (ids.has(id)) return;
  fail("{}: {} {} is not among the {} ids of the container's user namespace", target, what, id,
       ids.count);
}

void remap_option(FilesystemOption& option, const IdBlock& ids, const std::string& target) {
  const bool user = option.key == "uid";
  if (!user && option.key != "gid") return;
  auto id = parse_integer<std::uint32_t>(option.value);
  if (!id) return;  // the kernel says what it thinks of it
  // Terminals are group tty's where there is one.
  if (target == "/dev/pts" && !ids.has(*id)) id = 0;
  require_inside(ids, *id, user ? "user" : "group", target);
  option.value = std::to_string(user ? ids.uid_outside(*id) : ids.gid_outside(*id));
}

/// A device that belongs to somebody on the host whom the container does not have is root's.
void remap_device(Node& node, const IdBlock& ids) {
  node.uid = ids.uid_outside(ids.has(node.uid) ? node.uid : 0);
  node.gid = ids.gid_outside(ids.has(node.gid) ? node.gid : 0);
}

void remap(MountStep& step, const IdBlock& ids) {
  step.container_ids = step.container_ids && ids.remaps();
  if (!ids.remaps()) return;
  // A volume's ids are those that the container sees: it is seen through a mapping.
  if (step.kind != StepKind::volume)
    for (FilesystemOption& option : step.parameters) remap_option(option, ids, step.target);
  for (Node& node : step.nodes) {
    if (step.kind == StepKind::file) {
      require_inside(ids, node.uid, "user", step.target);
      require_inside(ids, node.gid, "group", step.target);
    }
    remap_device(node, ids);
  }
}

std::string attribute_words(std::uint64_t attributes) {
  constexpr std::array<std::pair<std::uint64_t, const char*>, 6> words = {
      {{MOUNT_ATTR_RDONLY, "ro"},
       {MOUNT_ATTR_NOSUID, "nosuid"},
       {MOUNT_ATTR_NODEV, "nodev"},
       {MOUNT_ATTR_NOEXEC, "noexec"},
       {MOUNT_ATTR_NOATIME, "noatime"},
       {MOUNT_ATTR_STRICTATIME, "strictatime"}}};
  std::string text;
  for (const auto& [bit, word] : words) {
    if ((attributes & bit) != 0) text += fmt::format(" {}", word);
  }
  return text;
}

std::string step_text(const MountStep& step) {
  constexpr std::array<const char*, 6> kinds = {"new",  "bind",   "layers",
                                                "file", "shared", "volume"};
  std::string text = fmt::format("{} {} on {}", kinds[static_cast<std::size_t>(step.kind)],
                                 source_text(step), step.target);
  if (!step.type.empty()) text += " type " + step.type;
  text += attribute_words(step.attributes);
  for (const FilesystemOption& option : step.parameters)
    text +=
        option.value.empty() ? " " + option.key : fmt::format(" {}={}", option.key, option.value);
  if (step.propagation == MS_SLAVE) text += " slave";
  if (step.propagation == MS_SHARED) text += " shared";
  if (step.depth == Depth::with_submounts) text += " recursive";
  if (step.owner_mapped) text += " owner-mapped";
  if (step.container_ids) text += " container-ids";
  for (const Node& node : step.nodes) {
    text += fmt::format("\n  {}", node.path);
    if (S_ISDIR(node.mode)) text += "/";
    if (S_ISLNK(node.mode)) text += " -> " + node.link_to;
    if (S_ISCHR(node.mode) || S_ISBLK(node.mode))
      text += fmt::format(" {}:{}", major(node.device), minor(node.device));
  }
  return text + "\n";
}

}  // namespace

MountStep volume_step(const MountSpec& mount, const SecuritySpec& security) {
  MountOptions options = parse_mount_options(mount.options);
  MountStep step = step_of(mount, StepKind::volume);
  step.type = mount.type;
  step.volume = mount.volume;
  step.parameters = std::move(options.parameters);
  step.attributes = options.attributes;
  // Of a device that is to be read only, the file system must not be writable either.
  if ((step.attributes & MOUNT_ATTR_RDONLY) != 0) step.parameters.push_back({"ro", ""});
  if (mount.writable == Writable::no) step.attributes |= MOUNT_ATTR_RDONLY;
  if (is_without_devices(mount, security)) step.attributes |= MOUNT_ATTR_NODEV;
  step.propagation = MS_PRIVATE;
  return step;
}

std::string sysctl_path(std::string name) {
  if (name.find('/') == std::string::npos) std::replace(name.begin(), name.end(), '.', '/');
  return name;
}

std::vector<MountStep> file_steps(const ContainerSpec& spec) {
  std::vector<MountStep> steps = unmapped_file_steps(spec);
  for (MountStep& step : steps) remap(step, spec.ids);
  return steps;
}

SystemPaths system_paths(const SecuritySpec& security,
                         const std::vector<std::string>& thermal_throttles) {
  if (security.privileged || security.system_paths_unconfined) return {};
  SystemPaths paths{{"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
                     "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
                     "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"},
                    {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}};
  paths.masked.insert(paths.masked.end(), thermal_throttles.begin(), thermal_throttles.end());
  return paths;
}

MountPlan mount_plan(const ContainerSpec& spec, const MountFacts& facts) {
  MountPlan plan;
  if (spec.etc.over_links) plan.files = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};
  plan.sysctls = sysctl_steps(spec);
  plan.root = spec.root.writable;
  plan.hooks = spec.hooks;
  for (MountStep& step : standard_steps(spec, facts)) {
    if (has_standard_mount(spec, step.target)) plan.steps.push_back(std::move(step));
  }
  std::vector<MountSpec> mounts = spec.mounts;
  for (MountSpec& bind : etc_binds(spec.etc, spec.root.writable)) {
    if (!mounted_by_user(spec, bind.target)) mounts.push_back(std::move(bind));
  }
  std::vector<MountStep> steps;
  for (const MountSpec& mount : mounts) steps.push_back(user_step(mount, spec.security));
  for (const MountSpec& device : facts.device_binds) steps.push_back(device_step(device));
  std::ranges::move(unmapped_file_steps(spec), std::back_inserter(steps));
  std::stable_sort(steps.begin(), steps.end(), [](const MountStep& a, const MountStep& b) {
    return depth_of(a.target) < depth_of(b.target);
  });
  std::move(steps.begin(), steps.end(), std::back_inserter(plan.steps));
  for (MountStep& step : plan.steps) remap(step, spec.ids);
  SystemPaths paths = system_paths(spec.security, facts.thermal_throttles);
  plan.masked = std::move(paths.masked);
  plan.read_only = std::move(paths.read_only);
  return plan;
}

std::string source_text(const MountStep& step) {
  return step.subpath.empty() ? step.source : step.source + "/" + step.subpath;
}

std::string to_text(const MountPlan& plan) {
  std::string text;
  for (const std::string& path : plan.files) text += "file " + path + "\n";
  for (const MountStep& step : plan.steps) text += step_text(step);
  for (const SysctlStep& step : plan.sysctls)
    text += fmt::format("set {} = {}\n", step.path, step.value);
  for (const std::string& path : plan.masked) text += "mask " + path + "\n";
  for (const std::string& path : plan.read_only) text += "read-only " + path + "\n";
  for (const HostHook& hook : plan.hooks) text += "run " + hook.path + "\n";
  if (plan.root == Writable::no) text += "read-only /\n";
  return text;
}

}  // namespace stack::runtime
