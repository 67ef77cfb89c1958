// SPDX-License-Identifier: Apache-2.0
// The files in which `up` remembers that there was nothing to change (cli/settled.h): one for a
// stack, beside all stacks' run directories, as a command looks for it before it knows the stack's
// name. They go with the keeper.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "supervisor/project_files.h"

namespace stack::supervisor {

/// The one of a key, and its stack; nothing when there is none.
struct SettledFile {
  std::string project;
  std::filesystem::path path;
};
std::optional<SettledFile> find_settled(const HostPaths& paths, std::string_view key);
/// In the place of what the stack had. Leaves nothing when it cannot be written, or the keeper has
/// gone. Throws nothing: without it the next `up` looks at everything.
void write_settled(const ProjectFiles& files, std::string_view key, std::string_view content);
/// All of a stack, and the directory when nothing is left in it. Never throws.
void remove_settled(const ProjectFiles& files);

}  // namespace stack::supervisor
