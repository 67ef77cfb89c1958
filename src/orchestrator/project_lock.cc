// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/project_lock.h"

#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/same_file.h"
#include "base/text.h"
#include "supervisor/operations_mark.h"

namespace stack::orchestrator {
namespace {

constexpr const char* somebody = "another stack command";

/// A little while, or until a signal comes. Not flock(2) that waits: a Ctrl-C between the question
/// and the wait would be lost.
void pause_unless(const std::function<bool()>& given_up) {
  constexpr int milliseconds = 20;
  if (!given_up()) ::poll(nullptr, 0, milliseconds);
  if (given_up()) throw Error("").with_exit_code(ExitCode::interrupted);
}

/// A command that is killed leaves its supervisor at work: who plans meanwhile would not count on
/// what is about to run. That takes moments; what takes longer (a hook, a start behind a slow stop)
/// is no reason to keep a `down` waiting.
void await_operations(const supervisor::ProjectFiles& files,
                      const std::function<void(const std::string&)>& waiting,
                      const std::function<bool()>& given_up) {
  constexpr int worth_telling = 10, most = 250;
  for (int pauses = 0; pauses < most && supervisor::has_operations(files); ++pauses) {
    if (pauses == worth_telling) waiting("what another command had begun");
    pause_unless(given_up);
  }
}

}  // namespace

FileLock lock_project(const HostPaths& paths, const std::string& project, const std::string& who,
                      const std::function<void(const std::string&)>& waiting,
                      const std::function<bool()>& given_up) {
  const auto path = paths.project_run(project) / "lock";
  for (bool told = false;;) {
    make_directories(paths.project_run(project));
    auto lock = FileLock::try_acquire(path);
    if (!lock) {
      if (!told) waiting(std::string(trim(read_file_if_exists(path).value_or(somebody))));
      told = true;
      pause_unless(given_up);
      continue;
    }
    // Removed by a `down` while we waited for it, it is of no use.
    if (!is_file_at(lock->fd(), path)) continue;
    fail_point("project.describe-lock");
    lock->describe_holder(fmt::format("{} (pid {})\n", who, ::getpid()));
    await_operations({paths, project}, waiting, given_up);
    return std::move(*lock);
  }
}

std::optional<std::string> lock_holder(const HostPaths& paths, const std::string& project) {
  const auto path = paths.project_run(project) / "lock";
  if (!stack::exists(path) || FileLock::try_acquire(path)) return std::nullopt;
  return std::string(trim(read_file_if_exists(path).value_or(somebody)));
}

void remove_lock(const HostPaths& paths, const std::string& project, const FileLock& /*lock*/) {
  const auto directory = paths.project_run(project);
  ::unlink((directory / "lock").c_str());
  for (const auto& each : {directory, paths.run / "stacks", paths.run}) ::rmdir(each.c_str());
}

void remove_project_directories(const HostPaths& paths, const std::string& project,
                                const FileLock& /*lock*/) {
  fail_point("project.remove-data");
  remove_tree(paths.project_data(project));
  fail_point("project.remove-run");
  remove_tree(paths.project_run(project));
  // The shared parents go with the last project; a neighbour's content keeps them (ENOTEMPTY).
  fail_point("project.remove-shared");
  ::rmdir((paths.run / "stacks").c_str());
  ::rmdir(paths.run.c_str());
}

}  // namespace stack::orchestrator
