// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/diff.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "orchestrator/member_place.h"
#include "orchestrator/predecessors.h"
#include "orchestrator/readiness.h"

namespace stack::orchestrator {
namespace {

using Json = nlohmann::json;
using supervisor::ObservedContainer;
using supervisor::Phase;

/// "ports[2]" and "labels.tier" are of "ports" and "labels".
std::string_view key_of(std::string_view path) {
  return path.substr(0, path.find_first_of(".["));
}

/// Walks two JSON trees together and notes every leaf that differs.
class Comparison {
 public:
  Comparison(const spec::SourceMap& sources, std::string prefix)
      : sources_(sources), prefix_(std::move(prefix)) {}

  void compare(const std::string& path, const Json* before, const Json* after) {
    if (before != nullptr && after != nullptr && *before == *after) return;
    const bool objects = is_branch(before, &Json::is_object) && is_branch(after, &Json::is_object);
    if (objects && (before != nullptr || after != nullptr) && has_members(before, after)) {
      return compare_members(path, before, after);
    }
    if (is_long_list(before) && is_long_list(after) && before->size() == after->size()) {
      return compare_elements(path, *before, *after);
    }
    changes_.push_back(
        {path, text(before), text(after), place_of_member(sources_, prefix_, dotted(path))});
  }

  std::vector<FieldChange> take() { return std::move(changes_); }

 private:
  static bool is_branch(const Json* json, bool (Json::*kind)() const noexcept) {
    return json == nullptr || (json->*kind)();
  }
  static bool has_members(const Json* before, const Json* after) {
    return (before != nullptr && !before->empty()) || (after != nullptr && !after->empty());
  }
  static std::string text(const Json* json) { return json == nullptr ? "" : json->dump(); }

  void compare_members(const std::string& path, const Json* before, const Json* after) {
    std::set<std::string> keys;
    for (const Json* side : {before, after}) {
      if (side == nullptr) continue;
      for (const auto& [key, value] : side->items()) keys.insert(key);
    }
    for (const auto& key : keys) {
      if (path.empty() && is_of_others(key)) continue;
      compare(path.empty() ? key : path + "." + key, member(before, key), member(after, key));
    }
  }
  /// What others are to it, and not what it is made of. `holds_volumes` is of containers that
  /// earlier versions made.
  static bool is_of_others(std::string_view key) {
    return key == "depends_on" || key == "holds_volumes";
  }
  /// So long that nobody would find the difference in two of them.
  static bool is_long_list(const Json* json) {
    return json != nullptr && json->is_array() && json->size() > 3;
  }
  void compare_elements(const std::string& path, const Json& before, const Json& after) {
    for (std::size_t at = 0; at < before.size(); ++at) {
      compare(fmt::format("{}[{}]", path, at), &before[at], &after[at]);
    }
  }
  /// "command[3]" as the source map says it: "command.3".
  static std::string dotted(std::string path) {
    std::erase(path, ']');
    std::ranges::replace(path, '[', '.');
    return path;
  }
  static const Json* member(const Json* json, const std::string& key) {
    if (json == nullptr || !json->contains(key)) return nullptr;
    return &(*json)[key];
  }

