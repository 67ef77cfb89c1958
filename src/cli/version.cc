// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/field_template.h"
#include "image/image_document.h"

namespace stack::cli {
namespace {

/// What scripts for docker ask of its two halves, which are one here.
nlohmann::ordered_json half_json(const utsname& machine) {
  return {{"Platform", {{"Name", "stack"}}},
          {"Version", STACK_VERSION},
          {"Os", "linux"},
          {"Arch", image::oci_architecture()},
          {"KernelVersion", std::string(machine.release)}};
}

nlohmann::ordered_json version_json() {
  utsname machine{};
  ::uname(&machine);
  nlohmann::ordered_json client = half_json(machine);
  client["Context"] = "default";
  return {{"Arch", std::string(machine.machine)},
          {"KernelVersion", std::string(machine.release)},
          {"Os", "linux"},
          {"Version", STACK_VERSION},
          {"Client", std::move(client)},
          {"Server", half_json(machine)}};
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
    std::cout << format_objects(options.format, {}, {}, {version_json()});
  }
  return 0;
}

}  // namespace stack::cli
