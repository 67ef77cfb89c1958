// SPDX-License-Identifier: Apache-2.0
// The most bytes that directories may hold, by a project of the file system's own (ext4 and XFS
// mounted with prjquota). Who uses which project is the kernel's to know: a project of our range is
// free when no file is in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace stack::runtime {

/// Projects from here on are taken; those in /etc/projid are left alone.
inline constexpr std::uint32_t first_project = 0x73000000;

/// Why what lies in `directory` cannot be limited, as the end of a sentence; nothing when it can.
std::optional<std::string> why_no_project_quota(const std::filesystem::path& directory);

/// Puts new, empty directories, which lie on one file system, into a project that is nobody else's,
/// and what will be made in them too. `lock`: a file that all who do this on that file system
/// share. Throws Error.
void limit_size(std::span<const std::filesystem::path> directories, std::uint64_t bytes,
                const std::filesystem::path& lock);

/// The project of a limited directory; nothing when it has none, or is not there.
std::optional<std::uint32_t> project_of(const std::filesystem::path& directory);
/// Forgets the limit of a project of which no file is left, on the file system of `directory`.
void forget_limit(const std::filesystem::path& directory, std::uint32_t project) noexcept;

}  // namespace stack::runtime
