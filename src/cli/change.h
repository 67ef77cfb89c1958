// SPDX-License-Identifier: Apache-2.0
// What commands that change what runs have in common: their flags read, their services checked,
// their outcome told.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/project.h"
#include "orchestrator/use_cases.h"

namespace stack::cli {

/// --timeout; throws Error (usage) when it is no number of seconds.
std::optional<std::chrono::nanoseconds> grace_of(const Options& options);
/// --wait-timeout, from now on; throws Error (usage) when it is no number of seconds, or --wait is
/// missing.
std::optional<std::chrono::steady_clock::time_point> wait_deadline(const Options& options);
/// Throws Error (usage) when --timeout, --wait-timeout or --parallel is no number: before anything
/// is done, whatever the command does with them later.
void check_numbers(const Options& options);
/// The services named on the command line; empty: all.
std::set<std::string> services_of(const Options& options);

/// Of the services named on the command line, those that have no container.
std::vector<std::string> without_container(const std::string& project, const Options& options);
/// What neither has a container nor is in the file was mistyped: throws Error.
void check_in_file(const std::vector<std::string>& services, const NamedProject& named);
/// Whom a command is about that acts on containers that are there.
struct Target {
  std::string project;
  std::optional<spec::Project> file;  ///< none: whatever has a container is ours
  std::set<std::string> services;     ///< empty: all
  bool is_nobody = false;             ///< none is named, and the file has none that is active
};
/// The services named, or else those of the file: neither those of profiles that are not active,
/// nor what the file does not have (any more). Throws Error ("no such service: X") for the latter
/// when it is named.
Target target_of(const Options& options);

/// As docker compose: throws Error for a service of which something is asked, although an `up` of
/// the services named has nothing to do with it.
void check_selected(const spec::Project& project, const std::vector<std::string>& services,
                    const Options& options);
/// Those of --scale.
void check_scaled(const spec::Project& project, const Options& options);

/// Both; reads the file only when a service has no container.
void check_services(const std::string& project, const Options& options);

/// What the flags of an `up` say.
orchestrator::UpRequest up_request(const Options& options);
/// Tells what stands in the way of an `up`, or what it met; the code for the shell.
int tell_outcome(const std::string& project, const orchestrator::UpResult& result);
/// The same of one that is there for the sake of one container: nothing to change is no news.
int tell_run(const orchestrator::UpResult& result);
void tell_problems(const std::vector<orchestrator::Problem>& problems);
void tell_warning(const orchestrator::Problem& warning);
void warn_of_orphans(const orchestrator::Plan& plan);

/// This machine, for a change that Ctrl-C or the end of our terminal breaks off (see
/// count_interrupts()). `progress` outlives it. With --dry-run the plan is shown, and nothing is
/// done.
orchestrator::Host interruptible_host(orchestrator::Report& progress, const Options& options = {});
void tell_who_is_waited_for(const std::string& holder);
/// What is done when somebody else changes the project: that is told; with --no-wait it is an Error
/// (ExitCode::try_again).
std::function<void(const std::string& holder)> on_busy(const Options& options);
/// On standard error, with its hint. One without a message has been told already.
void tell_error(const Error& error);
/// Does it for each name: tells a failure and goes on with the next, as docker does; the code for
/// the shell.
int each_of(const std::vector<std::string>& names,
            const std::function<void(const std::string& name)>& act);
/// Warns of `what`, and reads a line from standard input: whether it is a yes.
bool is_agreed_to(const char* what);
/// "y" or "yes".
bool is_yes(const std::string& answer);
/// Without any progress on the screen, as docker does to single containers. Throws what the plan
/// met, or that it was broken off.
void carry_out(const Options& options,
               const std::function<orchestrator::Execution(orchestrator::Host& host)>& use_case);
/// Tells the errors that a plan met; the code for the shell.
int conclude(const orchestrator::Execution& execution);

}  // namespace stack::cli
