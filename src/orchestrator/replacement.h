// SPDX-License-Identifier: Apache-2.0
// How a container takes another one's place (docs/reconciler.md). Pure.
#pragma once

#include <map>
#include <string>

#include "orchestrator/diff.h"

namespace stack::orchestrator {

enum class Manner {
  remove_first,  ///< the old one is gone before the new one is made
  stop_first,    ///< the old one is kept, stopped, until the new one has settled
  start_first,   ///< both run until then
};

struct Replacement {
  Manner manner = Manner::stop_first;
  std::string aside;        ///< what the old one is called meanwhile
  bool is_aside = false;    ///< since a change that did not come to its end
  bool was_running = true;  ///< so it is to run again when it is brought back
};

/// For each container that takes another one's place, by name. With `networks_replaced` nobody can
/// be kept: their networks have to be empty.
std::map<std::string, Replacement> choose_replacements(const DesiredState& desired,
                                                       const ObservedState& observed,
                                                       const Changes& changes,
                                                       bool networks_replaced);

/// Containers that were set aside by a change that did not come to its end, and that nobody needs
/// any more: whoever has their place is as it should be.
std::set<std::string> forgotten(const ObservedState& observed, const Changes& changes,
                                const std::map<std::string, Replacement>& replacements);

}  // namespace stack::orchestrator
