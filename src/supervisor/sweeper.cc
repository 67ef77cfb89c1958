// SPDX-License-Identifier: Apache-2.0
#include "supervisor/sweeper.h"

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "runtime/project_quota.h"
#include "supervisor/journal.h"

namespace stack::supervisor {
namespace {

constexpr std::string_view discarded_prefix = ".tmp.";

bool is_discarded(const std::string& name) {
  return name.starts_with(discarded_prefix);
}

/// With the limit of its size, when it has one.
void delete_container(const std::filesystem::path& container) {
  const auto project = runtime::project_of(container / "upper");
  fail_point("container.delete");
  remove_tree(container);
  if (project) runtime::forget_limit(container.parent_path(), *project);
}

/// In the child: a copy of this single-threaded process, which must hold none of its sockets.
[[noreturn]] void delete_discarded(const std::filesystem::path& directory) {
  ::close_range(3, ~0U, 0);
  try {
    for (const std::string& name : list_directory(directory))
      if (is_discarded(name)) delete_container(directory / name);
  } catch (const std::exception& error) {
    journal::warning(error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

void Sweeper::discard(const std::string& name) {
  fail_point("container.discard");
  std::filesystem::rename(directory_ / name, directory_ / (std::string(discarded_prefix) + name));
  sweep();
}

void Sweeper::discard(const std::filesystem::path& path, const std::string& name) {
  const auto away = directory_ / (std::string(discarded_prefix) + name);
  if (::rename(path.c_str(), away.c_str()) != 0 && errno != ENOENT)
    throw_errno("rename {}", path.native());
  sweep();
}

void Sweeper::sweep() {
  requested_ = true;
  if (std::exchange(busy_, true)) return;
  spawn(loop_, "deleting removed containers", run());
}

Awaitable<void> Sweeper::run() {
  // At the end of the loop's turn: what is discarded together is deleted together.
  co_await yield(loop_);
  while (std::exchange(requested_, false)) co_await run_once();
  busy_ = false;
  idle_.notify_all();
}

Awaitable<void> Sweeper::run_once() {
  if (std::ranges::none_of(list_directory(directory_), is_discarded)) co_return;
  const pid_t child = injected_refusal("container.fork-deletion") ? -1 : ::fork();
  if (child == 0) delete_discarded(directory_);
  if (child < 0) co_return;  // the next sweep, or the next supervisor, tries again
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (process) {
    Descriptor end = watch(loop_, process.get());
    co_await readable(end);
  }
  ::waitpid(child, nullptr, 0);
}

Awaitable<void> Sweeper::finished() {
  while (busy_) co_await idle_.wait();
}

}  // namespace stack::supervisor
