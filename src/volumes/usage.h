// SPDX-License-Identifier: Apache-2.0
// How much disk a tree takes.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/fd.h"

namespace stack::volumes {

/// Bytes of disk blocks below an open directory, itself included; files with several names count
/// once, mount points and links are not entered. Entries that vanish meanwhile are skipped.
std::uint64_t disk_usage(Fd directory);
/// The same by its path; 0 when it is not there.
std::uint64_t disk_usage(const std::filesystem::path& directory);
/// Bytes that the files below `directory` hold, as docker counts what a container has written:
/// directories and empty files are nothing. 0 when it is not there.
std::uint64_t file_bytes(const std::filesystem::path& directory);

}  // namespace stack::volumes
