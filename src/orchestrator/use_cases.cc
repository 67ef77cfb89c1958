// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/use_cases.h"

#include <algorithm>

#include "base/files.h"
#include "orchestrator/address_room.h"
#include "orchestrator/anonymous_volumes.h"
#include "orchestrator/backed_volumes.h"
#include "orchestrator/copied_volumes.h"
#include "orchestrator/history.h"
#include "orchestrator/host_files.h"
#include "orchestrator/host_volumes.h"
#include "orchestrator/log_places.h"
#include "orchestrator/native_engine.h"
#include "orchestrator/no_such_service.h"
#include "orchestrator/outside_volumes.h"
#include "orchestrator/plan_builder.h"
#include "orchestrator/predecessors.h"
#include "orchestrator/preflight_networks.h"
#include "orchestrator/preflight_room.h"
#include "orchestrator/preflight_users.h"
#include "orchestrator/project_home.h"
#include "orchestrator/project_lock.h"
#include "orchestrator/provider_use.h"
#include "orchestrator/readiness.h"
#include "orchestrator/restarts.h"
#include "orchestrator/shared_networks.h"
#include "orchestrator/takeover.h"
#include "orchestrator/traced_report.h"
#include "orchestrator/wait.h"
#include "spec/render.h"
#include "supervisor/operations_mark.h"
#include "volumes/volume_store.h"

