// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/plan_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/document.h"
#include "base/error.h"
#include "base/text.h"
#include "image/digest.h"

namespace stack::orchestrator {
namespace {

using nlohmann::json;

constexpr DocumentKind plan_document{"plan", 1};

std::vector<std::string> texts(const std::vector<FieldChange>& fields) {
  std::vector<std::string> lines;
  for (const FieldChange& field : fields) lines.push_back(to_text(field));
  return lines;
}

std::string step_difference(const std::string& then, const std::string& now) {
  const auto before = split(then, '\n');
  const auto after = split(now, '\n');
  for (std::size_t at = 0; at < std::max(before.size(), after.size()); ++at) {
    const std::string old(at < before.size() ? before[at] : "");
    const std::string made(at < after.size() ? after[at] : "");
    if (old == made) continue;
    if (old.empty()) return fmt::format("there is a further step now: {}", made);
    if (made.empty()) return fmt::format("there is no such step any more: {}", old);
    return fmt::format("\"{}\" is \"{}\" now", old, made);
  }
  return "";
}

template <typename Value>
std::string key_that_differs(const std::map<std::string, Value>& then,
                             const std::map<std::string, Value>& now) {
  std::set<std::string> keys;
  for (const auto* side : {&then, &now})
    for (const auto& [key, value] : *side) keys.insert(key);
  for (const std::string& key : keys) {
    const auto before = then.find(key);
    const auto after = now.find(key);
    if (before == then.end() || after == now.end() || before->second != after->second) return key;
  }
  return "";
}

}  // namespace

PlanFile plan_file(const std::string& project, const UpRequest& request, const UpResult& result) {
  PlanFile file{project, request, to_text(result.plan), {}, {}};
  for (const auto& [name, wish] : result.desired.containers)
    file.wishes[name] = image::digest_of(describe(wish));
  for (const auto& [name, wish] : result.desired.networks)
    file.wishes["network " + name] = image::digest_of(describe(wish));
  for (const auto& [name, change] : result.changes.containers)
    if (!change.fields.empty()) file.changes[name] = texts(change.fields);
  for (const auto& [name, change] : result.changes.networks)
    if (!change.fields.empty()) file.changes["network " + name] = texts(change.fields);
  return file;
}

void write_plan_file(const std::filesystem::path& path, const PlanFile& plan) {
  const UpRequest& request = plan.request;
  write_document(path, plan_document,
                 {{"project", plan.project},
                  {"services", request.services},
                  {"with_dependencies", request.with_dependencies},
                  {"remove_orphans", request.orphans == Orphans::remove},
                  {"recreation", static_cast<int>(request.recreation)},
                  {"rerun", request.reruns == Reruns::always},
                  {"renew_anonymous_volumes", request.renews_anonymous_volumes},
                  {"atomic", request.atomicity == Atomicity::all},
                  {"plan", plan.plan},
                  {"wishes", plan.wishes},
                  {"changes", plan.changes},
                  {"scales", plan.scales},
                  {"profiles", plan.profiles}},
                 Durability::survives_crash);
}

PlanFile read_plan_file(const std::filesystem::path& path) {
  const auto document = read_document(path, plan_document);
  if (!document) fail("there is no plan {}", path.native());
  try {
    PlanFile plan;
    document->at("project").get_to(plan.project);
    document->at("services").get_to(plan.request.services);
    document->at("with_dependencies").get_to(plan.request.with_dependencies);
    if (document->at("remove_orphans").get<bool>()) plan.request.orphans = Orphans::remove;
    const int recreation = document->at("recreation").get<int>();
    if (recreation < 0 || recreation > static_cast<int>(Recreation::never))
      fail("{} is no plan: recreation is {}", path.native(), recreation);
    plan.request.recreation = static_cast<Recreation>(recreation);
    if (document->value("rerun", false)) plan.request.reruns = Reruns::always;
    plan.request.renews_anonymous_volumes = document->value("renew_anonymous_volumes", false);
    if (document->at("atomic").get<bool>()) plan.request.atomicity = Atomicity::all;
    document->at("plan").get_to(plan.plan);
    document->at("wishes").get_to(plan.wishes);
    document->at("changes").get_to(plan.changes);
    plan.scales = document->value("scales", plan.scales);
    plan.profiles = document->value("profiles", plan.profiles);
    return plan;
  } catch (const json::exception& error) {
    fail("{} is no plan: {}", path.native(), error.what());
  }
}

std::string first_difference(const PlanFile& then, const PlanFile& now) {
  if (then.project != now.project)
    return fmt::format("it was made for project {}, this is {}", then.project, now.project);
  if (const auto key = key_that_differs(then.changes, now.changes); !key.empty())
    return fmt::format("what changes of {} is not the same any more", key);
  if (auto steps = step_difference(then.plan, now.plan); !steps.empty()) return steps;
  if (const auto key = key_that_differs(then.wishes, now.wishes); !key.empty())
    return fmt::format("{} is defined otherwise now", key);
  return "";
}

}  // namespace stack::orchestrator
