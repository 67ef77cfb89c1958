// SPDX-License-Identifier: Apache-2.0
// The hash by which docker compose tells whether a service has changed (`config --hash`, the label
// com.docker.compose.config-hash): SHA-256 of the service as compact JSON, its keys in the order of
// compose-go's structures.
#pragma once

#include <string>
#include <string_view>

#include "spec/model.h"

namespace stack::spec {

/// The text that is hashed. Left out, as by docker compose: build, depends_on, profiles,
/// pull_policy, scale and deploy.replicas, which change no container. `project` must have been
/// loaded without Stages::read_env_files; empty when there is no such service.
std::string hashed_text(const Project& project, std::string_view service);

}  // namespace stack::spec
