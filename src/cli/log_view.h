// SPDX-License-Identifier: Apache-2.0
// Logs of a project's containers on standard output: merged by time, with coloured names in front.
// Reads files only; follows by inotify.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/host_paths.h"
#include "base/pattern.h"
#include "cli/log_moments.h"
#include "cli/options.h"
#include "supervisor/status.h"

namespace stack::cli {

struct LogRequest {
  std::string project;
  std::optional<std::set<std::string>> services;  ///< unset: all
  std::string container;                          ///< this one alone, by its id; empty: those above
  std::optional<int> number;                      ///< of a scaled service's container; unset: all
  std::optional<std::size_t> tail;
  /// Older lines are left out (attached `up` shows only what comes after it began), and younger
  /// ones.
  std::optional<std::chrono::system_clock::time_point> since;
  std::optional<std::chrono::system_clock::time_point> until;
  /// Of these containers alone, by name, and of each no more than this; unset: all.
  std::optional<std::map<std::string, LogWindow>> runs;
  std::optional<Pattern> pattern;  ///< of lines to show; unset: all
  bool events = false;             ///< what happened to them stands between their lines
  bool earlier = false;            ///< what containers said that have been replaced, too
  /// Those that the following goes on for while they run; unset: those that are shown.
  std::optional<std::set<std::string>> awaited = {};
  /// From then on ends are told: "web-1 exited with code 0", "... (restarting)"; unset: none.
  std::optional<std::chrono::system_clock::time_point> exits_since = {};
  bool splits_streams = false;  ///< what they write to stderr goes to ours
  /// What ends a wait when it can be read, for `stopped` to look at; -1: nothing just now.
  std::function<int()> input = {};
  /// Each end of a container of these services (unset: of `services`) that came after `since`, also
  /// of one that comes back.
  std::function<void(const supervisor::ObservedContainer&)> ended = {};
  std::optional<std::set<std::string>> ends_of = {};
};

/// Prints what is there.
void show_logs(const HostPaths& paths, const LogRequest& request, const Options& options);
/// Prints what is there and what comes, until no container runs any more and nobody changes the
/// stack, `until` has passed, or `stopped` answers true: then `stop` is called, if given, and what
/// the containers said meanwhile comes last.
void follow_logs(const HostPaths& paths, const LogRequest& request, const Options& options,
                 const std::function<bool()>& stopped, const std::function<void()>& stop = {});

}  // namespace stack::cli
