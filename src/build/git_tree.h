// SPDX-License-Identifier: Apache-2.0
// The files of a commit. They are kept, for all projects, so that a server is only asked which
// commit a branch or a tag is now, and not even that for a commit. A tree comes to its place by one
// rename when it is whole; of a repository the last one stays, and those in use.
#pragma once

#include <filesystem>
#include <string>

#include "base/fd.h"
#include "build/build_request.h"
#include "build/git_reference.h"

namespace stack::build {

struct GitRequest {
  GitReference what;
  bool keeps_git_dir = false;  ///< the directory .git stays, when no subdirectory is asked for
};

struct GitTree {
  std::filesystem::path directory;  ///< the files that were asked for
  std::string commit;
  bool was_there = false;  ///< no file was sent
  Fd held;                 ///< as long as it is open they stay
  Fd build;                ///< the same, of all that builds keep
};

/// Files have mode 0644 or 0755 and belong to root. SSH goes by `with`'s default agent, http by the
/// secrets GIT_AUTH_TOKEN and GIT_AUTH_HEADER of `request`. Throws Error; nothing is left of a
/// failure.
GitTree check_out(const GitRequest& what, const BuildRequest& request,
                  const BuildSurroundings& with);
/// The same, told as a step, with the commit that came.
GitTree tell_check_out(int step, const std::string& title, const GitRequest& what,
                       const BuildRequest& request, const BuildSurroundings& with);

}  // namespace stack::build
