// SPDX-License-Identifier: Apache-2.0
// A process in a JSON object of ours: its members "pid" and "start_time".
#pragma once

#include <nlohmann/json.hpp>

#include "base/process.h"

namespace stack::supervisor {

/// Throws what the library throws when they are not there.
inline ProcessIdentity process_from(const nlohmann::json& object) {
  ProcessIdentity process;
  object.at("pid").get_to(process.pid);
  object.at("start_time").get_to(process.start_time);
  return process;
}

}  // namespace stack::supervisor
