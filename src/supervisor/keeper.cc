// SPDX-License-Identifier: Apache-2.0
// The keeper. After keeper_main's set-up nothing here allocates, parses or throws: a page of system
// calls around one poll(2).
#include "supervisor/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/fresh_process.h"
#include "base/own_arguments.h"
#include "base/process.h"
#include "base/same_file.h"
#include "base/signal_mask.h"
#include "network/links.h"
#include "supervisor/entry_points.h"
#include "supervisor/keepers.h"
#include "supervisor/project_files.h"
#include "supervisor/settled_files.h"
#include "supervisor/store_message.h"
#include "supervisor/supervisor.h"

namespace stack::supervisor {
namespace {

constexpr int most_kept = 4096;

struct Kept {
  std::array<char, sizeof(StoreMessage::name)> name;
  int fd;
};

/// Zeros alone: the 400 KB are then no part of the program, which each first start copies.
struct Keeper {
  const ProjectFiles* files;
  std::span<char> arguments;  ///< where ps(1) reads them
  int exits;                  ///< the exit log, opened to append
  int signals;                ///< signalfd: SIGCHLD
  int store;                  ///< -1: no supervisor is there
  bool hung_up = false;       ///< the supervisor has let go of it, and is about to end
  bool ready = false;         ///< a supervisor has served once
  pid_t supervisor = 0;
  std::int64_t started_ns = 0;
  std::int64_t delay_ns = 0;  ///< before the next start
  std::array<Kept, most_kept> kept{};
  int kept_count = 0;
};

std::int64_t now_ns(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// The first word of `arguments`, in which the others follow and zeros end.
void rename_program(std::span<char> arguments, std::string_view name) {
  const auto rest = std::find(arguments.begin(), arguments.end(), 0);
  const auto room = static_cast<std::size_t>(arguments.end() - rest);
  if (name.size() > static_cast<std::size_t>(rest - arguments.begin()) + arguments_room) return;
  std::memmove(arguments.data() + name.size(), &*rest, room - arguments_room);
  std::memcpy(arguments.data(), name.data(), name.size());
}

/// A copy of this process goes on as the supervisor: loading the program once more would cost a
/// start of a stack several milliseconds, and there is nothing of ours that it must not have but
/// descriptors.
[[noreturn]] void become_supervisor(const Keeper& keeper, int store) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (injected_refusal("keeper.become-supervisor")) ::_exit(126);
  if (::dup2(store, store_fd) < 0) ::_exit(126);
  ::close_range(first_free_fd, ~0U, 0);
  rename_program(keeper.arguments, "stack-supervisor");
  run_supervisor(*keeper.files);
}

void start_supervisor(Keeper& keeper) {
  int ends[2];
  keeper.started_ns = now_ns(CLOCK_MONOTONIC);
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return;
  const pid_t child = injected_refusal("keeper.start-supervisor") ? -1 : ::fork();
  if (child == 0) become_supervisor(keeper, ends[1]);
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    return;
  }
  keeper.store = ends[0];
  keeper.hung_up = false;
  keeper.supervisor = child;
}

Kept* find_kept(Keeper& keeper, const char* name) {
  for (int i = 0; i < keeper.kept_count; ++i)
    if (std::strcmp(keeper.kept[i].name.data(), name) == 0) return &keeper.kept[i];
  return nullptr;
}

void drop(Keeper& keeper, const char* name) {
  Kept* const entry = find_kept(keeper, name);
  if (entry == nullptr) return;
  ::close(entry->fd);
  *entry = keeper.kept[--keeper.kept_count];
}

void keep(Keeper& keeper, const StoreMessage& message, int fd) {
  if (fd < 0) return;
  kill_point("keeper.keep-descriptor");
  drop(keeper, message.name.data());
  if (keeper.kept_count == most_kept) {
    ::close(fd);
    return;
  }
  keeper.kept[keeper.kept_count++] = {message.name, fd};
}

void send_all_kept(const Keeper& keeper) {
  for (int i = 0; i < keeper.kept_count; ++i)
    if (!send_store_message(keeper.store, {StoreVerb::kept, keeper.kept[i].name},
                            keeper.kept[i].fd))
      return;
  send_store_message(keeper.store, {StoreVerb::end, {}}, -1);
}

void note_ready(Keeper& keeper) {
  keeper.ready = true;
  kill_point("keeper.tell-ready");
  [[maybe_unused]] const ssize_t written = ::write(ready_fd, &ready_byte, 1);
  ::close(ready_fd);
  // The number stays taken, or a later descriptor would land on it and leak into supervisors.
  ::dup2(0, ready_fd);
}

/// One message of the supervisor's, when there is one.
bool serve_store(Keeper& keeper) {
  StoreMessage message;
  int fd = -1;
  if (!receive_store_message(keeper.store, message, fd, MSG_DONTWAIT)) return false;
  switch (message.verb) {
    case StoreVerb::ready:
      note_ready(keeper);
      break;
    case StoreVerb::keep:
      keep(keeper, message, fd);
      return true;
    case StoreVerb::drop:
      drop(keeper, message.name.data());
      break;
    case StoreVerb::list:
      send_all_kept(keeper);
      break;
    default:
      break;
  }
  if (fd >= 0) ::close(fd);
  return true;
}

/// Start time of a zombie: field 22 of its stat, counted from behind the command's closing paren.
unsigned long long start_time_of(pid_t pid) {
  char path[32];
  char text[1024];
  std::snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = ::read(file, text, sizeof(text) - 1);
  ::close(file);
  if (size <= 0) return 0;
  text[size] = 0;
  const char* field = std::strrchr(text, ')');
  for (int i = 2; field != nullptr && i < 22; ++i) field = std::strchr(field + 1, ' ');
  return field == nullptr ? 0 : std::strtoull(field, nullptr, 10);
}

int wait_status_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return W_EXITCODE(info.si_status, 0);
  return W_EXITCODE(0, info.si_status) | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/// Not waiting for a supervisor that does not listen: when it does, it reads the log from where it
/// was, whichever message it hears.
void tell_exit(const Keeper& keeper, std::string_view line) {
  if (keeper.store < 0) return;
  StoreMessage message{StoreVerb::exited, {}};
  std::copy_n(line.data(), std::min(line.size(), message.name.size() - 1), message.name.begin());
  send_store_message(keeper.store, message, -1, MSG_DONTWAIT);
}

void record_exit(const Keeper& keeper, const siginfo_t& info) {
  char line[128];
  // The first newline ends what a damaged file may end with.
  const int size = std::snprintf(line, sizeof(line), "\n%d %llu %d %lld\n", info.si_pid,
                                 start_time_of(info.si_pid), wait_status_of(info),
                                 static_cast<long long>(now_ns(CLOCK_REALTIME)));
  // A full run directory: without a supervisor, the next one knows that it ended, but not how.
  if (!injected_refusal("keeper.record-exit")) {
    [[maybe_unused]] const ssize_t written =
        ::write(keeper.exits, line, static_cast<std::size_t>(size));
  }
  kill_point("keeper.tell-exit");
  tell_exit(keeper, {line, static_cast<std::size_t>(size)});
}

constexpr std::int64_t quick_death_ns = 1'000'000'000;
constexpr std::int64_t longest_delay_ns = 500'000'000;

/// At once, unless it died within a second of its start twice running.
void plan_restart(Keeper& keeper) {
  const std::int64_t lived = now_ns(CLOCK_MONOTONIC) - keeper.started_ns;
  if (lived >= quick_death_ns) {
    keeper.delay_ns = 0;
  } else if (keeper.delay_ns == 0) {
    keeper.delay_ns = 1;  // this once without delay
  } else {
    keeper.delay_ns = keeper.delay_ns == 1 ? 10'000'000 : keeper.delay_ns * 2;
  }
  if (keeper.delay_ns > longest_delay_ns) keeper.delay_ns = longest_delay_ns;
}

enum class Outcome { go_on, finished, hopeless };

Outcome supervisor_ended(Keeper& keeper, const siginfo_t& info) {
  while (serve_store(keeper)) {
  }
  ::close(keeper.store);
  keeper.store = -1;
  keeper.supervisor = 0;
  const bool by_itself = info.si_code == CLD_EXITED;
  if (by_itself && info.si_status == 0) return Outcome::finished;
  // It could not even begin, and has said why on the ready pipe: there is nothing to keep.
  if (by_itself && !keeper.ready) return Outcome::hopeless;
  plan_restart(keeper);
  return Outcome::go_on;
}

/// Reaps everything that has ended. Each exit is written down before it is reaped: killed in
/// between, a next keeper could not do it, but no reader ever sees a pid reused without its exit.
Outcome reap(Keeper& keeper) {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG | __WALL) != 0 || info.si_pid == 0)
      return Outcome::go_on;
    const bool supervisor = info.si_pid == keeper.supervisor;
    if (!supervisor) record_exit(keeper, info);
    kill_point("keeper.reap");
    ::waitpid(info.si_pid, nullptr, __WALL);
    if (!supervisor) continue;
    const Outcome outcome = supervisor_ended(keeper, info);
    if (outcome != Outcome::go_on) return outcome;
  }
}

