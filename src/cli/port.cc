// SPDX-License-Identifier: Apache-2.0
// `stack port`, `stack open`: where a port of a service is published.
#include <iostream>

#include "base/error.h"
#include "cli/chosen_container.h"
#include "cli/command.h"
#include "cli/port_view.h"
#include "cli/project.h"

namespace stack::cli {

int run_open(const Options& options) {
  if (options.arguments.size() > 2)
    throw Error("open takes SERVICE and one PORT").with_exit_code(ExitCode::usage);
  std::optional<PrivatePort> wanted;
  if (options.arguments.size() == 2) wanted = parse_private_port(options.arguments[1], "");
  std::cout << address_to_open(chosen_container(project_name(options), options), wanted) << '\n';
  return 0;
}

int run_port(const Options& options) {
  if (options.arguments.size() > 2)
    throw Error("port takes SERVICE and one PORT").with_exit_code(ExitCode::usage);
  const bool all = options.arguments.size() < 2;
  PrivatePort wanted;
  if (!all) wanted = parse_private_port(options.arguments[1], options.protocol);
  const auto container = chosen_container(project_name(options), options);
  if (all) {
    std::cout << all_published(container);
  } else {
    std::cout << published_address(container, wanted) << '\n';
  }
  return 0;
}

}  // namespace stack::cli