namespace stack::orchestrator {
namespace {

std::set<std::string> all_services(const spec::Project& project) {
  std::set<std::string> names;
  for (const auto& [name, service] : project.services) names.insert(name);
  return names;
}

/// Also those that are not active now: their containers are no orphans.
std::set<std::string> known_services(const spec::Project& project) {
  std::set<std::string> names = all_services(project);
  names.insert(project.inactive_services.begin(), project.inactive_services.end());
  return names;
}

bool is_named(const std::string& service, const UpRequest& request) {
  return std::ranges::find(request.services, service) != request.services.end();
}

/// What is to become of the containers of a service that need not be recreated, or need to.
Recreation recreation_of(const std::string& service, const UpRequest& request) {
  const bool asked_for = request.services.empty() || is_named(service, request);
  return asked_for || request.recreation == Recreation::never ? request.recreation
                                                              : request.recreation_of_dependencies;
}

/// Whoever is not made anew goes on under its name.
void keep_names(const UpRequest& request, const ObservedState& observed, DesiredState& desired) {
  for (const auto& [name, before] : find_predecessors(desired, observed))
    if (recreation_of(desired.containers.at(name).service, request) == Recreation::never &&
        observed.containers.at(before).config.place.empty())
      keep_name(desired, name, before);
}

/// Whether `up -V` is about its anonymous volumes. Those of a data container are what it is there
/// for: it has to be named.
bool is_to_be_renewed(const DesiredState& desired, const DesiredContainer& wish,
                      const UpRequest& request) {
  if (!request.renews_anonymous_volumes || own_anonymous_volumes(desired, wish).empty())
    return false;
  const bool is_any = request.services.empty() && !wish.holds_volumes_for_others;
  return is_any || is_named(wish.service, request);
}

void apply(const UpRequest& request, const DesiredState& desired, Changes& changes) {
  for (auto& [name, change] : changes.containers) {
    const auto wish = desired.containers.find(name);
    if (wish == desired.containers.end()) continue;
    const Recreation recreation = recreation_of(wish->second.service, request);
    // Without a field that differs it is a preparation that failed, which is no change.
    const bool differs = !change.fields.empty() &&
                         (change.verdict == Verdict::recreate || change.verdict == Verdict::update);
    if (recreation == Recreation::never && differs) change = {};
    const bool exists = change.verdict == Verdict::keep || change.verdict == Verdict::start ||
                        change.verdict == Verdict::update;
    if (recreation == Recreation::always && exists) change = {Verdict::recreate, {}, "forced"};
    if (exists && is_to_be_renewed(desired, wish->second, request))
      change = {Verdict::recreate, {}, "its anonymous volumes are renewed"};
  }
}

/// With what there is for a one-off.
std::set<std::string> services_of(const spec::Project& project, const UpRequest& request) {
  const auto dependencies =
      request.with_dependencies ? Dependencies::included : Dependencies::left_out;
  if (!request.one_off) return select_services(project, request.services, dependencies);
  return select_services(project, {request.one_off->service}, dependencies);
}

/// Of a one-off it is `run` that starts it: with its streams at hand.
Plan unstarted(const Plan& plan, const UpRequest& request, const DesiredState& desired) {
  return without_starts(plan, [&](const std::string& name) {
    if (!request.one_off) return true;
    const auto wish = desired.containers.find(name);
    return wish != desired.containers.end() && wish->second.one_off == request.one_off;
  });
}

Changes changes_for(const spec::Project& project, const UpRequest& request,
                    const DesiredState& desired, const ObservedState& observed) {
  Changes changes = diff(desired, observed, known_services(project));
  if (request.orphans == Orphans::remove) remove_orphans(changes);
  untangle(desired, observed, changes);
  apply(request, desired, changes);
  add_reruns(desired, observed, request.reruns, changes);
  add_restarts(desired, observed, changes);
  changes.full_networks = find_full_networks(desired, observed, changes);
  return changes;
}

/// What is made anyway gets new volumes, and who has them by volumes_from is made then, too.
void renew(const spec::Project& project, const UpRequest& request, const ObservedState& observed,
           UpResult& result) {
  auto renewed = renew_volumes(result.desired, observed, result.changes);
  if (renewed.empty()) return;
  result.changes = changes_for(project, request, result.desired, observed);
  result.changes.renewed_volumes = std::move(renewed);
}

/// Everything between observe and execute: pure.
void decide(const spec::Project& project, const UpRequest& request, const ObservedState& observed,
            UpResult& result, Laps& laps) {
  keep_names(request, observed, result.desired);
  find_renewed_volumes(result.desired, observed);
  settle_volumes(result.desired, observed);
  result.changes = changes_for(project, request, result.desired, observed);
  if (request.renews_anonymous_volumes) renew(project, request, observed, result);
  laps.end("diff");
  result.plan = plan_up(result.desired, observed, result.changes, request.atomicity);
  if (request.starting == Starting::nothing)
    result.plan = unstarted(result.plan, request, result.desired);
  laps.end("plan");
}

/// The volumes that a `down` of these services is about. What the file does not declare is
/// somebody's of another file.
std::set<std::string> declared_volumes(const spec::Project& project,
                                       const std::set<std::string>& services) {
  std::set<std::string> used, names;
  for (const auto& [name, service] : project.services)
    for (const auto& mount : service.volumes)
      if (services.contains(name)) used.insert(mount.source);
  for (const auto& [key, volume] : project.volumes)
    if (!volume.external && (services.empty() || used.contains(key))) names.insert(volume.name);
  return names;
}

/// The same without a file: those that containers of these services have.
std::set<std::string> volumes_had(const ObservedState& observed,
                                  const std::set<std::string>& services) {
  std::set<std::string> names;
  for (const auto& [name, volume] : observed.volumes) {
    const bool is_had = std::ranges::any_of(observed.containers, [&](const auto& each) {
      return services.contains(each.second.config.service) && has_volume(each.second, volume);
    });
    if (services.empty() || is_had) names.insert(name);
  }
  return names;
}

DownPolicy completed_policy(DownPolicy policy, const std::string& name,
                            const spec::Project* project, const ObservedState& observed) {
  policy.project = name;
  policy.looked_at = std::chrono::system_clock::now();
  if (project != nullptr) {
    policy.known_services = known_services(*project);
    policy.inactive_services = project->inactive_services;
  }
  const auto meant = project != nullptr ? declared_volumes(*project, policy.services)
                                        : volumes_had(observed, policy.services);
  for (const auto& [volume, info] : observed.volumes) {
    const bool is_named = info.labels.contains("com.docker.compose.volume");
    if (is_of_project(info, name) && is_named && meant.contains(volume))
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
    if (catalog.contains(reference) || fault_of_image_name(reference)) return;
    if (const auto image = store.find(reference))
      catalog[reference] = {image->id, image->config, image->pulled};
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
  const NetworkWorld world = observe_network_world(paths, result.desired, result.changes);
  for (auto& problem :
       check_network_world(result.desired, observed, result.changes, world, result.plan))
    result.problems.push_back(std::move(problem));
}

/// The images, those that are due fetched before. Why one could not be had is told with what lacks
/// it.
ImageCatalog obtain_images(const spec::Project& project, const std::set<std::string>& services,
                           const HostPaths& paths, const PullImages& pull,
                           std::vector<Problem>& problems) {
  ImageCatalog images = find_images(project, services, paths);
  const bool may_pull = pull.fetch && are_images_well_named(project, services);
  const auto due = may_pull ? images_to_pull(project, services, images, pull.policy,
                                             std::chrono::system_clock::now())
                            : std::vector<PullTask>{};
  std::map<std::string, std::string> failures;
  if (!due.empty()) {
    failures = pull.fetch(due);
    images = find_images(project, services, paths);
  }
  std::ranges::move(check_images(project, services, images, failures),
                    std::back_inserter(problems));
  return images;
}

/// Where an image is missing, something in its place: what else is wrong is found all the same.
void put_stand_ins(const spec::Project& project, const std::set<std::string>& services,
                   ImageCatalog& images) {
  ImageFacts stand_in;
  stand_in.config.command = {"?"};
  for (const std::string& name : services) {
    const spec::Service& service = project.services.at(name);
    images.try_emplace(service.image, stand_in);
    for (const auto& step : service.pre_start)
      if (!step.image.empty()) images.try_emplace(step.image, stand_in);
  }
}

UpResult look_at_settled(const spec::Project& project, const UpRequest& request,
                         const HostPaths& paths, Spans* trace, const PullImages& pull,
                         UpResult result) {
  Laps laps(trace, command_row);
  check_home(project, paths);
  auto services = services_of(project, request);
  ImageCatalog images = obtain_images(project, services, paths, pull, result.problems);
  const bool lacks_images = !result.problems.empty();
  if (lacks_images) put_stand_ins(project, services, images);
  const HostFiles files = read_host_files(project, services, result.problems);
  const CdiGrants devices = find_devices(project, services, result.problems);
  if (request.one_off) services.erase(request.one_off->service);
  result.desired = desired_state(project, services, images, files, devices);
  if (request.one_off)
    add_one_off(result.desired, project, *request.one_off, images, files, devices);
  laps.end("desired");
  NativeEngine engine(paths, result.desired);
  ObservedState observed = engine.observe();
  engine.count_orphans_as_ended(observed);
  find_owners(paths, observed, result.desired);
  HostFindings copies;
  if (!request.copy_volumes_from.empty())
    copies = choose_copies(result.desired, observed, request.copy_volumes_from, paths);
  std::ranges::move(copies.errors, std::back_inserter(result.problems));
  laps.end("observe");
  decide(project, request, observed, result, laps);
  std::ranges::move(check_volumes(result.desired, observed), std::back_inserter(result.problems));
  for (auto& problem : check_world(paths, result.desired, observed, result.changes, result.plan,
                                   request.host_sources)) {
    result.problems.push_back(std::move(problem));
  }
  std::ranges::move(check_users(paths, result.desired, result.changes),
                    std::back_inserter(result.problems));
  auto taken = check_ports(paths, result.desired, observed, result.changes, result.plan);
  const bool is_lone = request.one_off && request.one_off->is_the_service;
  if (!is_lone) {
    std::ranges::move(taken, std::back_inserter(result.problems));
  } else if (!taken.empty()) {
    // As docker has it, it is made all the same: its ports are a matter of its start.
    result.plan = unstarted(result.plan, request, result.desired);
  }
  look_at_networks(paths, observed, result);
  std::ranges::move(check_conditions(result.desired), std::back_inserter(result.problems));
  HostFindings host = check_host(result.desired, result.changes);
  std::ranges::move(host.errors, std::back_inserter(result.problems));
  HostFindings room = check_room(paths, result.desired, result.changes);
  std::ranges::move(room.errors, std::back_inserter(result.problems));
  std::ranges::move(strange_networks(result.desired), std::back_inserter(result.warnings));
  std::ranges::move(strange_volumes(result.desired, observed), std::back_inserter(result.warnings));
  std::ranges::move(paused_containers(result.desired, observed, result.changes),
                    std::back_inserter(result.warnings));
  std::ranges::move(differently_shared(paths, result.desired), std::back_inserter(result.warnings));
  std::ranges::move(host.warnings, std::back_inserter(result.warnings));
  std::ranges::move(room.warnings, std::back_inserter(result.warnings));
  std::ranges::move(copies.warnings, std::back_inserter(result.warnings));
  std::ranges::move(files_made_folders(result.desired, result.changes),
                    std::back_inserter(result.warnings));
  std::ranges::move(check_log_places(result.desired, result.changes),
                    std::back_inserter(result.warnings));
  if (lacks_images) result.plan = {};  // nobody is shown what stood in
  laps.end("preflight");
  return result;
}

UpResult look(const spec::Project& project, const UpRequest& request, const HostPaths& paths,
              Spans* trace, const PullImages& pull = {}) {
  if (!takes_outside_volumes(project))
    return look_at_settled(project, request, paths, trace, pull, {});
  UpResult result;
  spec::Project settled = project;
  settle_outside_volumes(paths, services_of(project, request), settled, result.problems);
  return look_at_settled(settled, request, paths, trace, pull, std::move(result));
}

/// Whether there is something to do and nothing in its way.
bool is_to_be_done(const UpResult& result) {
  return result.problems.empty() && !result.plan.empty();
}

void tell_warnings(const UpResult& result, const Host& host) {
  for (const Problem& warning : result.warnings) host.warned(warning);
}

}  // namespace

namespace {

/// What gives way under its project's lock: broken off by whoever asks for that, too.
class GivingWay {
 public:
  GivingWay(const Host& host, std::string project)
      : host_(host), project_(std::move(project)), own_(host) {
    own_.interrupted = [this] { return host_.interrupted() || is_asked(); };
  }
  GivingWay(const GivingWay&) = delete;
  GivingWay& operator=(const GivingWay&) = delete;

