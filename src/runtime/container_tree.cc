// SPDX-License-Identifier: Apache-2.0
#include "runtime/container_tree.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/child.h"
#include "base/error.h"
#include "base/signal_mask.h"
#include "runtime/child_mounts.h"
#include "runtime/child_volumes.h"
#include "runtime/control_socket.h"
#include "runtime/failure_text.h"
#include "runtime/kernel.h"
#include "runtime/mount_plan.h"
#include "runtime/program.h"
#include "runtime/user_namespace.h"

namespace stack::runtime {
namespace {

// --- the child: rules of child_report.h

struct HolderTask {
  int control = -1;
  std::span<const int> kept;
  OverlayTask root;
  std::span<const MountStep> steps;
  std::span<int> trees;
};

/// Builds the tree, hands its root over, and keeps the mounts until the parent lets go.
[[noreturn]] void become_holder(const HolderTask& task) {
  const ChildReport report(task.control);
  report.require(ChildStage::prepare, close_all_but(task.kept));
  reset_signals();
  // A Ctrl-C is for the parent, whose end is ours.
  ::setsid();
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  report.require(open_sources({}, task.steps, task.trees));
  report.require(ChildStage::isolate_mounts, errno_of(::unshare(CLONE_NEWNS)));
  report.require(ChildStage::isolate_mounts,
                 errno_of(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr)));
  int root = -1;
  report.require(open_volumes({}, task.steps, task.trees));
  report.require(open_layers(task.steps, task.trees, -1));
  report.require(mount_root(task.root, root));
  mount_steps(root, task.steps, task.trees, report);
  report.announce_exec(root);
  report.begin_exec();
  report.await_release();
  ::_exit(0);
}

// --- the parent

bool has_ended(int pidfd) {
  pollfd wait{pidfd, POLLIN, 0};
  return ::poll(&wait, 1, 0) != 0;
}

/// The mounts that a stopped container has too: those of the user that are somewhere on the host.
/// Throws Error for one that cannot be had without its process.
MountPlan plan_of_binds(const ContainerSpec& spec) {
  ContainerSpec binds;
  for (const MountSpec& mount : spec.mounts) {
    if (mount.kind == MountKind::tmpfs || mount.is_one_instance) continue;
    if (mount.owner_mapped) {
      throw Error(fmt::format("{} shows other owners to the container than to this host, and that "
                              "needs a running container",
                              mount.target))
          .with_hint("start it first");
    }
    binds.mounts.push_back(mount);
  }
  binds.security = spec.security;
  MountPlan plan = mount_plan(binds, MountFacts{});
  std::erase_if(plan.steps, [&](const MountStep& step) {
    return std::ranges::none_of(binds.mounts, [&](const MountSpec& mount) {
      return (step.kind == StepKind::bind || step.kind == StepKind::layers ||
              step.kind == StepKind::volume) &&
             step.target == mount.target;
    });
  });
  return plan;
}

pid_t fork_holder(const HolderTask& task) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = clone3(arguments);
  if (pid < 0) throw_errno("cloning a process");
  if (pid == 0) become_holder(task);
  return pid;
}

}  // namespace

ContainerTree::ContainerTree(ContainerTree&& other) noexcept
    : root_(std::move(other.root_)),
      holder_(std::move(other.holder_)),
      holder_pid_(std::exchange(other.holder_pid_, 0)),
      ids_(other.ids_) {}

ContainerTree::~ContainerTree() {
  root_.reset();
  holder_.reset();
  if (holder_pid_ > 0) await_end(holder_pid_);
}

FilesOfRoot::FilesOfRoot(const IdBlock& ids) : changed_(ids.remaps()) {
  if (!changed_) return;
  const int error = own_files(ids);
  if (error != 0) throw Error("making files in the name of the container's root", error);
}

FilesOfRoot::~FilesOfRoot() {
  if (!changed_) return;
  ::setfsuid(::geteuid());
  ::setfsgid(::getegid());
}

std::optional<ContainerTree> open_running_tree(const ProcessIdentity& process) {
  const auto pidfd = open_process(process);
  if (!pidfd) return std::nullopt;
  const IdBlock ids = id_block_of(process);
  const auto path = fmt::format("/proc/{}/root", process.pid);
  Fd root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const int error = errno;
  // Alive still, so nobody else has had its pid meanwhile.
  if (has_ended(pidfd->get())) return std::nullopt;
  if (!root) throw Error("open " + path, error);
  return ContainerTree(std::move(root), Fd(), 0, ids);
}

ContainerTree mount_stopped_tree(const ContainerSpec& spec) {
  const MountPlan plan = plan_of_binds(spec);
  std::vector<int> trees(plan.steps.size(), -1);
  ControlSocket control = make_control_socket();
  const int kept[] = {control.child.get()};
  const pid_t pid =
      fork_holder({.control = control.child.get(),
                   .kept = kept,
                   .root = {spec.root.lower, spec.root.upper.c_str(), spec.root.work.c_str()},
                   .steps = plan.steps,
                   .trees = trees});
  control.child.reset();
  ChildOutcome outcome = receive_word(control.parent.get());
  // From here on there is something to undo: the destructor does it.
  ContainerTree tree(std::move(outcome.descriptor), std::move(control.parent), pid, {});
  if (outcome.kind == ChildOutcome::Kind::failed)
    throw describe_failure(outcome.failure, spec.process, &plan);
  if (outcome.kind == ChildOutcome::Kind::vanished) throw describe_silence();
  return tree;
}

}  // namespace stack::runtime
