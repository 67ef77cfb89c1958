// SPDX-License-Identifier: Apache-2.0
// What a container said at last, for messages about its end.
#pragma once

#include <filesystem>
#include <string>

namespace stack::orchestrator {

/// Up to `lines` lines of the log in a container's directory, control characters made visible and
/// cut where they are too long; empty when there are none, or they cannot be read.
std::string last_words(const std::filesystem::path& container, std::size_t lines);

}  // namespace stack::orchestrator