  Host& host() { return own_; }
  Execution told(Execution execution) const {
    if (execution.interrupted && by_) execution.cancelled_by = *by_;
    return execution;
  }

 private:
  bool is_asked() {
    if (!by_) by_ = asked_to_break_off(host_.paths, project_);
    return by_.has_value();
  }

  const Host& host_;
  const std::string project_;
  Host own_;
  std::optional<std::string> by_;
};

/// Notes a change in the project's history while it is made.
Execution execute_noted(const spec::Project& project, const UpRequest& request,
                        const UpResult& decided, Engine& engine, Report& report, Host& host) {
  History history(host.paths, project.name);
  HistoryEntry entry;
  entry.what = request.what;
  entry.working_dir = project.working_dir.native();
  entry.services = request.services;
  entry.changes = history_changes(decided.changes);
  history.begin(entry, spec::to_json(project));
  Execution execution = execute(decided.plan, engine, report, host.interrupted, host.at_once);
  try {
    history.end(entry, execution.interrupted   ? "interrupted"
                       : execution.succeeded() ? "done"
                                               : "failed");
  } catch (const Error&) {
    // What was done is done, and what of it failed is told: the entry stays "unfinished".
  }
  return execution;
}

}  // namespace

namespace {

const Claim up_claim{"stack up", Rank::gives_way};

/// Which providers an `up` asks, and what is left of it for containers.
struct Shared {
  ServiceChoice choice;
  UpRequest rest;
};

Shared share(const spec::Project& project, const UpRequest& request) {
  const auto& named = request.one_off ? std::vector{request.one_off->service} : request.services;
  Shared shared{choose(project, named, request.with_dependencies), request};
  shared.rest.services = shared.choice.services;
  return shared;
}

UpResult up_containers(const spec::Project& project, const UpRequest& request, Host& host,
                       std::optional<FileLock> lock) {
  Spans* const trace = spans_of(host.trace, command_group);
  UpResult result = look(project, request, host.paths, trace, host.pull);
  Laps laps(trace, command_row);
  const auto may_change = [&] { return supervisor::has_operations({host.paths, project.name}); };
  // The world may have moved on while we waited for a lock.
  const auto look_again = [&] {
    laps.end("lock");
    result = look(project, request, host.paths, trace);
    laps.end("look again");
  };
  if (!lock && (is_to_be_done(result) || may_change())) {
    lock.emplace(lock_project(host.paths, project.name, up_claim, host.waiting, host.interrupted));
    look_again();
  }
  std::optional<SharingLock> sharing;
  const auto shared = shared_networks_to_make(result.desired, result.changes);
  if (is_to_be_done(result) && !shared.empty()) {
    sharing.emplace(host);
    look_again();
  }
  tell_warnings(result, host);
  if (result.problems.empty() && request.approve) request.approve(result);
  if (!is_to_be_done(result)) return result;
  record_project(project, host.paths);
  NativeEngine engine(host.paths, result.desired, host.trace);
  engine.observe();
  engine.give_up_waiting_at(request.deadline);
  laps.end("record the project");
  const Timed executing(trace, command_row, "execute");
  SharingReport report(host.report, shared, sharing);
  result.execution = request.one_off
                         ? execute(result.plan, engine, report, host.interrupted)
                         : execute_noted(project, request, result, engine, report, host);
  return result;
}

/// What is in the way of the containers is known before a provider is asked for anything; what it
/// says then may be another reason to change them.
UpResult up_with_providers(const spec::Project& project, const UpRequest& request, Host& host) {
  check_home(project, host.paths);
  const Shared shared = share(project, request);
  const auto known = with_remembered_variables(project, host.paths);
  if (shared.choice.providers.empty()) return up_containers(known, shared.rest, host, std::nullopt);
  UpResult result;
  if (!shared.choice.are_all_providers)
    result = look(known, shared.rest, host.paths, nullptr, host.pull);
  const KnownProviders providers =
      look_at_providers(project, shared.choice.providers, result.problems);
  if (!result.problems.empty()) return result;
  auto lock = lock_project(host.paths, project.name, up_claim, host.waiting, host.interrupted);
  result.plan = {};  // decided anew, with what they say
  result.execution = bring_providers_up(project, providers, host);
  if (shared.choice.are_all_providers || !result.execution.succeeded()) return result;
  std::vector<Problem> warnings;
  const auto provided =
      with_variables(project, read_provider_variables(project.name, host.paths), warnings);
  for (const Problem& warning : warnings) host.warned(warning);
  return up_containers(provided, shared.rest, host, std::move(lock));
}

}  // namespace

UpResult preview(const spec::Project& project, const UpRequest& request, const HostPaths& paths) {
  if (project.providers.empty()) return look(project, request, paths, nullptr);
  const Shared shared = share(project, request);
  if (shared.choice.are_all_providers) return {};
  return look(with_remembered_variables(project, paths), shared.rest, paths, nullptr);
}

UpResult up(const spec::Project& project, const UpRequest& request, Host& host) {
  GivingWay giving_way(host, project.name);
  UpResult result = project.providers.empty()
                        ? up_containers(project, request, giving_way.host(), std::nullopt)
                        : up_with_providers(project, request, giving_way.host());
  result.execution = giving_way.told(std::move(result.execution));
  return result;
}

namespace {

DownResult look_down(const std::string& name, const spec::Project* project, DownPolicy& policy,
                     Engine& engine, const HostPaths& paths) {
  if (project != nullptr && policy.name == DownPolicy::Name::of_the_file)
    check_home(*project, paths);
  const ObservedState observed = engine.observe();
  policy = completed_policy(std::move(policy), name, project, observed);
  policy.volume_users = volume_users(paths);
  return {plan_down(observed, policy), {}};
}

}  // namespace

namespace {

/// What of the named services has containers; false when that is none of them.
bool leave_providers_out(const spec::Project* project, DownPolicy& policy) {
  if (project == nullptr || policy.services.empty()) return true;
  std::erase_if(policy.services,
                [&](const auto& name) { return project->providers.contains(name); });
  return !policy.services.empty();
}

void add_to(Execution& execution, Execution more) {
  std::ranges::move(more.errors, std::back_inserter(execution.errors));
  execution.interrupted = execution.interrupted || more.interrupted;
}

}  // namespace

DownResult preview_down(const std::string& name, const spec::Project* project, DownPolicy policy,
                        const HostPaths& paths) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  NativeEngine engine(paths, nothing);
  return look_down(name, project, policy, engine, paths);
}

namespace {

DownResult down_alone(const std::string& name, const spec::Project* project, DownPolicy policy,
                      Host& host) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  const FileLock lock = lock_project(host.paths, name, {"stack down", Rank::comes_first},
                                     host.waiting, host.interrupted);
  NativeEngine engine(host.paths, nothing);
  if (policy.services.empty()) engine.take_unreadable_away();
  const std::set<std::string> named = policy.services;
  const bool has_containers = leave_providers_out(project, policy);
  DownResult result;
  if (has_containers) result = look_down(name, project, policy, engine, host.paths);
  host.planned(result.plan);
  result.execution = execute(result.plan, engine, host.report, host.interrupted, host.at_once);
  if (!result.execution.succeeded()) return result;
  const bool is_empty = engine.nothing_left();
  if (is_empty) {
    volumes::VolumeStore(host.paths.volumes()).sweep();
    engine.shut_down_supervisor();
  }
  add_to(result.execution, take_providers_down(name, project, named, host));
  // Of one that is still there, what is known of it stays.
  if (is_empty && read_provider_variables(name, host.paths).empty())
    remove_project_directories(host.paths, name, lock);
  return result;
}

}  // namespace

