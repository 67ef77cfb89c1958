// SPDX-License-Identifier: Apache-2.0
// The command table as documents: docs/commands.md and manual pages. Pure.
#pragma once

#include <map>
#include <string>

namespace stack::cli {

/// docs/commands.md: the comparison with docker compose, flag by flag, then every command.
std::string reference_markdown();

/// Manual pages in troff, by file name: "stack.1", "stack-up.1", "stack-image-ls.1".
std::map<std::string, std::string> manual_pages();

}  // namespace stack::cli