  const spec::SourceMap& sources_;
  std::string prefix_;
  std::vector<FieldChange> changes_;
};

std::string phrase(const std::vector<FieldChange>& fields) {
  std::string text;
  for (const auto& field : fields) text += (text.empty() ? "" : ", ") + field.path;
  return text;
}

std::string why_not_running(const ObservedContainer& container) {
  const auto& status = container.status;
  if (is_up(status.phase)) return "being stopped";
  if (status.phase == Phase::created) return status.error.empty() ? "created" : "failed to start";
  if (!status.exit_code) return "not running";
  return fmt::format("exited ({})", *status.exit_code);
}

/// Compose keys whose change a running container can take (ContainerConfig's replace_changeable()).
constexpr std::array<std::string_view, 17> changeable_keys = {
    "cpu_period",    "cpu_quota",        "cpu_shares", "cpus",
    "healthcheck",   "labels",           "mem_limit",  "mem_reservation",
    "memswap_limit", "oom_kill_disable", "pids_limit", "ports",
    "post_start",    "pre_stop",         "restart",    "stop_grace_period",
    "stop_signal"};

/// "depends_on.db.restart": what the supervisor does when the other one is restarted.
bool is_restart_link(std::string_view path) {
  return path.starts_with("depends_on.") && path.ends_with(".restart");
}

/// "networks.back.aliases": names are the resolver's alone.
bool is_aliases(std::string_view path) {
  constexpr std::string_view key = ".aliases";
  const std::size_t at = path.rfind(key);
  if (!path.starts_with("networks.") || at == std::string_view::npos) return false;
  const std::string_view rest = path.substr(at + key.size());
  return rest.empty() || rest.front() == '[';
}

/// Where the service's name leads to, which its containers do not see.
bool is_endpoint_mode(std::string_view path) {
  return path == "deploy" || path == "deploy.endpoint_mode";
}

/// "KEY:TARGET UID:GID MODE PATH HASH" as describe() has it, without the hash.
std::string_view without_hash(std::string_view entry) {
  return entry.substr(0, std::min(entry.rfind(' '), entry.size()));
}

bool is_same_file(const Json& before, const Json& after) {
  return before.is_string() && after.is_string() &&
         without_hash(before.get_ref<const std::string&>()) ==
             without_hash(after.get_ref<const std::string&>());
}

/// The same configs or secrets, of which one at least has another text.
bool is_other_text(const FieldChange& field) {
  const std::string_view key = key_of(field.path);
  if (key != "configs" && key != "secrets") return false;
  const Json before = Json::parse(field.before, nullptr, false);
  const Json after = Json::parse(field.after, nullptr, false);
  if (!before.is_array() || !after.is_array()) return is_same_file(before, after);
  return std::equal(before.begin(), before.end(), after.begin(), after.end(), is_same_file);
}

bool any_other_text(const std::vector<FieldChange>& fields) {
  return std::ranges::any_of(fields, is_other_text);
}

bool can_be_updated(const DesiredContainer& wish, const ObservedContainer& is,
                    const std::vector<FieldChange>& fields) {
  // One that waits for its next start begins that with what it has become.
  if (!is_up(is.status.phase)) return false;
  if (is.status.phase == Phase::restarting && any_other_text(fields)) return false;
  return std::ranges::all_of(fields, [&](const FieldChange& field) {
    // They go with each line.
    if (key_of(field.path) == "labels" && wish.model.logging.driver == "journald") return false;
    // Who has such a limit has a group for it, whoever has none has not.
    if (field.path == "cpuset") return !field.before.empty() && !field.after.empty();
    if (is_other_text(field)) return wish.model.on_change.kind != spec::OnChange::Kind::recreate;
    return is_aliases(field.path) || is_restart_link(field.path) || is_endpoint_mode(field.path) ||
           field.path == "x-stack.restart_unhealthy" || field.path == "x-stack.anonymous" ||
           std::ranges::find(changeable_keys, key_of(field.path)) != changeable_keys.end();
  });
}

/// And is to: a command that was left in the midst of a stop has not let it go.
bool runs_on(const ObservedContainer& container) {
  return is_up(container.status.phase) && !container.status.stopped_by_user;
}

/// `container_name` was another service's until now. Commands would not find it under the new one.
bool is_of_another_service(const DesiredContainer& wish, const ObservedContainer& is) {
  return wish.step.empty() && !wish.one_off && is.config.service != wish.service;
}

Json with_word(const Json& entry, std::string_view word) {
  if (!entry.is_string()) return entry;
  return fmt::format("{} {}", without_hash(entry.get_ref<const std::string&>()), word);
}

/// The description that a container was made from, with the hashes of what it has read since.
std::string applied_with_texts(const ObservedContainer& is) {
  if (is.status.texts.empty()) return is.config.applied;
  Json applied = Json::parse(is.config.applied, nullptr, false);
  if (!applied.is_object()) return is.config.applied;
  for (const char* key : {"configs", "secrets"}) {
    if (!applied.contains(key)) continue;
    for (Json& entry : applied[key])
      for (const auto& [path, hash] : is.status.texts)
        if (entry.is_string() &&
            without_hash(entry.get_ref<const std::string&>()).ends_with(" " + path))
          entry = with_word(entry, hash);
  }
  return applied.dump();
}

/// A word in the place of each hash, which would tell a short secret to whoever tries some.
std::string without_hashes(const std::string& side, std::string_view word) {
  Json json = Json::parse(side, nullptr, false);
  if (json.is_discarded()) return side;
  if (!json.is_array()) return with_word(json, word).dump();
  for (Json& entry : json) entry = with_word(entry, word);
  return json.dump();
}

void hide_hashes(std::vector<FieldChange>& fields) {
  for (FieldChange& field : fields) {
    const std::string_view key = key_of(field.path);
    if (key != "configs" && key != "secrets") continue;
    const bool is_text = is_other_text(field);
    field.before = without_hashes(field.before, is_text ? "old-text" : "text");
    field.after = without_hashes(field.after, is_text ? "new-text" : "text");
  }
}

/// Networks that it should be in, and was taken out of by hand.
std::vector<FieldChange> lost_networks(const DesiredContainer& wish, const ObservedContainer& is,
                                       const spec::SourceMap& sources) {
  constexpr std::array<std::string_view, 2> without_endpoint{"host", "none"};
  std::vector<FieldChange> lost;
  for (const auto& [key, network] : wish.network_names) {
    const auto& endpoints = is.config.endpoints;
    if (std::ranges::find(endpoints, network, &supervisor::Endpoint::network) != endpoints.end())
      continue;
    if (std::ranges::find(without_endpoint, network) != without_endpoint.end()) continue;
    const std::string path = "networks." + key;
    lost.push_back({path, "\"disconnected\"", "\"connected\"",
                    sources.find("services." + wish.service + "." + path)});
  }
  return lost;
}

ContainerChange judge(const DesiredContainer& wish, const ObservedContainer& is,
                      const spec::SourceMap& sources) {
  if (is_of_another_service(wish, is))
    return {Verdict::recreate, {}, fmt::format("it was service {}'s", is.config.service)};
  const std::string wished = describe(wish);
  if (const std::string applied = applied_with_texts(is); wished != applied) {
    auto fields = compare_descriptions(applied, wished, sources, "services." + wish.service);
    const Verdict verdict = can_be_updated(wish, is, fields) ? Verdict::update : Verdict::recreate;
    const bool other_texts = verdict == Verdict::update && any_other_text(fields);
    hide_hashes(fields);
    if (!fields.empty()) return {verdict, fields, phrase(fields), other_texts};
  }
  if (auto lost = lost_networks(wish, is, sources); !lost.empty())
    return {Verdict::recreate, lost, phrase(lost)};
  // To start what runs is to run its hooks.
  if (runs_on(is) && is.status.hooks_due) return {Verdict::start, {}, "its post_start is due"};
  if (runs_on(is) || has_nothing_to_run(wish) || has_nothing_to_run(is)) return {};
  // A server that ended with 0 has been shut down, and has not done its work.
  if (is_completed(is) && !is_server(wish)) return {};
  // What did not prepare its service was kept to be looked at, and gives way to another attempt.
  if (!wish.step.empty()) return {Verdict::recreate, {}, why_not_running(is)};
  return {Verdict::start, {}, why_not_running(is)};
}

/// By its name it is another container, by its service and number the same.
ContainerChange judge_renamed(const DesiredContainer& wish, const ObservedContainer& is,
                              const spec::SourceMap& sources) {
  ContainerChange change = judge(wish, is, sources);
  const std::string path = "container_name";
  const auto place = std::ranges::lower_bound(change.fields, path, {}, &FieldChange::path);
  change.fields.insert(
      place, {path, Json(supervisor::name_of_its_own(is.config)).dump(), Json(wish.name).dump(),
              sources.find("services." + wish.service + "." + path)});
  return {Verdict::recreate, change.fields, phrase(change.fields), false, {}, is.config.name};
}

ContainerChange judge_unwished(const ObservedContainer& is, const std::set<std::string>& known,
                               const DesiredState& desired) {
  if (desired.containers.contains(is.config.place))
    return {Verdict::superseded, {}, "set aside by a change that was not finished"};
  if (supervisor::is_one_off(is.config)) {
    if (is.status.phase != Phase::exited) return {};
    return {Verdict::orphan, {}, "orphan: a run that has ended"};
  }
  if (desired.services.contains(is.config.service))
    return {Verdict::remove, {}, is.config.step.empty() ? "scaled down" : "no such step"};
  if (known.contains(is.config.service)) return {};
  return {Verdict::orphan,
          {},
          fmt::format("orphan: service \"{}\" is not in the file", is.config.service)};
}

}  // namespace

std::string_view verb_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::create:
      return "create";
    case Verdict::recreate:
      return "recreate";
    case Verdict::update:
      return "update";
    case Verdict::restart:
      return "restart";
    case Verdict::start:
      return "start";
    case Verdict::remove:
    case Verdict::superseded:
      return "remove";
    case Verdict::gives_way:
    case Verdict::orphan:
    case Verdict::keep:
      break;
  }
  return "";
}

