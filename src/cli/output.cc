// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <iostream>

#include "base/files.h"

namespace stack::cli {

Error unknown_format(const std::string& format, const char* known) {
  return Error(fmt::format("--format {} is not known: {}", format, known))
      .with_exit_code(ExitCode::usage);
}

void write_output(const std::string& text, const std::string& file) {
  if (file.empty()) {
    std::cout << text;
  } else {
    write_file_atomically(file, text, Durability::survives_crash, 0644);
  }
}

}  // namespace stack::cli