DownResult down(const std::string& name, const spec::Project* project, DownPolicy policy,
                Host& host) {
  if (!policy.services.empty()) return down_alone(name, project, std::move(policy), host);
  const auto shared = shared_with_others(host.paths, name, project);
  DownResult result = down_alone(name, project, std::move(policy), host);
  if (result.execution.succeeded()) add_to(result.execution, remove_unused(shared, host));
  return result;
}

namespace {

/// Nothing is locked for what is only told: a lock is a file.
/// The lock of a project that is to be changed, and need not be there: then nothing is left of it
/// either.
class ChangeLock {
 public:
  ChangeLock(const std::string& name, const Claim& claim, Host& host)
      : paths_(host.paths), name_(name) {
    if (host.effect == Effect::none) return;
    lock_.emplace(lock_project(paths_, name, claim, host.waiting, host.interrupted));
  }
  ~ChangeLock() {
    if (lock_ && !stack::exists(paths_.project_data(name_))) remove_lock(paths_, name_, *lock_);
  }
  ChangeLock(const ChangeLock&) = delete;
  ChangeLock& operator=(const ChangeLock&) = delete;

 private:
  const HostPaths& paths_;
  const std::string& name_;
  std::optional<FileLock> lock_;
};

Execution carry_out(const Plan& plan, Engine& engine, Host& host) {
  host.planned(plan);
  if (host.effect == Effect::none) return {};
  return execute(plan, engine, host.report, host.interrupted, host.at_once);
}

/// For plans that make nothing new.
Execution execute_on(const std::string& name, Host& host,
                     const std::function<Plan(const ObservedState&)>& make_plan) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  NativeEngine engine(host.paths, nothing);
  return carry_out(make_plan(engine.observe()), engine, host);
}

}  // namespace

