// SPDX-License-Identifier: Apache-2.0
// What a person asks for, each as one readable flow: load has happened; desired -> observe -> diff
// -> plan -> (preflight, lock) -> execute.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "base/spans.h"
#include "orchestrator/execute.h"
#include "orchestrator/preflight.h"
#include "orchestrator/pull_plan.h"
#include "orchestrator/reruns.h"

namespace stack::orchestrator {

/// How `up` gets images.
struct PullImages {
  std::string policy = {};  ///< instead of the services' own; may be empty
  /// Fetches them, and returns why those failed that did, by image. Empty: nothing is fetched.
  std::function<std::map<std::string, std::string>(const std::vector<PullTask>&)> fetch = {};
};

/// Whether a plan is carried out, or only told to Host::planned.
enum class Effect { real, none };

/// What every use case needs of its surroundings.
struct Host {
  HostPaths paths;
  Report& report;
  std::function<bool()> interrupted;                ///< Ctrl-C was pressed
  std::function<void(const std::string&)> waiting;  ///< the project is locked by this holder
  Trace* trace = nullptr;                           ///< where up() notes what takes how long
  /// `up` is about to begin, or has been refused: each of UpResult::warnings.
  std::function<void(const Problem&)> warned = [](const Problem&) {};
  PullImages pull = {};
  /// This is about to be carried out; not told by `up`, which has `approve`.
  std::function<void(const Plan&)> planned = [](const Plan&) {};
  std::size_t at_once = 0;  ///< steps; 0: as many as there are
  /// `up` and `down` have previews of their own.
  Effect effect = Effect::real;
};

enum class Recreation { when_changed, always, never };
/// `nothing`: what is made is there to be started. With a one-off: what it depends on is started.
enum class Starting { all, nothing };

struct UpRequest {
  std::vector<std::string> services;  ///< empty: all
  bool with_dependencies = true;      ///< false: those of `services` alone
  Orphans orphans = Orphans::leave;
  Recreation recreation = Recreation::when_changed;  ///< of `services`
  /// Of what only others need; Recreation::never holds for all.
  Recreation recreation_of_dependencies = Recreation::when_changed;
  Reruns reruns = Reruns::when_needed;
  bool renews_anonymous_volumes = false;  ///< and recreates whoever has some
  Atomicity atomicity = Atomicity::each;
  HostSources host_sources = HostSources::careful;
  std::string what = "up";  ///< for the history
  /// Volumes that are made begin with this project's of the same key; empty: with the image's
  /// files.
  std::string copy_volumes_from = {};
  /// Asked when all is decided, under the project's lock if there is something to do; throws Error
  /// to have none of it.
  std::function<void(const struct UpResult&)> approve = {};
  /// Conditions of dependencies that have not come true by then have failed.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  Starting starting = Starting::all;
  /// `run`: this container, and what its service depends on; `services` does not count.
  std::optional<OneOff> one_off = {};
};

struct UpResult {
  DesiredState desired;
  Changes changes;
  Plan plan;
  std::vector<Problem> problems;  ///< when there are any, nothing was done
  std::vector<Problem> warnings;  ///< limits that this machine does not keep
  Execution execution;
};

/// What `up` would do, with every reason; touches nothing.
UpResult preview(const spec::Project& project, const UpRequest& request, const HostPaths& paths);
/// Does it. What this machine will not keep is told before anything is made. An empty plan takes no
/// lock, starts no process and writes no file.
UpResult up(const spec::Project& project, const UpRequest& request, Host& host);

struct DownResult {
  Plan plan;
  Execution execution;
};
/// What `down` would do; touches nothing.
DownResult preview_down(const std::string& name, const spec::Project* project, DownPolicy policy,
                        const HostPaths& paths);
/// `project`: when there is a file that loads; without one everything of the name goes.
DownResult down(const std::string& name, const spec::Project* project, DownPolicy policy,
                Host& host);

Execution stop(const std::string& name, const std::set<std::string>& services,
               std::optional<std::chrono::nanoseconds> grace, Host& host);
/// `rm`: of these containers, those that do not run, or (RemoveRequest::stops) all.
Execution remove(const std::string& name, const RemoveRequest& request, Host& host);
enum class Locked : bool { no, yes };
/// Does this to single containers of a project, one after the other. `no`: although somebody else
/// changes the project right now, as kill() does.
Execution act_on(const std::string& name, const std::vector<Action>& actions, Locked locked,
                 Host& host);
/// Takes the project away if it has no container any more.
void retire(const std::string& name, Host& host);
struct StartRequest {
  std::vector<std::string> services;  ///< empty: all
  bool wait = false;                  ///< until they are ready: see wait.h
  std::optional<std::chrono::steady_clock::time_point> deadline = {};  ///< of every wait
};
/// Every container of those services and of what they depend on, whatever the file says of their
/// number. Throws Error when one of these services has none.
Execution start(const spec::Project& project, const StartRequest& request, Host& host);
/// The same without a file: what depends on what is as it was when the containers were made, and
/// no condition is waited for.
Execution start_made(const std::string& project, const std::vector<std::string>& services,
                     Host& host);

/// After the machine has started: services of which a container does not run although its restart
/// policy is `always`, or `unless-stopped` and nobody stopped it.
std::set<std::string> services_to_boot(const ObservedState& observed);
/// The same of what is recorded of a project.
std::set<std::string> services_to_boot(const HostPaths& paths, const std::string& name);
/// Starts those, dependencies first; one that is not among them is not waited for, as nothing of
/// it runs. Does nothing when there are none.
Execution boot(const spec::Project& project, Host& host);

struct KillRequest {
  std::set<std::string> services;  ///< empty: all
  int signal = 0;
};
/// These wait for no lock: a stack that is stuck in an `up` can be killed.
Execution kill(const std::string& name, const KillRequest& request, Host& host);
Execution pause(const std::string& name, const std::set<std::string>& services, Host& host);
Execution unpause(const std::string& name, const std::set<std::string>& services, Host& host);

/// RestartRequest::links as the file has them.
std::map<std::string, std::map<std::string, spec::Dependency>> restart_links(
    const spec::Project& project);
Execution restart(const std::string& name, const RestartRequest& request, Host& host);

/// The images that the services name, as far as they exist.
ImageCatalog find_images(const spec::Project& project, const std::set<std::string>& services,
                         const HostPaths& paths);

}  // namespace stack::orchestrator
