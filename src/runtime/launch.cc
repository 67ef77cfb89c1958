// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <map>

#include "base/fail_point.h"
#include "base/files.h"
#include "runtime/cgroup.h"
#include "runtime/cgroup_setup.h"
#include "runtime/child_spans.h"
#include "runtime/container_child.h"
#include "runtime/control_socket.h"
#include "runtime/failure_text.h"
#include "runtime/hook_memory.h"
#include "runtime/id_mapping.h"
#include "runtime/kernel.h"
#include "runtime/program_memory.h"
#include "runtime/user_namespace.h"
#include "runtime/validate.h"
#include "runtime/volume_mount.h"

namespace stack::runtime {

struct PendingContainer::State {
  ProcessSpec process;  ///< for messages
  MountPlan plan;       ///< same
  std::string cgroup;
  Parent parent = Parent::caller;
  ProcessIdentity identity;
  Fd pidfd;
  Fd network_namespace;
  Fd control;
  Fd terminal;
  bool succeeded = false;
  Spans* trace = nullptr;
  SharedMarks marks;  ///< when there is a trace
};

namespace {

/// All that the child reads, in one place that outlives the clone.
struct ContainerMemory {
  ProgramMemory program;
  std::vector<int> cgroup_tasks;
  std::vector<int> kept;
  std::vector<int> trees;
  OwnedNamespaces owned;
  std::map<std::size_t, Fd> owner_mappings;
  std::vector<int> id_mappings;
  Fd host_network;
  std::vector<Fd> disks;
  std::vector<InstanceTask> instances;
  HookMemory hooks;
  ContainerTask task;
};

/// Ascending, as close_all_but() wants them.
std::vector<int> descriptors_to_keep(const ContainerTask& task) {
  std::vector<int> kept(task.cgroup_tasks.begin(), task.cgroup_tasks.end());
  kept.push_back(task.control);
  for (const int each : {task.joined.network, task.joined.ipc, task.joined.uts,
                         task.sources.shared_mounts, task.volumes.network, task.user_namespace})
    if (each >= 0) kept.push_back(each);
  for (const InstanceTask& instance : task.volumes.instances)
    for (const int each : {instance.mounts, instance.tree})
      if (each >= 0) kept.push_back(each);
  for (const int each : task.sources.id_mappings)
    if (each >= 0) kept.push_back(each);
  kept.insert(kept.end(), std::begin(task.program.standard_streams),
              std::end(task.program.standard_streams));
  std::sort(kept.begin(), kept.end());
  return kept;
}

OwnNamespace own_unless_shared(const NamespaceSpec& space) {
  return space.kind == NamespaceKind::own ? OwnNamespace::yes : OwnNamespace::no;
}

/// Throws Error when the namespace that the spec wants to share was not given.
int shared_descriptor(const NamespaceSpec& space, int descriptor, const char* what) {
  if (space.kind != NamespaceKind::shared) return -1;
  if (descriptor < 0) fail("the {} namespace of {} is not there", what, space.container);
  return descriptor;
}

bool is_made(const NamespaceSpec& space) {
  return space.kind == NamespaceKind::own || space.kind == NamespaceKind::none;
}

bool has_user_namespace(const NamespacesSpec& spaces) {
  return spaces.user.kind != NamespaceKind::host;
}

/// A user namespace that is the container's alone or another's, and what is to belong to it.
OwnedNamespaces make_owned(const ContainerSpec& spec, const SharedNamespaces& shared) {
  const NamespacesSpec& spaces = spec.namespaces;
  if (!has_user_namespace(spaces)) return {};
  OwnedRequest request;
  request.user = shared_descriptor(spaces.user, shared.user, "user");
  request.ids = spec.ids;
  if (is_made(spaces.network)) request.kinds |= CLONE_NEWNET;
  if (is_made(spaces.ipc)) request.kinds |= CLONE_NEWIPC;
  if (is_made(spaces.uts)) request.kinds |= CLONE_NEWUTS;
  return make_owned_namespaces(request);
}

int first_open(const Fd& fd, int otherwise) {
  return fd ? fd.get() : otherwise;
}

void fill_namespaces(ContainerTask& task, const NamespacesSpec& spaces,
                     const SharedNamespaces& shared, const OwnedNamespaces& owned) {
  task.joined.network =
      first_open(owned.network, shared_descriptor(spaces.network, shared.network, "network"));
  task.joined.ipc = first_open(owned.ipc, shared_descriptor(spaces.ipc, shared.ipc, "IPC"));
  task.joined.uts = first_open(owned.uts, -1);
  task.user_namespace = first_open(owned.user, -1);
  task.sources.shared_mounts = shared_descriptor(spaces.ipc, shared.mount, "mount");
  task.network = own_unless_shared(spaces.network);
  task.cgroup = own_unless_shared(spaces.cgroup);
}

/// By mount step.
std::vector<int> id_mappings(const MountPlan& plan, const ContainerMemory& memory) {
  std::vector<int> mappings(plan.steps.size(), -1);
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].container_ids) mappings[i] = memory.owned.user.get();
  for (const auto& [step, mapping] : memory.owner_mappings) mappings[step] = mapping.get();
  return mappings;
}

