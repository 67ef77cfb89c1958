// SPDX-License-Identifier: Apache-2.0
// Keys below `x-stack`, which only stack has; docker compose leaves them alone.
#pragma once

#include "spec/schema.h"

namespace stack::spec {

extern const Schema kStackServiceSchema;
extern const Schema kStackNetworkSchema;

/// The rows that have an effect, into a Service.
void assign_stack_keys(void* service, const Node& node);
/// The same of a Network.
void assign_stack_network_keys(void* network, const Node& node);

}  // namespace stack::spec
