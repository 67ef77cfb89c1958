// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/project_lock.h"

#include <unistd.h>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/text.h"

namespace stack::orchestrator {
namespace {

/// False when the lock file was removed (by a `down`) while we waited for it: the lock is of no
/// use.
bool is_current(const FileLock& lock, const std::filesystem::path& path) {
  struct stat held {
  }, named{};
  return ::fstat(lock.fd(), &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

}  // namespace

FileLock lock_project(const HostPaths& paths, const std::string& project, const std::string& who,
                      const std::function<void(const std::string&)>& waiting) {
  const auto path = paths.project_run(project) / "lock";
  for (;;) {
    make_directories(paths.project_run(project));
    auto lock = FileLock::try_acquire(path);
    if (!lock) {
      waiting(std::string(trim(read_file_if_exists(path).value_or("another stack command"))));
      lock = FileLock::acquire(path);
    }
    if (!is_current(*lock, path)) continue;
    fail_point("project.describe-lock");
    lock->describe_holder(fmt::format("{} (pid {})\n", who, ::getpid()));
    return std::move(*lock);
  }
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
