// SPDX-License-Identifier: Apache-2.0
// The containers of this machine, of every stack and of none, by docker's ways of naming one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/options.h"
#include "supervisor/status.h"

namespace stack::cli {

struct FoundContainer {
  std::string project;
  supervisor::ObservedContainer container;
};

/// Of all projects; the newest first.
std::vector<FoundContainer> all_containers(
    supervisor::ConfigParts parts = supervisor::ConfigParts::all);

/// By name ("/name" too), id, or the beginning of an id that no other has. Pure. Throws Error in
/// docker's words.
const FoundContainer& choose_container(const std::vector<FoundContainer>& containers,
                                       const std::string& text);
/// The same; null when there is none. Throws Error when the beginning of an id fits several.
const FoundContainer* seek_container(const std::vector<FoundContainer>& containers,
                                     const std::string& text);
FoundContainer find_container(const std::string& text);

/// What it has written to its own root, in bytes.
std::uint64_t written_bytes(const FoundContainer& found);

/// Throws Error (125) in docker's words when it is no name for a container, or one of them is
/// called so.
void check_name_is_free(const std::vector<FoundContainer>& containers, const std::string& name);

/// When there is no container without a compose file any more, what they had in common goes too.
void retire_lone_containers();

/// The options of a command on a service, about this container alone.
Options options_about(const FoundContainer& found, const Options& options);

}  // namespace stack::cli
