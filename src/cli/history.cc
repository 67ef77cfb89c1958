// SPDX-License-Identifier: Apache-2.0
// The stack's past: `history` lists it, `diff` compares with it, `rollback` goes back to it.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_view.h"
#include "cli/model_diff.h"
#include "cli/output.h"
#include "cli/past.h"
#include "cli/plan_view.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "cli/table.h"
#include "orchestrator/history.h"
#include "spec/render.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

History history_of(const std::string& project) {
  return {HostPaths::from_environment(), project};
}

std::string changes_text(const HistoryEntry& entry) {
  std::string text;
  for (const HistoryChange& change : entry.changes) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{} {}", change.verb, change.object);
    if (!change.because.empty()) text += fmt::format(" ({})", change.because);
  }
  return text;
}

std::string duration_text(const HistoryEntry& entry) {
  if (entry.ended == TimePoint{}) return "";
  return fmt::format("{:.1f}s", std::chrono::duration<double>(entry.ended - entry.began).count());
}

nlohmann::json entry_json(const HistoryEntry& entry) {
  return {{"number", entry.number},  {"began", calendar_text(entry.began, "%Y-%m-%dT%H:%M:%SZ")},
          {"what", entry.what},      {"result", entry.result},
          {"model", entry.model},    {"services", entry.services},
          {"changes", entry.changes}};
}

/// "@3" or "3".
int number_from(std::string_view text) {
  const auto number = parse_integer<int>(text.starts_with('@') ? text.substr(1) : text);
  if (!number || *number < 1)
    throw Error(fmt::format("\"{}\" is no change: @1, @2, ... as `stack history` numbers them",
                            printable(text)))
        .with_exit_code(ExitCode::usage);
  return *number;
}

/// The model that the change of this number made true.
std::string model_text(const History& history, const std::string& number) {
  return read_file(history.model(history.get(number_from(number))));
}

std::string last_model_text(const History& history) {
  const auto entries = history.list();
  if (entries.empty())
    throw Error("nothing was changed yet: there is nothing to compare with")
        .with_hint("`stack plan` shows what `up` would do");
  return read_file(history.model(entries.back()));
}

/// The newest change that left another stack than the last one.
HistoryEntry entry_before(const History& history) {
  const auto entries = history.list();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
    if (entry->model != entries.back().model) return *entry;
  throw Error("there is no earlier change to go back to").with_hint("`stack history` lists them");
}

}  // namespace

int run_history(const Options& options) {
  const auto entries = history_of(project_to_show(options)).list();
  if (options.format == "json") {
    nlohmann::json all = nlohmann::json::array();
    for (const auto& entry : entries) all.push_back(entry_json(entry));
    std::cout << all.dump(2) << '\n';
    return 0;
  }
  if (!options.format.empty() && options.format != "table")
    throw unknown_format(options.format, "table or json");
  std::vector<Row> rows;
  for (const auto& entry : entries)
    rows.push_back({fmt::format("@{}", entry.number),
                    calendar_text(entry.began, "%Y-%m-%d %H:%M:%S UTC"), entry.what, entry.result,
                    duration_text(entry), changes_text(entry)});
  std::cout << table({"CHANGE", "WHEN", "WHAT", "RESULT", "TOOK", "CHANGES"}, rows);
  return 0;
}

int show_model_diff(const Options& options) {
  const auto& named = options.arguments;
  if (named.size() > 2)
    throw Error("diff takes at most two changes").with_exit_code(ExitCode::usage);
  std::vector<FieldChange> changes;
  if (named.size() == 2) {
    const History history = history_of(project_to_show(options));
    changes =
        compare_descriptions(model_text(history, named[0]), model_text(history, named[1]), {}, "");
  } else {
    Options whole = options;
    whole.arguments.clear();
    const spec::Project project = load_project(whole);
    const History history = history_of(project.name);
    const std::string before =
        named.empty() ? last_model_text(history) : model_text(history, named[0]);
    changes = compare_descriptions(before, spec::to_json(project), project.sources, "");
  }
  if (options.format == "json") {
    std::cout << fields_json(changes).dump(2) << '\n';
  } else {
    for (const auto& change : changes) std::cout << to_text(change) << '\n';
  }
  return 0;
}

int run_rollback(const Options& options) {
  if (options.arguments.size() > 1)
    throw Error("rollback takes one number").with_exit_code(ExitCode::usage);
  const std::string name = project_to_change(options);
  const History history = history_of(name);
  const HistoryEntry entry = options.arguments.empty()
                                 ? entry_before(history)
                                 : history.get(number_from(options.arguments[0]));
  const Options past = options_of_past(options, name, history, entry);
  spec::Project project = load_project(past);
  project.sources = {};  // nobody has written the file that the model is kept in
  UpRequest request = up_request(past);
  request.what = fmt::format("rollback to @{}", entry.number);
  request.orphans = Orphans::remove;
  if (options.dry_run) return show_preview(project, request, options);
  count_interrupts();
  const auto progress = make_progress(options);
  Host host = interruptible_host(*progress);
  host.waiting = on_busy(options);
  host.warned = tell_warning;
  return tell_outcome(project.name, up(project, request, host));
}

}  // namespace stack::cli
