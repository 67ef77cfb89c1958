// SPDX-License-Identifier: Apache-2.0
// What an attacker would bring along: one program, copied into the image as /bin/attacker.
// Each action prints what it has gained, one line each, and nothing when every door is closed.
//   exchange A B       swaps two names for ever
//   mounts TEXT        exit code: how many lines of /proc/self/mountinfo contain TEXT
//   doors              system calls that the filter should not let through
//   threads            exit code 0 when a thread can be made
//   writable           files of /proc and /sys that can be written to
//   handle MOUNT HEX   reads a file by its handle, found by no path (open_by_handle_at)
//   key NAME           reads a key of the session keyring
//   root               says so when it is root
//   type TEXT          types TEXT at its standard input's terminal (TIOCSTI)
#include <fcntl.h>
#include <ftw.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace {

[[noreturn]] void exchange(const char* a, const char* b) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever started it may be killed
  for (;;) ::renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

int mounts(const char* text) {
  char line[4096];
  int count = 0;
  FILE* file = fopen("/proc/self/mountinfo", "r");
  if (file == nullptr) return 255;
  while (fgets(line, sizeof line, file) != nullptr) count += strstr(line, text) != nullptr;
  fclose(file);
  return count;
}

// --- doors

long do_socket(int family, int type) {
  return socket(family, type, 0);
}
long io_uring() {
  char parameters[256] = {};
  return syscall(SYS_io_uring_setup, 1, parameters);
}
long perf() {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}
long user_fault() {
  return syscall(SYS_userfaultfd, 0);
}
long bpf_map() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}
long keyring() {
  return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}
long add_key() {
  return syscall(SYS_add_key, "user", "attacker", "x", 1, KEY_SPEC_PROCESS_KEYRING);
}
long request_key() {
  return syscall(SYS_request_key, "user", "attacker", nullptr, 0);
}
long algorithms() {
  return do_socket(38, SOCK_SEQPACKET);
}
long vsock() {
  return do_socket(40, SOCK_STREAM);
}
long user_namespace() {
  return unshare(CLONE_NEWUSER);
}
long mount_namespace() {
  return unshare(CLONE_NEWNS);
}
long enter_namespace() {
  return syscall(SYS_setns, open("/proc/self/ns/uts", O_RDONLY), CLONE_NEWUTS);
}
long clone_user() {
  return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}
long clone_three() {
  return syscall(SYS_clone3, nullptr, 0);
}
long tree() {
  return syscall(SYS_open_tree, AT_FDCWD, "/tmp", 0);
}
long file_system() {
  return syscall(SYS_fsopen, "tmpfs", 0);
}
long pivot() {
  return syscall(SYS_pivot_root, "/none", "/none");
}
long pages() {
  return syscall(SYS_move_pages, 0, 0, nullptr, nullptr, nullptr, 0);
}
long no_randomness() {
  return syscall(SYS_personality, ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC);
}

#if defined(__x86_64__)
long int80(long number, long a, long b, long c) {
  long answer;
  __asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  if (answer >= 0) return answer;
  errno = static_cast<int>(-answer);
  return -1;
}
long i386_socket() {
  return int80(359, 38, SOCK_SEQPACKET, 0);
}
long i386_keyctl() {
  return int80(288, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}
long i386_unshare() {
  return int80(310, CLONE_NEWUSER, 0, 0);
}
long i386_bpf() {
  return int80(357, -1, 0, 0);
}
long x32_unshare() {
  return syscall(0x40000000L | SYS_unshare, CLONE_NEWUSER);
}
long x32_keyctl() {
  return syscall(0x40000000L | SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}
#endif

struct Door {
  const char* name;
  long (*open)();
};

const Door all_doors[] = {
    {"io_uring_setup", io_uring},
    {"perf_event_open", perf},
    {"userfaultfd", user_fault},
    {"bpf", bpf_map},
    {"keyctl", keyring},
    {"add_key", add_key},
    {"request_key", request_key},
    {"socket AF_ALG", algorithms},
    {"socket AF_VSOCK", vsock},
    {"unshare CLONE_NEWUSER", user_namespace},
    {"unshare CLONE_NEWNS", mount_namespace},
    {"setns", enter_namespace},
    {"clone CLONE_NEWUSER", clone_user},
    {"clone3", clone_three},
    {"open_tree", tree},
    {"fsopen", file_system},
    {"pivot_root", pivot},
    {"move_pages", pages},
    {"personality READ_IMPLIES_EXEC", no_randomness},
#if defined(__x86_64__)
    {"i386 socket AF_ALG", i386_socket},
    {"i386 keyctl", i386_keyctl},
    {"i386 unshare CLONE_NEWUSER", i386_unshare},
    {"i386 bpf", i386_bpf},
    {"x32 unshare CLONE_NEWUSER", x32_unshare},
    {"x32 keyctl", x32_keyctl},
#endif
};

// Each in a process of its own: some succeed, some kill. An errno other than EPERM and ENOSYS is
// the kernel's own answer: the call came through the filter.
int doors() {
  for (const Door& door : all_doors) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      errno = 0;
      const long answer = door.open();
      _exit(answer == -1 && (errno == EPERM || errno == ENOSYS) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) printf("%s\n", door.name);
  }
  return 0;
}

void* nothing(void* argument) {
  return argument;
}

int threads() {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, nothing, nullptr) != 0) return 1;
  return pthread_join(thread, nullptr) == 0 ? 0 : 2;
}

