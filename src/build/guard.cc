// SPDX-License-Identifier: Apache-2.0
#include "build/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "base/pipe.h"
#include "base/process.h"
#include "base/text.h"
#include "runtime/cgroup.h"

namespace stack::build {
namespace {

/// No project has this name.
constexpr const char* builds = "stack/.build";

void clear(const std::string& top) noexcept {
  try {
    for (const std::string& group : runtime::list_cgroups(top)) {
      runtime::kill_cgroup(top + "/" + group);
      runtime::remove_cgroup(top + "/" + group);
    }
    runtime::remove_cgroup(top);
  } catch (const Error&) {
    // Its name tells the next build whose it was.
  }
}

std::optional<ProcessIdentity> owner_of(const std::string& name) {
  const std::size_t dash = std::min(name.find('-'), name.size());
  const auto pid = parse_integer<pid_t>(name.substr(0, dash));
  const auto start = parse_integer<std::uint64_t>(name.substr(std::min(dash + 1, name.size())));
  if (!pid || !start) return std::nullopt;
  return ProcessIdentity{*pid, *start};
}

void clear_dead_builds() {
  for (const std::string& name : runtime::list_cgroups(builds)) {
    const auto owner = owner_of(name);
    if (owner && !is_alive(*owner)) clear(fmt::format("{}/{}", builds, name));
  }
}

constexpr char farewell = 'e';

/// Keeps nothing open but `alive`, and /dev/null as the first three.
void let_go_of_files(int alive) {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, standard);
  ::close_range(STDERR_FILENO + 1, static_cast<unsigned>(alive) - 1, 0);
  ::close_range(static_cast<unsigned>(alive) + 1, ~0U, 0);
}

[[noreturn]] void keep_watch(int alive, const std::string& top,
                             const std::function<void()>& left_behind) {
  // Ctrl-C is for the builder.
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  let_go_of_files(alive);
  char byte = 0;
  while (::read(alive, &byte, 1) < 0 && errno == EINTR) {
  }
  clear(top);
  if (byte != farewell) left_behind();
  ::_exit(0);
}

}  // namespace

Guard::Guard(const std::function<void()>& left_behind) {
  clear_dead_builds();
  const ProcessIdentity self = identify(::getpid());
  top_ = fmt::format("{}/{}-{}", builds, self.pid, self.start_time);
  Pipe pipe = make_pipe();
  alive_ = std::move(pipe.writing);
  guard_ = ::fork();
  if (guard_ < 0) throw_errno("fork");
  if (guard_ == 0) keep_watch(pipe.reading.get(), top_, left_behind);
}

Guard::~Guard() {
  [[maybe_unused]] const ssize_t told = ::write(alive_.get(), &farewell, 1);
  alive_.reset();
  await_end(guard_);
}

void Guard::end_all() {
  for (const std::string& group : runtime::list_cgroups(top_))
    runtime::kill_cgroup(fmt::format("{}/{}", top_, group));
}

std::string Guard::next_cgroup() {
  return fmt::format("{}/{}", top_, count_++);
}

}  // namespace stack::build
