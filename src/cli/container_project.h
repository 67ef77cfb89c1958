// SPDX-License-Identifier: Apache-2.0
// A container without a compose file as a project of one service, so that everything that is true
// of services is true of it: what its flags may say, how it is made, what is checked before.
#pragma once

#include <string>
#include <vector>

#include "cli/found_container.h"
#include "cli/options.h"
#include "spec/model.h"

namespace stack::cli {

/// `containers`: those there are, for --volumes-from. Throws Error (125, as docker).
spec::Project container_project(const Options& options, const std::string& name,
                                const std::vector<FoundContainer>& containers);

}  // namespace stack::cli
