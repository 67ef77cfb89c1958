// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli/command.h"

namespace stack::cli {

int run_version(const Options& options) {
  if (options.format == "json") {
    std::cout << "{\"version\":\"" STACK_VERSION "\"}\n";
  } else if (options.short_form) {
    std::cout << STACK_VERSION "\n";
  } else {
    std::cout << "stack version " STACK_VERSION "\n";
  }
  return 0;
}

}  // namespace stack::cli
