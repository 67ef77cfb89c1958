// SPDX-License-Identifier: Apache-2.0
#include "cli/found_container.h"

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/object_name.h"
#include "base/text.h"
#include "cli/change.h"
#include "cli/progress.h"
#include "orchestrator/one_off.h"
#include "supervisor/project_files.h"
#include "volumes/usage.h"

namespace stack::cli {

std::vector<FoundContainer> all_containers(supervisor::ConfigParts parts) {
  const HostPaths paths = HostPaths::from_environment();
  std::vector<FoundContainer> all;
  for (const auto& project : supervisor::list_projects(paths))
    for (auto& container : supervisor::read_containers(paths, project, parts))
      all.push_back({project, std::move(container)});
  std::ranges::stable_sort(all, [](const auto& one, const auto& other) {
    return one.container.status.created > other.container.status.created;
  });
  return all;
}

namespace {

/// Names are a stack's own: two of them may have the same.
[[noreturn]] void refuse_several(const std::vector<const FoundContainer*>& called) {
  std::vector<std::string> which;
  for (const FoundContainer* const each : called)
    which.push_back(
        fmt::format("{} of stack {}", short_id(each->container.config.id), each->project));
  throw Error(fmt::format("several containers are called {}: {}",
                          called.front()->container.config.name, fmt::join(which, ", ")))
      .with_hint("the id tells them apart");
}

const FoundContainer* one_called(const std::vector<FoundContainer>& containers,
                                 const std::string& name) {
  std::vector<const FoundContainer*> called;
  for (const FoundContainer& each : containers) {
    if (each.container.config.id == name) return &each;
    if (each.container.config.name == name) called.push_back(&each);
  }
  if (called.size() > 1) refuse_several(called);
  return called.empty() ? nullptr : called.front();
}

}  // namespace

const FoundContainer* seek_container(const std::vector<FoundContainer>& containers,
                                     const std::string& text) {
  const std::string name = text.starts_with('/') ? text.substr(1) : text;
  if (const FoundContainer* const called = one_called(containers, name)) return called;
  const FoundContainer* chosen = nullptr;
  for (const FoundContainer& each : containers) {
    const auto& config = each.container.config;
    if (name.empty() || !config.id.starts_with(name)) continue;
    if (chosen != nullptr)
      throw Error(fmt::format("multiple IDs found with provided prefix: {}", printable(name)))
          .with_hint("more digits tell them apart");
    chosen = &each;
  }
  return chosen;
}

const FoundContainer& choose_container(const std::vector<FoundContainer>& containers,
                                       const std::string& text) {
  if (const FoundContainer* const found = seek_container(containers, text)) return *found;
  const std::string name = text.starts_with('/') ? text.substr(1) : text;
  Error error(fmt::format("No such container: {}", printable(text)));
  std::vector<std::string> names;
  for (const FoundContainer& each : containers) {
    const auto& config = each.container.config;
    if (config.service == name)
      throw error.with_hint(fmt::format("{} is a service of stack {}, and has container {}",
                                        printable(name), each.project, config.name));
    names.push_back(config.name);
  }
  if (const auto near = nearest(name, names))
    error.with_hint(fmt::format("did you mean \"{}\"?", *near));
  throw error;
}

FoundContainer find_container(const std::string& text) {
  return choose_container(all_containers(), text);
}

void check_name_is_free(const std::vector<FoundContainer>& containers, const std::string& name) {
  if (name.size() < 2 || !is_object_name(name))
    throw Error(
        fmt::format("Invalid container name ({}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
                    printable(name)))
        .with_hint("two characters at least, of which the first is a letter or a digit")
        .with_exit_code(ExitCode::runtime_error);
  for (const FoundContainer& each : containers) {
    const auto& config = each.container.config;
    if (config.name != name) continue;
    throw Error(fmt::format("Conflict. The container name \"/{}\" is already in use by container "
                            "\"{}\"",
                            name, config.id))
        .with_hint("remove or rename that container, or choose another name")
        .with_exit_code(ExitCode::runtime_error);
  }
}

std::uint64_t written_bytes(const FoundContainer& found) {
  const supervisor::ProjectFiles files{HostPaths::from_environment(), found.project};
  return volumes::file_bytes(files.upper(found.container.config.id));
}

void retire_lone_containers() {
  const HostPaths paths = HostPaths::from_environment();
  const std::string project = orchestrator::lone_containers_project;
  if (!stack::exists(paths.project_data(project))) return;
  if (!supervisor::read_containers(paths, project, supervisor::ConfigParts::summary).empty())
    return;
  Options quiet;
  quiet.progress = "quiet";
  const auto progress = make_progress(quiet);
  orchestrator::Host host = interruptible_host(*progress);
  orchestrator::retire(project, host);
}

Options options_about(const FoundContainer& found, const Options& options) {
  Options about = options;
  about.project_name = found.project;
  about.container = found.container.config.id;
  about.files.clear();
  about.arguments.front() = found.container.config.service;
  if (found.container.config.step.empty())
    about.index = fmt::format("{}", found.container.config.number);
  return about;
}

}  // namespace stack::cli
