// SPDX-License-Identifier: Apache-2.0
// `userns_mode`: whether the ids of a container are the host's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "spec/model.h"
#include "spec/reporter.h"

namespace stack::spec {

/// How many ids a container of that mode has for itself: 65536 for "auto", N for "auto:size=N".
/// Nothing when its ids are the host's, or when the text is no mode.
std::optional<std::uint32_t> id_count(std::string_view mode);

/// What cannot be together with ids of its own in one service, and between services that share
/// namespaces.
void check_user_namespaces(const Project& project, Reporter& reporter);

}  // namespace stack::spec
