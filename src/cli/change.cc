// SPDX-License-Identifier: Apache-2.0
#include "cli/change.h"

#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "cli/progress.h"
#include "cli/settings.h"
#include "cli/signals.h"
#include "orchestrator/no_such_service.h"
#include "supervisor/status.h"

namespace stack::cli {

namespace {

std::chrono::seconds seconds_of(const char* flag, const std::string& text) {
  const auto seconds = parse_integer<std::uint32_t>(text);
  if (!seconds) {
    throw Error(fmt::format("{} takes a number of seconds, not \"{}\"", flag, text))
        .with_exit_code(ExitCode::usage);
  }
  return std::chrono::seconds(*seconds);
}

std::size_t at_once_of(const Options& options) {
  if (options.parallel.empty() || options.parallel == "-1") return 0;
  const auto number = parse_integer<std::size_t>(options.parallel);
  if (!number || *number == 0)
    throw Error(fmt::format("--parallel takes a number from 1 on, or -1 for no limit, not {}",
                            stack::quoted(options.parallel)))
        .with_hint("COMPOSE_PARALLEL_LIMIT is it where the flag is not given")
        .with_exit_code(ExitCode::usage);
  return *number;
}

}  // namespace

std::optional<std::chrono::nanoseconds> grace_of(const Options& options) {
  if (options.timeout.empty()) return std::nullopt;
  return seconds_of("--timeout", options.timeout);
}

std::optional<std::chrono::steady_clock::time_point> wait_deadline(const Options& options) {
  if (options.wait_timeout.empty()) return std::nullopt;
  if (!options.wait) throw Error("--wait-timeout goes with --wait").with_exit_code(ExitCode::usage);
  return std::chrono::steady_clock::now() + seconds_of("--wait-timeout", options.wait_timeout);
}

void check_numbers(const Options& options) {
  grace_of(options);
  if (!options.wait_timeout.empty()) seconds_of("--wait-timeout", options.wait_timeout);
  at_once_of(options);
}

std::set<std::string> services_of(const Options& options) {
  return {options.arguments.begin(), options.arguments.end()};
}

std::vector<std::string> without_container(const std::string& project, const Options& options) {
  std::vector<std::string> services = options.arguments;
  if (services.empty()) return services;
  for (const auto& each : supervisor::read_containers(HostPaths::from_environment(), project,
                                                      supervisor::ConfigParts::summary)) {
    std::erase(services, each.config.service);
  }
  return services;
}

namespace {

/// Those that a provider has are among them.
std::set<std::string> active_services(const spec::Project& project) {
  std::set<std::string> services;
  for (const auto& [name, service] : project.services) services.insert(name);
  for (const auto& [name, provider] : project.providers) services.insert(name);
  return services;
}

/// Of the file, or else of the containers that there are.
std::set<std::string> known_services(const NamedProject& named) {
  if (named.project) return active_services(*named.project);
  std::set<std::string> services;
  for (const auto& each : supervisor::read_containers(HostPaths::from_environment(), named.name,
                                                      supervisor::ConfigParts::summary))
    services.insert(each.config.service);
  return services;
}

}  // namespace

void check_in_file(const std::vector<std::string>& services, const NamedProject& named) {
  if (services.empty()) return;
  const auto known = named.project ? active_services(*named.project) : std::set<std::string>();
  for (const auto& service : services) {
    if (known.contains(service)) continue;
    const auto all = known_services(named);
    throw orchestrator::NoSuchService(service, {all.begin(), all.end()});
  }
}

Target target_of(const Options& options) {
  Target target{project_to_change(options), project_in_force(options), services_of(options)};
  check_in_file(target.file ? options.arguments : without_container(target.project, options),
                {target.project, target.file});
  if (target.file && target.services.empty()) {
    target.services = active_services(*target.file);
    target.is_nobody = target.services.empty();
  }
  return target;
}

void check_selected(const spec::Project& project, const std::vector<std::string>& services,
                    const Options& options) {
  using orchestrator::Dependencies;
  const auto selected = orchestrator::select_services(
      project, options.arguments,
      options.no_deps ? Dependencies::left_out : Dependencies::included);
  for (const auto& name : services)
    if (!selected.contains(name))
      throw Error(fmt::format("no such service: {}: disabled", printable(name)))
          .with_hint("it is none of those that are named, and none of these depends on it");
}

void check_scaled(const spec::Project& project, const Options& options) {
  std::vector<std::string> scaled;
  for (const auto& [name, number] : scales_of(options.scales)) scaled.push_back(name);
  check_selected(project, scaled, options);
}

void check_services(const std::string& project, const Options& options) {
  const auto strangers = without_container(project, options);
  if (!strangers.empty()) check_in_file(strangers, load_named_project(options));
}

orchestrator::UpRequest up_request(const Options& options) {
  using namespace orchestrator;
  if (options.no_recreate && (options.force_recreate || options.always_recreate_deps))
    throw Error("--no-recreate does not go with --force-recreate and --always-recreate-deps")
        .with_exit_code(ExitCode::usage);
  if (options.no_recreate && options.renew_anonymous_volumes)
    throw Error("--no-recreate and --renew-anon-volumes exclude each other")
        .with_exit_code(ExitCode::usage);
  UpRequest request;
  request.services = options.arguments;
  request.with_dependencies = !options.no_deps;
  if (options.remove_orphans) request.orphans = Orphans::remove;
  if (options.force_recreate) request.recreation = Recreation::always;
  if (options.no_recreate) request.recreation = Recreation::never;
  request.renews_anonymous_volumes = options.renew_anonymous_volumes;
  if (options.rerun) request.reruns = Reruns::always;
  if (options.always_recreate_deps) request.recreation_of_dependencies = Recreation::always;
  if (options.atomic) request.atomicity = Atomicity::all;
  if (options.allow_host_paths) request.host_sources = HostSources::all;
  request.copy_volumes_from = options.copy_volumes_from;
  return request;
}

void tell_problems(const std::vector<orchestrator::Problem>& problems) {
  for (const auto& problem : problems) std::cerr << to_text(problem) << '\n';
}

namespace {

int refuse(const std::vector<orchestrator::Problem>& problems) {
  tell_problems(problems);
  std::cerr << "Nothing was changed.\n";
  return static_cast<int>(ExitCode::failure);
}

}  // namespace

int tell_run(const orchestrator::UpResult& result) {
  if (!result.problems.empty()) return refuse(result.problems);
  warn_of_orphans(result.plan);
  return conclude(result.execution);
}

int tell_outcome(const std::string& project, const orchestrator::UpResult& result) {
  if (!result.problems.empty()) return refuse(result.problems);
  warn_of_orphans(result.plan);
  const bool was_anything_done = !result.execution.results.empty();
  if (result.plan.empty() && !was_anything_done && result.execution.succeeded())
    std::cerr << fmt::format("Stack {}: nothing to change\n", project);
  return conclude(result.execution);
}

void tell_warning(const orchestrator::Problem& warning) {
  std::cerr << warning_text(warning) << '\n';
}

void warn_of_orphans(const orchestrator::Plan& plan) {
  if (plan.orphans.empty() || is_on(setting("IGNORE_ORPHANS"))) return;
  std::cerr << fmt::format(
      "warning: orphan containers, of no service of the file or of a run: {}\n"
      "  hint: --remove-orphans removes them\n",
      fmt::join(plan.orphans, ", "));
}

namespace {

/// What would be done, on standard output.
void show_planned(const orchestrator::Plan& plan) {
  if (plan.empty()) std::cout << "Nothing would be done\n";
  for (const auto& step : plan.steps) std::cout << ' ' << to_text(step.action) << '\n';
}

}  // namespace

orchestrator::Host interruptible_host(orchestrator::Report& progress, const Options& options) {
  orchestrator::Host host{HostPaths::from_environment(), progress,
                          [] { return interrupts() > 0 || hung_up(); }, on_busy(options)};
  host.at_once = at_once_of(options);
  if (options.dry_run) {
    host.effect = orchestrator::Effect::none;
    host.planned = show_planned;
  }
  return host;
}

void tell_who_is_waited_for(const std::string& holder) {
  std::cerr << "stack: waiting for " << holder << " to finish\n";
}

std::function<void(const std::string&)> on_busy(const Options& options) {
  if (!options.no_wait) return tell_who_is_waited_for;
  return [](const std::string& holder) {
    throw Error("the stack is locked by " + holder)
        .with_exit_code(ExitCode::try_again)
        .with_hint("without --no-wait it is waited for");
  };
}

void tell_error(const Error& error) {
  if (!error.message().empty()) std::cerr << "stack: error: " << error.what() << '\n';
  if (!error.hint().empty()) std::cerr << "  hint: " << error.hint() << '\n';
}

int each_of(const std::vector<std::string>& names,
            const std::function<void(const std::string& name)>& act) {
  int code = 0;
  for (const auto& name : names) {
    try {
      act(name);
    } catch (const Error& error) {
      tell_error(error);
      code = static_cast<int>(error.exit_code());
    }
  }
  return code;
}

void carry_out(const Options& options,
               const std::function<orchestrator::Execution(orchestrator::Host& host)>& use_case) {
  Options quiet;
  quiet.progress = "quiet";
  const auto progress = make_progress(quiet);
  orchestrator::Host host = interruptible_host(*progress);
  host.waiting = on_busy(options);
  const orchestrator::Execution execution = use_case(host);
  if (!execution.errors.empty()) throw execution.errors.front();
  if (!execution.cancelled_by.empty())
    throw Error("cancelled by " + execution.cancelled_by).with_exit_code(ExitCode::interrupted);
  if (execution.interrupted) throw Error("interrupted").with_exit_code(ExitCode::interrupted);
}

bool is_agreed_to(const char* what) {
  std::cerr << "WARNING! " << what << "\nAre you sure you want to continue? [y/N] ";
  std::string answer;
  std::getline(std::cin, answer);
  return is_yes(answer);
}

bool is_yes(const std::string& answer) {
  return to_lower(answer) == "y" || to_lower(answer) == "yes";
}

int conclude(const orchestrator::Execution& execution) {
  for (const auto& error : execution.errors) tell_error(error);
  if (!execution.cancelled_by.empty())
    std::cerr << fmt::format("stack: cancelled by {}\n", execution.cancelled_by);
  if (execution.interrupted) return static_cast<int>(ExitCode::interrupted);
  return execution.errors.empty() ? 0 : static_cast<int>(execution.errors.front().exit_code());
}

}  // namespace stack::cli
