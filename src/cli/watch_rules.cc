// SPDX-License-Identifier: Apache-2.0
#include "cli/watch_rules.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "orchestrator/copy_rules.h"
#include "spec/tree.h"

namespace stack::cli {
namespace {

using spec::Node;

WatchAction action_of(std::string_view text) {
  if (text == "sync") return WatchAction::sync;
  if (text == "restart") return WatchAction::restart;
  if (text == "sync+restart") return WatchAction::sync_restart;
  if (text == "sync+exec") return WatchAction::sync_exec;
  return WatchAction::rebuild;
}

std::vector<std::string> texts_of(const Node* node) {
  std::vector<std::string> texts;
  if (node == nullptr) return texts;
  for (const Node& item : node->items) texts.push_back(item.text);
  return texts;
}

WatchHook hook_of(const Node& watch) {
  WatchHook hook;
  const Node* const exec = watch.find("exec");
  if (exec == nullptr) return hook;
  const Node* const command = exec->find("command");
  if (command != nullptr && command->is_string()) {
    hook.command = {"/bin/sh", "-c", command->text};
  } else {
    hook.command = texts_of(command);
  }
  hook.user = exec->text_of("user");
  hook.working_dir = exec->text_of("working_dir");
  hook.privileged = exec->text_of("privileged") == "true";
  for (const auto& entry : spec::entries_of(*exec, "environment"))
    hook.environment.push_back(entry.key + "=" + entry.value.text);
  return hook;
}

std::string without_end_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

WatchRule rule_of(const std::string& service, const Node& watch, const std::string& working_dir) {
  WatchRule rule;
  rule.service = service;
  rule.path = orchestrator::clean_absolute(std::string(watch.text_of("path")), working_dir);
  rule.action = action_of(watch.text_of("action"));
  rule.target = without_end_slash(std::string(watch.text_of("target")));
  rule.initial_sync = watch.text_of("initial_sync") == "true";
  rule.hook = hook_of(watch);
  rule.ignored = build::IgnoreRules(join(texts_of(watch.find("ignore")), "\n"));
  for (const auto& pattern : texts_of(watch.find("include")))
    rule.included.emplace_back(build::clean_relative(pattern));
  return rule;
}

/// "b/c" of "/a/b/c" below "/a"; "" of "/a" itself.
std::optional<std::string> relative_to(const std::string& directory, const std::string& path) {
  if (path == directory) return "";
  const std::string prefix = directory == "/" ? "/" : directory + "/";
  if (!path.starts_with(prefix)) return std::nullopt;
  return path.substr(prefix.size());
}

/// What version control and editors do for themselves.
bool is_nobodys_business(const std::string& path) {
  for (const std::string& name : split(path, '/')) {
    const bool ends_like_a_swap_file =
        name.starts_with('.') &&
        (name.ends_with(".swp") || name.ends_with(".swx") || name.ends_with(".kate-swp"));
    if (name == ".git" || name == "4913" || name.ends_with('~') || name.starts_with(".#") ||
        name.starts_with(".goutputstream-") || ends_like_a_swap_file)
      return true;
  }
  return false;
}

bool is_included(const WatchRule& rule, const std::string& path) {
  if (rule.included.empty()) return true;
  return std::ranges::any_of(rule.included, [&](const build::PathPattern& pattern) {
    // A pattern of a directory is about all that is in it.
    for (std::string part = path; !part.empty(); part = part.substr(0, part.rfind('/'))) {
      if (pattern.matches(part)) return true;
      if (part.find('/') == std::string::npos) break;
    }
    return false;
  });
}

}  // namespace

bool copies(WatchAction action) {
  return action == WatchAction::sync || action == WatchAction::sync_restart ||
         action == WatchAction::sync_exec;
}

std::vector<WatchRule> watch_rules(
    const spec::Project& project, const std::set<std::string>& services,
    const std::function<std::string(const std::string&)>& dockerignore) {
  std::vector<WatchRule> rules;
  const Node* const written = project.resolved->find("services");
  for (const std::string& name : services) {
    const Node* const service = written == nullptr ? nullptr : written->find(name);
    const Node* const develop = service == nullptr ? nullptr : service->find("develop");
    if (develop == nullptr) continue;
    const auto& build = project.services.at(name).build;
    for (const Node& watch : spec::items_of(*develop, "watch")) {
      WatchRule rule = rule_of(name, watch, project.working_dir.native());
      if (build) {
        rule.context = orchestrator::clean_absolute(build->context, project.working_dir.native());
        rule.context_ignored = build::IgnoreRules(dockerignore(rule.context));
      }
      rules.push_back(std::move(rule));
    }
  }
  return rules;
}

std::optional<std::string> place_below(const WatchRule& rule, const std::string& changed) {
  const auto path = relative_to(rule.path, changed);
  if (!path || path->empty()) return path;
  if (is_nobodys_business(*path) || rule.ignored.ignores_alone(*path) || !is_included(rule, *path))
    return std::nullopt;
  if (rule.context.empty()) return path;
  const auto in_context = relative_to(rule.context, changed);
  if (in_context && !in_context->empty() && rule.context_ignored.ignores_alone(*in_context))
    return std::nullopt;
  return path;
}

WatchWork work_for(const std::vector<WatchRule>& rules, const std::set<std::string>& changed) {
  WatchWork work;
  for (std::size_t at = 0; at < rules.size(); ++at) {
    const WatchRule& rule = rules[at];
    for (const std::string& path : changed) {
      const auto place = place_below(rule, path);
      if (!place) continue;
      if (rule.action == WatchAction::rebuild) work.rebuilt.insert(rule.service);
      if (copies(rule.action)) work.synced[at].insert(*place);
      if (rule.action == WatchAction::restart || rule.action == WatchAction::sync_restart)
        work.restarted.insert(rule.service);
      if (rule.action == WatchAction::sync_exec) work.executed.insert(at);
    }
  }
  // A container that is made anew has everything.
  for (const std::string& service : work.rebuilt) work.restarted.erase(service);
  std::erase_if(work.synced,
                [&](const auto& each) { return work.rebuilt.contains(rules[each.first].service); });
  std::erase_if(work.executed,
                [&](std::size_t at) { return work.rebuilt.contains(rules[at].service); });
  return work;
}

}  // namespace stack::cli
