// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/files.h"
#include "cli/command.h"
#include "spec/json_schema.h"

namespace stack::cli {

int run_schema(const Options& options) {
  const auto text = spec::json_schema();
  if (options.output.empty()) {
    std::cout << text;
  } else {
    write_file_atomically(options.output, text, Durability::survives_crash, 0644);
  }
  return 0;
}

}  // namespace stack::cli
