// SPDX-License-Identifier: Apache-2.0
#include "runtime/user_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/child_overlay.h"
#include "runtime/kernel.h"

namespace stack::runtime {
namespace {

// ---- the process that makes them: rules of child_report.h

/// What may be locked, queued and pending in a user namespace is counted for its maker, too, with
/// all other namespaces of that maker, against the limits that he had: none, where we may.
int lift_limits() {
  for (const auto resource : {RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_SIGPENDING}) {
    rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(resource, &limit) == 0) continue;
    if (errno != EPERM || ::getrlimit(resource, &limit) != 0) return errno;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(resource, &limit) != 0) return errno;
  }
  return 0;
}

int enter_user_namespace(const OwnedRequest& request) {
  if (request.user >= 0) return errno_of(::setns(request.user, CLONE_NEWUSER));
  if (const int error = lift_limits()) return error;
  return errno_of(::unshare(CLONE_NEWUSER));
}

int make_others(std::uint64_t kinds) {
  if (kinds == 0) return 0;
  // Its root first: what the kernel makes in a new namespace (mqueue's root) is its maker's.
  if (::syscall(SYS_setresgid, 0, 0, 0) != 0) return errno;
  if (::syscall(SYS_setresuid, 0, 0, 0) != 0) return errno;
  return errno_of(::unshare(static_cast<int>(kinds)));
}

void tell(int socket, int error) {
  [[maybe_unused]] const ssize_t sent = ::send(socket, &error, sizeof error, MSG_NOSIGNAL);
}

void wait_for_word(int socket) {
  char word = 0;
  while (::recv(socket, &word, sizeof word, 0) < 0 && errno == EINTR) {
  }
}

[[noreturn]] void become_holder(const OwnedRequest& request, int socket) {
  tell(socket, enter_user_namespace(request));
  wait_for_word(socket);  // the maps are written
  tell(socket, make_others(request.kinds));
  wait_for_word(socket);  // never said: the other end closes
  ::_exit(0);
}

// ---- the parent

/// A process that holds namespaces until it is dropped.
class Holder {
 public:
  explicit Holder(const OwnedRequest& request) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw_errno("socketpair");
    socket_ = Fd(ends[0]);
    const Fd other(ends[1]);
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    pid_ = clone3(arguments);
    if (pid_ < 0) throw_errno("cloning a process");
    if (pid_ > 0) return;
    ::close(socket_.get());
    become_holder(request, other.get());
  }
  ~Holder() {
    socket_.reset();
    await_end(pid_);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  std::string file(const char* name) const { return fmt::format("/proc/{}/{}", pid_, name); }
  Fd space(const char* kind) const { return open_file(file("ns/") + kind, O_RDONLY); }

  /// Throws Error when the step that it was at has failed.
  void await_step(const char* step) const {
    int error = ECHILD;
    ssize_t got = -1;
    do {
      got = ::recv(socket_.get(), &error, sizeof error, 0);
    } while (got < 0 && errno == EINTR);
    if (got == static_cast<ssize_t>(sizeof error) && error == 0) return;
    throw Error(step, error);
  }
  void go_on() const {
    const char word = 1;
    while (::send(socket_.get(), &word, sizeof word, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
  }

 private:
  Fd socket_;
  pid_t pid_ = -1;
};

void write_maps(const Holder& holder, const std::vector<IdRange>& uids,
                const std::vector<IdRange>& gids) {
  write_kernel_file(holder.file("uid_map"), to_text(uids));
  write_kernel_file(holder.file("gid_map"), to_text(gids));
}

bool shares_our_namespace(const ProcessIdentity& process) {
  struct stat ours {};
  struct stat theirs {};
  const std::string path = fmt::format("/proc/{}/ns/user", process.pid);
  if (::stat("/proc/self/ns/user", &ours) != 0) throw_errno("stat /proc/self/ns/user");
  if (::stat(path.c_str(), &theirs) != 0) throw_errno("stat {}", path);
  return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

IdRange read_id_map(const ProcessIdentity& process, const char* name) {
  return parse_id_map(read_file(fmt::format("/proc/{}/{}", process.pid, name), 1 << 16));
}

}  // namespace

std::string to_text(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges)
    text += fmt::format("{} {} {}\n", range.inside, range.outside, range.count);
  return text;
}

Fd make_user_namespace(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  const Holder holder(OwnedRequest{});
  holder.await_step("making a user namespace");
  write_maps(holder, uids, gids);
  return holder.space("user");
}

OwnedNamespaces make_owned_namespaces(const OwnedRequest& request) {
  const Holder holder(request);
  holder.await_step(request.user >= 0 ? "joining a user namespace" : "making a user namespace");
  const IdBlock& ids = request.ids;
  if (request.user < 0)
    write_maps(holder, {{0, ids.first_uid, ids.count}}, {{0, ids.first_gid, ids.count}});
  holder.go_on();
  holder.await_step("making namespaces that belong to a user namespace");
  OwnedNamespaces made{holder.space("user"), Fd(), Fd(), Fd()};
  if ((request.kinds & CLONE_NEWNET) != 0) made.network = holder.space("net");
  if ((request.kinds & CLONE_NEWIPC) != 0) made.ipc = holder.space("ipc");
  if ((request.kinds & CLONE_NEWUTS) != 0) made.uts = holder.space("uts");
  return made;
}

IdRange parse_id_map(const std::string& text) {
  std::vector<std::uint32_t> numbers;
  for (const std::string& line : split(trim(text), '\n')) {
    for (const std::string& word : split(line, ' ')) {
      const auto number = parse_integer<std::uint32_t>(word);
      if (!word.empty() && !number) fail("a map of ids says {}", stack::quoted(word));
      if (number) numbers.push_back(*number);
    }
  }
  if (numbers.size() != 3 || numbers[0] != 0 || numbers[2] == 0)
    fail("the ids of its user namespace are not one block");
  return {numbers[0], numbers[1], numbers[2]};
}

IdBlock id_block_of(const ProcessIdentity& process) {
  if (shares_our_namespace(process)) return {};
  const IdRange uids = read_id_map(process, "uid_map");
  const IdRange gids = read_id_map(process, "gid_map");
  // A pid may change its owner, so look again.
  if (!is_alive(process)) fail("the container has ended");
  return {uids.outside, gids.outside, std::min(uids.count, gids.count)};
}

bool takes_id_mapping(const std::filesystem::path& directory) {
  Fd space;
  try {
    space = make_user_namespace({{0, 1, 1}}, {{0, 1, 1}});
  } catch (const Error&) {
    return false;
  }
  const auto there = nearest_existing(directory);
  const Fd tree(::open_tree(AT_FDCWD, there.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  return tree && map_ids(tree.get(), space.get(), Depth::alone) == 0;
}

}  // namespace stack::runtime
