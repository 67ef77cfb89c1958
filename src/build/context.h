// SPDX-License-Identifier: Apache-2.0
// Where a build begins: a directory, an archive, or a Dockerfile alone; and which Dockerfile and
// .dockerignore belong to it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/scratch.h"
#include "build/build_request.h"
#include "build/git_tree.h"
#include "build/ssh_agents.h"

namespace stack::build {

struct ContextWish {
  /// A directory, a tar archive (plain or compressed), a git repository (git_reference.h); "-" or
  /// an http or https address: either an archive or a Dockerfile, on standard input or of that
  /// server.
  std::string source;
  /// Path of the Dockerfile; "-": standard input; empty: "Dockerfile" in the context.
  std::string dockerfile;
  /// What a relative `dockerfile` is relative to; empty: the context.
  std::filesystem::path dockerfile_base;
  std::optional<std::string> dockerfile_text = {};  ///< instead of any file
};

/// A context, ready to be built from; what was unpacked, fetched or started for it lives as long as
/// this.
struct OpenedContext {
  std::optional<ScratchDirectory> unpacked;
  std::optional<GitTree> commit;
  std::vector<std::unique_ptr<SshAgent>> agents;
};

/// Fills in context, Dockerfile, .dockerignore and agents of `request`. Throws Error that says what
/// is missing.
OpenedContext open_context(const ContextWish& wish, const BuildSurroundings& with,
                           BuildRequest& request);

}  // namespace stack::build
