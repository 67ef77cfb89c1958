// SPDX-License-Identifier: Apache-2.0
// A plan under way as a person looks at it: a row for each object, with what happens to it or what
// it waits for. Pure: the time comes in.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/report.h"

namespace stack::cli {

/// docker compose's words for an action: "Starting", "Started".
struct ActionWords {
  const char* doing;
  const char* done;
};
ActionWords words_of(const orchestrator::Action& action);
/// Started again in a rescue, a container has its place back: not what the plan wanted of it.
ActionWords words_of(const orchestrator::Step& step);

enum class RowState {
  waiting,  ///< for others, or left alone
  working,
  done,
  failed,
  skipped,  ///< something it depends on failed
};

struct ProgressRow {
  std::string subject;  ///< "Container shop-db-1"
  RowState state = RowState::waiting;
  /// "Starting", "Waits for shop-db-1 (healthy)"; empty before anything happens.
  std::string phase = {};
  std::string note = {};  ///< "killed at once: process 1 ignores SIGTERM"
  std::optional<std::chrono::steady_clock::duration> time = {};  ///< since it began
  bool operator==(const ProgressRow&) const = default;
};

class ProgressBoard {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void plan_begins(const orchestrator::Plan& plan, Time now);
  void step_begins(orchestrator::StepId id, Time now);
  /// What is shown beside its phase while it runs.
  void step_notes(orchestrator::StepId id, const std::string& note);
  void step_ends(orchestrator::StepId id, orchestrator::StepResult result, const std::string& note,
                 Time now);
  void plan_ends(Time now);

  /// In the order of the plan.
  std::vector<ProgressRow> rows(Time now) const;

 private:
  struct Progress {
    orchestrator::StepResult result = orchestrator::StepResult::waiting;
    std::string note = {};
    std::optional<Time> began = {};
    std::optional<Time> ended = {};
  };
  using Steps = std::vector<orchestrator::StepId>;

  const Progress& at(orchestrator::StepId id) const { return progress_[id]; }
  bool is_over(orchestrator::StepId id) const;
  bool is_needless(orchestrator::StepId id) const;
  std::optional<orchestrator::StepId> last_with(const Steps& steps,
                                                orchestrator::StepResult result) const;
  void fill_phase(ProgressRow& row, const Steps& steps) const;
  std::string awaited_by(const Steps& steps) const;
  std::optional<Time> began(const Steps& steps) const;
  std::optional<Time> ended(const Steps& steps) const;

  orchestrator::Plan plan_;
  std::vector<Progress> progress_;  ///< by step
  std::vector<std::pair<std::string, Steps>> objects_;
  Time began_{};
  std::optional<Time> over_;
};

}  // namespace stack::cli