Verdict told_verdict(const ContainerChange& change) {
  const bool on_the_way = change.verdict == Verdict::update && !change.restarts.empty();
  return on_the_way ? Verdict::restart : change.verdict;
}

std::string told_reason(const ContainerChange& change) {
  if (change.verdict != Verdict::update || change.restarts.empty()) return change.because;
  return change.because + ", " + change.restarts;
}

std::string to_text(const FieldChange& change) {
  std::string text = change.path + ": ";
  if (change.before.empty()) {
    text += "set to " + change.after;
  } else if (change.after.empty()) {
    text += change.before + " removed";
  } else {
    text += change.before + " -> " + change.after;
  }
  if (change.origin) text += " (" + spec::to_text(*change.origin) + ")";
  return text;
}

bool is_server(const DesiredContainer& wish) {
  if (wish.is_awaited_to_its_end || !wish.step.empty() || wish.one_off) return false;
  const bool runs_the_images_program = !wish.model.command && !wish.model.entrypoint;
  return !wish.model.ports.empty() || tells_health(wish) ||
         (runs_the_images_program && !wish.image.exposed_ports.empty());
}

bool is_completed(const ObservedContainer& container) {
  using supervisor::RestartKind;
  const auto& status = container.status;
  const bool once = container.config.restart.kind == RestartKind::no ||
                    container.config.restart.kind == RestartKind::on_failure;
  return once && status.phase == Phase::exited && status.exit_code == 0 && !status.stopped_by_user;
}

