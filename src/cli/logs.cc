// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/log_view.h"
#include "cli/moment.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "supervisor/project_files.h"
#include "supervisor/timeline.h"

namespace stack::cli {
namespace {

std::optional<std::size_t> tail_of(const Options& options) {
  if (options.tail.empty() || options.tail == "all") return std::nullopt;
  const auto count = parse_integer<std::int64_t>(options.tail);
  if (count && *count < 0) return std::nullopt;  // docker's -1
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

std::vector<supervisor::Event> events_of(const std::string& project) {
  const supervisor::ProjectFiles files{HostPaths::from_environment(), project};
  supervisor::TimelineReader reader(files.events());
  std::vector<supervisor::Event> events;
  while (auto event = reader.next()) events.push_back(std::move(*event));
  return events;
}

/// Of a service that has containers, but none of that number, nobody will ever say anything.
void check_number(const LogRequest& request) {
  if (!request.number || !request.services || !request.container.empty()) return;
  const std::string& service = *request.services->begin();
  bool has_any = false;
  for (const auto& each : supervisor::read_containers(
           HostPaths::from_environment(), request.project, supervisor::ConfigParts::summary)) {
    if (each.config.service != service || !each.config.step.empty()) continue;
    if (each.config.number == *request.number) return;
    has_any = true;
  }
  if (has_any) fail("service \"{}\" is not running container #{}", service, *request.number);
}

/// --at, --between and --run.
void choose_moments(LogRequest& request, const Options& options) {
  const auto now = std::chrono::system_clock::now();
  const auto narrow = [&](const LogWindow& window) {
    const LogWindow both = common({request.since, request.until}, window);
    request.since = both.since;
    request.until = both.until;
  };
  if (!options.at.empty()) narrow(window_at(options.at, now));
  if (options.between.empty() && options.which_run.empty()) return;
  const auto events = events_of(request.project);
  if (!options.between.empty()) narrow(window_between(options.between, events, now));
  if (options.which_run.empty()) return;
  const auto run = parse_integer<int>(options.which_run);
  if (!run || *run == 0)
    throw Error("--run takes a number: -1 is the last run, -2 the one before, 1 the first")
        .with_exit_code(ExitCode::usage);
  request.runs = windows_of_run(*run, events);
}

}  // namespace

int run_timeline(const Options& options) {
  Options timed = options;
  timed.timestamps = timed.with_events = true;
  return run_logs(timed);
}

int run_logs(const Options& options) {
  LogRequest request;
  request.project = project_to_show(options);
  if (!options.arguments.empty()) request.services = services_of(options);
  request.container = options.container;
  request.earlier = options.container.empty();
  request.events = options.with_events;
  request.tail = tail_of(options);
  request.since = moment_of(options.since, "--since");
  request.until = moment_of(options.until, "--until");
  request.number = number_of(options);
  choose_moments(request, options);
  if (!options.grep.empty()) request.pattern.emplace(options.grep);
  if (!options.format.empty() && options.format != "json" && options.format != "text")
    throw Error(fmt::format("--format is text or json, not {}", stack::quoted(options.format)))
        .with_exit_code(ExitCode::usage);
  const HostPaths paths = HostPaths::from_environment();
  check_services(request.project, options);
  check_number(request);
  if (!options.follow) {
    show_logs(paths, request, options);
    return 0;
  }
  if (options.container.empty() && options.format != "json")
    request.exits_since = std::chrono::system_clock::now();
  count_interrupts();
  follow_logs(paths, request, options, [] { return interrupts() > 0 || hung_up(); });
  return interrupts() > 0 ? static_cast<int>(ExitCode::interrupted) : 0;
}

}  // namespace stack::cli
