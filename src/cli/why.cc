// SPDX-License-Identifier: Apache-2.0
// `stack why SERVICE`: how its containers came to be as they are, and what `up` would change.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/container_view.h"
#include "cli/output.h"
#include "cli/plan_view.h"
#include "orchestrator/history.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using supervisor::ObservedContainer;

/// All that is known of one container.
struct Story {
  std::string name;
  std::optional<ObservedContainer> is;
  ContainerChange change;
  std::optional<HistoryEntry> made_by;  ///< the last change that made or changed it
  std::string made_because;
};

class Teller {
 public:
  explicit Teller(const spec::Project& project)
      : project_(project), paths_(HostPaths::from_environment()) {
    UpRequest request;
    result_ = preview(project, request, paths_);
    history_ = History(paths_, project.name).list();
    for (auto& each : supervisor::read_containers(paths_, project.name))
      containers_.push_back(std::move(each));
  }

  std::vector<Story> stories(const std::string& service) const {
    std::vector<Story> all;
    for (const auto& [name, change] : result_.changes.containers) {
      const auto is = find(name);
      const auto wish = result_.desired.containers.find(name);
      const std::string of = wish != result_.desired.containers.end() ? wish->second.service
                             : is                                     ? is->config.service
                                                                      : "";
      if (of != service) continue;
      Story story{name, is, change, std::nullopt, ""};
      note_origin(story);
      all.push_back(std::move(story));
    }
    return all;
  }

  std::vector<Problem> problems() const { return result_.problems; }

 private:
  std::optional<ObservedContainer> find(const std::string& name) const {
    for (const auto& each : containers_)
      if (each.config.name == name) return each;
    return std::nullopt;
  }

  void note_origin(Story& story) const {
    for (const HistoryEntry& entry : history_) {
      for (const HistoryChange& change : entry.changes) {
        if (change.object != "container " + story.name) continue;
        story.made_by = entry;
        story.made_because = change.verb + (change.because.empty() ? "" : ": " + change.because);
      }
    }
  }

  const spec::Project& project_;
  HostPaths paths_;
  UpResult result_;
  std::vector<HistoryEntry> history_;
  std::vector<ObservedContainer> containers_;
};

std::string times(std::uint64_t count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

void tell_state(const Story& story) {
  if (!story.is) {
    std::cout << "  container " << story.name << " does not exist\n";
    return;
  }
  const auto& status = story.is->status;
  std::cout << "  container " << story.name << ": "
            << status_text(*story.is, std::chrono::system_clock::now()) << '\n';
  if (!status.error.empty())
    std::cout << "    the last start failed: " << printable(status.error) << '\n';
  if (status.oom_killed)
    std::cout << "    it, or a process of its, was killed for want of memory\n";
  if (status.stopped_by_user) std::cout << "    it was stopped by a command\n";
  if (status.restarts > 0)
    std::cout << fmt::format("    restarted {} since it was started\n", times(status.restarts));
  if (!status.last_probe.empty())
    std::cout << "    its last health check: " << printable(trim(status.last_probe)) << '\n';
  if (story.made_by)
    std::cout << fmt::format(
        "    change #{} ({}, {}): {}\n", story.made_by->number, story.made_by->what,
        calendar_text(story.made_by->began, "%Y-%m-%d %H:%M:%S UTC"), story.made_because);
}

void tell_change(const Story& story) {
  const std::string_view verb = verb_of(told_verdict(story.change));
  if (story.change.verdict == Verdict::gives_way) {
    std::cout << "    `up` would replace it: " << story.change.because << '\n';
    return;
  }
  if (verb.empty()) {
    std::cout << (story.change.verdict == Verdict::orphan
                      ? "    `up` leaves it alone: its service is not in the file\n"
                      : "    `up` leaves it as it is\n");
    return;
  }
  std::cout << fmt::format("    `up` would {} it", verb);
  if (story.change.fields.empty()) {
    std::cout << ": " << story.change.because << '\n';
    return;
  }
  const std::string& restarts = story.change.restarts;
  std::cout << (restarts.empty() ? "" : " (" + restarts + ")") << ":\n";
  for (const auto& field : story.change.fields) std::cout << "      " << to_text(field) << '\n';
}

void tell_dependencies(const spec::Project& project, const spec::Service& service) {
  for (const auto& [name, how] : service.depends_on) {
    std::cout << fmt::format("  starts after {} is {}", name, condition_text(how.condition));
    const auto origin =
        project.sources.find(fmt::format("services.{}.depends_on.{}", service.name, name));
    if (origin) std::cout << " (" << to_text(*origin) << ")";
    std::cout << '\n';
  }
  for (const auto& [name, other] : project.services)
    if (other.depends_on.contains(service.name)) std::cout << "  " << name << " depends on it\n";
}

void tell(const Teller& teller, const spec::Project& project, const spec::Service& service) {
  std::cout << service.name << ":\n";
  for (const Story& story : teller.stories(service.name)) {
    tell_state(story);
    tell_change(story);
  }
  tell_dependencies(project, service);
}

nlohmann::json story_json(const Story& story) {
  nlohmann::json json{{"container", story.name},
                      {"verdict", verb_of(told_verdict(story.change))},
                      {"because", told_reason(story.change)},
                      {"fields", fields_json(story.change.fields)}};
  if (story.is) {
    json["state"] = state_text(*story.is);
    json["restarts"] = story.is->status.restarts;
    if (story.is->status.exit_code) json["exit_code"] = *story.is->status.exit_code;
    if (!story.is->status.error.empty()) json["error"] = story.is->status.error;
  }
  if (story.made_by)
    json["change"] = {{"number", story.made_by->number}, {"because", story.made_because}};
  return json;
}

void tell_json(const Teller& teller, const std::vector<std::string>& services) {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& service : services)
    for (const Story& story : teller.stories(service)) {
      nlohmann::json entry = story_json(story);
      entry["service"] = service;
      all.push_back(std::move(entry));
    }
  std::cout << all.dump(2) << '\n';
}

}  // namespace

int run_why(const Options& options) {
  const spec::Project project = load_project(options);
  check_in_file(options.arguments, {project.name, project});
  const Teller teller(project);
  if (options.format == "json") {
    tell_json(teller, options.arguments);
  } else if (options.format.empty() || options.format == "text") {
    for (const auto& name : options.arguments) tell(teller, project, project.services.at(name));
  } else {
    throw unknown_format(options.format, "text or json");
  }
  std::cout.flush();
  for (const auto& problem : teller.problems()) std::cerr << to_text(problem) << '\n';
  return 0;
}

}  // namespace stack::cli
