// SPDX-License-Identifier: Apache-2.0
// The first use of a volume: content of the image goes into it.
//
// A running container may have the empty volume mounted already, so _data must stay the same
// directory and cannot be replaced by a rename. Instead the content is copied beside it and moved
// in, entry by entry. Where the copy lies says how far it got:
//   .fill.copy/   being copied; worthless after a crash, made anew
//   .fill.ready/  complete and on disk; its top-level entries are being moved into _data
// Whoever comes next finishes a move that a crash interrupted, before anything else. The mode, the
// owner and the times of _data come last, then meta.json says that it is filled.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace stack::volumes {

/// Called before each step that changes the disk, with its name. Tests end the process in it.
using StepHook = std::function<void(const char* step)>;

/// See VolumeStore::fill_from_image; `home` is the volume's directory. Throws Error when there is
/// no such volume.
bool first_fill(
    const std::filesystem::path& home, const std::vector<std::filesystem::path>& layers,
    const std::string& path, const StepHook& before = [](const char*) {});

/// See VolumeStore::fill_from_image; `content` is what is behind the device of a volume with
/// options. Another file system cannot be renamed to, so the copy lies in it, under the names from
/// above, which count as nothing there.
bool fill_elsewhere(
    const std::filesystem::path& home, Fd content, const std::vector<std::filesystem::path>& layers,
    const std::string& path, const StepHook& before = [](const char*) {});

/// An flock(2) on the volume's directory itself; waits for it. Nothing when the volume is gone,
/// also when it went while waiting.
std::optional<Fd> lock_volume(const std::filesystem::path& home);

}  // namespace stack::volumes
