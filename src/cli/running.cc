// SPDX-License-Identifier: Apache-2.0
// kill, restart, pause, unpause: what is done to containers that are there.
#include <signal.h>

#include <iostream>

#include "base/error.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "orchestrator/use_cases.h"
#include "runtime/signals.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

int wanted_signal(const Options& options) {
  if (options.signal.empty()) return SIGKILL;
  const auto number = runtime::signal_number(options.signal);
  if (!number) {
    throw Error(fmt::format("there is no signal \"{}\"", options.signal))
        .with_hint("names as SIGHUP or USR1, SIGRTMIN+3, or a number from 1 to 64")
        .with_exit_code(ExitCode::usage);
  }
  return *number;
}

/// Runs one use case with progress on the screen; the code for the shell.
template <typename UseCase>
int carry_out(const Options& options, UseCase use_case) {
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress, options);
  return conclude(use_case(host));
}

KillRequest kill_request(const Options& options, const Target& target) {
  if (options.arguments.empty() && options.remove_orphans) return {{}, wanted_signal(options)};
  return {target.services, wanted_signal(options)};
}

}  // namespace

int run_kill(const Options& options) {
  const Target target = target_of(options);
  const KillRequest request = kill_request(options, target);
  return carry_out(options, [&](Host& host) {
    Execution execution;
    if (!target.is_nobody || options.remove_orphans)
      execution = kill(target.project, request, host);
    if (execution.results.empty() && !options.dry_run) std::cerr << "No container to kill\n";
    return execution;
  });
}

int run_pause(const Options& options) {
  const Target target = target_of(options);
  if (target.is_nobody) return 0;
  return carry_out(options,
                   [&](Host& host) { return pause(target.project, target.services, host); });
}

int run_unpause(const Options& options) {
  const Target target = target_of(options);
  if (target.is_nobody) return 0;
  return carry_out(options,
                   [&](Host& host) { return unpause(target.project, target.services, host); });
}

int run_restart(const Options& options) {
  const Target target = target_of(options);
  if (target.is_nobody) return 0;
  RestartRequest request{target.services, grace_of(options), {}};
  if (target.file && !options.no_deps) request.links = restart_links(*target.file);
  return carry_out(options, [&](Host& host) { return restart(target.project, request, host); });
}

}  // namespace stack::cli
