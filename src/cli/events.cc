// SPDX-License-Identifier: Apache-2.0
// `stack events`, `stack system events`: what happens to a stack, or to all, and what has.
#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "cli/command.h"
#include "cli/directory_watch.h"
#include "cli/event_view.h"
#include "cli/go_template.h"
#include "cli/moment.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "supervisor/project_files.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

using Clock = std::chrono::system_clock;

EventFilter filter_of(const Options& options, Clock::time_point now) {
  EventFilter filter;
  filter.services.insert(options.arguments.begin(), options.arguments.end());
  // As docker: without a beginning, only what comes from now on.
  filter.since = moment_of(options.since, "--since").value_or(now);
  filter.until = moment_of(options.until, "--until");
  filter.wishes = event_wishes(options.filters);
  return filter;
}

/// How an event is printed.
class EventPrinter {
 public:
  explicit EventPrinter(const Options& options) : lines_(options.json || options.format == "json") {
    if (!lines_ && !options.format.empty()) template_.emplace(options.format);
  }

  std::string text(const supervisor::Event& event) const {
    if (template_) return template_->render(event_json(event));
    return lines_ ? supervisor::to_line(event) : event_text(event);
  }

 private:
  bool lines_;
  std::optional<GoTemplate> template_;
};

bool is_over(const EventFilter& filter) {
  return filter.until && Clock::now() > *filter.until;
}

/// The events of one stack, or of all that there are and that come.
class Timelines {
 public:
  Timelines(HostPaths paths, std::optional<std::string> project)
      : paths_(std::move(paths)), project_(std::move(project)) {}

  /// Before read(): what happens from here on ends the watch's next wait.
  void arm(DirectoryWatch& watch) {
    std::set<std::string> before;
    do {
      before = std::exchange(shown_, projects());
      watch.arm(places());
    } while (before != shown_);
  }

  /// What has happened since the last time, in its order.
  std::vector<supervisor::Event> read() {
    std::vector<supervisor::Event> events;
    for (const auto& project : shown_) readers_.try_emplace(project, events_of(project));
    for (auto& [project, reader] : readers_)
      while (auto event = reader.next()) events.push_back(std::move(*event));
    std::ranges::stable_sort(events, {}, &supervisor::Event::time);
    return events;
  }

 private:
  std::filesystem::path events_of(const std::string& project) const {
    return supervisor::ProjectFiles{paths_, project}.events();
  }

  std::set<std::string> projects() const {
    if (project_) return {*project_};
    const auto all = supervisor::list_projects(paths_);
    return {all.begin(), all.end()};
  }

  std::set<std::filesystem::path> places() const {
    std::set<std::filesystem::path> places;
    if (!project_) places.insert(paths_.stacks());
    for (const auto& project : shown_) places.insert(events_of(project));
    return places;
  }

  HostPaths paths_;
  std::optional<std::string> project_;  ///< nothing: all of them
  std::set<std::string> shown_;
  std::map<std::string, supervisor::TimelineReader> readers_;
};

int show_events(Timelines timelines, const Options& options) {
  const EventFilter filter = filter_of(options, Clock::now());
  const EventPrinter printer(options);
  count_interrupts();
  const HeldSignals held;
  DirectoryWatch watch;
  for (;;) {
    timelines.arm(watch);
    const bool over = is_over(filter);
    for (const auto& event : timelines.read())
      if (is_wanted(event, filter)) std::cout << printer.text(event) << '\n';
    std::cout.flush();
    if (over || !std::cout) return 0;
    watch.wait(filter.until, held.before());
    if (interrupts() > 0) return static_cast<int>(ExitCode::interrupted);
    if (hung_up()) return 0;
  }
}

}  // namespace

int run_events(const Options& options) {
  return show_events({HostPaths::from_environment(), project_to_show(options)}, options);
}

int run_system_events(const Options& options) {
  return show_events({HostPaths::from_environment(), std::nullopt}, options);
}

}  // namespace stack::cli
