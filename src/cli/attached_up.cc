// SPDX-License-Identifier: Apache-2.0
#include "cli/attached_up.h"

#include <signal.h>

#include <algorithm>
#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/leaving_keys.h"
#include "cli/log_view.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/watch.h"
#include "orchestrator/no_such_service.h"
#include "orchestrator/use_cases.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using supervisor::ObservedContainer;

bool ends_with_a_container(const Options& options) {
  return options.abort_on_exit || options.abort_on_failure || !options.exit_code_from.empty();
}

[[noreturn]] void refuse(const char* text) {
  throw Error(text).with_exit_code(ExitCode::usage);
}

void check_exclusions(const Options& options) {
  if (options.abort_on_exit && options.abort_on_failure)
    refuse("--abort-on-container-exit and --abort-on-container-failure exclude each other");
  const bool leaves = options.detach || options.wait || options.dry_run;
  if (leaves && ends_with_a_container(options) && !options.dry_run)
    refuse(
        "-d and --wait return at once: they do not go with --abort-on-container-exit, "
        "--abort-on-container-failure and --exit-code-from");
  const bool attaches = !options.attach.empty() || options.attach_dependencies;
  if (leaves && attaches && !options.dry_run)
    refuse("-d and --wait show no logs: they do not go with --attach and --attach-dependencies");
  if (leaves && options.watch && !options.dry_run)
    refuse("-d and --wait return at once: --watch does not go with them; see `stack watch`");
  if (!options.attach.empty() && options.attach_dependencies)
    refuse("--attach and --attach-dependencies exclude each other");
}

void check_known(const spec::Project& project, const std::vector<std::string>& services) {
  std::vector<std::string> known;
  for (const auto& [name, service] : project.services) known.push_back(name);
  for (const auto& name : services)
    if (!project.services.contains(name)) throw NoSuchService(name, known);
}

/// No more patience for those that are being stopped. What it comes to is told by the stop.
void kill_now(const std::string& project, const Options& options, const HostPaths& paths) {
  Report nobody;
  Host host{paths, nobody, [] { return false; }, tell_who_is_waited_for};
  kill(project, {services_of(options), SIGKILL}, host);
}

/// The services named on the command line, as docker compose has it; without any, all. Asked by
/// what the user typed: the first kill is no error of ours to report.
int stop_stack(const std::string& project, const Options& options, const HostPaths& paths) {
  // When Ctrl-C is why we stop, the second one kills; else the first.
  const int asked = std::min(interrupts(), 1);
  bool forced = false;
  SecondInterrupt second;
  const auto force = [&] {
    if (forced || interrupts() <= asked) return;
    forced = true;
    kill_now(project, options, paths);
    second.done();
  };
  const auto progress = make_progress(options, force);
  Host host{paths, *progress, [] { return false; }, tell_who_is_waited_for};
  return conclude(stop(project, services_of(options), grace_of(options), host));
}

void tell_of_stopping() {
  std::cerr << "Gracefully Stopping... press Ctrl+C again to force\n";
}

/// Whether the end of a container is one of those that take the stack with them.
class EndWatch {
 public:
  EndWatch(const spec::Project& project, const Options& options)
      : options_(options), any_(options.abort_on_exit || !options.exit_code_from.empty()) {
    for (const auto& [name, service] : project.services) {
      for (const auto& [needed, how] : service.depends_on)
        if (how.condition == spec::Condition::service_completed_successfully) jobs_.insert(needed);
    }
  }

  void see(const ObservedContainer& container) {
    if (culprit_code_ || !container.config.step.empty()) return;
    const int code = container.status.exit_code.value_or(unknown_end);
    // Others wait for such a job to end well: it is no reason to end them.
    const bool expected = code == 0 && jobs_.contains(container.config.service) &&
                          container.config.service != options_.exit_code_from;
    if (expected || (!any_ && !(options_.abort_on_failure && code != 0))) return;
    culprit_code_ = code;
    culprit_ = container.config.name;
  }