Execution stop(const std::string& name, const std::set<std::string>& services,
               std::optional<std::chrono::nanoseconds> grace, Host& host) {
  const ChangeLock lock(name, {"stack stop", Rank::comes_first}, host);
  Execution execution = execute_on(
      name, host, [&](const auto& observed) { return plan_stop(observed, services, grace); });
  if (host.effect == Effect::real && execution.succeeded())
    add_to(execution, stop_providers(name, services, host));
  return execution;
}

Execution remove(const std::string& name, const RemoveRequest& request, Host& host) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  const ChangeLock lock(name, {"stack rm"}, host);
  NativeEngine engine(host.paths, nothing);
  RemoveRequest completed = request;
  if (request.volumes) completed.volume_users = volume_users(host.paths);
  return carry_out(plan_remove(engine.observe(), completed), engine, host);
}

Execution kill(const std::string& name, const KillRequest& request, Host& host) {
  return execute_on(name, host, [&](const ObservedState& observed) {
    return plan_kill(observed, request.services, request.signal);
  });
}

namespace {

/// What cannot be done because it is done, or has nothing to undo: docker refuses it, after the
/// rest.
void add_refusals(Execution& execution, const std::vector<std::string>& containers,
                  const char* why) {
  for (const auto& container : containers)
    execution.errors.emplace_back(fmt::format("Container {} {}", container, why));
}

}  // namespace

