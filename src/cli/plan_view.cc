// SPDX-License-Identifier: Apache-2.0
// `stack plan`: what up would do, object by object, with every field that is behind it.
#include "cli/plan_view.h"

#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cli/style.h"
#include "orchestrator/plan_file.h"

namespace stack::cli {
namespace {

using namespace orchestrator;

struct Look {
  const char* sign;
  std::string_view verb;
  Colour colour;
};

std::optional<Look> look(Verdict verdict) {
  const std::string_view verb = verb_of(verdict);
  switch (verdict) {
    case Verdict::create:
      return Look{"+", verb, Colour::green};
    case Verdict::recreate:
    case Verdict::update:
    case Verdict::restart:
      return Look{"~", verb, Colour::yellow};
    case Verdict::start:
      return Look{">", verb, Colour::green};
    case Verdict::remove:
    case Verdict::superseded:
      return Look{"-", verb, Colour::red};
    case Verdict::gives_way:
    case Verdict::orphan:
    case Verdict::keep:
      break;
  }
  return std::nullopt;
}

class PlanView {
 public:
  explicit PlanView(bool colour) : colour_(colour) {}

  void line(const Look& it, const std::string& what, const std::string& why) const {
    const std::string text = fmt::format("{} {} {}", it.sign, it.verb, what);
    std::cout << ' ' << (colour_ ? coloured(text, it.colour) : text);
    if (!why.empty()) std::cout << "  (" << why << ')';
    std::cout << '\n';
  }
  static void fields(const std::vector<FieldChange>& changes) {
    for (const auto& change : changes) std::cout << "     " << to_text(change) << '\n';
  }

 private:
  bool colour_;
};

void show_changes(const UpResult& result, const PlanView& view) {
  for (const auto& [name, change] : result.changes.networks) {
    if (const auto it = look(change.verdict)) view.line(*it, "network " + name, "");
    PlanView::fields(change.fields);
  }
  for (const auto& name : result.changes.new_volumes)
    view.line(*look(Verdict::create), "volume " + name, "");
  for (const auto& [name, change] : result.changes.containers) {
    const auto it = look(told_verdict(change));
    if (!it) continue;
    view.line(*it, "container " + name, change.fields.empty() ? change.because : change.restarts);
    PlanView::fields(change.fields);
  }
}

/// Of `up -V`, where nobody has the old one any more.
void show_volumes_that_go(const Plan& plan, const PlanView& view) {
  for (const Step& step : plan.steps)
    if (const auto* const removal = std::get_if<RemoveVolume>(&step.action);
        removal != nullptr && step.rescues.empty())
      view.line(*look(Verdict::remove), "volume " + removal->name, step.because);
}

/// Orphans that are left alone, but for the network that they are in.
void show_restarts_of_orphans(const UpResult& result, const PlanView& view) {
  for (const std::string& name : result.plan.orphans) {
    const ContainerChange& change = result.changes.containers.at(name);
    if (!change.restarts.empty())
      view.line(*look(Verdict::restart), "container " + name, change.restarts);
  }
}

void show_json(const UpResult& result) {
  nlohmann::json json{{"steps", nlohmann::json::array()}, {"changes", nlohmann::json::array()}};
  for (const auto& step : result.plan.steps) {
    nlohmann::json entry{
        {"action", to_text(step.action)}, {"because", step.because}, {"after", step.after}};
    if (!step.rescues.empty()) entry["unless"] = step.rescues;
    json["steps"].push_back(std::move(entry));
  }
  for (const auto& [name, change] : result.changes.containers) {
    const auto it = look(told_verdict(change));
    if (!it) continue;
    nlohmann::json entry{{"container", name},
                         {"verdict", it->verb},
                         {"because", told_reason(change)},
                         {"fields", fields_json(change.fields)}};
    json["changes"].push_back(std::move(entry));
  }
  std::cout << json.dump(2) << '\n';
}

void show_text(const UpResult& result, const std::string& project, const Options& options) {
  // What stands in the way is told instead: without an image, say, nothing can be planned.
  if (result.plan.empty() && !result.problems.empty()) return;
  if (result.plan.empty()) {
    std::cout << fmt::format("Stack {}: nothing to change\n", project);
    return;
  }
  const PlanView view(shows_colour(STDOUT_FILENO, options));
  std::cout << fmt::format("Stack {}:\n", project);
  show_changes(result, view);
  show_volumes_that_go(result.plan, view);
  show_restarts_of_orphans(result, view);
}

constexpr int something_to_do = 2;

}  // namespace

nlohmann::json fields_json(const std::vector<FieldChange>& changes) {
  nlohmann::json all = nlohmann::json::array();
  for (const FieldChange& change : changes) {
    nlohmann::json json{{"path", change.path}, {"before", change.before}, {"after", change.after}};
    if (change.origin) json["origin"] = spec::to_text(*change.origin);
    all.push_back(std::move(json));
  }
  return all;
}

int show_preview(const spec::Project& project, const UpRequest& request, const Options& options) {
  const UpResult result = preview(project, request, HostPaths::from_environment());
  if (request.approve) request.approve(result);
  if (options.format == "json") {
    show_json(result);
  } else if (options.format == "graph") {
    std::cout << to_text(result.plan);
  } else if (options.format.empty() || options.format == "text") {
    show_text(result, project.name, options);
  } else {
    throw unknown_format(options.format, "text, graph or json");
  }
  std::cout.flush();
  for (const auto& warning : result.warnings) tell_warning(warning);
  for (const auto& problem : result.problems) std::cerr << to_text(problem) << '\n';
  if (!result.problems.empty()) return static_cast<int>(ExitCode::failure);
  if (!options.out.empty()) {
    PlanFile file = plan_file(project.name, request, result);
    file.scales = options.scales;
    file.profiles = options.profiles;
    write_plan_file(options.out, file);
  }
  return options.detailed_exitcode && !result.plan.empty() ? something_to_do : 0;
}

int show_steps(const std::string& project, const Plan& plan) {
  if (plan.empty()) std::cout << fmt::format("Stack {}: nothing to remove\n", project);
  for (const Step& step : plan.steps) std::cout << ' ' << to_text(step.action) << '\n';
  return 0;
}

int run_plan(const Options& options) {
  return show_preview(load_project(options), up_request(options), options);
}

}  // namespace stack::cli
