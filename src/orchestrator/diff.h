// SPDX-License-Identifier: Apache-2.0
// The difference between wish and world, field by field, with the place in the file of each new
// value. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/desired.h"
#include "orchestrator/observed.h"

namespace stack::orchestrator {

/// One member that differs: "environment.DEBUG", "0" -> "1", stack.yaml:7:14.
struct FieldChange {
  std::string path;    ///< below the service, by compose keys
  std::string before;  ///< JSON text; empty: was not there
  std::string after;   ///< JSON text; empty: is no longer there
  std::optional<spec::Origin> origin;
  bool operator==(const FieldChange&) const = default;
};
/// `environment.DEBUG: "0" -> "1" (stack.yaml:7:14)`
std::string to_text(const FieldChange& change);

/// What must happen to a container for the wish to come true.
enum class Verdict {
  keep,        ///< as it should be
  create,      ///< does not exist
  recreate,    ///< exists, but was made from another wish
  update,      ///< runs, and can become what is wished for without a restart
  restart,     ///< as it should be, but is stopped and started for what becomes of others
  start,       ///< exists as wished, but does not run and should
  remove,      ///< exists, is not wished for (scaled down, an orphan that is to go, a run)
  superseded,  ///< was set aside by a change that did not come to its end
  gives_way,   ///< to one of another name, which is its successor (ContainerChange::predecessor)
  orphan,      ///< belongs to the project, but no service of the file; left alone unless asked
};

/// "create", "recreate", "update", "restart", "start", "remove"; empty for what stays as it is, or
/// goes by what is told of its successor.
std::string_view verb_of(Verdict verdict);

struct ContainerChange {
  Verdict verdict = Verdict::keep;
  std::vector<FieldChange> fields;  ///< of recreate and update
  std::string because;              ///< one phrase: "absent", "exited (1)", "environment.DEBUG"
  bool other_texts = false;         ///< of update: a config or secret has another text
  /// Why it is stopped and started without being made anew (restarts.h); empty: it is not.
  std::string restarts = {};
  /// Of recreate: the one whose place it takes, when that is called otherwise.
  std::string predecessor = {};
};

/// What is said to be done to it: one that is changed on its way through a restart is restarted.
Verdict told_verdict(const ContainerChange& change);
/// Why, in one phrase: what changes, and what it is restarted for.
std::string told_reason(const ContainerChange& change);

struct NetworkChange {
  Verdict verdict = Verdict::keep;  ///< keep, create or recreate
  std::vector<FieldChange> fields;
};

/// A network that has not enough addresses for all who come while those are there who go: who joins
/// it gets the address of somebody who leaves it.
struct FullNetwork {
  std::set<std::string> joining;  ///< containers that have no address in it yet
  std::set<std::string> leaving;  ///< those that have one, and go or will not be in it any more
};

struct Changes {
  std::map<std::string, ContainerChange> containers;  ///< by name; every one of both sides
  std::map<std::string, NetworkChange> networks;      ///< by name; those wished for
  std::vector<std::string> new_volumes;
  /// Of those the ones that take another one's place: that one's name, by the new one's.
  std::map<std::string, std::string> renewed_volumes = {};
  /// Of this stack's networks that stay as they are; by name. See address_room.h.
  std::map<std::string, FullNetwork> full_networks = {};
};

/// `known_services`: every service of the file; containers of others are orphans, containers of
/// known services that are not part of the wish are left alone.
Changes diff(const DesiredState& desired, const ObservedState& observed,
             const std::set<std::string>& known_services);

/// Those that no service of the file has are removed, as --remove-orphans asks.
void remove_orphans(Changes& changes);

/// Differences between two descriptions (see desired.h), members sorted; `place`: of the thing in
/// the source map, "services.web"; empty for whole models, as `stack config` prints them.
std::vector<FieldChange> compare_descriptions(const std::string& before, const std::string& after,
                                              const spec::SourceMap& sources,
                                              const std::string& place);

/// There to answer others rather than to come to an end: it publishes ports, or tells whether it is
/// well, or is what an image with ports of its own runs; and nobody waits for its end.
bool is_server(const DesiredContainer& wish);
/// Ended by itself with 0, under a policy that does not ask for more: its work is done, if it is no
/// server (diff() knows).
bool is_completed(const supervisor::ObservedContainer& container);
/// Holds volumes for others, and its image has no command.
bool has_nothing_to_run(const supervisor::ObservedContainer& container);
/// Holds volumes for others and has nothing to run, or has run it to its end. Not one that was
/// stopped, or has not come to run yet.
bool is_data_container(const supervisor::ObservedContainer& container);

}  // namespace stack::orchestrator
