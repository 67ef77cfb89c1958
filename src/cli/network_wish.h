// SPDX-License-Identifier: Apache-2.0
// What `network create` and `network connect` are asked for, out of their flags. Pure.
#pragma once

#include "cli/options.h"
#include "spec/model.h"
#include "supervisor/container_config.h"

namespace stack::cli {

/// docker's own names, which nobody makes or removes.
bool is_predefined_network(const std::string& name);
/// Throws Error (usage) for what is no network: names, subnets, options that are none.
spec::Network network_wish(const Options& options);
/// Its network is left open.
supervisor::Endpoint endpoint_wish(const Options& options);

}  // namespace stack::cli
