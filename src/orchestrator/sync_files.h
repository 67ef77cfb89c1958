// SPDX-License-Identifier: Apache-2.0
// Some files of a directory here made equal in a container that runs: those that are here are
// copied, those that are not are removed there. What `stack watch` does with changes.
#pragma once

#include <set>
#include <string>

#include "supervisor/status.h"

namespace stack::orchestrator {

struct SyncRequest {
  std::string source;  ///< absolute, here: a directory, or one file
  std::string target;  ///< absolute, in the container
  /// Relative to both, "a/b"; "": themselves, of a file. Of a directory that is here, itself only.
  std::set<std::string> paths;
};

/// Directories on the way are made. Files become root's in the container, with the modes they have
/// here. Throws Error when the container does not run; what was copied until then stays.
void sync_files(const supervisor::ObservedContainer& container, const SyncRequest& request);

}  // namespace stack::orchestrator
