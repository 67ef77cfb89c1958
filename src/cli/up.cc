// SPDX-License-Identifier: Apache-2.0
// up, down, stop, start: the commands that change what runs.
#include <unistd.h>

#include <iostream>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/log_view.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "cli/style.h"
#include "cli/trace_file.h"
#include "orchestrator/traced_report.h"
#include "orchestrator/use_cases.h"
#include "orchestrator/wait.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

int refuse(const std::vector<Problem>& problems) {
  for (const auto& problem : problems) std::cerr << to_text(problem) << '\n';
  std::cerr << "Nothing was changed.\n";
  return static_cast<int>(ExitCode::failure);
}

void warn_of_orphans(const Plan& plan) {
  if (plan.orphans.empty()) return;
  std::cerr << fmt::format(
      "warning: orphan containers, whose services are not in the file: {}\n"
      "  hint: --remove-orphans removes them\n",
      fmt::join(plan.orphans, ", "));
}

UpRequest up_request(const Options& options) {
  UpRequest request;
  request.services = options.arguments;
  if (options.remove_orphans) request.orphans = Orphans::remove;
  if (options.force_recreate) request.recreation = Recreation::always;
  if (options.no_recreate) request.recreation = Recreation::never;
  if (options.allow_host_paths) request.host_sources = HostSources::all;
  request.deadline = wait_deadline(options);
  return request;
}

/// Ctrl-C on an attached `up`: stop in order; once more: kill.
int stop_after_interrupt(const std::string& project, const Options& options,
                         const HostPaths& paths) {
  std::cerr << "Gracefully Stopping... press Ctrl+C again to force\n";
  const int seen = interrupts();
  bool forced = false;
  const auto force = [&] {
    if (forced || interrupts() == seen) return;
    forced = true;
    kill_all(paths, project);
  };
  const auto progress = make_progress(options, force);
  Host host{paths, *progress, [] { return false; }, tell_who_is_waited_for};
  stop(project, {}, grace_of(options), host);
  return static_cast<int>(ExitCode::interrupted);
}

int attach(const spec::Project& project, const Options& options, const HostPaths& paths,
           std::chrono::system_clock::time_point since) {
  LogRequest request;
  request.project = project.name;
  request.since = since;
  request.announce_exits = true;
  request.services.insert(options.arguments.begin(), options.arguments.end());
  int code = 0;
  follow_logs(
      paths, request, options, [] { return interrupts() > 0 || hung_up(); },
      [&] {
        if (interrupts() > 0) code = stop_after_interrupt(project.name, options, paths);
      });
  return code;
}

spec::Project load_traced(const Options& options, Trace* trace) {
  const Timed timed(spans_of(trace, command_group), command_row, "load");
  return load_project(options);
}

UpResult up_traced(const spec::Project& project, const UpRequest& request, const Options& options,
                   Trace* trace) {
  const auto progress = make_progress(options);
  std::optional<TracedReport> traced;
  if (trace != nullptr) traced.emplace(*progress, *trace);
  Host host = interruptible_host(traced ? *traced : *progress);
  host.trace = trace;
  host.warned = [](const Problem& warning) { std::cerr << warning_text(warning) << '\n'; };
  return up(project, request, host);
}

int wait_for(const DesiredState& desired, const UpRequest& request, const Options& options) {
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress);
  return conclude(wait_until_ready(desired, request.deadline, host));
}

}  // namespace

int run_up(const Options& options) {
  const auto began = std::chrono::system_clock::now();
  TraceFile trace(options.trace);
  const spec::Project project = load_traced(options, trace.trace());
  const HostPaths paths = HostPaths::from_environment();
  const UpRequest request = up_request(options);
  count_interrupts();
  const UpResult result = up_traced(project, request, options, trace.trace());
  trace.write();
  if (!result.problems.empty()) return refuse(result.problems);
  warn_of_orphans(result.plan);
  if (result.plan.empty()) std::cerr << fmt::format("Stack {}: nothing to change\n", project.name);
  if (const int code = conclude(result.execution); code != 0) return code;
  if (options.wait) return wait_for(result.desired, request, options);
  return options.detach ? 0 : attach(project, options, paths, began);
}

int run_down(const Options& options) {
  const NamedProject named = load_named_project(options);
  check_in_file(without_container(named.name, options), named);
  DownPolicy policy;
  if (options.remove_orphans) policy.orphans = Orphans::remove;
  policy.volumes = options.volumes;
  policy.grace = grace_of(options);
  policy.services.insert(options.arguments.begin(), options.arguments.end());
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress);
  const DownResult result =
      down(named.name, named.project ? &*named.project : nullptr, policy, host);
  warn_of_orphans(result.plan);
  for (const auto& network : result.plan.networks_in_use)
    std::cerr << fmt::format("Network {}  Resource is still in use\n", network);
  if (result.plan.empty()) std::cerr << fmt::format("Stack {}: nothing to remove\n", named.name);
  if (!result.kept_volumes.empty()) {
    std::cerr << fmt::format("Volumes kept: {} (`stack down -v` removes them)\n",
                             fmt::join(result.kept_volumes, ", "));
  }
  return conclude(result.execution);
}

int run_stop(const Options& options) {
  const std::string name = project_name(options);
  check_services(name, options);
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress);
  return conclude(stop(name, services_of(options), grace_of(options), host));
}

int run_start(const Options& options) {
  const spec::Project project = load_project(options);
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress);
  return conclude(start(project, {options.arguments, options.wait, wait_deadline(options)}, host));
}

}  // namespace stack::cli
