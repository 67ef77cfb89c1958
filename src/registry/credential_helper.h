// SPDX-License-Identifier: Apache-2.0
// Programs that keep passwords: docker-credential-NAME, asked over standard input.
#pragma once

#include <optional>
#include <string>

#include "registry/credentials.h"

namespace stack::registry {

/// Nothing when it has none for that server. Throws Error when there is no such program, it fails,
/// or takes longer than 30 s.
std::optional<Credentials> ask_helper(const std::string& name, const std::string& server);
void store_with_helper(const std::string& name, const std::string& server,
                       const Credentials& credentials);
bool erase_with_helper(const std::string& name, const std::string& server);

}  // namespace stack::registry
