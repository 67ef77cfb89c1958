// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/files.h"
#include "runtime/cgroup.h"
#include "runtime/cgroup_setup.h"
#include "runtime/child_spans.h"
#include "runtime/container_child.h"
#include "runtime/control_socket.h"
#include "runtime/failure_text.h"
#include "runtime/id_mapping.h"
#include "runtime/kernel.h"
#include "runtime/program_memory.h"
#include "runtime/validate.h"

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
  std::vector<Fd> mappings;  ///< owns what id_mappings names
  std::vector<int> id_mappings;
  ContainerTask task;
};

/// Ascending, as close_all_but() wants them.
std::vector<int> descriptors_to_keep(const ContainerTask& task) {
  std::vector<int> kept(task.cgroup_tasks.begin(), task.cgroup_tasks.end());
  kept.push_back(task.control);
  for (const int each : {task.joined.network, task.joined.ipc, task.sources.shared_mounts})
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

void fill_namespaces(ContainerTask& task, const NamespacesSpec& spaces,
                     const SharedNamespaces& shared) {
  task.joined.network = shared_descriptor(spaces.network, shared.network, "network");
  task.joined.ipc = shared_descriptor(spaces.ipc, shared.ipc, "IPC");
  task.sources.shared_mounts = shared_descriptor(spaces.ipc, shared.mount, "mount");
  task.network = own_unless_shared(spaces.network);
  task.cgroup = own_unless_shared(spaces.cgroup);
}

void fill_task(ContainerMemory& memory, const ContainerSpec& spec, const MountPlan& plan,
               const CgroupEntrance& entrance, int control, const SharedNamespaces& shared) {
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
  fill_namespaces(task, spec.namespaces, shared);
  memory.mappings = id_mappings(spec, plan);
  for (const Fd& mapping : memory.mappings)
    memory.id_mappings.push_back(mapping ? mapping.get() : -1);
  task.sources.id_mappings = memory.id_mappings;
  task.program = memory.program.task();
  memory.kept = descriptors_to_keep(task);
  task.kept = memory.kept;
}

std::uint64_t clone_flags(const ContainerSpec& spec, Parent parent) {
  const NamespacesSpec& spaces = spec.namespaces;
  std::uint64_t flags = CLONE_PIDFD | CLONE_NEWNS;
  if (spaces.pid.kind == NamespaceKind::own) flags |= CLONE_NEWPID;
  if (spaces.ipc.kind == NamespaceKind::own || spaces.ipc.kind == NamespaceKind::none)
    flags |= CLONE_NEWIPC;
  if (spaces.uts.kind == NamespaceKind::own) flags |= CLONE_NEWUTS;
  if (spaces.network.kind == NamespaceKind::own) flags |= CLONE_NEWNET;
  if (parent == Parent::callers_parent) flags |= CLONE_PARENT;
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
  const pid_t pid = clone3(arguments);
  if (pid < 0) throw_errno("cloning a process into new namespaces");
  if (pid == 0) become_container(task);
  state.pidfd = Fd(pidfd);
  state.identity = identify(pid);
}

void open_network_namespace(PendingContainer::State& state) {
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
  const CgroupLayout layout = host_cgroup_layout();
  const DeviceFacts devices = device_facts(spec.security);
  const CgroupPlan cgroups = cgroup_plan(layout, spec, devices);
  auto state = std::make_unique<PendingContainer::State>();
  state->process = spec.process;
  state->plan = mount_plan(spec, mount_facts(layout, spec.security, devices));
  state->cgroup = spec.cgroup;
  state->parent = options.parent;
  laps.end("plan of mounts and cgroups");
  ContainerMemory memory{
      .program =
          ProgramMemory(spec.process, spec.security,
                        {options.stdin_fd, options.stdout_fd, options.stderr_fd}, options.cache),
      .cgroup_tasks = {},
      .kept = {},
      .trees = {},
      .mappings = {},
      .id_mappings = {},
      .task = {}};
  laps.end("program and system call filter");
  ControlSocket control = make_control_socket();
  state->control = std::move(control.parent);
  state->trace = options.trace;
  if (options.trace != nullptr) state->marks = share_marks();

  // From here on there is something to undo: the destructor of `pending` does it.
  PendingContainer pending(std::move(state));
  PendingContainer::State& made = pending.state();
  const CgroupEntrance entrance = make_cgroups(cgroups);
  laps.end("cgroups");
  fill_task(memory, spec, made.plan, entrance, control.child.get(), options.shared);
  {
    memory.task.marks = made.marks.get();
    const ChildrenElsewhere elsewhere(
        shared_descriptor(spec.namespaces.pid, options.shared.pid, "PID"));
    clone_container(made, spec, memory.task, entrance);
  }
  if (spec.namespaces.network.kind == NamespaceKind::own) open_network_namespace(made);
  laps.end("clone");
  return pending;
}

}  // namespace stack::runtime
