// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/native_engine.h"

#include <algorithm>
#include <iterator>
#include <thread>

#include "base/fail_point.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "image/mount_points.h"
#include "orchestrator/anonymous_volumes.h"
#include "orchestrator/backed_volumes.h"
#include "orchestrator/inherited_hostname.h"
#include "orchestrator/last_words.h"
#include "orchestrator/log_places.h"
#include "orchestrator/lower.h"
#include "orchestrator/traced_report.h"
#include "supervisor/keepers.h"
#include "supervisor/project_files.h"
#include "supervisor/start_keeper.h"
#include "supervisor/timeline.h"
#include "volumes/volume_store.h"

namespace stack::orchestrator {
namespace {

supervisor::AwaitedCondition awaited(spec::Condition condition) {
  switch (condition) {
    case spec::Condition::service_healthy:
      return supervisor::AwaitedCondition::healthy;
    case spec::Condition::service_completed_successfully:
      return supervisor::AwaitedCondition::completed;
    case spec::Condition::service_started:
      break;
  }
  return supervisor::AwaitedCondition::up;
}

/// A program may need a second attempt, and even a fourth, until what it talks to is there. A job
/// is tried as often as its file says.
std::optional<std::uint64_t> failures_to_bear(spec::Condition condition) {
  if (condition == spec::Condition::service_completed_successfully) return std::nullopt;
  return 3;
}

constexpr int most_losses_in_a_row = 5;

/// Texts of secrets travel beside the configuration, which is written to disk.
std::map<std::size_t, std::string> take_secrets(supervisor::ContainerConfig& config) {
  std::map<std::size_t, std::string> texts;
  for (std::size_t i = 0; i < config.spec.files.size(); ++i) {
    runtime::FileSpec& file = config.spec.files[i];
    if (file.secret && file.source.empty()) texts[i] = std::exchange(file.content, {});
  }
  return texts;
}

}  // namespace

NativeEngine::NativeEngine(HostPaths paths, const DesiredState& desired, Trace* trace)
    : paths_(std::move(paths)),
      desired_(desired),
      volumes_(paths_.volumes()),
      images_(paths_.images()),
      owners_(paths_, desired_.project),
      trace_(trace) {}

ObservedState NativeEngine::observe() {
  ObservedState state;
  state.seen = std::chrono::system_clock::now();
  for (auto& container : supervisor::read_containers(
           paths_, desired_.project, supervisor::ConfigParts::summary, unreadable_)) {
    ids_[container.config.name] = container.config.id;
    networks_of_[container.config.name] = networks_of(container.config);
    state.containers.emplace(container.config.name, std::move(container));
  }
  for (auto& network : supervisor::read_networks(paths_, desired_.project, unreadable_)) {
    networks_before_[network.config.spec.name] = network.config;
    state.networks.emplace(network.config.spec.name, std::move(network));
  }
  for (auto& volume : volumes_.list()) state.volumes.emplace(volume.name, std::move(volume));
  return state;
}

bool NativeEngine::may_be_left(const Action& action) const {
  const auto* const start = std::get_if<StartContainer>(&action);
  if (start == nullptr) return false;
  const auto wish = desired_.containers.find(start->name);
  return wish != desired_.containers.end() && !wish->second.model.post_start.empty();
}

void NativeEngine::perform(StepId step, const Action& action) {
  attempt_ = to_text(action);
  subject_ = subject(action);
  try {
    std::visit([&](const auto& it) { do_action(step, it); }, action);
  } catch (Error& error) {
    std::erase_if(unsent_, [&](const Pending& pending) { return pending.step == step; });
    error.add_frame(attempt_);
    finish(step, error);
  }
}

std::optional<Outcome> NativeEngine::next(std::chrono::milliseconds patience) {
  flush();
  take_turns();
  if (ended_.empty()) {
    patience = until_next_turn(patience);
    if (!pending_.empty())
      receive(patience);
    else if (!turns_.empty())
      std::this_thread::sleep_for(patience);
    take_turns();
  }
  if (ended_.empty()) return std::nullopt;
  Outcome outcome = std::move(ended_.front());
  ended_.pop_front();
  return outcome;
}

void NativeEngine::take_turns() {
  while (!turns_.empty() && turns_.begin()->first <= std::chrono::steady_clock::now()) {
    finish(turns_.begin()->second);
    turns_.erase(turns_.begin());
  }
}

std::chrono::milliseconds NativeEngine::until_next_turn(std::chrono::milliseconds patience) const {
  using std::chrono::milliseconds;
  if (turns_.empty()) return patience;
  const auto rest =
      std::chrono::ceil<milliseconds>(turns_.begin()->first - std::chrono::steady_clock::now());
  return std::clamp(rest, milliseconds(0), patience);
}

void NativeEngine::receive(std::chrono::milliseconds patience) {
  try {
    fail_point("request.receive");
    const auto reply = client_->receive(patience);
    if (!reply) return;
    losses_in_a_row_ = 0;
    const auto pending = pending_.find(reply->id);
    if (pending == pending_.end()) return;
    if (Spans* const spans = spans_of(trace_, pending->second.subject))
      spans->insert(spans->end(), reply->spans.begin(), reply->spans.end());
    ended_.push_back(outcome_of(pending->second, *reply));
    pending_.erase(pending);
  } catch (const Error& error) {
    connection_lost(error);
  }
}

Outcome NativeEngine::outcome_of(const Pending& pending, const supervisor::Reply& reply) const {
  if (reply.error && pending.tolerated) {
    return {pending.step, std::nullopt,
            fmt::format("not required, going on: {}", reply.error->what())};
  }
  if (!reply.error) return {pending.step, std::nullopt, reply.note};
  Error error = *reply.error;
  if (const auto* await = std::get_if<supervisor::Await>(&pending.request)) {
    error = explained(error, *await);
  } else {
    error.add_frame(pending.attempt);
  }
  return {pending.step, std::move(error), reply.note};
}

/// With what it said last, behind what the supervisor knows of it.
Error NativeEngine::explained(const Error& error, const supervisor::Await& await) const {
  constexpr std::size_t lines = 5;
  const std::string words = last_words(paths_.container(desired_.project, await.id), lines);
  std::string hint = error.hint();
  if (!hint.empty()) hint += "\n  ";
  hint += words.empty() ? "`stack logs` shows what it said"
                        : "its last words (`stack logs` has them all):";
  if (!words.empty())
    for (const auto& line : split(words, '\n')) hint += "\n    " + line;
  Error full(error.message());
  full.with_hint(std::move(hint)).with_exit_code(error.exit_code());
  return full;
}

void NativeEngine::finish(StepId step, std::optional<Error> error) {
  ended_.push_back({step, std::move(error), ""});
}

void NativeEngine::send(StepId step, supervisor::Request request, bool tolerated) {
  unsent_.push_back({step, std::move(request), attempt_, subject_, tolerated});
  flush();
}

void NativeEngine::flush() {
  while (!unsent_.empty()) {
    if (!client_) connect();
    try {
      fail_point("request.send");
      const std::uint64_t id = client_->send(unsent_.front().request);
      pending_.emplace(id, std::move(unsent_.front()));
      unsent_.pop_front();
    } catch (const Error& error) {
      connection_lost(error);
    }
  }
}

void NativeEngine::connect() {
  const Timed timed(spans_of(trace_, command_group), command_row, "connect to the supervisor");
  client_ = supervisor::Client::connect_or_start(paths_, desired_.project);
  if (trace_ != nullptr) client_->ask_for_spans();
}

void NativeEngine::connection_lost(const Error& error) {
  client_.reset();
  for (auto& [id, pending] : pending_) unsent_.push_back(std::move(pending));
  pending_.clear();
  if (++losses_in_a_row_ <= most_losses_in_a_row) return;
  const supervisor::ProjectFiles files{paths_, desired_.project};
  throw Error(error).with_hint(fmt::format("what it said is in {}", files.log().native()));
}

const std::string& NativeEngine::id_of(const std::string& name) const {
  const auto id = ids_.find(name);
  if (id == ids_.end()) fail("no such container: {}", name);
  return id->second;
}

void NativeEngine::do_action(StepId step, const CreateNetwork& action) {
  send(step,
       supervisor::CreateNetwork{action.as_before ? networks_before_.at(action.name)
                                                  : lower(desired_.networks.at(action.name))},
       false);
}

void NativeEngine::do_action(StepId step, const RemoveNetwork& action) {
  send(step, supervisor::RemoveNetwork{action.name}, false);
}

/// Volumes are nobody's but ours, so nobody else tells of them. A full disk costs the story, and
/// nothing else.
void NativeEngine::tell_volume(const char* what, const std::string& name) {
  const supervisor::ProjectFiles files{paths_, desired_.project};
  try {
    supervisor::append_event(
        files.events(),
        {std::chrono::system_clock::now(), "volume", what, "", name, {{"driver", "local"}}});
  } catch (const Error&) {
  }
}

/// One that is there keeps its labels, but for whether it is kept itself: that may be asked for
/// later.
void NativeEngine::ensure_volume(const DesiredVolume& wish) {
  const auto is = volumes_.ensure({wish.name, wish.labels, wish.options});
  const auto kept_in = [](const auto& labels) {
    const auto kept = labels.find(kept_label);
    return kept == labels.end() ? std::string() : kept->second;
  };
  const bool is_anonymous = !wish.service.empty();
  if (is_anonymous && kept_in(is.labels) != kept_in(wish.labels))
    volumes_.set_label(wish.name, kept_label, kept_in(wish.labels));
}

void NativeEngine::ensure_volumes(const DesiredContainer& wish) {
  for (const auto& each : wish.mounts)
    if (each.mount.type == spec::MountType::volume)
      ensure_volume(desired_.volumes.at(each.mount.source));
}

void NativeEngine::do_action(StepId step, const CreateVolume& action) {
  ensure_volume(desired_.volumes.at(action.name));
  tell_volume("create", action.name);
  finish(step);
}

void NativeEngine::do_action(StepId step, const RemoveVolume& action) {
  if (action.for_good)
    volumes_.remove(action.name);
  else
    volumes_.set_aside(action.name);
  tell_volume("destroy", action.name);
  finish(step);
}

void NativeEngine::do_action(StepId step, const CreateContainer& action) {
  supervisor::ContainerConfig config = prepare(desired_.containers.at(action.name));
  ids_[action.name] = config.id;
  networks_of_[action.name] = networks_of(config);
  auto secrets = take_secrets(config);
  send(step, supervisor::CreateContainer{std::move(config), std::move(secrets)}, false);
}

void NativeEngine::do_action(StepId step, const UpdateContainer& action) {
  if (action.as_before) {
    const auto before = updated_.find(action.name);
    if (before == updated_.end()) return finish(step);
    return send(step, supervisor::UpdateContainer{before->second}, false);
  }
  for (auto& each : supervisor::read_containers(paths_, desired_.project)) {
    if (each.config.name != action.name) continue;
    updated_[action.name] = each.config;
    ensure_volumes(desired_.containers.at(action.name));
    lower_changeable(desired_.containers.at(action.name), each.config);
    using Texts = supervisor::UpdateContainer::Texts;
    auto secrets = take_secrets(each.config);
    return send(
        step,
        supervisor::UpdateContainer{std::move(each.config), std::move(secrets),
                                    action.texts_at_once ? Texts::at_once : Texts::for_next_start},
        false);
  }
  fail("no such container: {}", action.name);
}

void NativeEngine::do_action(StepId step, const StartContainer& action) {
  owners_.hold(networks_of_[action.name]);
  send(step, supervisor::StartContainer{id_of(action.name)}, false);
}

void NativeEngine::do_action(StepId step, const StopContainer& action) {
  const auto id = ids_.find(action.name);
  if (id == ids_.end()) return finish(step);
  send(step, supervisor::StopContainer{id->second, action.grace}, false);
}

void NativeEngine::do_action(StepId step, const RemoveContainer& action) {
  const auto id = ids_.find(action.name);
  if (id == ids_.end()) return finish(step);
  send(step, supervisor::RemoveContainer{id->second}, false);
}

void NativeEngine::do_action(StepId step, const SetContainerAside& action) {
  const std::string id = id_of(action.name);
  ids_.erase(action.name);
  ids_[action.aside] = id;
  networks_of_[action.aside] = networks_of_[action.name];
  send(step, supervisor::SetContainerAside{id, action.addresses, action.successor}, false);
}

/// Never set aside, it has its place.
void NativeEngine::do_action(StepId step, const BringContainerBack& action) {
  const auto found = ids_.find(action.aside);
  if (found == ids_.end()) return finish(step);
  const std::string id = found->second;
  ids_.erase(found);
  ids_.erase(action.successor);
  ids_[action.name] = id;
  networks_of_[action.name] = networks_of_[action.aside];
  send(step, supervisor::BringContainerBack{id}, false);
}

void NativeEngine::do_action(StepId step, const AwaitSettled& action) {
  send(step,
       supervisor::Await{id_of(action.name), supervisor::AwaitedCondition::settled, std::nullopt,
                         action.monitor},
       false);
}

void NativeEngine::do_action(StepId step, const AwaitTurn& action) {
  turns_.emplace(std::chrono::steady_clock::now() + action.delay, step);
}

/// Plans for containers have none.
void NativeEngine::do_action(StepId step, const RunProvider& action) {
  finish(step, Error(fmt::format("service {} has a provider, and no container", action.name)));
}

void NativeEngine::do_action(StepId step, const AwaitCondition& action) {
  supervisor::Await request{id_of(action.name), awaited(action.condition), deadline_};
  request.bearable_failures = failures_to_bear(action.condition);
  send(step, std::move(request), !action.required);
}

/// The one request that is not the same twice: a supervisor killed between the signal and its
/// answer makes it two signals, which a person who asks again would do too.
void NativeEngine::do_action(StepId step, const SignalContainer& action) {
  send(step, supervisor::SignalContainer{id_of(action.name), action.signal}, false);
}

void NativeEngine::do_action(StepId step, const PauseContainer& action) {
  send(step, supervisor::PauseContainer{id_of(action.name)}, false);
}

void NativeEngine::do_action(StepId step, const UnpauseContainer& action) {
  send(step, supervisor::UnpauseContainer{id_of(action.name)}, false);
}

std::string NativeEngine::id_to_be(const std::string& name) {
  if (const auto known = ids_.find(name); known != ids_.end()) return known->second;
  return ids_to_come_.try_emplace(name, new_container_id()).first->second;
}

supervisor::ContainerConfig NativeEngine::prepare(const DesiredContainer& wish) {
  const auto image = images_.find(wish.image_id);
  if (!image) fail("No such image: {}", wish.model.image);
  prepare_bind_sources(wish);
  fill_volumes(wish, *image);
  std::vector<std::filesystem::path> layers = image->layers;
  layers.push_back(image::mount_points({paths_.images()}));
  const Places places{std::move(layers),
                      [this](const std::string& volume, const std::string& subpath) {
                        return volumes_.mount_source(volume, subpath);
                      },
                      [this](const std::string& id) {
                        const auto mounted = images_.find(id);
                        if (!mounted) fail("No such image: {}", id);
                        return mounted->layers;
                      },
                      inherited_hostname(wish, desired_, paths_, [this](const std::string& name) {
                        return id_to_be(name);
                      })};
  const auto told = ids_to_come_.extract(wish.name);
  const std::string id = told.empty() ? new_container_id() : told.mapped();
  supervisor::ContainerConfig config = lower(wish, desired_.project, id, places);
  resolve_log_host(config);
  resolve_volume_hosts(config);
  if (config.by_hand) config.by_hand->directories = own_volumes(wish);
  return config;
}

/// Those that are nobody else's.
std::vector<std::string> NativeEngine::own_volumes(const DesiredContainer& wish) const {
  std::vector<std::string> directories;
  for (const auto& name : wish.volume_names)
    if (desired_.volumes.at(name).labels.contains("stack.container"))
      directories.push_back(paths_.volumes() / name);
  return directories;
}

void NativeEngine::prepare_bind_sources(const DesiredContainer& wish) const {
  for (const auto& each : wish.mounts) {
    if (each.mount.type != spec::MountType::bind || exists(each.mount.source)) continue;
    if (!each.mount.create_host_path)
      fail("bind source path does not exist: {}", each.mount.source);
    fail_point("bind.make-source");
    make_directories(each.mount.source, 0755);
  }
}

/// By the way that content of images takes, so that a copy is whole or not there.
void NativeEngine::copy_volume(const DesiredVolume& volume) {
  const auto original = volumes_.find(volume.copied_from);
  if (!original) fail("volume {} is not there any more: it cannot be copied", volume.copied_from);
  volumes_.fill_from_image(volume.name, {original->data}, "/");
}

void NativeEngine::fill_volumes(const DesiredContainer& wish, const image::Image& image) {
  for (const auto& each : wish.mounts) {
    if (each.mount.type != spec::MountType::volume) continue;
    const DesiredVolume& volume = desired_.volumes.at(each.mount.source);
    ensure_volume(volume);
    if (!volume.copied_from.empty()) copy_volume(volume);
    if (each.mount.nocopy || !each.mount.subpath.empty()) continue;
    fill_volume(each, image);
  }
}

/// What is in memory begins empty with each first container, and what is to be read only is never
/// filled.
void NativeEngine::fill_volume(const DesiredMount& wish, const image::Image& image) {
  using Kind = volumes::VolumeMount::Kind;
  const std::string& name = wish.mount.source;
  const volumes::VolumeMount& backing = wish.backing;
  if (backing.kind == Kind::directory) {
    volumes_.fill_from_image(name, image.layers, wish.mount.target);
  } else if (!backing.is_one_instance && !backing.is_read_only()) {
    volumes_.fill_from_image(name, image.layers, wish.mount.target, open_backing(wish));
  }
}

bool NativeEngine::nothing_left() {
  const ObservedState observed = observe();
  return observed.containers.empty() && observed.networks.empty();
}

void NativeEngine::count_orphans_as_ended(ObservedState& observed) const {
  const auto runs = [](const auto& each) { return each.second.status.process.pid != 0; };
  if (std::ranges::none_of(observed.containers, runs)) return;
  const auto keeper = supervisor::find_keeper({paths_, desired_.project});
  // One that is younger has come for them, and its supervisor may not have ended them yet.
  const auto is_kept = [&](const supervisor::ContainerStatus& status) {
    const ProcessIdentity& process = status.process;
    return keeper && (process.pid == 0 || process.start_time >= keeper->start_time);
  };
  for (auto& [name, container] : observed.containers) {
    if (!supervisor::is_up(container.status.phase) || is_kept(container.status)) continue;
    container.status.phase = supervisor::Phase::exited;
    container.status.health = supervisor::Health::none;
    container.status.process = {};
  }
}

void NativeEngine::take_unreadable_away() {
  unreadable_ = supervisor::Unreadable::is_left_out;
  const supervisor::ProjectFiles files{paths_, desired_.project};
  std::vector<std::string> ids = supervisor::unreadable_containers(files);
  std::ranges::move(supervisor::unrecorded_containers(files), std::back_inserter(ids));
  for (const std::string& id : ids) {
    if (!client_) connect();
    client_->call(supervisor::StopContainer{id, std::nullopt});
    client_->call(supervisor::RemoveContainer{id});
  }
}

/// What a killed keeper has left, a new supervisor takes away at its end.
void NativeEngine::shut_down_supervisor() {
  const supervisor::ProjectFiles files{paths_, desired_.project};
  const bool is_kept =
      stack::exists(files.keeper_pid()) || !supervisor::find_keepers(files).empty();
  if (!client_ && is_kept) connect();
  if (!client_) client_ = supervisor::Client::connect(paths_, desired_.project);
  if (client_) {
    fail_point("supervisor.ask-shutdown");
    client_->call(supervisor::Shutdown{});
    client_.reset();
  } else {
    supervisor::remove_keeper_cgroup({paths_, desired_.project});
  }
}

}  // namespace stack::orchestrator
