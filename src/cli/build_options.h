// SPDX-License-Identifier: Apache-2.0
// What the flags of `image build` and `build` say, in the build's own terms.
#pragma once

#include "build/build_request.h"
#include "cli/options.h"

namespace stack::cli {

/// Flags that both commands have: --build-arg, --no-cache, --pull, --ssh, --memory.
void add_common_flags(const Options& options, build::BuildRequest& request);
/// The others of `image build`, but for the context.
void add_image_flags(const Options& options, build::BuildRequest& request);

/// KEY=VALUE, or KEY, whose value is the environment's. Nothing when the environment has none.
std::optional<std::pair<std::string, std::string>> argument_of(const std::string& text);

/// Throws Error for what others than we can do: --builder, --provenance, --sbom.
void check_builder(const Options& options);

/// Parses the Dockerfile and tells of habits that cause trouble. True when there are some.
bool tell_habits(const build::BuildRequest& request);
constexpr const char* no_habits = "Check complete, no warnings found.";

/// This machine's store, told about to `report`.
build::BuildSurroundings build_surroundings(build::BuildReport& report);

}  // namespace stack::cli