int poll_timeout_ms(const Keeper& keeper) {
  if (keeper.supervisor != 0) return -1;
  const std::int64_t rest = keeper.started_ns + keeper.delay_ns - now_ns(CLOCK_MONOTONIC);
  return rest <= 0 ? 0 : static_cast<int>(rest / 1'000'000 + 1);
}

Outcome run(Keeper& keeper) {
  for (;;) {
    const int timeout = poll_timeout_ms(keeper);
    if (timeout == 0) {
      start_supervisor(keeper);
      if (keeper.supervisor == 0) keeper.delay_ns = longest_delay_ns;  // out of processes: later
      continue;
    }
    // Of who has hung up there is nothing to hear but its end, and poll(2) would return at once.
    pollfd events[] = {{keeper.signals, POLLIN, 0},
                       {keeper.hung_up ? -1 : keeper.store, POLLIN, 0}};
    ::poll(events, 2, timeout);
    signalfd_siginfo signal;
    while (::read(keeper.signals, &signal, sizeof(signal)) > 0) {
    }
    while (keeper.store >= 0 && serve_store(keeper)) {
    }
    keeper.hung_up = keeper.hung_up || (events[1].revents & POLLHUP) != 0;
    const Outcome outcome = reap(keeper);
    if (outcome != Outcome::go_on) return outcome;
  }
}