// --- writable

// Nothing is written: a write of no bytes finds out whether there is somebody who would take them.
// Handlers of /proc/irq could take even that for an empty set of processors.
bool takes_writes(const char* path) {
  const int file = ::open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return false;
  const bool careful = std::string_view(path).starts_with("/proc/irq/");
  const bool takes = careful || ::write(file, "", 0) == 0 || (errno != EIO && errno != EINVAL);
  ::close(file);
  return takes;
}

int try_to_write(const char* path, const struct stat* info, int kind, FTW*) {
  if (kind == FTW_D || kind == FTW_DNR) {
    // /proc/PID is the container's own process; /proc/self and thread-self are links.
    const char* name = strncmp(path, "/proc/", 6) == 0 ? path + 6 : "";
    return *name >= '0' && *name <= '9' ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
  }
  if (kind != FTW_F || S_ISLNK(info->st_mode)) return FTW_CONTINUE;
  if (S_ISCHR(info->st_mode) && info->st_rdev == makedev(1, 3)) return FTW_CONTINUE;  // masked
  if (takes_writes(path)) printf("%s\n", path);
  return FTW_CONTINUE;
}

int writable() {
  nftw("/proc", try_to_write, 64, FTW_PHYS | FTW_ACTIONRETVAL);
  nftw("/sys", try_to_write, 64, FTW_PHYS | FTW_ACTIONRETVAL);
  return 0;
}

// --- files, keys, terminals

int copy_out(int file) {
  char text[4096];
  const ssize_t size = read(file, text, sizeof text);
  if (size > 0) fwrite(text, 1, static_cast<std::size_t>(size), stdout);
  return size > 0 ? 0 : 1;
}

int handle(const char* mount_point, const char* hex) {
  alignas(file_handle) char room[sizeof(file_handle) + MAX_HANDLE_SZ] = {};
  auto& any = *reinterpret_cast<file_handle*>(room);
  unsigned type = 0;
  int used = 0;
  if (sscanf(hex, "%u:%n", &type, &used) != 1) return 2;
  any.handle_type = static_cast<int>(type);
  unsigned byte = 0;
  for (hex += used; any.handle_bytes < MAX_HANDLE_SZ && sscanf(hex, "%2x", &byte) == 1; hex += 2)
    room[sizeof(file_handle) + any.handle_bytes++] = static_cast<char>(byte);
  const int mount = open(mount_point, O_RDONLY | O_DIRECTORY);
  const int file = open_by_handle_at(mount, &any, O_RDONLY);
  return file < 0 ? 1 : copy_out(file);
}

int key(const char* name) {
  char text[256];
  const long id = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", name, 0);
  if (id < 0) return 1;
  const long size = syscall(SYS_keyctl, KEYCTL_READ, id, text, sizeof text);
  if (size <= 0) return 1;
  printf("%.*s\n", static_cast<int>(size), text);
  return 0;
}

int type_text(const char* text) {
  for (; *text != '\0'; ++text)
    if (ioctl(0, TIOCSTI, text) != 0) return 1;
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view action = count > 1 ? words[1] : "";
  const char* first = count > 2 ? words[2] : "";
  const char* second = count > 3 ? words[3] : "";
  if (action == "exchange") exchange(first, second);
  if (action == "mounts") return mounts(first);
  if (action == "doors") return doors();
  if (action == "threads") return threads();
  if (action == "writable") return writable();
  if (action == "handle") return handle(first, second);
  if (action == "key") return key(first);
  if (action == "root" && geteuid() == 0) return puts("root") < 0;
  if (action == "root") return 1;
  if (action == "type") return type_text(first);
  std::fputs("attacker: no such action\n", stderr);
  return 64;
}
