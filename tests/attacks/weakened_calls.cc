// SPDX-License-Identifier: Apache-2.0
// The linker's --wrap=X makes the product's X() a call of __wrap_X() and gives X itself the name
// __real_X (ld(1)). They run between clone and exec too: nothing here allocates there.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bitset>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "weakness.h"

extern "C" {
long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
int __real_close_range(unsigned first, unsigned last, int flags);
int __real_fstat(int file, struct stat* info);
int __real_getsockopt(int socket, int level, int name, void* value, socklen_t* size);
int __real_mkdir(const char* path, mode_t mode);
int __real_mount(const char* source, const char* target, const char* type, unsigned long flags,
                 const void* data);
int __real_mount_setattr(int directory, const char* path, unsigned flags, mount_attr* attributes,
                         std::size_t size);
int __real_open(const char* path, int flags, mode_t mode);
int __real_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
ssize_t __real_read(int file, void* buffer, std::size_t size);
pid_t __real_setsid();
int __real_setsockopt(int socket, int level, int name, const void* value, socklen_t size);
int __real_stat(const char* path, struct stat* info);
mode_t __real_umask(mode_t mask);
}

namespace stack::attacks {
namespace {

constinit std::bitset<64> in_force;

std::size_t index(Weakness weakness) {
  return static_cast<std::size_t>(weakness);
}

/// Keeper and supervisor get no environment but this variable (supervisor/start_keeper.cc).
[[gnu::constructor]] void read_weakness_of_program() {
  const char* run = std::getenv("STACK_RUN");
  const std::string path = std::string(run != nullptr ? run : "") + ".weakness";
  const int file = __real_open(path.c_str(), O_RDONLY | O_CLOEXEC, 0);
  if (file < 0) return;
  char bytes[256];
  const ssize_t size = __real_read(file, bytes, sizeof bytes);
  ::close(file);
  const std::string text = "\n" + std::string(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
  for (const auto& [name, weakness] : told_by_name)
    if (text.find("\n" + std::string(name) + "\n") != std::string::npos)
      in_force.set(index(weakness));
}

template <typename Structure>
Structure copy_of(long address) {
  Structure copy;
  std::memcpy(&copy, reinterpret_cast<const void*>(address), sizeof copy);
  return copy;
}

template <typename Structure>
long address_of(Structure& structure) {
  return reinterpret_cast<long>(&structure);
}

/// As somebody opens a path below a root who has not heard of openat2.
long open_anywhere(long directory, long path, long how_address, long size) {
  auto how = copy_of<open_how>(how_address);
  const auto* name = reinterpret_cast<const char*>(path);
  if ((how.resolve & RESOLVE_IN_ROOT) != 0) {
    while (*name == '/') ++name;
    if (*name == '\0') name = ".";
  }
  how.resolve = 0;
  how.flags &= ~std::uint64_t{O_NOFOLLOW};
  return __real_syscall(SYS_openat2, directory, reinterpret_cast<long>(name), address_of(how), size,
                        0, 0);
}

long clone_without_pid_namespace(long arguments_address, long size) {
  auto arguments = copy_of<clone_args>(arguments_address);
  arguments.flags &= ~std::uint64_t{CLONE_NEWPID};
  return __real_syscall(SYS_clone3, address_of(arguments), size, 0, 0, 0, 0);
}

long set_inheritable_too(long header, long data_address) {
  auto* data = reinterpret_cast<__user_cap_data_struct*>(data_address);
  data[0].inheritable = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_NET_RAW;
  return __real_syscall(SYS_capset, header, data_address, 0, 0, 0, 0);
}

long pretend_to_be_root_directory(long buffer) {
  std::memcpy(reinterpret_cast<void*>(buffer), "/", 2);
  return 2;
}

long execute_from_disk(long arguments, long environment) {
  return __real_syscall(SYS_execve, reinterpret_cast<long>("/proc/self/exe"), arguments,
                        environment, 0, 0, 0);
}

}  // namespace

Weakened::Weakened(std::initializer_list<Weakness> weaknesses) {
  for (const Weakness weakness : weaknesses) in_force.set(index(weakness));
}

Weakened::~Weakened() {
  in_force.reset();
}

bool weakened(Weakness weakness) {
  return in_force.test(index(weakness));
}

}  // namespace stack::attacks

using stack::attacks::weakened;
using stack::attacks::Weakness;

// NOLINTBEGIN(bugprone-reserved-identifier): ld(1) chooses these names
extern "C" {

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  using namespace stack::attacks;
  switch (number) {
    case SYS_openat2:
      if (weakened(Weakness::links_lead_out)) return open_anywhere(a, b, c, d);
      break;
    case SYS_getcwd:
      if (weakened(Weakness::working_directory_unseen)) return pretend_to_be_root_directory(a);
      break;
    case SYS_seccomp:
      if (weakened(Weakness::no_filter)) return 0;
      break;
    case SYS_clone3:
      if (weakened(Weakness::shared_processes)) return clone_without_pid_namespace(a, b);
      break;
    case SYS_keyctl:
      if (weakened(Weakness::shared_keyring) && a == KEYCTL_JOIN_SESSION_KEYRING) return 1;
      break;
    case SYS_capset:
      if (weakened(Weakness::inheritable_capabilities)) return set_inheritable_too(a, b);
      break;
    case SYS_execveat:
      if (weakened(Weakness::program_on_disk)) return execute_from_disk(c, d);
      break;
    default:
      break;
  }
  return __real_syscall(number, a, b, c, d, e, f);
}

int __wrap_close_range(unsigned first, unsigned last, int flags) {
  if (weakened(Weakness::descriptors_stay_open)) return 0;
  return __real_close_range(first, last, flags);
}

int __wrap_fstat(int file, struct stat* info) {
  const int result = __real_fstat(file, info);
  const bool pretend =
      result == 0 && weakened(Weakness::any_file_is_null) && (::fcntl(file, F_GETFL) & O_PATH) != 0;
  if (pretend && !S_ISDIR(info->st_mode)) {
    info->st_mode = S_IFCHR | 0666;
    info->st_rdev = 0x103;
  }
  return result;
}

int __wrap_getsockopt(int socket, int level, int name, void* value, socklen_t* size) {
  const int result = __real_getsockopt(socket, level, name, value, size);
  const bool asks_who = level == SOL_SOCKET && name == SO_PEERCRED;
  if (result == 0 && asks_who && weakened(Weakness::any_client))
    static_cast<ucred*>(value)->uid = 0;
  return result;
}

int __wrap_setsockopt(int socket, int level, int name, const void* value, socklen_t size) {
  const bool binds = level == SOL_SOCKET && name == SO_BINDTODEVICE;
  if (binds && weakened(Weakness::resolver_for_anybody)) return 0;
  return __real_setsockopt(socket, level, name, value, size);
}

int __wrap_mkdir(const char* path, mode_t mode) {
  return __real_mkdir(path, weakened(Weakness::open_state) ? mode | 0755 : mode);
}

int __wrap_mount(const char* source, const char* target, const char* type, unsigned long flags,
                 const void* data) {
  if (weakened(Weakness::shared_mounts) && (flags & MS_SLAVE) != 0) return 0;
  return __real_mount(source, target, type, flags, data);
}

int __wrap_mount_setattr(int directory, const char* path, unsigned flags, mount_attr* attributes,
                         std::size_t size) {
  mount_attr changed = *attributes;
  if (weakened(Weakness::devices_in_volumes)) changed.attr_set &= ~std::uint64_t{MOUNT_ATTR_NODEV};
  if (weakened(Weakness::shared_mounts)) changed.propagation = 0;
  return __real_mount_setattr(directory, path, flags, &changed, size);
}

int __wrap_open(const char* path, int flags, mode_t mode) {
  const bool makes = (flags & O_CREAT) != 0;
  if (makes && weakened(Weakness::scratch_in_tmp) && std::strstr(path, "/.tmp.") != nullptr)
    path = "/tmp/stack-scratch";
  return __real_open(path, flags, makes && weakened(Weakness::open_state) ? mode | 0644 : mode);
}

int __wrap_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  if (option == PR_SET_DUMPABLE && weakened(Weakness::readable_launcher)) return 0;
  return __real_prctl(option, a, b, c, d);
}

ssize_t __wrap_read(int file, void* buffer, std::size_t size) {
  const ssize_t got = __real_read(file, buffer, size);
  if (got > 0 && weakened(Weakness::unbounded_output)) {
    static std::string& kept = *new std::string;
    kept.append(static_cast<const char*>(buffer), static_cast<std::size_t>(got));
  }
  return got;
}

pid_t __wrap_setsid() {
  return weakened(Weakness::keeps_session) ? ::getpid() : __real_setsid();
}

int __wrap_stat(const char* path, struct stat* info) {
  const int result = __real_stat(path, info);
  if (result == 0 && weakened(Weakness::anybodys_state)) {
    info->st_uid = ::geteuid();
    info->st_mode &= ~static_cast<mode_t>(S_IWGRP | S_IWOTH);
  }
  return result;
}

mode_t __wrap_umask(mode_t mask) {
  return __real_umask(weakened(Weakness::open_state) ? 0 : mask);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
