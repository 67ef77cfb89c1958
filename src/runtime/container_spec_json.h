// SPDX-License-Identifier: Apache-2.0
// ContainerSpec to JSON and back, for state on disk and for the control socket.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "runtime/container_spec.h"

namespace stack::runtime {

void to_json(nlohmann::json& json, const ProcessSpec& process);
void from_json(const nlohmann::json& json, ProcessSpec& process);
void to_json(nlohmann::json& json, const ContainerSpec& spec);
/// Throws nlohmann's exceptions on a wrong shape; unknown members are ignored.
void from_json(const nlohmann::json& json, ContainerSpec& spec);

}  // namespace stack::runtime
