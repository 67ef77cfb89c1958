// SPDX-License-Identifier: Apache-2.0
// `driver_opts` of networks and of services' places in them: docker's names.
// docs/network-options.md lists them.
#pragma once

#include "orchestrator/lower_network.h"

namespace stack::orchestrator {

/// Obeys the options of a network; `path` is the network's in the source map.
void apply_network_options(const spec::StringMap& options, const std::string& path,
                           network::NetworkSpec& spec, NetworkFindings& findings);

/// The same of a service in a network.
void apply_endpoint_options(const spec::StringMap& options, const std::string& path,
                            supervisor::Endpoint& endpoint, NetworkFindings& findings);

}  // namespace stack::orchestrator
