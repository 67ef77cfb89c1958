// SPDX-License-Identifier: Apache-2.0
// `stack container exec`, `logs` and their likes: what the command of the same name does to a
// service's container, done to one by its name.
#include "base/error.h"
#include "cli/command.h"
#include "cli/found_container.h"
#include "orchestrator/one_off.h"

namespace stack::cli {
namespace {

/// The first argument is the container's name.
Options about_first(const Options& options) {
  return options_about(find_container(options.arguments.front()), options);
}

/// Files are copied by service and number, which a one-off has not.
void require_service(const FoundContainer& found) {
  if (supervisor::is_one_off(found.container.config))
    throw Error(fmt::format("{} is of `stack run`: its files cannot be looked at yet",
                            found.container.config.name))
        .with_hint("`stack container exec` works while it runs");
}

/// CONTAINER:PATH as SERVICE:PATH.
void translate(std::string& argument, Options& about) {
  const std::size_t colon = argument.find(':');
  if (colon == std::string::npos || argument.starts_with('/') || argument.starts_with('.')) return;
  const FoundContainer found = find_container(argument.substr(0, colon));
  require_service(found);
  about.project_name = found.project;
  about.index = fmt::format("{}", found.container.config.number);
  argument = found.container.config.service + argument.substr(colon);
}

}  // namespace

int run_container_logs(const Options& options) {
  Options about = about_first(options);
  about.index.clear();  // its id says which
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
  Options about = options;
  for (std::string& argument : about.arguments) translate(argument, about);
  return run_cp(about);
}

int run_container_diff(const Options& options) {
  require_service(find_container(options.arguments.front()));
  return run_diff(about_first(options));
}

int run_container_port(const Options& options) {
  return run_port(about_first(options));
}

int run_container_top(const Options& options) {
  Options about = about_first(options);
  about.arguments.resize(1);
  return run_top(about);
}

int run_container_stats(const Options& options) {
  if (options.arguments.size() != 1)
    throw Error("stack container stats takes one container as yet")
        .with_hint("`stack stats` shows all of a stack")
        .with_exit_code(ExitCode::usage);
  return run_stats(about_first(options));
}

int run_container_rename(const Options&) {
  throw Error("containers cannot be renamed yet")
      .with_hint("`stack container commit`, then `run --name` makes another one of its files");
}

}  // namespace stack::cli
