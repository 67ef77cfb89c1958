// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/use_cases.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/document.h"
#include "base/fail_point.h"
#include "orchestrator/host_files.h"
#include "orchestrator/native_engine.h"
#include "orchestrator/preflight_networks.h"
#include "orchestrator/project_lock.h"
#include "orchestrator/traced_report.h"

namespace stack::orchestrator {
namespace {

constexpr DocumentKind project_document{"project", 1};

std::set<std::string> all_services(const spec::Project& project) {
  std::set<std::string> names;
  for (const auto& [name, service] : project.services) names.insert(name);
  return names;
}

void apply(Recreation recreation, Changes& changes) {
  for (auto& [name, change] : changes.containers) {
    // Without a field that differs it is a preparation that failed, which is no change.
    const bool differs = !change.fields.empty() &&
                         (change.verdict == Verdict::recreate || change.verdict == Verdict::update);
    if (recreation == Recreation::never && differs) change = {};
    const bool exists = change.verdict == Verdict::keep || change.verdict == Verdict::start ||
                        change.verdict == Verdict::update;
    if (recreation == Recreation::always && exists) change = {Verdict::recreate, {}, "forced"};
  }
}

/// Everything between observe and execute: pure.
void decide(const spec::Project& project, const UpRequest& request, const ObservedState& observed,
            UpResult& result, Laps& laps) {
  result.changes = diff(result.desired, observed, all_services(project));
  apply(request.recreation, result.changes);
  laps.end("diff");
  result.plan = plan_up(result.desired, observed, result.changes, request.orphans);
  laps.end("plan");
}

/// Where the project is, for commands that come without its file, and for people.
void record_project(const spec::Project& project, const HostPaths& paths) {
  make_directories(paths.project_data(project.name));
  nlohmann::json files = nlohmann::json::array();
  for (const auto& file : project.files) files.push_back(file.native());
  fail_point("project.document");
  write_document(
      paths.project_data(project.name) / "project.json", project_document,
      {{"name", project.name}, {"working_dir", project.working_dir.native()}, {"files", files}},
      Durability::survives_crash);
}

bool nothing_left(Engine& engine) {
  const ObservedState observed = engine.observe();
  return observed.containers.empty() && observed.networks.empty();
}

DownPolicy completed_policy(DownPolicy policy, const std::string& name,
                            const spec::Project* project, const ObservedState& observed) {
  policy.project = name;
  if (project != nullptr) policy.known_services = all_services(*project);
  for (const auto& [volume, info] : observed.volumes) {
    const auto owner = info.labels.find("com.docker.compose.project");
    const bool ours = owner != info.labels.end() && owner->second == name;
    if (ours && info.labels.contains("com.docker.compose.volume"))
      policy.volume_names.push_back(volume);
  }
  return policy;
}

}  // namespace

ImageCatalog find_images(const spec::Project& project, const std::set<std::string>& services,
                         const HostPaths& paths) {
  const image::ImageStore store(paths.images());
  ImageCatalog catalog;
  const auto look_up = [&](const std::string& reference) {
    if (catalog.contains(reference)) return;
    if (const auto image = store.find(reference)) catalog[reference] = {image->id, image->config};
  };
  for (const auto& name : services) {
    const spec::Service& service = project.services.at(name);
    look_up(service.image);
    for (const auto& step : service.pre_start)
      if (!step.image.empty()) look_up(step.image);
    for (const auto& mount : service.volumes)
      if (mount.type == spec::MountType::image) look_up(mount.source);
  }
  return catalog;
}

namespace {

CdiGrants find_devices(const spec::Project& project, const std::set<std::string>& services,
                       std::vector<Problem>& problems) {
  if (!needs_cdi(project, services)) return {};
  return grant_devices(project, services, read_cdi_registry(cdi_directories()), problems);
}

void look_at_networks(const HostPaths& paths, const ObservedState& observed, UpResult& result) {
  HostFindings networks = check_network_options(result.desired);
  std::ranges::move(networks.errors, std::back_inserter(result.problems));
  result.warnings = std::move(networks.warnings);
  const bool any_is_made = std::ranges::any_of(result.changes.networks, [](const auto& change) {
    return change.second.verdict != Verdict::keep;
  });
  const NetworkWorld world =
      any_is_made ? observe_network_world(paths, result.desired) : NetworkWorld{};
  for (auto& problem : check_network_world(result.desired, observed, result.changes, world))
    result.problems.push_back(std::move(problem));
}

UpResult look(const spec::Project& project, const UpRequest& request, const HostPaths& paths,
              Spans* trace) {
  Laps laps(trace, command_row);
  UpResult result;
  const auto services = select_services(project, request.services);
  const ImageCatalog images = find_images(project, services, paths);
  result.problems = check_images(project, services, images);
  const HostFiles files = read_host_files(project, services, result.problems);
  const CdiGrants devices = find_devices(project, services, result.problems);
  result.desired = desired_state(project, services, images, files, devices);
  laps.end("desired");
  NativeEngine engine(paths, result.desired);
  ObservedState observed = engine.observe();
  engine.count_orphans_as_ended(observed);
  find_owners(paths, observed, result.desired);
  laps.end("observe");
  decide(project, request, observed, result, laps);
  for (auto& problem :
       check_world(paths, result.desired, observed, result.changes, request.host_sources)) {
    result.problems.push_back(std::move(problem));
  }
  look_at_networks(paths, observed, result);
  HostFindings host = check_host(result.desired, result.changes);
  std::ranges::move(host.errors, std::back_inserter(result.problems));
  std::ranges::move(strange_networks(result.desired), std::back_inserter(result.warnings));
  std::ranges::move(host.warnings, std::back_inserter(result.warnings));
  laps.end("preflight");
  return result;
}

/// Whether there is something to do and nothing in its way.
bool is_to_be_done(const UpResult& result) {
  return result.problems.empty() && !result.plan.empty();
}

void tell_warnings(const UpResult& result, const Host& host) {
  for (const Problem& warning : result.warnings) host.warned(warning);
}

}  // namespace

UpResult preview(const spec::Project& project, const UpRequest& request, const HostPaths& paths) {
  return look(project, request, paths, nullptr);
}

UpResult up(const spec::Project& project, const UpRequest& request, Host& host) {
  Spans* const trace = spans_of(host.trace, command_group);
  UpResult result = look(project, request, host.paths, trace);
  Laps laps(trace, command_row);
  std::optional<FileLock> lock;
  if (is_to_be_done(result)) {
    lock.emplace(lock_project(host.paths, project.name, "stack up", host.waiting));
    laps.end("lock");
    // The world may have moved on while we waited.
    result = look(project, request, host.paths, trace);
    laps.end("look again");
  }
  tell_warnings(result, host);
  if (!is_to_be_done(result)) return result;
  record_project(project, host.paths);
  NativeEngine engine(host.paths, result.desired, host.trace);
  engine.observe();
  laps.end("record the project");
  const Timed executing(trace, command_row, "execute");
  result.execution = execute(result.plan, engine, host.report, host.interrupted);
  return result;
}

DownResult down(const std::string& name, const spec::Project* project, DownPolicy policy,
                Host& host) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  const FileLock lock = lock_project(host.paths, name, "stack down", host.waiting);
  NativeEngine engine(host.paths, nothing);
  if (policy.services.empty()) engine.take_unreadable_away();
  const ObservedState observed = engine.observe();
  policy = completed_policy(std::move(policy), name, project, observed);
  DownResult result;
  result.plan = plan_down(observed, policy);
  result.execution = execute(result.plan, engine, host.report, host.interrupted);
  if (!policy.volumes) result.kept_volumes = policy.volume_names;
  if (result.execution.succeeded() && nothing_left(engine)) {
    engine.shut_down_supervisor();
    remove_project_directories(host.paths, name, lock);
  }
  return result;
}

