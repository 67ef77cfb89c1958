// SPDX-License-Identifier: Apache-2.0
// One reconcile at a time for a project; others wait and are told for whom.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/host_paths.h"

namespace stack::orchestrator {

/// Makes the project's run directory when needed; waits, too, for what the project's supervisor is
/// doing for somebody who is gone. While somebody else holds the lock, `waiting` is
/// called once with who that is ("stack up (pid 812)"). When `given_up` answers true before it is
/// ours, throws an Error without a message: the exit code says that it was broken off.
FileLock lock_project(
    const HostPaths& paths, const std::string& project, const std::string& who,
    const std::function<void(const std::string&)>& waiting,
    const std::function<bool()>& given_up = [] { return false; });

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