bool is_disk(const std::string& source) {
  struct stat info {};
  return ::stat(source.c_str(), &info) == 0 && S_ISBLK(info.st_mode);
}

/// `memory` owns what is opened.
InstanceTask instance_of(ContainerMemory& memory, const MountStep& step,
                         const LaunchOptions& options) {
  const auto there = options.instances.find(step.target);
  if (there != options.instances.end())
    return {there->second.mounts, there->second.path.c_str(), -1};
  // What is reached over the network is left to the child: it may take long.
  if (!is_disk(step.source)) return {};
  Fd& disk = memory.disks.emplace_back(mount_volume(step));
  if (!disk) throw volume_error(step, errno);
  return {-1, nullptr, disk.get()};
}

/// The task's pointers lead into `memory` and `options`.
void fill_volumes(ContainerMemory& memory, const MountPlan& plan, const LaunchOptions& options) {
  if (std::ranges::none_of(plan.steps,
                           [](const auto& step) { return step.kind == StepKind::volume; }))
    return;
  memory.host_network = open_file("/proc/self/ns/net", O_RDONLY);
  for (const MountStep& step : plan.steps)
    memory.instances.push_back(step.kind == StepKind::volume ? instance_of(memory, step, options)
                                                             : InstanceTask{});
  memory.task.volumes = {memory.host_network.get(), memory.instances, memory.id_mappings};
}

void fill_task(ContainerMemory& memory, const ContainerSpec& spec, const MountPlan& plan,
               const CgroupEntrance& entrance, int control, const LaunchOptions& options) {
  const SharedNamespaces& shared = options.shared;
  for (const Fd& tasks : entrance.v1_tasks) memory.cgroup_tasks.push_back(tasks.get());
  memory.trees.assign(plan.steps.size(), -1);
  ContainerTask& task = memory.task;
  task.control = control;
  task.cgroup_tasks = memory.cgroup_tasks;
  task.root = {spec.root.lower, spec.root.upper.c_str(), spec.root.work.c_str()};
  task.mounts = &plan;
  task.trees = memory.trees;
  task.hostname = spec.hostname.c_str();
  task.domainname = spec.domainname.c_str();
  task.program = memory.program.task();
  memory.owned = make_owned(spec, shared);
  fill_namespaces(task, spec.namespaces, shared, memory.owned);
  task.root.id_mapping = task.user_namespace;
  memory.owner_mappings = owner_mappings(spec, plan);
  memory.id_mappings = id_mappings(plan, memory);
  task.sources.id_mappings = memory.id_mappings;
  fill_volumes(memory, plan, options);
  task.hooks = memory.hooks.task(task.program.standard_streams);
  memory.kept = descriptors_to_keep(task);
  task.kept = memory.kept;
}

