// SPDX-License-Identifier: Apache-2.0
// Where a project is at home: name and folder together are a project, so that a second checkout of
// the same name does not take the first one's containers for its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "spec/model.h"

namespace stack::orchestrator {

/// Where the project is, for commands that come without its file, and for people.
void record_project(const spec::Project& project, const HostPaths& paths);

/// The folder that the project of this name was brought up in; nothing when there is none.
std::optional<std::filesystem::path> project_home(const std::string& project,
                                                  const HostPaths& paths);

/// Whether the project of this name was brought up in `folder`, as one of several checkouts.
bool is_isolated(const std::string& project, const std::filesystem::path& folder,
                 const HostPaths& paths);

/// The files that it was made of, in the order in which they are merged; none when that is not
/// known.
std::vector<std::filesystem::path> project_files(const std::string& project,
                                                 const HostPaths& paths);

/// Whether the project of this name was brought up in another folder than `folder`.
bool is_at_home_elsewhere(const std::string& project, const std::filesystem::path& folder,
                          const HostPaths& paths);

/// Throws Error with both paths when the project of this name is at home in another folder that
/// still exists.
void check_home(const spec::Project& project, const HostPaths& paths);
void check_home(const std::string& project, const std::filesystem::path& folder,
                const HostPaths& paths);

}  // namespace stack::orchestrator