bool has_nothing_to_run(const ObservedContainer& container) {
  return container.config.data_container && container.config.spec.process.arguments.empty();
}

bool is_data_container(const ObservedContainer& container) {
  const auto& status = container.status;
  if (!container.config.data_container) return false;
  if (status.phase == Phase::created) return has_nothing_to_run(container);
  return status.phase == Phase::exited && status.exit_code.value_or(0) == 0 &&
         !status.stopped_by_user;
}

std::vector<FieldChange> compare_descriptions(const std::string& before, const std::string& after,
                                              const spec::SourceMap& sources,
                                              const std::string& place) {
  const Json old = Json::parse(before, nullptr, false);
  const Json wished = Json::parse(after, nullptr, false);
  Comparison comparison(sources, place.empty() ? place : place + ".");
  comparison.compare("", old.is_object() ? &old : nullptr, &wished);
  return comparison.take();
}

Changes diff(const DesiredState& desired, const ObservedState& observed,
             const std::set<std::string>& known_services) {
  Changes changes;
  for (const auto& [name, wish] : desired.containers) {
    const auto is = observed.containers.find(name);
    changes.containers[name] = is == observed.containers.end()
                                   ? ContainerChange{Verdict::create, {}, "absent"}
                                   : judge(wish, is->second, desired.sources);
  }
  for (const auto& [name, is] : observed.containers) {
    if (desired.containers.contains(name)) continue;
    changes.containers[name] = judge_unwished(is, known_services, desired);
  }
  for (const auto& [name, before] : find_predecessors(desired, observed)) {
    changes.containers[name] =
        judge_renamed(desired.containers.at(name), observed.containers.at(before), desired.sources);
    changes.containers[before] = {Verdict::gives_way, {}, name + " takes its place"};
  }
  for (const auto& [name, wish] : desired.networks) {
    if (!wish.is_own()) continue;
    const auto is = observed.networks.find(name);
    if (is == observed.networks.end()) {
      changes.networks[name] = {Verdict::create, {}};
    } else if (const std::string wished = describe(wish); wished != is->second.config.applied) {
      changes.networks[name] = {Verdict::recreate,
                                compare_descriptions(is->second.config.applied, wished,
                                                     desired.sources, "networks." + wish.key)};
    }
  }
  for (const auto& [name, wish] : desired.volumes) {
    if (!observed.volumes.contains(name)) changes.new_volumes.push_back(name);
  }
  return changes;
}

void remove_orphans(Changes& changes) {
  for (auto& [name, change] : changes.containers)
    if (change.verdict == Verdict::orphan) change.verdict = Verdict::remove;
}

}  // namespace stack::orchestrator
