// SPDX-License-Identifier: Apache-2.0
// The containers of this machine, of every stack and of none, by docker's ways of naming one.
#pragma once

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
FoundContainer find_container(const std::string& text);

/// Throws Error (125) in docker's words when one of them is called so.
void check_name_is_free(const std::vector<FoundContainer>& containers, const std::string& name);

/// When there is no container without a compose file any more, what they had in common goes too.
void retire_lone_containers();

/// The options of a command on a service, about this container alone.
Options options_about(const FoundContainer& found, const Options& options);

}  // namespace stack::cli
