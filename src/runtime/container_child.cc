// SPDX-License-Identifier: Apache-2.0
#include "runtime/container_child.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/fail_point.h"
#include "base/fresh_process.h"
#include "base/signal_mask.h"
#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

int join_namespaces(const JoinedNamespaces& joined) {
  if (joined.network >= 0 && ::setns(joined.network, CLONE_NEWNET) != 0) return errno;
  if (joined.ipc >= 0 && ::setns(joined.ipc, CLONE_NEWIPC) != 0) return errno;
  if (joined.uts >= 0 && ::setns(joined.uts, CLONE_NEWUTS) != 0) return errno;
  return 0;
}

int isolate_mounts() {
  if (const int error = injected_error("child.isolate-mounts")) return error;
  // Slave, not private: sources bound as rslave or rshared keep hearing of the host's mounts.
  return errno_of(::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr));
}

/// pivot_root(2), "pivot_root(".", ".")": the old root lands on top of the new one and is let go.
int change_root(int root) {
  if (const int error = injected_error("child.pivot-root")) return error;
  if (::fchdir(root) != 0) return errno;
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return errno;
  if (::umount2(".", MNT_DETACH) != 0) return errno;
  return errno_of(::chdir("/"));
}

int set_hostname(const ContainerTask& task) {
  if (const int error = injected_error("child.hostname")) return error;
  if (*task.hostname != '\0' && ::sethostname(task.hostname, std::strlen(task.hostname)) != 0)
    return errno;
  if (*task.domainname == '\0') return 0;
  return errno_of(::setdomainname(task.domainname, std::strlen(task.domainname)));
}

/// In our own, just mounted proc; before /proc/sys becomes read-only.
int write_sysctl(int root, const SysctlStep& sysctl) {
  if (const int error = injected_error("child.sysctl")) return error;
  const int file = openat2(root, sysctl.path.c_str(), O_WRONLY | O_CLOEXEC,
                           RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
  if (file < 0) return errno == ENOENT && sysctl.if_missing == IfMissing::skip ? 0 : errno;
  const int error = errno_of(::write(file, sysctl.value.data(), sysctl.value.size()));
  ::close(file);
  return error;
}

int bring_loopback_up() {
  if (const int error = injected_error("child.loopback")) return error;
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const int error = errno_of(::ioctl(socket, SIOCSIFFLAGS, &request));
  ::close(socket);
  return error;
}

void set_sysctls(const MountPlan& plan, int root, const ChildReport& report) {
  for (std::uint32_t i = 0; i < plan.sysctls.size(); ++i)
    report.require(ChildStage::set_sysctl, write_sysctl(root, plan.sysctls[i]), i);
}

/// Everything by descriptors below `root`, so before or after pivot_root makes no difference to it.
void build_file_system(const ContainerTask& task, int& root, const ChildReport& report) {
  const MountPlan& plan = *task.mounts;
  report.require(open_sources(task.sources, plan.steps, task.trees));
  report.require(ChildStage::isolate_mounts, isolate_mounts());
  report.require(open_volumes(task.volumes, plan.steps, task.trees));
  if (task.user_namespace >= 0) report.require(ChildStage::own_files, own_files(task.program.ids));
  report.require(make_files(plan.steps, task.trees));
  report.require(open_layers(plan.steps, task.trees, task.root.id_mapping));
  report.require(mount_root(task.root, root));
  report.require(replace_links(root, plan.files));
  mount_steps(root, plan.steps, task.trees, report);
  report.require(ChildStage::make_working_directory,
                 make_directory_in_root(root, task.program.working_directory));
  report.require(run_hooks(task.hooks));
  report.require(ChildStage::pivot_root, change_root(root));
  set_sysctls(plan, root, report);
  report.require(mask_paths(root, plan.masked));
  report.require(make_paths_read_only(root, plan.read_only));
  if (plan.root == Writable::no)
    report.require(ChildStage::root_read_only, set_mount_attributes(root, MOUNT_ATTR_RDONLY));
}

/// Its mounts come along as copies that belong to the user namespace, and hold together: whoever
/// has CAP_SYS_ADMIN there can add to them, but not take away what covers something.
int enter_user_namespace(int space) {
  if (::setns(space, CLONE_NEWUSER) != 0) return errno;
  return errno_of(::unshare(CLONE_NEWNS));
}

}  // namespace

int enter_cgroups(std::span<const int> tasks) {
  if (const int error = injected_error("child.cgroup")) return error;
  for (const int file : tasks) {
    if (::write(file, "0", 1) != 1) return errno;
  }
  return 0;
}

void become_container(const ContainerTask& task) {
  const ChildReport report(task.control, task.marks);
  report.require(ChildStage::prepare, close_all_but(task.kept));
  reset_signals();
  shed_inherited();
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::setsid();
  ::umask(0);
  report.require(ChildStage::join_cgroup, enter_cgroups(task.cgroup_tasks));
  // Not with clone3: the namespace's root is the group that the caller is in at this moment.
  if (task.cgroup == OwnNamespace::yes)
    report.require(ChildStage::new_cgroup_namespace, errno_of(::unshare(CLONE_NEWCGROUP)));
  report.require(ChildStage::join_namespaces, injected_error("child.namespaces"));
  report.require(ChildStage::join_namespaces, join_namespaces(task.joined));
  if (task.network == OwnNamespace::yes) report.require(ChildStage::loopback, bring_loopback_up());
  int root = -1;
  build_file_system(task, root, report);
  report.require(ChildStage::set_hostname, set_hostname(task));
  PreparedProgram program{};
  prepare_program(task.program, report, program);
  if (task.program.terminal == Terminal::own)
    report.require(ChildStage::terminal, bind_console(root, STDIN_FILENO));
  report.await_release();
  report.require(ChildStage::execute, injected_error("child.execute"));
  if (task.user_namespace >= 0)
    report.require(ChildStage::enter_user_namespace, enter_user_namespace(task.user_namespace));
  run_program(task.program, report, program);
}

}  // namespace stack::runtime
