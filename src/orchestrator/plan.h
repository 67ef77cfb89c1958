// SPDX-License-Identifier: Apache-2.0
// The plan: everything that will be done, in which order, and why; nothing else will be. Data made
// by pure functions, printed by `stack plan`, executed word for word by `stack up`.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "orchestrator/diff.h"
#include "supervisor/client.h"

namespace stack::orchestrator {

using StepId = std::size_t;

struct CreateNetwork {
  std::string name;
  bool as_before = false;  ///< as it was observed, and not as it is wished for
};
struct RemoveNetwork {
  std::string name;
};
struct CreateVolume {
  std::string name;
};
struct RemoveVolume {
  std::string name;
  bool for_good = false;  ///< not kept for a while
};
struct CreateContainer {
  std::string name;
};
/// Limits, rules and aliases changed in place.
struct UpdateContainer {
  std::string name;
  bool texts_at_once = false;  ///< configs and secrets too; otherwise for its next start
  bool as_before = false;      ///< what this plan has changed of it is changed back
};
struct StartContainer {
  std::string name;
};
struct StopContainer {
  std::string name;
  std::optional<std::chrono::nanoseconds> grace;  ///< instead of the container's own
};
struct RemoveContainer {
  std::string name;
};
/// A container goes on under supervisor::aside_name() while another one takes its place.
struct SetContainerAside {
  std::string name;
  std::string aside;
  /// `kept`: both run for a while; `given_up`: others than its successor get them.
  supervisor::SetContainerAside::Addresses addresses =
      supervisor::SetContainerAside::Addresses::left;
  std::string successor = {};  ///< empty: of the same name
};
/// It has its name back, and whoever took its place is gone.
struct BringContainerBack {
  std::string name;
  std::string aside;
  std::string successor = {};  ///< empty: of the same name
};
/// What was started has come to rest, or has ended well, and does not fail for `monitor` after
/// that.
struct AwaitSettled {
  std::string name;
  std::chrono::nanoseconds monitor{};
};
/// More of a service's containers may give way to others: so long after those before them.
struct AwaitTurn {
  std::string name;  ///< of the service
  std::chrono::nanoseconds delay{};
};
struct AwaitCondition {
  std::string name;
  spec::Condition condition = spec::Condition::service_healthy;
  bool required = true;  ///< false: a failure is a warning, and what waits goes on
};
struct SignalContainer {
  std::string name;
  int signal = 0;
};
struct PauseContainer {
  std::string name;
};
struct UnpauseContainer {
  std::string name;
};
/// Somebody else's program is asked for a service; see provider_engine.h.
struct RunProvider {
  enum class Command { up, down, stop };
  std::string name;  ///< of the service
  Command command = Command::up;
};
using Action =
    std::variant<CreateNetwork, RemoveNetwork, CreateVolume, RemoveVolume, CreateContainer,
                 StartContainer, StopContainer, RemoveContainer, AwaitCondition, SignalContainer,
                 PauseContainer, UnpauseContainer, UpdateContainer, SetContainerAside,
                 BringContainerBack, AwaitSettled, AwaitTurn, RunProvider>;

struct Step {
  Action action;
  std::string because;
  std::vector<StepId> after;  ///< runs when all of these have succeeded; always smaller ids
  /// Not empty: it runs only when one of these did not succeed, after all of them are over.
  std::vector<StepId> rescues = {};
  /// Runs when all of these are over, unless more than `bearable` of them did not succeed.
  std::vector<StepId> follows = {};
  std::size_t bearable = 0;
};

struct Plan {
  std::vector<Step> steps;           ///< in a topological order
  std::vector<std::string> orphans;  ///< containers left alone, for a warning
  /// Networks left alone because somebody is in them, for a warning.
  std::vector<std::string> networks_in_use = {};
  /// Of `down -v`: volumes left alone because containers that stay have them.
  std::vector<std::string> volumes_in_use = {};
  /// Of a `down` without -v: named ones that -v would have taken.
  std::vector<std::string> volumes_kept = {};
  bool empty() const { return steps.empty(); }
};

/// "started", "healthy", "completed"
std::string_view condition_text(spec::Condition condition);
/// What the object of an action is called on the screen: "Container shop-db-1".
std::string subject(const Action& action);
/// "create container shop-db-1"
std::string to_text(const Action& action);
/// The graph, a step a line: "#3 await shop-db-1 healthy (web depends on it) after #2". Rescues end
/// with "unless #3 #4": those that they are not needed after; what bears failures with
/// "following #3 #4, bearing 1".
std::string to_text(const Plan& plan);

enum class Orphans { leave, remove };
/// What one failure brings back: the container whose successor failed, or everything.
enum class Atomicity { each, all };

/// The plan without starting those that `is_left` is true of, and without waiting for them. What is
/// brought back after a failure runs as before.
Plan without_starts(const Plan& plan, const std::function<bool(const std::string& name)>& is_left);

/// Steps that make the changes come true; orphans among them are left alone (see remove_orphans()).
Plan plan_up(const DesiredState& desired, const ObservedState& observed, const Changes& changes,
             Atomicity atomicity = Atomicity::each);

struct DownPolicy {
  Orphans orphans = Orphans::leave;
  std::string project;
  bool volumes = false;  ///< -v
  bool now = false;      ///< --now: volumes are not kept for a while
  /// Said by a person, it means that project wherever it is at home; see project_home.h.
  enum class Name { said, of_the_file } name = Name::said;
  std::optional<std::chrono::nanoseconds> grace;
  std::set<std::string> services;           ///< empty: all, and the networks too
  std::set<std::string> known_services;     ///< of the file; empty without one: everything is ours
  std::set<std::string> inactive_services;  ///< of the file's other profiles: they stay
  std::vector<std::string> volume_names;    ///< named ones that -v removes, unless they are needed
  std::chrono::system_clock::time_point looked_at = {};  ///< when it was as observed
  /// Containers of all stacks, by volume.
  std::map<std::string, std::vector<std::string>> volume_users = {};
};
/// Steps that take the stack away, or the services named: dependents first, independent ones at
/// once. A volume that any container has that stays, stays.
Plan plan_down(const ObservedState& observed, const DownPolicy& policy);

/// stop: the same order, nothing removed. start: dependencies first; a wish without its container
/// is nobody's to wait for.
Plan plan_stop(const ObservedState& observed, const std::set<std::string>& services,
               std::optional<std::chrono::nanoseconds> grace);
Plan plan_start(const DesiredState& desired, const ObservedState& observed,
                const std::set<std::string>& services);

/// The same by what was recorded of containers when they were made: those of the services named
/// (none: all) and of what they depend on, without conditions.
Plan plan_start_made(const ObservedState& observed, const std::set<std::string>& services);

struct RemoveRequest {
  std::set<std::string>
      containers;  ///< by name; those that run are left alone, unless it stops them
  bool stops = false;
  std::optional<std::chrono::nanoseconds> grace = {};
  /// Their anonymous volumes too, if nobody else has them.
  bool volumes = false;
  /// Containers of all stacks, by volume.
  std::map<std::string, std::vector<std::string>> volume_users = {};
};
Plan plan_remove(const ObservedState& observed, const RemoveRequest& request);

/// A signal to what runs; what runs held; what is held let go: all at once, whatever depends on
/// what. No services: all.
Plan plan_kill(const ObservedState& observed, const std::set<std::string>& services, int signal);
Plan plan_pause(const ObservedState& observed, const std::set<std::string>& services);
/// Those of the services that are so, by name; one-offs left out.
std::vector<std::string> in_phase(const ObservedState& observed,
                                  const std::set<std::string>& services, supervisor::Phase phase);
Plan plan_unpause(const ObservedState& observed, const std::set<std::string>& services);

/// A step for each container that is to be waited for: until it has ended well when that is what
/// others wait for, until it is healthy or ready when that can be told, and else until it is up.
Plan plan_wait(const DesiredState& desired);

struct RestartRequest {
  std::set<std::string> services;  ///< empty: all
  std::optional<std::chrono::nanoseconds> grace;
  /// service -> what it is restarted with: `depends_on: {db: {restart: true}}`
  std::map<std::string, std::map<std::string, spec::Dependency>> links;
};
/// Each container is stopped and started, after those that it is restarted with are up again.
/// Containers that do not run are started; data containers are left alone.
Plan plan_restart(const ObservedState& observed, const RestartRequest& request);

}  // namespace stack::orchestrator
