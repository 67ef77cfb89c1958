// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/field_template.h"

namespace stack::cli {
namespace {

Fields version_fields() {
  utsname machine{};
  ::uname(&machine);
  return {{"Arch", machine.machine},
          {"KernelVersion", machine.release},
          {"Os", "linux"},
          {"Version", STACK_VERSION}};
}

}  // namespace

int run_version(const Options& options) {
  if (options.short_form) {
    std::cout << STACK_VERSION "\n";
  } else if (options.format.empty() || options.format == "text" || options.format == "pretty") {
    std::cout << "stack version " STACK_VERSION "\n";
  } else if (options.format == "json") {
    std::cout << "{\"version\":\"" STACK_VERSION "\"}\n";  // docker compose's one field
  } else {
    std::cout << format_rows(options.format, version_fields(), {}, {version_fields()});
  }
  return 0;
}

}  // namespace stack::cli