Execution pause(const std::string& name, const std::set<std::string>& services, Host& host) {
  std::vector<std::string> paused;
  Execution execution = execute_on(name, host, [&](const auto& observed) {
    paused = in_phase(observed, services, supervisor::Phase::paused);
    return plan_pause(observed, services);
  });
  add_refusals(execution, paused, "is already paused");
  return execution;
}

Execution unpause(const std::string& name, const std::set<std::string>& services, Host& host) {
  std::vector<std::string> running;
  Execution execution = execute_on(name, host, [&](const auto& observed) {
    running = in_phase(observed, services, supervisor::Phase::running);
    return plan_unpause(observed, services);
  });
  add_refusals(execution, running, "is not paused");
  return execution;
}

Execution act_on(const std::string& name, const std::vector<Action>& actions, Locked locked,
                 Host& host) {
  std::optional<FileLock> lock;
  if (locked == Locked::yes)
    lock.emplace(
        lock_project(host.paths, name, {"stack container"}, host.waiting, host.interrupted));
  return execute_on(name, host, [&](const ObservedState&) {
    PlanBuilder builder;
    std::vector<StepId> after;
    for (const Action& action : actions) after = {builder.add(action, "asked for", after)};
    return builder.take();
  });
}

void retire(const std::string& name, Host& host) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  const FileLock lock =
      lock_project(host.paths, name, {"stack container"}, host.waiting, host.interrupted);
  NativeEngine engine(host.paths, nothing);
  const ObservedState observed = engine.observe();
  if (!observed.containers.empty()) return;
  DownPolicy policy;
  policy.project = name;
  const Plan plan = plan_down(observed, policy);
  if (!plan.networks_in_use.empty()) return;
  if (!execute(plan, engine, host.report, host.interrupted).succeeded()) return;
  engine.shut_down_supervisor();
  remove_project_directories(host.paths, name, lock);
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
  GivingWay giving_way(host, name);
  const ChangeLock lock(name, {"stack restart", Rank::gives_way}, host);
  return giving_way.told(execute_on(name, giving_way.host(), [&](const auto& observed) {
    return plan_restart(observed, request);
  }));
}

