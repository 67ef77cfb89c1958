// SPDX-License-Identifier: Apache-2.0
#include "runtime/program.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/fresh_process.h"
#include "base/signal_mask.h"
#include "runtime/child_mounts.h"
#include "runtime/init.h"
#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

constexpr std::size_t max_account_file = 1U << 20;
constexpr long devpts_magic = 0x1cd1;

/// No more than it should be; raised as far as may be it was already (shed_inherited()).
int set_standard_limit(const StandardLimit& standard) {
  const auto resource = static_cast<__rlimit_resource_t>(standard.resource);
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return errno;
  limit.rlim_max = std::min(limit.rlim_max, standard.limit.rlim_max);
  limit.rlim_cur = std::min(standard.limit.rlim_cur, limit.rlim_max);
  return errno_of(::setrlimit(resource, &limit));
}

/// Where the user asks for a limit, what we may give is not lowered first.
int set_standard_limits(const ProgramTask& task) {
  for (const StandardLimit& standard : standard_limits()) {
    if (std::ranges::find(task.limits, standard.resource, &LimitTask::resource) !=
        task.limits.end())
      continue;
    if (const int error = set_standard_limit(standard)) return error;
  }
  return 0;
}

/// One write to a file of our own process in /proc, which is the container's own here.
int write_own(const char* path, const char* text) {
  const int file = openat2(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, RESOLVE_NO_MAGICLINKS);
  if (file < 0) return errno;
  const int error = errno_of(::write(file, text, std::strlen(text)));
  ::close(file);
  return error;
}

int enter_apparmor(const char* profile) {
  // The first is there since Linux 5.8, where other modules may own the second.
  const int error = write_own("/proc/self/attr/apparmor/exec", profile);
  return error == ENOENT ? write_own("/proc/self/attr/exec", profile) : error;
}

/// What the user asked for goes over the standard limits.
void apply_limits(const ProgramTask& task, const ChildReport& report) {
  report.require(ChildStage::limits, set_standard_limits(task),
                 static_cast<std::uint32_t>(task.limits.size()));
  for (std::uint32_t i = 0; i < task.limits.size(); ++i) {
    const auto resource = static_cast<__rlimit_resource_t>(task.limits[i].resource);
    report.require(ChildStage::limits, errno_of(::setrlimit(resource, &task.limits[i].limit)), i);
  }
  if (task.oom_score_adj != nullptr)
    report.require(ChildStage::oom_score,
                   write_own("/proc/self/oom_score_adj", task.oom_score_adj));
}

/// A session keyring of its own, so that the host's keys are not reachable.
int new_session_keyring() {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return 0;
  // ENOSYS: a kernel without keys. EDQUOT: the host's key quota is used up by others; the keyring
  // calls are denied by the filter anyway.
  return errno == ENOSYS || errno == EDQUOT ? 0 : errno;
}

struct AccountFile {
  std::string_view text;
  int error = 0;
  bool is_covered = false;  ///< by another one, which programs see
};

int read_fully(int file, char* buffer, std::size_t size, std::size_t& used) {
  used = 0;
  while (used < size) {
    const ssize_t got = ::read(file, buffer + used, size - used);
    if (got == 0) return 0;
    if (got < 0 && errno != EINTR) return errno;
    if (got > 0) used += static_cast<std::size_t>(got);
  }
  return EFBIG;
}

/// O_NONBLOCK: it may be a FIFO.
int open_account_file(int root, const char* path, std::uint64_t resolve) {
  return openat2(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                 RESOLVE_NO_MAGICLINKS | resolve);
}

/// What the container's own file system has there, below what is mounted over it.
int open_covered(const char* path) {
  const int bare = ::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  // In a user namespace mounts hold together: there, what covers it is all there is.
  if (bare < 0 && errno == EINVAL) return open_account_file(AT_FDCWD, path, 0);
  if (bare < 0) return -1;
  const int file = open_account_file(bare, path, RESOLVE_IN_ROOT);
  close_quietly(bare);
  return file;
}

