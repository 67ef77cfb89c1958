// SPDX-License-Identifier: Apache-2.0
// stack completion, and what its scripts ask.
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/image_use.h"
#include "cli/image_view.h"
#include "cli/project.h"
#include "orchestrator/host_networks.h"
#include "supervisor/status.h"
#include "volumes/volume_store.h"

namespace stack::cli {
namespace {

using Names = std::vector<std::string>;

/// Nothing to offer is no error: a person is in the middle of a line.
LiveNames::Find quietly(Names (*find)(const Options& options)) {
  return [find](const Options& options) -> Names {
    try {
      return find(options);
    } catch (const std::exception&) {
      return {};
    }
  };
}

Names services_in_files(const Options& options) {
  spec::LoadRequest request = load_request(options);
  request.profiles = {"*"};
  request.purpose = spec::Purpose::show;
  const spec::LoadResult result = spec::load(request);
  Names names;
  if (!result.project) return names;
  for (const auto& [name, service] : result.project->services) names.push_back(name);
  return names;
}

Names services_that_run(const Options& options) {
  std::set<std::string> names;
  for (const auto& each : supervisor::read_containers(
           HostPaths::from_environment(), project_name(options), supervisor::ConfigParts::summary))
    names.insert(each.config.service);
  return {names.begin(), names.end()};
}

Names services(const Options& options) {
  const Names written = quietly(services_in_files)(options);
  return written.empty() ? services_that_run(options) : written;
}

Names profiles(const Options& options) {
  spec::LoadRequest request = load_request(options);
  request.purpose = spec::Purpose::show;
  const spec::LoadResult result = spec::load(request);
  if (!result.project) return {};
  return {result.project->profiles.begin(), result.project->profiles.end()};
}

Names projects(const Options&) {
  return supervisor::list_stacks(HostPaths::from_environment());
}

Names containers(const Options& options) {
  Names names;
  for (const auto& project : projects(options)) {
    for (const auto& each : supervisor::read_containers(HostPaths::from_environment(), project,
                                                        supervisor::ConfigParts::summary))
      names.push_back(each.config.name);
  }
  return names;
}

Names images(const Options&) {
  Names names;
  const auto all = open_store().list();
  for (const auto& each : by_name(all))
    if (each.tag != "<none>") names.push_back(each.repository + ":" + each.tag);
  return names;
}

Names volumes(const Options&) {
  Names names;
  for (const auto& each : volumes::VolumeStore(HostPaths::from_environment().volumes()).list())
    names.push_back(each.name);
  return names;
}

Names networks(const Options&) {
  Names names;
  for (const auto& each : orchestrator::list_networks(HostPaths::from_environment()))
    names.push_back(each.name);
  return names;
}

LiveNames live_names() {
  return {quietly(services), quietly(containers), quietly(images),  quietly(volumes),
          quietly(networks), quietly(projects),   quietly(profiles)};
}

/// One candidate a line; what is about it after a tab.
std::string line_of(const Candidate& candidate) {
  if (candidate.about.empty()) return printable(candidate.word);
  return printable(candidate.word) + '\t' + printable(candidate.about);
}

}  // namespace

int run_complete(const Options& options) {
  const Completion completion = complete(options.arguments, live_names());
  for (const Candidate& candidate : completion.candidates) std::cout << line_of(candidate) << '\n';
  if (completion.files) std::cout << ":files\n";
  return 0;
}

int run_completion(const Options& options) {
  const std::string& shell = options.arguments.front();
  const std::string_view script = completion_script(shell);
  if (script.empty())
    throw Error(fmt::format("there is no completion for {}", stack::quoted(shell)))
        .with_hint("bash, zsh or fish")
        .with_exit_code(ExitCode::usage);
  std::cout << script;
  return 0;
}

}  // namespace stack::cli