std::uint64_t clone_flags(const ContainerSpec& spec, Parent parent) {
  const NamespacesSpec& spaces = spec.namespaces;
  std::uint64_t flags = CLONE_PIDFD | CLONE_NEWNS;
  if (spaces.pid.kind == NamespaceKind::own) flags |= CLONE_NEWPID;
  if (parent == Parent::callers_parent) flags |= CLONE_PARENT;
  // What belongs to a user namespace is there already, and is joined.
  if (has_user_namespace(spaces)) return flags;
  if (is_made(spaces.ipc)) flags |= CLONE_NEWIPC;
  if (is_made(spaces.uts)) flags |= CLONE_NEWUTS;
  if (is_made(spaces.network)) flags |= CLONE_NEWNET;
  return flags;
}

/// Children of the caller are in another PID namespace while this lives (pid_namespaces(7)).
class ChildrenElsewhere {
 public:
  /// `pid_namespace` -1: they are where the caller is.
  explicit ChildrenElsewhere(int pid_namespace) {
    if (pid_namespace < 0) return;
    own_ = open_file("/proc/self/ns/pid", O_RDONLY);
    if (::setns(pid_namespace, CLONE_NEWPID) != 0) throw_errno("joining a PID namespace");
  }
  ~ChildrenElsewhere() {
    // Cannot fail: to one's own namespace the way is always open.
    if (own_) ::setns(own_.get(), CLONE_NEWPID);
  }
  ChildrenElsewhere(const ChildrenElsewhere&) = delete;
  ChildrenElsewhere& operator=(const ChildrenElsewhere&) = delete;

 private:
  Fd own_;
};

/// The one clone. Returns in the parent only.
void clone_container(PendingContainer::State& state, const ContainerSpec& spec,
                     const ContainerTask& task, const CgroupEntrance& entrance) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = clone_flags(spec, state.parent);
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  // With CLONE_PARENT the kernel takes the signal that our own end would send (clone(2)).
  arguments.exit_signal = state.parent == Parent::caller ? SIGCHLD : 0;
  if (entrance.unified) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(entrance.unified.get());
  }
  fail_point("launch.clone");
  const pid_t pid = clone3(arguments);
  if (pid < 0) throw_errno("cloning a process into new namespaces");
  if (pid == 0) become_container(task);
  state.pidfd = Fd(pidfd);
  state.identity = identify(pid);
}

void open_network_namespace(PendingContainer::State& state) {
  fail_point("launch.network-namespace");
  if (state.network_namespace) return;  // it was there before the process
  const auto path = fmt::format("/proc/{}/ns/net", state.identity.pid);
  state.network_namespace = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // A child that has failed already has none; take_result() knows the reason.
  if (!state.network_namespace && errno != ENOENT && errno != ESRCH) throw_errno("open {}", path);
}

void await_end(const PendingContainer::State& state) {
  pollfd wait{state.pidfd.get(), POLLIN, 0};
  while (::poll(&wait, 1, -1) < 0 && errno == EINTR) {
  }
  if (state.parent == Parent::caller)
    ::waitid(P_PIDFD, static_cast<id_t>(state.pidfd.get()), nullptr, WEXITED);
}

/// Kills what was made and takes the cgroups away.
void undo(const PendingContainer::State& state) noexcept {
  try {
    if (state.pidfd) {
      send_signal(state.pidfd.get(), SIGKILL);
      await_end(state);
    }
    kill_cgroup(state.cgroup);
    remove_cgroup(state.cgroup);
  } catch (const Error&) {
    // What stays carries the container's id in its name and is found by the next clean-up.
  }
}

