// SPDX-License-Identifier: Apache-2.0
// How a container takes another one's place (docs/reconciler.md). Pure.
#pragma once

#include <map>
#include <string>

#include "orchestrator/plan.h"

namespace stack::orchestrator {

enum class Manner {
  remove_first,  ///< the old one is gone before the new one is made
  stop_first,    ///< the old one is kept, stopped, until the new one has settled
  start_first,   ///< both run until then
};

struct Replacement {
  Manner manner = Manner::stop_first;
  std::string old;          ///< what the old one is called before
  std::string aside;        ///< what the old one is called meanwhile
  std::string own_name;     ///< what the old one is called when it is brought back
  bool is_aside = false;    ///< since a change that did not come to its end
  bool was_running = true;  ///< so it is to run again when it is brought back
  /// It ran, but only from one failure to the next: it is to run again only when everything is to
  /// be as it was.
  bool was_failing = false;
  /// Containers that cannot run while the old one has its ports and addresses (supplanters()): they
  /// wait for its end, and it is brought back with what they replaced, or not at all.
  std::set<std::string> supplanted_by = {};
};

/// For each container that takes another one's place, by name.
std::map<std::string, Replacement> choose_replacements(const DesiredState& desired,
                                                       const ObservedState& observed,
                                                       const Changes& changes);

/// Containers that have their ports and addresses from each other, directly or by way of others,
/// `name` included: what one of them holds the one before another needs to come back. Only those
/// that are started count.
std::set<std::string> bound_to(const std::string& name,
                               const std::map<std::string, Replacement>& replacements,
                               const std::map<std::string, StepId>& started);

/// Containers that were set aside by a change that did not come to its end, and that nobody needs
/// any more: whoever has their place is as it should be.
std::set<std::string> forgotten(const ObservedState& observed, const Changes& changes,
                                const std::map<std::string, Replacement>& replacements);

}  // namespace stack::orchestrator
