// SPDX-License-Identifier: Apache-2.0
// What all that changes the volume store begins with.
#pragma once

#include <filesystem>
#include <string>

#include "base/files.h"

namespace stack::volumes {

/// A name is a path component and nothing else: no ".", no "/", not hidden. Throws Error.
void check_name(const std::string& name);
/// One change of the store at a time. Makes its directory.
FileLock lock_store(const std::filesystem::path& root);

/// Deletes a directory of the store, under its lock. Atomic: renamed away first; a crash in the
/// middle leaves rubbish that the next sweep takes away.
void delete_directory(const std::filesystem::path& root, const std::filesystem::path& directory);

}  // namespace stack::volumes
