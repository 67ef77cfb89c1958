// SPDX-License-Identifier: Apache-2.0
// Where the commands with -o put what they print.
#pragma once

#include <string>

namespace stack::cli {

/// To standard output, or into `file` when one is named. Throws Error when it cannot be written.
void write_output(const std::string& text, const std::string& file);

}  // namespace stack::cli
