// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/log_view.h"
#include "cli/moment.h"
#include "cli/project.h"
#include "cli/signals.h"

namespace stack::cli {
namespace {

std::optional<std::size_t> tail_of(const Options& options) {
  if (options.tail.empty() || options.tail == "all") return std::nullopt;
  const auto lines = parse_integer<std::size_t>(options.tail);
  if (!lines) {
    throw Error(fmt::format("--tail takes a number of lines or \"all\", not \"{}\"", options.tail))
        .with_exit_code(ExitCode::usage);
  }
  return lines;
}

std::optional<int> number_of(const Options& options) {
  if (options.index.empty()) return std::nullopt;
  const auto number = parse_integer<int>(options.index);
  if (!number) throw Error("--index takes a number").with_exit_code(ExitCode::usage);
  if (options.arguments.size() != 1)
    throw Error("--index goes with the name of one service").with_exit_code(ExitCode::usage);
  return number;
}

}  // namespace

int run_logs(const Options& options) {
  LogRequest request;
  request.project = project_name(options);
  if (!options.arguments.empty()) request.services = services_of(options);
  request.container = options.container;
  request.tail = tail_of(options);
  request.since = moment_of(options.since, "--since");
  request.until = moment_of(options.until, "--until");
  request.number = number_of(options);
  if (!options.grep.empty()) request.pattern.emplace(options.grep);
  if (!options.format.empty() && options.format != "json" && options.format != "text")
    throw Error(fmt::format("--format is text or json, not {}", stack::quoted(options.format)))
        .with_exit_code(ExitCode::usage);
  const HostPaths paths = HostPaths::from_environment();
  check_services(request.project, options);
  if (!options.follow) {
    show_logs(paths, request, options);
    return 0;
  }
  count_interrupts();
  follow_logs(paths, request, options, [] { return interrupts() > 0 || hung_up(); });
  return interrupts() > 0 ? static_cast<int>(ExitCode::interrupted) : 0;
}

}  // namespace stack::cli
