// SPDX-License-Identifier: Apache-2.0
// `develop.watch` of the services, and which of them a changed file is for. Pure, but for the text
// of .dockerignore files, which comes in.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "build/ignore.h"
#include "spec/model.h"

namespace stack::cli {

enum class WatchAction { rebuild, sync, restart, sync_restart, sync_exec };

struct WatchHook {
  std::vector<std::string> command;
  std::string user;
  std::string working_dir;
  std::vector<std::string> environment;  ///< KEY=VALUE
  bool privileged = false;
};

struct WatchRule {
  std::string service;
  std::string path;  ///< absolute: a directory or a file
  WatchAction action = WatchAction::rebuild;
  std::string target;  ///< in the container
  bool initial_sync = false;
  WatchHook hook;
  build::IgnoreRules ignored;                ///< relative to `path`
  std::vector<build::PathPattern> included;  ///< relative to `path`; empty: all
  std::string context;                       ///< of the build; empty: none
  build::IgnoreRules context_ignored;        ///< relative to `context`
};

bool copies(WatchAction action);

/// `dockerignore`: the text of the file that counts for a build context; empty when there is none.
std::vector<WatchRule> watch_rules(
    const spec::Project& project, const std::set<std::string>& services,
    const std::function<std::string(const std::string&)>& dockerignore);

/// Where below the rule's path a changed file is ("" for the path itself); nothing when the rule is
/// not about it. What editors leave for a moment, and .git, is for no rule.
std::optional<std::string> place_below(const WatchRule& rule, const std::string& changed);

/// What has to be done after some changes, each once.
struct WatchWork {
  std::set<std::string> rebuilt;  ///< services: nothing else is done for them
  /// Rule (by its place in the list) -> paths below it.
  std::map<std::size_t, std::set<std::string>> synced;
  std::set<std::string> restarted;  ///< services, after what was copied
  std::set<std::size_t> executed;   ///< rules whose command runs, after what was copied
  bool empty() const { return rebuilt.empty() && synced.empty() && restarted.empty(); }
};
WatchWork work_for(const std::vector<WatchRule>& rules, const std::set<std::string>& changed);

}  // namespace stack::cli
