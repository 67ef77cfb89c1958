// SPDX-License-Identifier: Apache-2.0
#include "runtime/join.h"

#include <sched.h>
#include <signal.h>

#include <algorithm>

#include "base/error.h"
#include "runtime/cgroup_setup.h"
#include "runtime/control_socket.h"
#include "runtime/failure_text.h"
#include "runtime/join_child.h"
#include "runtime/kernel.h"
#include "runtime/program_memory.h"
#include "runtime/user_namespace.h"
#include "runtime/validate.h"

namespace stack::runtime {
namespace {

/// Groups and limits are the container's, whoever is asked for in it.
ProcessSpec as_in_container(ProcessSpec process, const ProcessSpec& container) {
  process.init = false;
  process.groups = container.groups;
  process.ulimits = container.ulimits;
  process.oom_score_adj = container.oom_score_adj;
  return process;
}

Fd open_container(const ProcessIdentity& container) {
  auto pidfd = open_process(container);
  if (!pidfd) throw Error("the container is not running").with_exit_code(ExitCode::runtime_error);
  return std::move(*pidfd);
}

std::vector<int> descriptors_to_keep(const JoinTask& task) {
  std::vector<int> kept(task.cgroup_tasks.begin(), task.cgroup_tasks.end());
  kept.push_back(task.control);
  kept.push_back(task.container);
  if (task.unified_cgroup >= 0) kept.push_back(task.unified_cgroup);
  kept.insert(kept.end(), std::begin(task.program.standard_streams),
              std::end(task.program.standard_streams));
  std::sort(kept.begin(), kept.end());
  return kept;
}

Joined clone_relay(const JoinTask& task) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = clone3(arguments);
  if (pid < 0) throw_errno("cloning a process");
  if (pid == 0) become_relay(task);
  return {Fd(pidfd), pid, Fd(), Fd(), {}};
}

}  // namespace

Joined join_container(const JoinRequest& request) {
  validate(request.process);
  const Fd container = open_container(request.container);
  const CgroupEntrance entrance = open_cgroups(host_cgroup_layout(), request.spec->cgroup);
  ProcessSpec process = as_in_container(request.process, request.spec->process);
  const ProgramMemory program(process, request.spec->security,
                              {request.stdin_fd, request.stdout_fd, request.stderr_fd},
                              request.cache, id_block_of(request.container),
                              request.privileged ? Elevation::all_capabilities : Elevation::none);
  ControlSocket control = make_control_socket();
  std::vector<int> tasks;
  for (const Fd& file : entrance.v1_tasks) tasks.push_back(file.get());

  JoinTask task;
  task.control = control.child.get();
  task.container = container.get();
  task.unified_cgroup = entrance.unified ? entrance.unified.get() : -1;
  task.cgroup_tasks = tasks;
  task.program = program.task();
  const std::vector<int> kept = descriptors_to_keep(task);
  task.kept = kept;

  Joined joined = clone_relay(task);
  joined.report = std::move(control.parent);
  joined.process = std::move(process);
  return joined;
}

namespace {

/// In docker's codes: a user that is not there is the caller's mistake, a directory is like a
/// program that is missing.
Error explained_by_code(const ChildFailure& failure, const ProcessSpec& process) {
  Error error = describe_failure(failure, process, nullptr);
  if (failure.stage == ChildStage::find_user || failure.stage == ChildStage::find_group)
    error.with_exit_code(ExitCode::failure);
  if (failure.stage == ChildStage::working_directory)
    error.with_exit_code(failure.error == EACCES ? ExitCode::not_executable : ExitCode::not_found);
  return error;
}

}  // namespace

void take_join_result(Joined& joined) {
  ChildOutcome outcome = receive_outcome(joined.report.get());
  if (outcome.kind == ChildOutcome::Kind::failed)
    throw explained_by_code(outcome.failure, joined.process);
  if (outcome.kind == ChildOutcome::Kind::vanished) throw describe_silence();
  joined.terminal = std::move(outcome.descriptor);
}

}  // namespace stack::runtime
