// SPDX-License-Identifier: Apache-2.0
// up, down, stop, start: the commands that change what runs.
#include <unistd.h>

#include <iostream>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/attached_up.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/lock.h"
#include "cli/plan_view.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/project_pull.h"
#include "cli/removed_images.h"
#include "cli/service_images.h"
#include "cli/settled.h"
#include "cli/signals.h"
#include "cli/style.h"
#include "cli/trace_file.h"
#include "cli/up_summary.h"
#include "orchestrator/plan_file.h"
#include "orchestrator/traced_report.h"
#include "orchestrator/use_cases.h"
#include "orchestrator/wait.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

/// Of --plan; none: there is none.
std::optional<PlanFile> planned_by(const Options& options) {
  if (options.plan.empty()) return std::nullopt;
  return read_plan_file(options.plan);
}

/// Refuses what has become of the plan since it was made.
void require_planned(UpRequest& request, const std::string& project, const PlanFile& planned) {
  const auto host_sources = request.host_sources;
  request = planned.request;
  request.host_sources = host_sources;
  request.what = "up --plan";
  request.approve = [planned, project, asked = planned.request](const UpResult& result) {
    const auto difference = first_difference(planned, plan_file(project, asked, result));
    if (difference.empty()) return;
    throw Error("the plan no longer holds: " + difference)
        .with_hint("`stack plan --out` makes a new one; nothing was changed");
  };
}

/// The project is read as it was for the plan, unless the command line says otherwise.
Options as_planned(Options options, const std::optional<PlanFile>& planned) {
  if (!planned) return options;
  if (options.scales.empty()) options.scales = planned->scales;
  if (options.profiles.empty()) options.profiles = planned->profiles;
  if (options.arguments.empty()) options.arguments = planned->request.services;
  return options;
}

UpRequest asked_for(const Options& options, const std::string& project,
                    const std::optional<PlanFile>& planned) {
  UpRequest request = up_request(options);
  if (planned) require_planned(request, project, *planned);
  request.deadline = wait_deadline(options);
  return request;
}

spec::Project load_traced(const Options& options, Trace* trace, Settling& settling) {
  const Timed timed(spans_of(trace, command_group), command_row, "load");
  std::string words;
  spec::Project project = load_project(options, &words);
  settling.loaded(project.name, std::move(words));
  return project;
}

UpResult up_traced(const spec::Project& project, const UpRequest& request, const Options& options,
                   Trace* trace) {
  const auto progress = make_progress(options);
  std::optional<TracedReport> traced;
  if (trace != nullptr) traced.emplace(*progress, *trace);
  Host host = interruptible_host(traced ? *traced : *progress, options);
  host.trace = trace;
  host.warned = tell_warning;
  host.pull = pull_images(options);
  return up(project, request, host);
}

std::string text_of_removed(const volumes::VolumeStore& store, const std::string& name) {
  const auto volume = store.find(name);
  if (volume && !volume->options.empty()) return name + " (not what is behind its device)";
  return fmt::format("{} ({})", name, human_size(store.size(name)));
}

/// Before it happens: what is in them, and whether it can be had back.
void tell_volumes_that_go(const Plan& plan) {
  const volumes::VolumeStore store(HostPaths::from_environment().volumes());
  std::vector<std::string> kept, lost;
  for (const Step& step : plan.steps) {
    const auto* const removal = std::get_if<RemoveVolume>(&step.action);
    if (removal == nullptr) continue;
    const auto volume = store.find(removal->name);
    // An empty one is not kept.
    const bool has_content = volume && !list_directory(volume->data).empty();
    (removal->for_good || !has_content ? lost : kept)
        .push_back(text_of_removed(store, removal->name));
  }
  if (!lost.empty()) std::cerr << fmt::format("Volumes deleted: {}\n", fmt::join(lost, ", "));
  if (!kept.empty())
    std::cerr << fmt::format(
        "Volumes removed: {}; for 7 days `stack volume restore NAME` brings them back\n",
        fmt::join(kept, ", "));
}

/// For a person: what runs now, and where to find it. Whoever reads progress by program or from a
/// file asks `stack ps`.
void tell_where(const spec::Project& project, const UpResult& result, const Options& options,
                std::chrono::system_clock::time_point began) {
  const int fd = options.progress_on_stdout ? STDOUT_FILENO : STDERR_FILENO;
  if (!shows_live_progress(fd, options)) return;
  const auto containers = supervisor::read_containers(HostPaths::from_environment(), project.name,
                                                      supervisor::ConfigParts::summary);
  std::ostream& screen = options.progress_on_stdout ? std::cout : std::cerr;
  screen << (result.plan.empty()
                 ? address_lines(project, containers)
                 : up_summary(project, containers, std::chrono::system_clock::now() - began))
         << std::flush;
}

int wait_for(const DesiredState& desired, const UpRequest& request, const Options& options) {
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress, options);
  return conclude(wait_until_ready(desired, request.deadline, host));
}

void require_services(const spec::Project& project) {
  if (project.services.empty() && project.providers.empty()) throw Error("no service selected");
}

}  // namespace

