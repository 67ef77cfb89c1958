// SPDX-License-Identifier: Apache-2.0
// Which events of a timeline somebody wants to see, and how docker compose prints one; pure.
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "supervisor/timeline.h"

namespace stack::cli {

struct EventFilter {
  std::set<std::string> services;  ///< empty: all, networks and volumes too
  std::chrono::system_clock::time_point since;
  std::optional<std::chrono::system_clock::time_point> until;
  /// --filter: values by key, of which one must fit for each key.
  std::map<std::string, std::vector<std::string>> wishes = {};
};
/// "KEY=VALUE" each. Throws Error (usage) for a key that there is not.
std::map<std::string, std::vector<std::string>> event_wishes(const std::vector<std::string>& texts);
bool is_wanted(const supervisor::Event& event, const EventFilter& filter);

/// "2026-01-02 15:04:05.123456 container start 3f2a... (image=nginx, name=shop-web-1)", in local
/// time.
std::string event_text(const supervisor::Event& event);

/// For templates: Type, Action, ID, Service, Time, TimeNano, Attributes, and docker's older names
/// Status, From; Actor has ID and Attributes.
nlohmann::ordered_json event_json(const supervisor::Event& event);

}  // namespace stack::cli
