// SPDX-License-Identifier: Apache-2.0
// What is remembered of a volume: meta.json in its directory.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "volumes/volume_options.h"

namespace stack::volumes {

/// What images have given to a volume so far. An image whose directory is empty gives its owner and
/// mode only, and leaves the place for one that has content.
enum class Filled { no, owner, content };

struct VolumeDocument {
  std::string name;
  std::map<std::string, std::string> labels;
  std::chrono::system_clock::time_point created;  ///< to the second
  Filled filled = Filled::no;
  VolumeOptions options = {};  ///< of the driver
};

/// Nothing when `home` is no volume's directory. Throws Error when the document is damaged.
std::optional<VolumeDocument> read_volume_document(const std::filesystem::path& home);
/// Durable when it returns.
void write_volume_document(const std::filesystem::path& home, const VolumeDocument& document);

}  // namespace stack::volumes