int run_up(const Options& typed) {
  const std::optional<PlanFile> planned = planned_by(typed);
  const Options options = as_planned(typed, planned);
  if (options.no_start && options.wait)
    throw Error("--no-start and --wait exclude each other").with_exit_code(ExitCode::usage);
  if (options.no_start) return run_create(options);
  Settling settling(options);
  if (const auto words = settling.recall()) {
    std::cerr << *words;
    return 0;
  }
  const auto began = std::chrono::system_clock::now();
  settling.follow();
  TraceFile trace(options.trace);
  const spec::Project project = load_traced(options, trace.trace(), settling);
  require_services(project);
  check_attachment(project, options);
  check_scaled(project, options);
  const HostPaths paths = HostPaths::from_environment();
  if (options.locked) require_locked(project, options);
  const UpRequest request = asked_for(options, project.name, planned);
  // A plan was made for the images that there were.
  if (options.plan.empty() && !provide_images(project, options)) return 0;
  if (options.dry_run) return show_preview(project, request, options);
  count_interrupts();
  const UpResult result = up_traced(project, request, options, trace.trace());
  trace.write();
  const bool attached = !options.detach && !options.wait;
  if (const int code = tell_outcome(project.name, result); code != 0)
    return attached && result.execution.interrupted ? stop_half_made(project.name, options, paths)
                                                    : code;
  if (options.wait) {
    if (const int code = wait_for(result.desired, request, options); code != 0) return code;
  }
  tell_where(project, result, options, began);
  settling.remember(project, request, result);
  return options.detach || options.wait ? 0 : stay_attached(project, options, paths, began);
}

int run_create(const Options& options) {
  const spec::Project project = load_project(options);
  check_scaled(project, options);
  UpRequest request = asked_for(options, project.name, planned_by(options));
  request.starting = Starting::nothing;
  request.what = "create";
  if (options.locked) require_locked(project, options);
  if (!provide_images(project, options)) return 0;
  if (options.dry_run) return show_preview(project, request, options);
  count_interrupts();
  return tell_outcome(project.name, up_traced(project, request, options, nullptr));
}

int run_scale(const Options& options) {
  Options wanted = options;
  wanted.scales = std::exchange(wanted.arguments, {});
  wanted.detach = true;
  for (const auto& [name, number] : load_request(wanted).scales) wanted.arguments.push_back(name);
  return run_up(wanted);
}

int run_down(const Options& options) {
  const std::string& images = options.image;  // of --rmi
  check_image_removal(images);
  const NamedProject named = load_named_project(options);
  check_in_file(named.project ? options.arguments : without_container(named.name, options), named);
  DownPolicy policy;
  if (options.remove_orphans) policy.orphans = Orphans::remove;
  policy.volumes = options.volumes;
  policy.now = options.now;
  policy.grace = grace_of(options);
  policy.services.insert(options.arguments.begin(), options.arguments.end());
  policy.name = is_project_said(options) ? DownPolicy::Name::said : DownPolicy::Name::of_the_file;
  const spec::Project* const project = named.project ? &*named.project : nullptr;
  if (options.dry_run) {
    const Plan plan = preview_down(named.name, project, policy, HostPaths::from_environment()).plan;
    const int code = show_steps(named.name, plan);
    if (named.project) show_images_that_go(*named.project, images, plan, options);
    return code;
  }
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress, options);
  if (options.volumes) host.planned = tell_volumes_that_go;
  const DownResult result = down(named.name, project, policy, host);
  warn_of_orphans(result.plan);
  for (const auto& network : result.plan.networks_in_use)
    std::cerr << fmt::format("Network {}  Resource is still in use\n", network);
  for (const auto& volume : result.plan.volumes_in_use)
    std::cerr << fmt::format("Volume {}  Resource is still in use\n", volume);
  if (result.plan.empty()) std::cerr << fmt::format("Stack {}: nothing to remove\n", named.name);
  if (!result.plan.volumes_kept.empty()) {
    std::cerr << fmt::format("Volumes kept: {} (`stack down -v` removes them)\n",
                             fmt::join(result.plan.volumes_kept, ", "));
  }
  if (named.project && result.execution.succeeded())
    remove_images_of(*named.project, images, options);
  return conclude(result.execution);
}

int run_stop(const Options& options) {
  const Target target = target_of(options);
  if (target.is_nobody) return 0;
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress, options);
  return conclude(stop(target.project, target.services, grace_of(options), host));
}

int run_start(const Options& options) {
  const StartRequest request{options.arguments, options.wait, wait_deadline(options)};
  const bool has_file = !is_known_by_containers(options) &&
                        (options.project_name.empty() || spec::has_file(load_request(options)));
  const auto project = has_file ? std::optional(load_without_env_files(options)) : std::nullopt;
  if (!project && options.wait)
    throw Error("start --wait needs the stack file: `-f` says where it is")
        .with_exit_code(ExitCode::usage);
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress, options);
  return conclude(project ? start(*project, request, host)
                          : start_made(project_name(options), request.services, host));
}

}  // namespace stack::cli
