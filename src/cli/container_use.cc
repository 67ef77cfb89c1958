// SPDX-License-Identifier: Apache-2.0
// `stack container exec`, `logs` and their likes: what the command of the same name does to a
// service's container, done to one by its name.
#include <iostream>

#include "base/error.h"
#include "cli/command.h"
#include "cli/found_container.h"
#include "cli/log_details.h"
#include "cli/port_view.h"

namespace stack::cli {
namespace {

/// The first argument is the container's name.
Options about_first(const Options& options) {
  return options_about(find_container(options.arguments.front()), options);
}

/// CONTAINER:PATH as SERVICE:PATH; its id says which.
void translate(std::string& argument, Options& about) {
  const std::size_t colon = argument.find(':');
  if (colon == std::string::npos || argument.starts_with('/') || argument.starts_with('.')) return;
  const FoundContainer found = find_container(argument.substr(0, colon));
  about.project_name = found.project;
  about.container = found.container.config.id;
  argument = found.container.config.service + argument.substr(colon);
}

}  // namespace

int run_container_logs(const Options& options) {
  const FoundContainer found = find_container(options.arguments.front());
  Options about = options_about(found, options);
  about.index.clear();  // its id says which
  if (options.details) about.line_beginning = log_details(found.container) + " ";
  about.no_log_prefix = true;
  return run_logs(about);
}

/// docker gives it what is asked for, and not what we have.
int run_container_exec(const Options& options) {
  Options about = about_first(options);
  about.no_tty = !options.tty;
  return run_exec(about);
}

int run_container_attach(const Options& options) {
  return run_attach(about_first(options));
}

int run_container_cp(const Options& options) {
  if (options.arguments.size() != 2)
    throw Error("container cp takes a source and a destination")
        .with_hint("stack container cp CONTAINER:PATH PATH|-, or PATH|- CONTAINER:PATH")
        .with_exit_code(ExitCode::usage);
  Options about = options;
  for (std::string& argument : about.arguments) translate(argument, about);
  return run_cp(about);
}

int run_container_diff(const Options& options) {
  return run_diff(about_first(options));
}

int run_container_export(const Options& options) {
  return run_export(about_first(options));
}

int run_container_commit(const Options& options) {
  return run_commit(about_first(options));
}

int run_container_port(const Options& options) {
  if (options.arguments.size() > 2)
    throw Error("container port takes CONTAINER and one PORT").with_exit_code(ExitCode::usage);
  const FoundContainer found = find_container(options.arguments.front());
  if (options.arguments.size() == 1) {
    std::cout << all_published(found.container);
    return 0;
  }
  const PrivatePort wanted = parse_private_port(options.arguments[1], "");
  const auto addresses = all_published(found.container, wanted);
  if (addresses.empty())
    throw Error(fmt::format("No public port '{}/{}' published for {}", wanted.number,
                            wanted.protocol, options.arguments.front()));
  for (const auto& address : addresses) std::cout << address << '\n';
  return 0;
}

}  // namespace stack::cli
