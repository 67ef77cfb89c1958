// SPDX-License-Identifier: Apache-2.0
// `stack events`: what happens to a stack, and what has.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "cli/directory_watch.h"
#include "cli/event_view.h"
#include "cli/go_template.h"
#include "cli/moment.h"
#include "cli/project.h"
#include "cli/signals.h"
#include "supervisor/project_files.h"

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

}  // namespace

int run_events(const Options& options) {
  const EventFilter filter = filter_of(options, Clock::now());
  const EventPrinter printer(options);
  const supervisor::ProjectFiles files{HostPaths::from_environment(), project_name(options)};
  count_interrupts();
  const HeldSignals held;
  DirectoryWatch watch(files.events());
  supervisor::TimelineReader reader(files.events());
  for (;;) {
    watch.arm();  // before the look: what comes from here on ends the next wait
    const bool over = is_over(filter);
    while (const auto event = reader.next()) {
      if (!is_wanted(*event, filter)) continue;
      std::cout << printer.text(*event) << '\n';
    }
    std::cout.flush();
    if (over || !std::cout) return 0;
    watch.wait(filter.until, held.before());
    if (interrupts() > 0) return static_cast<int>(ExitCode::interrupted);
    if (hung_up()) return 0;
  }
}

}  // namespace stack::cli