/// The child has executed or failed.
void note_child(PendingContainer::State& state, const ChildFailure& last) {
  if (state.trace == nullptr) return;
  const Spans spans = child_spans(*state.marks, last, SpanClock::now(), state.process, &state.plan);
  state.trace->insert(state.trace->end(), spans.begin(), spans.end());
}

}  // namespace

PendingContainer::PendingContainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
PendingContainer::PendingContainer(PendingContainer&&) noexcept = default;

PendingContainer& PendingContainer::operator=(PendingContainer&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

PendingContainer::~PendingContainer() {
  if (state_ && !state_->succeeded) undo(*state_);
}

const ProcessIdentity& PendingContainer::identity() const {
  return state_->identity;
}

int PendingContainer::pidfd() const {
  return state_->pidfd.get();
}

int PendingContainer::network_namespace() const {
  return state_->network_namespace.get();
}

void PendingContainer::release() {
  send_release(state_->control.get());
}

int PendingContainer::report() const {
  return state_->control.get();
}

void PendingContainer::take_result() {
  ChildOutcome outcome = receive_outcome(state_->control.get());
  if (outcome.kind != ChildOutcome::Kind::vanished) note_child(*state_, outcome.failure);
  if (outcome.kind == ChildOutcome::Kind::failed)
    throw describe_failure(outcome.failure, state_->process, &state_->plan);
  if (outcome.kind == ChildOutcome::Kind::vanished) throw describe_silence();
  state_->terminal = std::move(outcome.descriptor);
  state_->succeeded = true;
}

Fd PendingContainer::take_terminal() {
  return std::move(state_->terminal);
}

Fd PendingContainer::take_pidfd() {
  return std::move(state_->pidfd);
}

PendingContainer launch(const ContainerSpec& spec, const LaunchOptions& options) {
  Laps laps(options.trace, "supervisor");
  validate(spec);
  const CgroupLayout& layout = host_cgroup_layout();
  const DeviceFacts devices = device_facts(spec.security);
  const CgroupPlan cgroups = cgroup_plan(layout, spec, devices);
  auto state = std::make_unique<PendingContainer::State>();
  state->process = spec.process;
  state->plan = mount_plan(spec, mount_facts(layout, spec.security, devices));
  state->cgroup = spec.cgroup;
  state->parent = options.parent;
  laps.end("plan of mounts and cgroups");
  ContainerMemory memory{
      .program = ProgramMemory(spec.process, spec.security,
                               {options.stdin_fd, options.stdout_fd, options.stderr_fd},
                               options.cache, spec.ids),
      .cgroup_tasks = {},
      .kept = {},
      .trees = {},
      .owned = {},
      .owner_mappings = {},
      .id_mappings = {},
      .host_network = {},
      .disks = {},
      .instances = {},
      .hooks = HookMemory(spec),
      .task = {}};
  laps.end("program and system call filter");
  ControlSocket control = make_control_socket();
  state->control = std::move(control.parent);
  state->trace = options.trace;
  if (options.trace != nullptr) state->marks = share_marks();

  // From here on there is something to undo: the destructor of `pending` does it.
  PendingContainer pending(std::move(state));
  PendingContainer::State& made = pending.state();
  fail_point("launch.cgroups");
  const CgroupEntrance entrance = make_cgroups(cgroups);
  if (spec.ids.remaps() && spec.security.writable_cgroups) delegate_cgroups(cgroups, spec.ids);
  laps.end("cgroups");
  fill_task(memory, spec, made.plan, entrance, control.child.get(), options);
  {
    memory.task.marks = made.marks.get();
    const ChildrenElsewhere elsewhere(
        shared_descriptor(spec.namespaces.pid, options.shared.pid, "PID"));
    clone_container(made, spec, memory.task, entrance);
  }
  made.network_namespace = std::move(memory.owned.network);
  if (spec.namespaces.network.kind == NamespaceKind::own) open_network_namespace(made);
  laps.end("clone");
  return pending;
}

}  // namespace stack::runtime
