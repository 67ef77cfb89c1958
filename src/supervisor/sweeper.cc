// SPDX-License-Identifier: Apache-2.0
#include "supervisor/sweeper.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <vector>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "runtime/project_quota.h"
#include "supervisor/journal.h"
#include "supervisor/off_loop.h"

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

/// On a thread of its own, and some more for many: a file system that tells its disk of each freed
/// block (discard) has whoever deletes wait for most of the time.
void delete_discarded(const std::filesystem::path& directory) {
  constexpr std::size_t enough_for_one = 4, most_helpers = 3;
  std::vector<std::string> names = list_directory(directory);
  std::erase_if(names, [](const std::string& name) { return !is_discarded(name); });
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t at = next++; at < names.size(); at = next++)
      delete_container(directory / names[at]);
  };
  std::vector<std::future<void>> helpers;
  while (helpers.size() < std::min(most_helpers, names.size() / enough_for_one))
    helpers.push_back(std::async(std::launch::async, work));
  work();
  for (std::future<void>& helper : helpers) helper.get();
}

}  // namespace

void Sweeper::discard(const std::string& name) {
  fail_point("container.discard");
  discard(directory_ / name, name);
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

/// What cannot be deleted is tried again by the next sweep, or the next supervisor.
Awaitable<void> Sweeper::run_once() {
  if (std::ranges::none_of(list_directory(directory_), is_discarded)) co_return;
  try {
    fail_point("container.start-deletion");
    std::function<void()> work = [directory = directory_] { delete_discarded(directory); };
    co_await off_loop(loop_, std::move(work));
  } catch (const std::exception& error) {
    journal::warning(error.what());
  }
}

Awaitable<void> Sweeper::finished() {
  while (busy_) co_await idle_.wait();
}

}  // namespace stack::supervisor
