// SPDX-License-Identifier: Apache-2.0
// What was made of a project, change by change: <data>/stacks/PROJECT/history/NUMBER.json, and the
// models behind them in models/DIGEST.json, as `stack config` prints them. Written by whoever holds
// the project's lock; read by everybody.
#pragma once

#include <chrono>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/host_paths.h"
#include "orchestrator/diff.h"

namespace stack::orchestrator {

using TimePoint = std::chrono::system_clock::time_point;

struct HistoryChange {
  std::string object;   ///< "container shop-web-1"
  std::string verb;     ///< "recreate"
  std::string because;  ///< "environment.DEBUG"
};

void to_json(nlohmann::json& out, const HistoryChange& change);
void from_json(const nlohmann::json& in, HistoryChange& change);

struct HistoryEntry {
  int number = 0;  ///< from 1
  TimePoint began{};
  TimePoint ended{};                  ///< epoch: not yet, or killed
  std::string what;                   ///< "up", "rollback to #2"
  std::string result = "unfinished";  ///< or "done", "failed", "interrupted"
  std::string model;                  ///< digest
  std::string working_dir;            ///< of the project
  std::vector<std::string> services;  ///< those that were asked for; empty: all
  std::vector<HistoryChange> changes;
};

class History {
 public:
  History(const HostPaths& paths, const std::string& project);

  /// Oldest first; what cannot be read is left out.
  std::vector<HistoryEntry> list() const;
  /// Throws Error when there is no entry of this number.
  HistoryEntry get(int number) const;
  /// The file that holds an entry's model.
  std::filesystem::path model(const HistoryEntry& entry) const;

  /// Notes that a change begins: gives `entry` its number, keeps `model`, and forgets what is
  /// older than the last 50 entries.
  void begin(HistoryEntry& entry, const std::string& model);
  /// Notes how it ended.
  void end(HistoryEntry& entry, const std::string& result);

 private:
  std::filesystem::path entry_file(int number) const;
  std::vector<int> numbers() const;
  void write(const HistoryEntry& entry) const;
  void forget_old() const;

  std::filesystem::path root_;
};

/// What a change does, for the list.
std::vector<HistoryChange> history_changes(const Changes& changes);

}  // namespace stack::orchestrator
