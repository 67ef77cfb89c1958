// SPDX-License-Identifier: Apache-2.0
// One reconcile at a time for a project; others wait and are told for whom.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/host_paths.h"

namespace stack::orchestrator {

/// What a command does to another one over the lock.
enum class Rank {
  gives_way,   ///< an `up`: while it holds the lock it looks whether it is to break off
  stands,      ///< neither is it asked, nor does it ask
  comes_first  ///< a `down`: asks a holder that gives way to break off
};

/// Who wants a project's lock.
struct Claim {
  std::string who;  ///< "stack up"
  Rank rank = Rank::stands;
};

/// Makes the project's run directory when needed; waits, too, for what the project's supervisor is
/// doing for somebody who is gone. While somebody else holds the lock, `waiting` is
/// called once with who that is ("stack up (pid 812)"); it may throw to have none of it. When
/// `given_up` answers true before it is ours, throws an Error without a message: the exit code says
/// that it was broken off.
FileLock lock_project(
    const HostPaths& paths, const std::string& project, const Claim& claim,
    const std::function<void(const std::string&)>& waiting,
    const std::function<bool()>& given_up = [] { return false; });

/// Of whoever holds the lock and gives way: who has asked this process to break off ("stack down
/// (pid 901)"); nothing when nobody has.
std::optional<std::string> asked_to_break_off(const HostPaths& paths, const std::string& project);

/// Who changes the project at this moment ("stack up (pid 812)"); nothing when nobody does.
std::optional<std::string> lock_holder(const HostPaths& paths, const std::string& project);

/// Takes the lock away again, and its directory when nothing else is in it: of a project that there
/// is nothing of.
void remove_lock(const HostPaths& paths, const std::string& project, const FileLock& lock);

/// Removes what a project without containers, networks and supervisor leaves on disk: its
/// directories, while `lock` (of that project) is held. Volumes are not in there.
void remove_project_directories(const HostPaths& paths, const std::string& project,
                                const FileLock& lock);

}  // namespace stack::orchestrator
