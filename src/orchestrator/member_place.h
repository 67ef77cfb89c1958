// SPDX-License-Identifier: Apache-2.0
// Where a file says what a service's description has. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spec/source_map.h"

namespace stack::orchestrator {

/// Of "mem_limit" or "ports.2" below `prefix` ("services.web."): its own place, or that of what
/// says the same elsewhere in the service (`deploy`, `tmpfs`, `build`), or the nearest one above
/// it.
std::optional<spec::Origin> place_of_member(const spec::SourceMap& sources, std::string_view prefix,
                                            std::string_view path);

}  // namespace stack::orchestrator
