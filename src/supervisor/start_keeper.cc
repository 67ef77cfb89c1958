// SPDX-License-Identifier: Apache-2.0
#include "supervisor/start_keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <vector>

#include "base/borrowing_child.h"
#include "base/child.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/pipe.h"
#include "base/process.h"
#include "base/sealed_image.h"
#include "runtime/cgroup.h"
#include "supervisor/keeper.h"

// keeper_program.s
extern "C" const char stack_keeper_program[];
extern "C" const char stack_keeper_program_end[];

namespace stack::supervisor {
namespace {

std::string_view keeper_program() {
  return {stack_keeper_program, stack_keeper_program_end};
}

/// All that the keeper's process needs, made before the fork.
struct Launchpad {
  Fd program;  ///< sealed copy of keeper_program()
  Fd null;
  Fd log;
  Fd ready;   ///< writing end
  Fd cgroup;  ///< empty: stay where we are
  std::vector<char*> arguments;
  std::vector<char*> environment;
};

/// Puts descriptors where the keeper looks for them and becomes it.
[[noreturn]] void become_keeper(void* launchpad) {
  const auto& pad = *static_cast<const Launchpad*>(launchpad);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::umask(077);
  if (injected_refusal("keeper.execute") || ::chdir("/") != 0) ::_exit(126);
  // The numbers below 10 are free: everything of `pad` was moved above them.
  for (const auto& [from, to] : {std::pair{pad.null.get(), 0}, std::pair{pad.null.get(), 1},
                                 std::pair{pad.log.get(), 2}, std::pair{pad.ready.get(), ready_fd}})
    if (::dup2(from, to) < 0) ::_exit(126);
  ::close_range(static_cast<unsigned>(ready_fd) + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  ::syscall(SYS_execveat, pad.program.get(), "", pad.arguments.data(), pad.environment.data(),
            AT_EMPTY_PATH);
  ::_exit(126);
}

/// The first child makes the session and starts the keeper, whose parent then ends: the keeper is
/// nobody's child and no session leader, so it can never get a controlling terminal.
[[noreturn]] void detach(void* launchpad) {
  alignas(16) static std::array<char, 1 << 16> stack;
  const auto& pad = *static_cast<const Launchpad*>(launchpad);
  if (injected_refusal("keeper.session") || ::setsid() < 0) ::_exit(126);
  pid_t keeper = start_borrowing_child(stack, pad.cgroup.get(), become_keeper, launchpad);
  // A tree that we may not use (another's, threaded, full) is no reason not to run.
  if (keeper < 0 && pad.cgroup) keeper = start_borrowing_child(stack, -1, become_keeper, launchpad);
  ::_exit(keeper < 0 ? 126 : 0);
}

/// Both children have our memory, and we wait until the keeper is a program of its own: nothing of
/// ours is copied. The first child's id, or -1.
pid_t start_detaching(Launchpad& pad) {
  alignas(16) static std::array<char, 1 << 16> stack;
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  // What ends us must not end the first child half-way.
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t child = start_borrowing_child(stack, -1, detach, &pad);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return child;
}

/// `fd` again, under a number that none of the keeper's fixed ones hits.
Fd moved_up(Fd fd) {
  Fd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
  if (!copy) throw_errno("duplicating a descriptor");
  return copy;
}

void wait_for_detached(pid_t child) {
  const auto status = await_end(child);
  if (!status) throw_errno("waiting for the keeper's start");
  if (exit_code_of(*status) != 0) fail("starting the keeper failed");
}

/// Another stack's keeper has one as a rule: all of a machine's stacks run from one copy, which is
/// 3 MB of memory and 1.5 ms for each but the first.
std::optional<Fd> program_of_another(const HostPaths& paths) {
  constexpr int most_tries = 4;  // after an update of the program, all the old ones have another
  int tries = 0;
  for (const std::string& project : list_directory(paths.run / "stacks")) {
    const auto pid = read_keeper_pid({paths, project});
    if (!pid) continue;
    if (auto program = sealed_image_of(*pid, keeper_program())) return program;
    if (++tries == most_tries) break;
  }
  return std::nullopt;
}

Fd program_to_run(const HostPaths& paths) {
  auto program = program_of_another(paths);
  return program ? std::move(*program) : sealed_image(keeper_program());
}

/// Where versions before this one had the keepers of all installations.
void remove_former_cgroup(const ProjectFiles& files) {
  const std::string former = files.cgroup() + "/keeper";
  if (former == files.keeper_cgroup() || !runtime::cgroup_processes(former).empty()) return;
  runtime::remove_cgroup(former);
}

}  // namespace

void remove_keeper_cgroup(const ProjectFiles& files) {
  fail_point("keeper.remove-cgroup");
  runtime::remove_cgroup(files.keeper_cgroup());
  remove_former_cgroup(files);
}

Fd start_keeper(const ProjectFiles& files) {
  fail_point("keeper.run-directory");
  make_directories(files.run());
  Pipe pipe = make_pipe();
  Launchpad pad;
  pad.ready = moved_up(std::move(pipe.writing));
  pad.program = moved_up(program_to_run(files.paths));
  pad.null = moved_up(open_file("/dev/null", O_RDWR));
  fail_point("keeper.log");
  pad.log = moved_up(open_file(files.log(), O_WRONLY | O_CREAT | O_APPEND, 0600));
  fail_point("keeper.cgroup");
  if (Fd cgroup = runtime::open_unified_cgroup(files.keeper_cgroup()))
    pad.cgroup = moved_up(std::move(cgroup));

  std::vector<std::string> arguments{"stack-keeper", files.project};
  arguments.resize(arguments.size() + arguments_room);
  std::vector<std::string> environment{"STACK_ROOT=" + files.paths.data.native(),
                                       "STACK_RUN=" + files.paths.run.native(),
                                       "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  if (fail_points::control != nullptr)
    environment.push_back(fmt::format("{}=1", fail_points_variable));
  for (std::string& argument : arguments) pad.arguments.push_back(argument.data());
  for (std::string& variable : environment) pad.environment.push_back(variable.data());
  pad.arguments.push_back(nullptr);
  pad.environment.push_back(nullptr);

  fail_point("keeper.fork");
  const pid_t child = start_detaching(pad);
  if (child < 0) throw_errno("clone");
  fail_point("keeper.await-start");
  wait_for_detached(child);
  return std::move(pipe.reading);
}

}  // namespace stack::supervisor
