// SPDX-License-Identifier: Apache-2.0
// The tables as a JSON Schema (draft 7), for editors: completion, descriptions, and marks below
// what the loader would refuse (`stack schema`).
#pragma once

#include <string>

namespace stack::spec {

/// The whole schema as text. What only the loader can judge (durations, ports, names that must
/// exist) is left to it; a "${VARIABLE}" may stand wherever a scalar may.
std::string json_schema();

}  // namespace stack::spec