namespace {

/// A project as far as there are containers of it.
struct Made {
  spec::Project project;
  std::set<std::string> services;
};

/// As many of each service as there are, whatever the file says: `up --scale` made them.
Made as_made(spec::Project project, const HostPaths& paths) {
  std::set<std::string> services;
  for (const auto& each :
       supervisor::read_containers(paths, project.name, supervisor::ConfigParts::summary)) {
    const auto service = project.services.find(each.config.service);
    if (service == project.services.end() || supervisor::is_one_off(each.config)) continue;
    service->second.scale = std::max(service->second.scale, each.config.number);
    services.insert(service->first);
  }
  return {std::move(project), std::move(services)};
}

/// What the containers of these services should be, to start them as they are. Of services without
/// one nothing is said, nor of others: they need not even be right.
DesiredState desired_of_made(const spec::Project& written, std::set<std::string> services,
                             const HostPaths& paths) {
  auto [project, made] = as_made(written, paths);
  std::erase_if(services, [&](const std::string& name) { return !made.contains(name); });
  std::vector<Problem> unread;  // of what exists already: it has its texts and mounts
  if (takes_outside_volumes(project)) settle_outside_volumes(paths, services, project, unread);
  return desired_state(project, services, find_images(project, services, paths),
                       read_host_files(project, services, unread));
}

/// Nobody waits for a container of a scaled service that is not there.
void forget_unmade(DesiredState& desired, const ObservedState& observed) {
  std::erase_if(desired.containers, [&](const auto& each) {
    return each.second.step.empty() && !observed.containers.contains(each.first);
  });
}

/// As docker compose; told before anything is started.
void require_containers(const spec::Project& project, const std::set<std::string>& wanted,
                        const ObservedState& observed) {
  std::set<std::string> made;
  for (const auto& [name, container] : observed.containers)
    if (!supervisor::is_one_off(container.config)) made.insert(container.config.service);
  for (const auto& service : wanted)
    if (!made.contains(service) && project.services.at(service).scale > 0)
      throw Error(fmt::format("service \"{}\" has no container to start", service))
          .with_hint("`stack up` makes it");
}

bool is_to_boot(const supervisor::ObservedContainer& container) {
  if (supervisor::is_up(container.status.phase) || is_data_container(container)) return false;
  if (!container.config.step.empty() || !container.config.place.empty()) return false;
  const supervisor::RestartKind kind = container.config.restart.kind;
  if (kind == supervisor::RestartKind::unless_stopped) return !container.status.stopped_by_user;
  return kind == supervisor::RestartKind::always;
}

}  // namespace

