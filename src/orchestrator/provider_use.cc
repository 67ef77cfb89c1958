// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/provider_use.h"

#include <algorithm>

#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "orchestrator/project_home.h"
#include "orchestrator/provider_engine.h"
#include "orchestrator/provider_record.h"
#include "spec/render.h"

namespace stack::orchestrator {
namespace {

using Command = RunProvider::Command;

Error no_program(const spec::Provider& provider) {
  if (provider.type == "compose")
    return Error(fmt::format("service {}: \"compose\" is no type of a provider",
                             stack::quoted(provider.service)));
  return Error(fmt::format("service {}: there is no program of its provider {}",
                           stack::quoted(provider.service), stack::quoted(provider.type)))
      .with_hint(fmt::format(
          "docker-{0} among docker's plugins or {0} in PATH is what is looked for", provider.type));
}

/// Throws Error when its program is not there.
KnownProvider know(const spec::Provider& provider, const spec::StringMap& environment) {
  auto program = find_provider_program(provider.type, environment);
  if (!program) throw no_program(provider);
  ProviderMetadata metadata = ask_for_metadata(*program, environment);
  return {provider, std::move(*program), std::move(metadata)};
}

Providers providers_of(const ProviderRecords& records) {
  Providers providers;
  for (const auto& [name, record] : records) providers[name] = record.provider;
  return providers;
}

Error missing_option_error(const KnownProvider& known, const std::string& option) {
  return Error(fmt::format("service {}: its provider {} needs the option {}",
                           stack::quoted(known.provider.service),
                           stack::quoted(known.provider.type), stack::quoted(option)));
}

struct Run {
  Execution execution;
  std::map<std::string, ProviderVariables> variables;  ///< of those that did it
};

Run run_providers(const KnownProviders& known, const ProviderSurroundings& surroundings,
                  Command command, Host& host) {
  Providers providers;
  for (const auto& [name, each] : known) providers[name] = each.provider;
  ProviderEngine engine(known, surroundings);
  const Plan plan = plan_providers(providers, command);
  Execution execution;
  if (!plan.empty()) execution = execute(plan, engine, host.report, host.interrupted, host.at_once);
  return {std::move(execution), engine.variables()};
}

/// Asks those whose program is there; of the others the execution has the error.
Run end_providers(const Providers& providers, const ProviderSurroundings& surroundings,
                  Command command, Host& host) {
  KnownProviders known;
  std::vector<Error> errors;
  for (const auto& [name, provider] : providers) {
    try {
      KnownProvider each = know(provider, surroundings.environment);
      if (command == Command::stop && !each.metadata.stop) continue;
      if (const auto missing = missing_option(provider, each.metadata, command))
        throw missing_option_error(each, *missing);
      known.emplace(name, std::move(each));
    } catch (const Error& error) {
      errors.push_back(error);
    }
  }
  Run run = run_providers(known, surroundings, command, host);
  std::ranges::move(errors, std::back_inserter(run.execution.errors));
  return run;
}

ProviderSurroundings surroundings_of(const std::string& name, const spec::Project* project) {
  return {name, project != nullptr ? project->variables : process_environment(),
          [project](const std::string& service) {
            if (project == nullptr || !project->providers.contains(service))
              fail("its file is not known here");
            return spec::service_json(*project, service);
          }};
}

void keep_named(Providers& providers, const std::set<std::string>& services) {
  if (services.empty()) return;
  std::erase_if(providers, [&](const auto& each) { return !services.contains(each.first); });
}

}  // namespace

KnownProviders look_at_providers(const spec::Project& project, const std::set<std::string>& chosen,
                                 std::vector<Problem>& problems) {
  KnownProviders known;
  const auto tell = [&](const std::string& name, const char* key, const Error& error) {
    problems.push_back({error.message(),
                        project.sources.find(fmt::format("services.{}.provider.{}", name, key)),
                        error.hint()});
  };
  for (const std::string& name : chosen) {
    try {
      KnownProvider each = know(project.providers.at(name), project.variables);
      if (const auto missing = missing_option(each.provider, each.metadata, Command::up))
        tell(name, "options", missing_option_error(each, *missing));
      known.emplace(name, std::move(each));
    } catch (const Error& error) {
      tell(name, "type", error);
    }
  }
  return known;
}

std::map<std::string, ProviderVariables> read_provider_variables(const std::string& project,
                                                                 const HostPaths& paths) {
  std::map<std::string, ProviderVariables> variables;
  for (const auto& [name, record] : read_provider_records(project, paths))
    variables[name] = record.variables;
  return variables;
}

spec::Project with_remembered_variables(const spec::Project& project, const HostPaths& paths) {
  std::vector<Problem> told_before;
  return with_variables(project, read_provider_variables(project.name, paths), told_before);
}

Execution bring_providers_up(const spec::Project& project, const KnownProviders& chosen,
                             Host& host) {
  record_project(project, host.paths);
  ProviderRecords records = read_provider_records(project.name, host.paths);
  for (const auto& [name, known] : chosen) records[name].provider = known.provider;
  // Before: a provider that is killed half way has something to take down.
  write_provider_records(project.name, records, host.paths);
  Run run = run_providers(chosen, surroundings_of(project.name, &project), Command::up, host);
  for (auto& [name, variables] : run.variables) records[name].variables = std::move(variables);
  write_provider_records(project.name, records, host.paths);
  return std::move(run.execution);
}

Execution take_providers_down(const std::string& name, const spec::Project* project,
                              const std::set<std::string>& services, Host& host) {
  ProviderRecords records = read_provider_records(name, host.paths);
  Providers providers = providers_of(records);
  if (project != nullptr)
    for (const auto& [service, provider] : project->providers) providers[service] = provider;
  keep_named(providers, services);
  if (providers.empty()) return {};
  Run run = end_providers(providers, surroundings_of(name, project), Command::down, host);
  for (const auto& [service, nothing] : run.variables) records.erase(service);
  write_provider_records(name, records, host.paths);
  return std::move(run.execution);
}

Execution stop_providers(const std::string& name, const std::set<std::string>& services,
                         Host& host) {
  Providers providers = providers_of(read_provider_records(name, host.paths));
  keep_named(providers, services);
  if (providers.empty()) return {};
  return end_providers(providers, surroundings_of(name, nullptr), Command::stop, host).execution;
}

}  // namespace stack::orchestrator
