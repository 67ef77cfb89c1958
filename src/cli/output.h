// SPDX-License-Identifier: Apache-2.0
// Where the commands with -o put what they print.
#pragma once

#include <string>

#include "base/error.h"

namespace stack::cli {

/// For --format: "--format xml is not known: text or json", with the exit code of wrong usage.
Error unknown_format(const std::string& format, const char* known);

/// To standard output, or into `file` when one is named. Throws Error when it cannot be written.
void write_output(const std::string& text, const std::string& file);

}  // namespace stack::cli