  bool is_over() const { return culprit_code_.has_value(); }
  int code() const { return culprit_code_.value_or(0); }
  const std::string& culprit() const { return culprit_; }

 private:
  static constexpr int unknown_end = static_cast<int>(ExitCode::runtime_error);
  const Options& options_;
  bool any_;
  std::set<std::string> jobs_;
  std::optional<int> culprit_code_;
  std::string culprit_;
};

/// Those that nobody has hidden in the file.
std::set<std::string> visible_services(const spec::Project& project, const Options& options) {
  auto services = select_services(
      project, options.arguments,
      options.attach_dependencies ? Dependencies::included : Dependencies::left_out);
  std::erase_if(services, [&](const auto& name) { return !project.services.at(name).attach; });
  return services;
}

/// Whose end may end the others: flags that choose whose logs are shown do not matter to it.
std::set<std::string> ending_services(const spec::Project& project, const Options& options) {
  auto services = visible_services(project, options);
  services.insert(options.attach.begin(), options.attach.end());
  if (!options.exit_code_from.empty()) services.insert(options.exit_code_from);
  return services;
}

/// Of --exit-code-from: its first container that did not end with 0, or 0.
int code_of_service(const std::string& project, const std::string& service,
                    const HostPaths& paths) {
  for (const auto& each :
       supervisor::read_containers(paths, project, supervisor::ConfigParts::summary)) {
    if (each.config.service != service || !each.config.step.empty()) continue;
    if (const int code = each.status.exit_code.value_or(0); code != 0) return code;
  }
  return 0;
}

}  // namespace

void check_attachment(const spec::Project& project, const Options& options) {
  check_exclusions(options);
  check_watch(project, options);
  check_known(project, options.attach);
  check_known(project, options.no_attach);
  if (options.exit_code_from.empty()) return;
  check_known(project, {options.exit_code_from});
  check_selected(project, {options.exit_code_from}, options);
}

std::set<std::string> attached_services(const spec::Project& project, const Options& options) {
  std::set<std::string> services(options.attach.begin(), options.attach.end());
  if (services.empty()) services = visible_services(project, options);
  for (const auto& name : options.no_attach) services.erase(name);
  return services;
}

int stop_half_made(const std::string& project, const Options& options, const HostPaths& paths) {
  // Without Ctrl-C it was our terminal that went: what runs by now stays.
  if (interrupts() == 0) return static_cast<int>(ExitCode::interrupted);
  tell_of_stopping();
  stop_stack(project, options, paths);
  return static_cast<int>(ExitCode::interrupted);
}

int stay_attached(const spec::Project& project, const Options& options, const HostPaths& paths,
                  std::chrono::system_clock::time_point since) {
  EndWatch ends(project, options);
  LogRequest request;
  request.project = project.name;
  request.since = since;
  request.exits_since = since;
  request.splits_streams = true;
  request.services = attached_services(project, options);
  request.awaited = select_services(project, options.arguments, Dependencies::left_out);
  request.ends_of = ending_services(project, options);
  if (ends_with_a_container(options))
    request.ended = [&](const ObservedContainer& container) { ends.see(container); };
  const WatchBeside watch(options);
  LeavingKeys keys;
  request.input = [&] { return keys.fd(); };
  bool interrupted = false;
  follow_logs(
      paths, request, options,
      [&] { return interrupts() > 0 || hung_up() || ends.is_over() || keys.typed(); },
      [&] {
        // Before anybody has a reason to leave at once: by the third Ctrl-C.
        keys.release();
        interrupted = interrupts() > 0;
        if (interrupted) {
          tell_of_stopping();
        } else if (ends.is_over()) {
          std::cerr << fmt::format("Aborting, because {} exited with code {}...\n", ends.culprit(),
                                   ends.code());
        } else {
          return;  // the terminal is gone, or wanted for something else: the stack stays
        }
        stop_stack(project.name, options, paths);
      });
  if (interrupted) return static_cast<int>(ExitCode::interrupted);
  return options.exit_code_from.empty()
             ? ends.code()
             : code_of_service(project.name, options.exit_code_from, paths);
}

}  // namespace stack::cli