// ---- set-up, where allocation and exceptions are still allowed

/// SIGCHLD comes by descriptor; what a closing terminal or a service manager sends is ignored: the
/// keeper ends when its supervisor says so.
int open_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT})
    ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) throw_errno("signalfd");
  return fd;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// A descriptor that stays out of the way of the fixed numbers.
int moved_up(Fd fd) {
  const int copy = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, first_free_fd);
  if (copy < 0) throw_errno("duplicating a descriptor");
  return copy;
}

/// The lock that makes this the stack's only keeper; nothing when another one is. The last keeper
/// removed its lock file at its end, perhaps just after we opened it: then it is not the path's;
/// perhaps with its directory, before we did.
std::optional<FileLock> take_lock(const ProjectFiles& files) {
  for (;;) {
    make_directories(files.run());
    try {
      fail_point("keeper.lock");
      auto lock = FileLock::try_acquire(files.keeper_lock());
      if (!lock) return std::nullopt;
      if (is_file_at(lock->fd(), files.keeper_lock())) return lock;
    } catch (const Error& error) {
      if (error.error_number() != ENOENT) throw;
    }
  }
}

Keeper& set_up(const ProjectFiles& files, std::span<char> arguments) {
  static Keeper keeper{};  // large, and needed to the end of the process
  keeper.store = -1;
  keeper.files = &files;
  keeper.arguments = arguments;
  raise_descriptor_limit();
  fail_point("keeper.subreaper");
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw_errno("becoming a subreaper");
  keeper.signals = moved_up(Fd(open_signals()));
  fail_point("keeper.exit-log");
  keeper.exits = moved_up(open_file(files.exits(), O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, 0600));
  fail_point("keeper.network");
  const Fd network = network::make_namespace();
  if (::dup2(network.get(), network_fd) < 0) throw_errno("duplicating a descriptor");
  fail_point("keeper.pid-file");
  write_file_atomically(files.keeper_pid(), std::to_string(::getpid()), Durability::survives_crash);
  return keeper;
}

void remove_run_file(const std::filesystem::path& path) {
  if (!injected_refusal("keeper.remove-file")) ::unlink(path.c_str());
}

/// Lock last: until it is gone, a new keeper waits. What an `up` remembers goes when no pid tells
/// it any more that it will.
void remove_run_files(const ProjectFiles& files) {
  for (const auto& path : {files.operations(), files.exits(), files.keeper_pid(), files.log()})
    remove_run_file(path);
  remove_settled(files);
  remove_run_file(files.keeper_lock());
  // Only when empty; directories shared with others stay while others use them.
  kill_point("keeper.remove-directories");
  for (const auto& path :
       {files.all_running(), files.run(), files.run().parent_path(), files.paths.run})
    ::rmdir(path.c_str());
}

void report_failure(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(ready_fd, text.data(), text.size());
}

}  // namespace

void keeper_main(int argc, char** argv) {
  ::prctl(PR_SET_NAME, "stack-keeper");
  reset_signals();
  shed_inherited();
  if (argc != 2 + arguments_room) ::_exit(2);
  const ProjectFiles files{HostPaths::from_environment(), argv[1]};
  try {
    arm_fail_points(files.paths.run);
    // Reserved first: nothing opened from here on may get one of the fixed numbers.
    for (const int number : {store_fd, network_fd}) ::dup2(0, number);
    const auto lock = take_lock(files);
    if (!lock) ::_exit(0);
    end_other_keepers(files, ::getpid());
    const Outcome outcome = run(set_up(files, note_own_arguments(argc, argv)));
    remove_run_files(files);
    ::_exit(outcome == Outcome::finished ? 0 : 1);
  } catch (const std::exception& error) {
    report_failure(error.what());
    ::_exit(1);
  }
}

}  // namespace stack::supervisor