Execution stop(const std::string& name, const std::set<std::string>& services,
               std::optional<std::chrono::nanoseconds> grace, Host& host) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  const FileLock lock = lock_project(host.paths, name, "stack stop", host.waiting);
  NativeEngine engine(host.paths, nothing);
  return execute(plan_stop(engine.observe(), services, grace), engine, host.report,
                 host.interrupted);
}

void kill_all(const HostPaths& paths, const std::string& name) {
  auto client = supervisor::Client::connect(paths, name);
  if (!client) return;
  std::size_t asked = 0;
  for (const auto& container : supervisor::read_containers(paths, name)) {
    if (container.status.process.pid == 0) continue;
    client->send(supervisor::StopContainer{container.config.id, std::chrono::nanoseconds(0)});
    ++asked;
  }
  while (asked-- > 0) client->receive();
}

namespace {

/// For plans that make nothing new.
Execution execute_on(const std::string& name, Host& host,
                     const std::function<Plan(const ObservedState&)>& make_plan) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  NativeEngine engine(host.paths, nothing);
  return execute(make_plan(engine.observe()), engine, host.report, host.interrupted);
}

}  // namespace

Execution kill(const std::string& name, const KillRequest& request, Host& host) {
  return execute_on(name, host, [&](const ObservedState& observed) {
    return plan_kill(observed, request.services, request.signal);
  });
}

Execution pause(const std::string& name, const std::set<std::string>& services, Host& host) {
  return execute_on(name, host,
                    [&](const auto& observed) { return plan_pause(observed, services); });
}

Execution unpause(const std::string& name, const std::set<std::string>& services, Host& host) {
  return execute_on(name, host,
                    [&](const auto& observed) { return plan_unpause(observed, services); });
}

std::map<std::string, std::map<std::string, spec::Dependency>> restart_links(
    const spec::Project& project) {
  std::map<std::string, std::map<std::string, spec::Dependency>> links;
  for (const auto& [name, service] : project.services) {
    for (const auto& [dependency, how] : service.depends_on) {
      if (how.restart) links[name].emplace(dependency, how);
    }
  }
  return links;
}

Execution restart(const std::string& name, const RestartRequest& request, Host& host) {
  const FileLock lock = lock_project(host.paths, name, "stack restart", host.waiting);
  return execute_on(name, host,
                    [&](const auto& observed) { return plan_restart(observed, request); });
}

Execution start(const spec::Project& project, const std::vector<std::string>& services,
                Host& host) {
  const auto named = select_services(project, services);
  const auto wanted =
      services.empty() ? named : std::set<std::string>(services.begin(), services.end());
  const auto all = all_services(project);
  std::vector<Problem> unread;  // of what exists already: it has its texts
  const DesiredState desired = desired_state(project, all, find_images(project, all, host.paths),
                                             read_host_files(project, all, unread));
  const FileLock lock = lock_project(host.paths, project.name, "stack start", host.waiting);
  NativeEngine engine(host.paths, desired);
  ObservedState observed = engine.observe();
  engine.count_orphans_as_ended(observed);
  return execute(plan_start(desired, observed, wanted), engine, host.report, host.interrupted);
}

}  // namespace stack::orchestrator