Execution start(const spec::Project& project, const StartRequest& request, Host& host) {
  check_home(project, host.paths);
  const ServiceChoice choice = choose(project, request.services, false);
  if (choice.are_all_providers) return {};  // they are started by `up`
  const auto wanted = select_services(project, choice.services);
  DesiredState desired = desired_of_made(project, wanted, host.paths);
  Execution execution;
  {
    GivingWay giving_way(host, project.name);
    const ChangeLock lock(project.name, {"stack start", Rank::gives_way}, host);
    NativeEngine engine(host.paths, desired);
    ObservedState observed = engine.observe();
    engine.count_orphans_as_ended(observed);
    engine.give_up_waiting_at(request.deadline);
    require_containers(project, wanted, observed);
    forget_unmade(desired, observed);
    execution = giving_way.told(
        carry_out(plan_start(desired, observed, wanted), engine, giving_way.host()));
    std::erase_if(desired.containers, [&](const auto& each) {
      return !wanted.contains(each.second.service) || !observed.containers.contains(each.first);
    });
  }
  if (!request.wait || host.effect == Effect::none || !execution.succeeded()) return execution;
  return wait_until_ready(desired, request.deadline, host);
}

Execution start_made(const std::string& project, const std::vector<std::string>& services,
                     Host& host) {
  const ChangeLock lock(project, {"stack start"}, host);
  const DesiredState nothing{project, "", {}, {}, {}, {}};
  NativeEngine engine(host.paths, nothing);
  ObservedState observed = engine.observe();
  engine.count_orphans_as_ended(observed);
  std::set<std::string> missing(services.begin(), services.end());
  std::vector<std::string> known;
  for (const auto& [name, container] : observed.containers) {
    missing.erase(container.config.service);
    known.push_back(container.config.service);
  }
  if (observed.containers.empty()) fail("no container found for project \"{}\"", project);
  if (!missing.empty()) throw NoSuchService(*missing.begin(), known);
  return carry_out(plan_start_made(observed, {services.begin(), services.end()}), engine, host);
}

std::set<std::string> services_to_boot(const ObservedState& observed) {
  std::set<std::string> services;
  for (const auto& [name, container] : observed.containers)
    if (is_to_boot(container)) services.insert(container.config.service);
  return services;
}

std::set<std::string> services_to_boot(const HostPaths& paths, const std::string& name) {
  const DesiredState nothing{name, "", {}, {}, {}, {}};
  return services_to_boot(NativeEngine(paths, nothing).observe());
}

Execution boot(const spec::Project& project, Host& host) {
  check_home(project, host.paths);
  const auto to_boot = services_to_boot(host.paths, project.name);
  DesiredState desired = desired_of_made(
      project, select_services(project, {to_boot.begin(), to_boot.end()}), host.paths);
  GivingWay giving_way(host, project.name);
  const ChangeLock lock(project.name, {"stack boot", Rank::gives_way}, host);
  NativeEngine engine(host.paths, desired);
  ObservedState observed = engine.observe();
  engine.count_orphans_as_ended(observed);
  forget_unmade(desired, observed);
  const std::set<std::string> wanted = services_to_boot(observed);
  for (auto& [name, wish] : desired.containers)
    std::erase_if(wish.model.depends_on,
                  [&](const auto& each) { return !wanted.contains(each.first); });
  return giving_way.told(
      carry_out(plan_start(desired, observed, wanted), engine, giving_way.host()));
}

}  // namespace stack::orchestrator
