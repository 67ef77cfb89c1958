// SPDX-License-Identifier: Apache-2.0
// Values with every member set, for tests that nothing gets lost on its way.
#pragma once

#include "supervisor/container_config.h"
#include "supervisor/status.h"

namespace stack::supervisor {

ContainerConfig full_config();
NetworkConfig full_network();
ContainerStatus full_status();

}  // namespace stack::supervisor
