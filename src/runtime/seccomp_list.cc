// SPDX-License-Identifier: Apache-2.0
#include "runtime/seccomp_list.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace stack::runtime {
namespace {

constexpr std::string_view always_allowed[] = {
    "_llseek",
    "_newselect",
    "accept",
    "accept4",
    "access",
    "adjtimex",
    "alarm",
    "arch_prctl",
    "bind",
    "brk",
    "cachestat",
    "capget",
    "capset",
    "chdir",
    "chmod",
    "chown",
    "chown32",
    "clock_adjtime",
    "clock_adjtime64",
    "clock_getres",
    "clock_getres_time64",
    "clock_gettime",
    "clock_gettime64",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "close",
    "close_range",
    "connect",
    "copy_file_range",
    "creat",
    "dup",
    "dup2",
    "dup3",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_ctl_old",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "epoll_wait_old",
    "eventfd",
    "eventfd2",
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fadvise64_64",
    "fallocate",
    "fanotify_mark",
    "fchdir",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "fchown",
    "fchown32",
    "fchownat",
    "fcntl",
    "fcntl64",
    "fdatasync",
    "fgetxattr",
    "flistxattr",
    "flock",
    "fork",
    "fremovexattr",
    "fsetxattr",
    "fstat",
    "fstat64",
    "fstatat64",
    "fstatfs",
    "fstatfs64",
    "fsync",
    "ftruncate",
    "ftruncate64",
    "futex",
    "futex_requeue",
    "futex_time64",
    "futex_wait",
    "futex_waitv",
    "futex_wake",
    "futimesat",
    "get_robust_list",
    "get_thread_area",
    "getcpu",
    "getcwd",
    "getdents",
    "getdents64",
    "getegid",
    "getegid32",
    "geteuid",
    "geteuid32",
    "getgid",
    "getgid32",
    "getgroups",
    "getgroups32",
    "getitimer",
    "getpeername",
    "getpgid",
    "getpgrp",
    "getpid",
    "getppid",
    "getpriority",
    "getrandom",
    "getresgid",
    "getresgid32",
    "getresuid",
    "getresuid32",
    "getrlimit",
    "getrusage",
    "getsid",
    "getsockname",
    "getsockopt",
    "gettid",
    "gettimeofday",
    "getuid",
    "getuid32",
    "getxattr",
    "getxattrat",
    "inotify_add_watch",
    "inotify_init",
    "inotify_init1",
    "inotify_rm_watch",
    "io_cancel",
    "io_destroy",
    "io_getevents",
    "io_pgetevents",
    "io_pgetevents_time64",
    "io_setup",
    "io_submit",
    "ioctl",
    "ioprio_get",
    "ioprio_set",
    "ipc",
    "kill",
    "landlock_add_rule",
    "landlock_create_ruleset",
    "landlock_restrict_self",
    "lchown",
    "lchown32",
    "lgetxattr",
    "link",
    "linkat",
    "listen",
    "listmount",
    "listxattr",
    "listxattrat",
    "llistxattr",
    "lremovexattr",
    "lseek",
    "lsetxattr",
    "lstat",
    "lstat64",
    "madvise",
    "map_shadow_stack",
    "membarrier",
    "memfd_create",
    "memfd_secret",
    "mincore",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "mlock",
    "mlock2",
    "mlockall",
    "mmap",
    "mmap2",
    "modify_ldt",
    "mprotect",
    "mq_getsetattr",
    "mq_notify",
    "mq_open",
    "mq_timedreceive",
    "mq_timedreceive_time64",
    "mq_timedsend",
    "mq_timedsend_time64",
    "mq_unlink",
    "mremap",
    "mseal",
    "msgctl",
    "msgget",
    "msgrcv",
    "msgsnd",
    "msync",
    "munlock",
    "munlockall",
    "munmap",
    "name_to_handle_at",
    "nanosleep",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "pause",
    "pidfd_open",
    "pidfd_send_signal",
    "pipe",
    "pipe2",
    "pkey_alloc",
    "pkey_free",
    "pkey_mprotect",
    "poll",
    "ppoll",
    "ppoll_time64",
    "prctl",
    "pread64",
    "preadv",
    "preadv2",
    "prlimit64",
    "process_mrelease",
    "pselect6",
    "pselect6_time64",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readahead",
    "readlink",
    "readlinkat",
    "readv",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmmsg_time64",
    "recvmsg",
    "remap_file_pages",
    "removexattr",
    "removexattrat",
    "rename",
    "renameat",
    "renameat2",
    "restart_syscall",
    "riscv_hwprobe",
    "rmdir",
    "rseq",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigqueueinfo",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "rt_sigtimedwait_time64",
    "rt_tgsigqueueinfo",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "sched_getaffinity",
    "sched_getattr",
    "sched_getparam",
    "sched_getscheduler",
    "sched_rr_get_interval",
    "sched_rr_get_interval_time64",
    "sched_setaffinity",
    "sched_setattr",
    "sched_setparam",
    "sched_setscheduler",
    "sched_yield",
    "seccomp",
    "select",
    "semctl",
    "semget",
    "semop",
    "semtimedop",
    "semtimedop_time64",
    "send",
    "sendfile",
    "sendfile64",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "set_robust_list",
    "set_thread_area",
    "set_tid_address",
    "setfsgid",
    "setfsgid32",
    "setfsuid",
    "setfsuid32",
    "setgid",
    "setgid32",
    "setgroups",
    "setgroups32",
    "setitimer",
    "setpgid",
    "setpriority",
    "setregid",
    "setregid32",
    "setresgid",
    "setresgid32",
    "setresuid",
    "setresuid32",
    "setreuid",
    "setreuid32",
    "setrlimit",
    "setsid",
    "setsockopt",
    "setuid",
    "setuid32",
    "setxattr",
    "setxattrat",
    "shmat",
    "shmctl",
    "shmdt",
    "shmget",
    "shutdown",
    "sigaltstack",
    "signalfd",
    "signalfd4",
    "sigprocmask",
    "sigreturn",
    "socketcall",
    "socketpair",
    "splice",
    "stat",
    "stat64",
    "statfs",
    "statfs64",
    "statmount",
    "statx",
    "symlink",
    "symlinkat",
    "sync",
    "sync_file_range",
    "syncfs",
    "sysinfo",
    "tee",
    "tgkill",
    "time",
    "timer_create",
    "timer_delete",
    "timer_getoverrun",
    "timer_gettime",
    "timer_gettime64",
    "timer_settime",
    "timer_settime64",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_gettime64",
    "timerfd_settime",
    "timerfd_settime64",
    "times",
    "tkill",
    "truncate",
    "truncate64",
    "ugetrlimit",
    "umask",
    "uname",
    "unlink",
    "unlinkat",
    "uretprobe",
    "utime",
    "utimensat",
    "utimensat_time64",
    "utimes",
    "vfork",
    "vmsplice",
    "wait4",
    "waitid",
    "waitpid",
    "write",
    "writev",
};

constexpr std::string_view since_linux_4_8[] = {
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
};

constexpr std::string_view with_dac_read_search[] = {
    "open_by_handle_at",
};
constexpr std::string_view with_sys_admin[] = {
    "bpf",
    "clone",
    "clone3",
    "fanotify_init",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "lookup_dcookie",
    "lsm_get_self_attr",
    "lsm_list_modules",
    "lsm_set_self_attr",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "perf_event_open",
    "quotactl",
    "quotactl_fd",
    "setdomainname",
    "sethostname",
    "setns",
    "syslog",
    "umount",
    "umount2",
    "unshare",
};
constexpr std::string_view with_sys_boot[] = {
    "reboot",
};
constexpr std::string_view with_sys_chroot[] = {
    "chroot",
};
constexpr std::string_view with_sys_module[] = {
    "delete_module",
    "finit_module",
    "init_module",
};
constexpr std::string_view with_sys_pacct[] = {
    "acct",
};
constexpr std::string_view with_sys_ptrace[] = {
    "kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace",
};
constexpr std::string_view with_sys_rawio[] = {
    "ioperm",
    "iopl",
};
constexpr std::string_view with_sys_time[] = {
    "clock_settime",
    "clock_settime64",
    "settimeofday",
    "stime",
};
constexpr std::string_view with_sys_tty_config[] = {
    "vhangup",
};
constexpr std::string_view with_sys_nice[] = {
    "get_mempolicy",
    "mbind",
    "set_mempolicy",
    "set_mempolicy_home_node",
};
constexpr std::string_view with_syslog[] = {
    "syslog",
};
constexpr std::string_view with_bpf[] = {
    "bpf",
};
constexpr std::string_view with_perfmon[] = {
    "perf_event_open",
};

/// Calls that a capability of the container's set adds.
struct CapabilityCalls {
  std::string_view capability;
  std::span<const std::string_view> calls;
};

constexpr CapabilityCalls by_capability[] = {
    {"DAC_READ_SEARCH", with_dac_read_search},
    {"SYS_ADMIN", with_sys_admin},
    {"SYS_BOOT", with_sys_boot},
    {"SYS_CHROOT", with_sys_chroot},
    {"SYS_MODULE", with_sys_module},
    {"SYS_PACCT", with_sys_pacct},
    {"SYS_PTRACE", with_sys_ptrace},
    {"SYS_RAWIO", with_sys_rawio},
    {"SYS_TIME", with_sys_time},
    {"SYS_TTY_CONFIG", with_sys_tty_config},
    {"SYS_NICE", with_sys_nice},
    {"SYSLOG", with_syslog},
    {"BPF", with_bpf},
    {"PERFMON", with_perfmon},
};

constexpr SeccompAction allow = SECCOMP_RET_ALLOW;
constexpr SeccompAction not_permitted = SECCOMP_RET_ERRNO | EPERM;

constexpr auto capabilities = [] {
  std::array<std::string_view, std::size(by_capability)> names;
  std::transform(std::begin(by_capability), std::end(by_capability), names.begin(),
                 [](const CapabilityCalls& row) { return row.capability; });
  return names;
}();

std::vector<const SystemCall*> resolve(std::span<const std::string_view> names) {
  std::vector<const SystemCall*> calls;
  calls.reserve(names.size());
  for (const std::string_view name : names) {
    // Docker's list names calls of other processors too.
    if (const SystemCall* call = find_system_call(name)) calls.push_back(call);
  }
  return calls;
}

SeccompRule rule(std::span<const std::string_view> names, SeccompAction action = allow) {
  return {resolve(names), action, {}, {}};
}

SeccompRule rule(std::string_view name, const ArgumentTest& test) {
  return {resolve({&name, 1}), allow, {test}, {}};
}

/// ptrace could get around a filter before Linux 4.8.
SeccompRule tracing() {
  SeccompRule tracing = rule(since_linux_4_8);
  tracing.scope.from_kernel = KernelVersion{4, 8};
  return tracing;
}

/// All families but AF_ALG and AF_VSOCK.
void add_sockets(std::vector<SeccompRule>& rules) {
  static_assert(AF_ALG == 38 && AF_VSOCK == 40);
  rules.push_back(rule("socket", {0, Comparison::less, AF_ALG}));
  rules.push_back(rule("socket", {0, Comparison::equal, AF_ALG + 1}));
  rules.push_back(rule("socket", {0, Comparison::greater, AF_VSOCK}));
}

/// Those that do not switch off address randomisation or make data executable.
void add_personalities(std::vector<SeccompRule>& rules) {
  constexpr std::uint64_t only_ask = 0xffffffff;
  for (const std::uint64_t persona :
       {std::uint64_t{PER_LINUX}, std::uint64_t{PER_LINUX32}, std::uint64_t{UNAME26},
        std::uint64_t{PER_LINUX32} | std::uint64_t{UNAME26}, only_ask})
    rules.push_back(rule("personality", {0, Comparison::equal, persona}));
}

/// Threads and children, but no new namespaces. clone3 hides its flags behind a pointer: ENOSYS
/// makes a libc use clone instead.
void add_plain_clone(std::vector<SeccompRule>& rules) {
  constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                       CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  constexpr std::string_view clone3[] = {"clone3"};
  rules.push_back(rule("clone", {0, Comparison::masked_equal, 0, namespaces}));
  rules.back().scope.unless_capabilities = {"SYS_ADMIN"};
  rules.push_back(rule(clone3, no_such_call));
  rules.back().scope.unless_capabilities = {"SYS_ADMIN"};
}

}  // namespace

SeccompProfile docker_seccomp_profile() {
  // The list was made when this was the newest call, on every ABI: file_setattr.
  constexpr int newest = 469;
  SeccompProfile profile;
  profile.default_action = not_permitted;
  profile.other_abis = {Abi::i386, Abi::x32};
  profile.newest = {newest, newest, newest};
  profile.rules.push_back(rule(always_allowed));
  profile.rules.push_back(tracing());
  for (const CapabilityCalls& row : by_capability) {
    profile.rules.push_back(rule(row.calls));
    profile.rules.back().scope.needs_capabilities = {std::string(row.capability)};
  }
  add_sockets(profile.rules);
  add_personalities(profile.rules);
  add_plain_clone(profile.rules);
  return profile;
}

std::span<const std::string_view> capabilities_of_docker_list() {
  return capabilities;
}

}  // namespace stack::runtime