AccountFile read_account_file(int file) {
  if (file < 0) return {{}, errno == ENOENT || errno == ENOTDIR ? 0 : errno};
  struct stat info {};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return {{}, EINVAL};
  void* memory =
      ::mmap(nullptr, max_account_file, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {{}, errno};
  auto* text = static_cast<char*>(memory);
  std::size_t size = 0;
  const int error = read_fully(file, text, max_account_file, size);
  ::close(file);
  return {{text, size}, error};
}

/// /etc/passwd or /etc/group of the image, whatever is mounted there; absent is empty.
AccountFile account_file_of_image(const char* path) {
  const int file = open_account_file(AT_FDCWD, path, RESOLVE_NO_XDEV);
  if (file >= 0 || errno != EXDEV) return read_account_file(file);
  AccountFile covered = read_account_file(open_covered(path));
  covered.is_covered = true;
  return covered;
}

void add_further_groups(const ProgramTask& task, const ChildReport& report, std::string_view group,
                        ResolvedUser& user) {
  for (std::uint32_t i = 0; i < task.groups.size(); ++i) {
    const LookupResult result = add_group_of(task.groups[i], group, user);
    if (result == LookupResult::no_such_group)
      report.require(ChildStage::find_group, ENOENT, i + 1);
    if (result == LookupResult::too_many_groups) report.require(ChildStage::set_groups, E2BIG);
  }
}

/// As runc: who somebody is the image says, where he lives what he will see.
std::string_view home_by_covering_file(uid_t uid) {
  return home_of(uid, read_account_file(open_account_file(AT_FDCWD, "/etc/passwd", 0)).text);
}

void find_user(const ProgramTask& task, const ChildReport& report, ResolvedUser& user) {
  const AccountFile passwd = account_file_of_image("/etc/passwd");
  report.require(ChildStage::read_passwd, passwd.error);
  const AccountFile group = account_file_of_image("/etc/group");
  report.require(ChildStage::read_group, group.error);
  switch (resolve_user(task.user, passwd.text, group.text, user)) {
    case LookupResult::found:
      if (passwd.is_covered) user.home = home_by_covering_file(user.uid);
      return add_further_groups(task, report, group.text, user);
    case LookupResult::no_such_user:
      return report.require(ChildStage::find_user, ENOENT);
    case LookupResult::no_such_group:
      return report.require(ChildStage::find_group, ENOENT);
    case LookupResult::too_many_groups:
      return report.require(ChildStage::set_groups, E2BIG);
  }
}

int set_home(const ProgramTask& task, PreparedProgram& program) {
  constexpr std::string_view key = "HOME=";
  const std::string_view home = program.user.home;
  if (task.home_slot == nullptr) return 0;
  if (key.size() + home.size() >= sizeof program.home) return ENAMETOOLONG;
  std::memcpy(program.home, key.data(), key.size());
  std::memcpy(program.home + key.size(), home.data(), home.size());
  program.home[key.size() + home.size()] = '\0';
  *task.home_slot = program.home;
  return 0;
}

/// The program must be able to open /dev/stdout anew, which asks for rights on the pipe's inode.
/// Only pipes: a terminal or file that somebody handed in belongs to that somebody.
void give_pipe_to_user(int stream, uid_t uid) {
  struct stat info {};
  if (::fstat(stream, &info) != 0 || !S_ISFIFO(info.st_mode) || info.st_uid == uid) return;
  // Refused for pipes of another user namespace; the stream itself works all the same.
  [[maybe_unused]] const int ignored = ::fchown(stream, uid, info.st_gid);
}

bool is_null_device(int file) {
  struct stat info {};
  return ::fstat(file, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
}

int openat_null(int directory, const char* path) {
  return openat2(directory, path, O_RDWR | O_NOCTTY | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
}

/// A null device that nobody else has, for containers without one of their own.
int make_null() {
  const int mount = new_file_system("tmpfs", "tmpfs", {}, 0);
  if (mount < 0) return -1;
  const int made = ::mknodat(mount, "null", S_IFCHR | 0666, makedev(1, 3));
  const int null = made == 0 ? openat_null(mount, "null") : -1;
  close_quietly(mount);
  return null;
}

/// The container's. By its number first: what it is called says little, and opening does much.
int open_own_null() {
  const int node = openat2(AT_FDCWD, "/dev/null", O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
  const bool expected = node >= 0 && is_null_device(node);
  close_quietly(node);
  const int null = expected ? openat_null(AT_FDCWD, "/dev/null") : -1;
  if (null >= 0 && is_null_device(null)) return null;
  close_quietly(null);
  return make_null();
}

/// Of the host's null device the container's root could change mode and owner.
int open_stream(int given) {
  return is_null_device(given) ? open_own_null() : ::fcntl(given, F_DUPFD_CLOEXEC, 3);
}

/// Above 2 first: one of the three may itself be 0, 1 or 2.
int set_standard_streams(const int (&streams)[3]) {
  int moved[3];
  for (int i = 0; i < 3; ++i) {
    moved[i] = open_stream(streams[i]);
    if (moved[i] < 0) return errno;
  }
  for (int i = 0; i < 3; ++i) {
    if (::dup2(moved[i], i) < 0) return errno;
  }
  return 0;
}

/// A pty from the container's own devpts.
int open_terminal(uid_t uid, int& master) {
  constexpr int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
  master = openat2(AT_FDCWD, "/dev/pts/ptmx", flags, RESOLVE_NO_SYMLINKS);
  if (master < 0) return errno;
  struct statfs where {};
  if (::fstatfs(master, &where) != 0) return errno;
  if (where.f_type != devpts_magic) return ENOTTY;
  int unlocked = 0;
  if (::ioctl(master, TIOCSPTLCK, &unlocked) != 0) return errno;
  // By the master itself (TIOCGPTPEER), not by a name in /dev/pts that could be something else.
  const int peer = ::ioctl(master, TIOCGPTPEER, flags);
  if (peer < 0) return errno;
  if (::fchown(peer, uid, static_cast<gid_t>(-1)) != 0) return errno;
  return set_standard_streams({peer, peer, peer});
}

/// A user of the image may have an id that its namespace does not have.
void require_inside(const IdBlock& ids, const ResolvedUser& user, const ChildReport& report) {
  bool inside = ids.has(user.uid) && ids.has(user.gid);
  for (std::size_t i = 0; i < user.group_count; ++i) inside = inside && ids.has(user.groups[i]);
  report.require(ChildStage::user_outside, inside ? 0 : EINVAL);
}

void set_streams(const ProgramTask& task, const ChildReport& report, PreparedProgram& program) {
  const uid_t user = task.ids.uid_outside(program.user.uid);
  if (task.terminal == Terminal::own) {
    report.require(ChildStage::terminal, open_terminal(user, program.terminal_master));
    return;
  }
  for (const int stream : task.standard_streams) give_pipe_to_user(stream, user);
  report.require(ChildStage::standard_streams, set_standard_streams(task.standard_streams));
}

/// After chdir the kernel must name the directory by a path below the root: CVE-2024-21626 entered
/// the host through a leaked descriptor, where getcwd says "(unreachable)/...".
void enter_working_directory(const char* path, const ChildReport& report) {
  report.require(ChildStage::working_directory, errno_of(::chdir(path)));
  char name[4096];
  const long size = ::syscall(SYS_getcwd, name, sizeof name);
  if (size < 0 && errno == ERANGE) return;
  report.require(ChildStage::working_directory_outside, errno_of(size));
  if (name[0] != '/') report.require(ChildStage::working_directory_outside, EPERM);
}

int set_capabilities(CapabilityBits effective, CapabilityBits permitted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (int word = 0; word < 2; ++word) {
    data[word].effective = static_cast<std::uint32_t>(effective >> (32 * word));
    data[word].permitted = static_cast<std::uint32_t>(permitted >> (32 * word));
  }
  return errno_of(::syscall(SYS_capset, &header, data));
}

CapabilityBits permitted_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return 0;
  return data[0].permitted | CapabilityBits{data[1].permitted} << 32;
}

int drop_bounding_set(CapabilityBits kept) {
  for (unsigned number = 0; number < 64; ++number) {
    if ((kept >> number & 1) != 0) continue;
    // EINVAL: past the last capability of this kernel.
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) return errno == EINVAL ? 0 : errno;
  }
  return 0;
}

int set_user(const ResolvedUser& user) {
  if (::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0) return errno;
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return errno;
  return errno_of(::syscall(SYS_setresuid, user.uid, user.uid, user.uid));
}

int load_seccomp(std::span<const sock_filter> program) {
  if (program.empty()) return 0;
  const sock_fprog filter{static_cast<unsigned short>(program.size()),
                          const_cast<sock_filter*>(program.data())};
  return errno_of(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
}

/// The user, and what its programs may ever have. All that we have ourselves stays in force.
void give_up_privileges(const ProgramTask& task, const ChildReport& report,
                        const ResolvedUser& user) {
  report.require(ChildStage::set_groups,
                 errno_of(::syscall(SYS_setgroups, user.group_count, user.groups.data())));
  report.require(ChildStage::set_user, set_user(user));
  // The change of user emptied the effective set.
  const CapabilityBits all = permitted_capabilities();
  report.require(ChildStage::capabilities, set_capabilities(all, all));
  report.require(ChildStage::capabilities, drop_bounding_set(task.capabilities));
  report.require(ChildStage::prepare, errno_of(::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC)));
}

/// The last capabilities and the filter, which may deny whatever comes after it. Without
/// no_new_privs it needs CAP_SYS_ADMIN, so that one more capset has to follow.
void confine(const ProgramTask& task, const ChildReport& report, const ResolvedUser& user) {
  // A user other than root has none after exec either; the bounding set limits setuid programs.
  const CapabilityBits last = user.uid == 0 ? task.capabilities & permitted_capabilities() : 0;
  const bool filter_comes_last = task.new_privileges == NewPrivileges::never;
  if (filter_comes_last) {
    report.require(ChildStage::capabilities, errno_of(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
    report.require(ChildStage::capabilities, set_capabilities(last, last));
  }
  report.require(ChildStage::seccomp, load_seccomp(task.seccomp));
  if (!filter_comes_last) report.require(ChildStage::capabilities, set_capabilities(last, last));
}

/// As execvp(3) does: EACCES of one candidate is remembered while others are tried.
int execute_first(const ProgramTask& task) {
  int answer = ENOENT;
  for (const char* path : task.candidates) {
    ::execve(path, task.arguments, task.environment);
    if (errno == EACCES) answer = EACCES;
    if (errno != EACCES && errno != ENOENT && errno != ENOTDIR) return errno;
  }
  return answer;
}

[[noreturn]] void execute(const ProgramTask& task, const ChildReport& report) {
  if (task.terminal == Terminal::own)
    report.require(ChildStage::terminal, errno_of(::ioctl(0, TIOCSCTTY, 0)));
  report.begin_exec();
  report.require(ChildStage::execute, execute_first(task));
  ::_exit(0);  // not reached: execute_first returns errors only
}

}  // namespace

int close_all_but(std::span<const int> kept) {
  unsigned first = 3;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number < first) continue;
    if (number > first && ::close_range(first, number - 1, 0) != 0) return errno;
    first = number + 1;
  }
  return errno_of(::close_range(first, ~0U, 0));
}

int own_files(const IdBlock& ids) {
  ::setfsgid(ids.gid_outside(0));
  ::setfsuid(ids.uid_outside(0));
  // Whoever is not root for files loses what root may do to them: ask for it back.
  const CapabilityBits all = permitted_capabilities();
  return set_capabilities(all, all);
}

void prepare_program(const ProgramTask& task, const ChildReport& report, PreparedProgram& program) {
  ::umask(0022);
  apply_limits(task, report);
  if (task.apparmor != nullptr) report.require(ChildStage::apparmor, enter_apparmor(task.apparmor));
  report.require(ChildStage::keyring, new_session_keyring());
  find_user(task, report, program.user);
  require_inside(task.ids, program.user, report);
  report.require(ChildStage::find_user, set_home(task, program));
  set_streams(task, report, program);
  enter_working_directory(task.working_directory, report);
}

void run_program(const ProgramTask& task, const ChildReport& report,
                 const PreparedProgram& program) {
  give_up_privileges(task, report, program.user);
  // A filter may deny sendmsg(2).
  report.announce_exec(program.terminal_master);
  confine(task, report, program.user);
  if (task.init == InitProcess::ours) {
    const pid_t child = fork_from_init();
    report.require(ChildStage::start_init, child < 0 ? errno : 0);
    if (child > 0) run_init(child);
    reset_signals();
    // The program leads its own session, so that a terminal's signals reach it, not the reaper.
    ::setsid();
  }
  execute(task, report);
}

}  // namespace stack::runtime
