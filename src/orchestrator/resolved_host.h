// SPDX-License-Identifier: Apache-2.0
// Names of other hosts, where the kernel or a protocol wants an address.
#pragma once

#include <string>

namespace stack::orchestrator {

/// The address of `host`, which may be one already. Throws Error beginning with `what` asked for
/// it.
std::string resolve_host(const std::string& host, const std::string& what);

}  // namespace stack::orchestrator
