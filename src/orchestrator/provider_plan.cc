// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/provider_plan.h"

#include <algorithm>

#include "base/text.h"
#include "orchestrator/desired.h"
#include "orchestrator/plan_builder.h"

namespace stack::orchestrator {
namespace {

/// The provider and those that it depends on.
void add_with_providers(const Providers& providers, const std::string& name,
                        std::set<std::string>& chosen) {
  const auto found = providers.find(name);
  if (found == providers.end() || !chosen.insert(name).second) return;
  for (const auto& [dependency, how] : found->second.depends_on)
    add_with_providers(providers, dependency, chosen);
}

/// Providers that one of `services` needs.
void add_needed(const Providers& providers, const std::set<std::string>& services,
                std::set<std::string>& chosen) {
  for (const auto& [name, provider] : providers)
    if (std::ranges::any_of(provider.dependents,
                            [&](const auto& each) { return services.contains(each); }))
      add_with_providers(providers, name, chosen);
}

/// Adds the steps before that of `name`, and then its own.
class ProviderPlanner {
 public:
  ProviderPlanner(const Providers& providers, RunProvider::Command command)
      : providers_(providers), command_(command) {}

  StepId add(const std::string& name) {
    if (const auto known = steps_.find(name); known != steps_.end()) return known->second;
    std::vector<StepId> after;
    for (const std::string& other : before(name)) after.push_back(add(other));
    const StepId step = builder_.add(RunProvider{name, command_}, "asked for", std::move(after));
    steps_[name] = step;
    return step;
  }
  Plan take() { return builder_.take(); }

 private:
  std::vector<std::string> before(const std::string& name) const {
    const spec::Provider& provider = providers_.at(name);
    std::vector<std::string> names;
    if (command_ == RunProvider::Command::up) {
      for (const auto& [dependency, how] : provider.depends_on) names.push_back(dependency);
    } else {
      names.assign(provider.dependents.begin(), provider.dependents.end());
    }
    std::erase_if(names, [&](const auto& each) { return !providers_.contains(each); });
    return names;
  }

  const Providers& providers_;
  RunProvider::Command command_;
  PlanBuilder builder_;
  std::map<std::string, StepId> steps_;
};

std::string prefix_of(const std::string& service) {
  std::string prefix = service;
  std::ranges::transform(prefix, prefix.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return prefix + "_";
}

}  // namespace

ServiceChoice choose(const spec::Project& project, const std::vector<std::string>& named,
                     bool with_dependencies) {
  ServiceChoice choice;
  if (named.empty()) {
    for (const auto& [name, provider] : project.providers) choice.providers.insert(name);
    return choice;
  }
  for (const std::string& name : named) {
    const auto provider = project.providers.find(name);
    if (provider == project.providers.end()) {
      choice.services.push_back(name);
    } else if (with_dependencies) {
      add_with_providers(project.providers, name, choice.providers);
    } else {
      choice.providers.insert(name);
    }
  }
  if (with_dependencies) {
    for (const std::string& name : choice.providers)
      for (const auto& [dependency, how] : project.providers.at(name).depends_on)
        if (project.services.contains(dependency)) choice.services.push_back(dependency);
    if (!choice.services.empty())
      add_needed(project.providers, select_services(project, choice.services), choice.providers);
  }
  choice.are_all_providers = choice.services.empty();
  return choice;
}

Plan plan_providers(const Providers& providers, RunProvider::Command command) {
  ProviderPlanner planner(providers, command);
  for (const auto& [name, provider] : providers) planner.add(name);
  return planner.take();
}

spec::Project with_variables(spec::Project project,
                             const std::map<std::string, ProviderVariables>& variables,
                             std::vector<Problem>& warnings) {
  for (const auto& [name, said] : variables) {
    const auto provider = project.providers.find(name);
    if (provider == project.providers.end()) continue;
    for (const std::string& dependent : provider->second.dependents) {
      const auto service = project.services.find(dependent);
      if (service == project.services.end()) continue;
      spec::Environment& environment = service->second.environment;
      for (const auto& [key, value] : said.prefixed) environment[prefix_of(name) + key] = value;
      for (const auto& [key, value] : said.raw) {
        const auto before = environment.find(key);
        if (before != environment.end() && before->second != value)
          warnings.push_back(
              {fmt::format("the provider of service {} sets {} of service {} to another "
                           "value than the file",
                           stack::quoted(name), key, stack::quoted(dependent)),
               project.sources.find(fmt::format("services.{}.environment.{}", dependent, key)),
               ""});
        environment[key] = value;
      }
    }
  }
  return project;
}

}  // namespace stack::orchestrator
