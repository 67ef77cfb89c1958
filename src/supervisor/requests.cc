// SPDX-License-Identifier: Apache-2.0
// What the supervisor does when it is asked. All requests are idempotent.
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/fail_point.h"
#include "base/files.h"
#include "base/text.h"
#include "runtime/project_quota.h"
#include "supervisor/earlier_logs.h"
#include "supervisor/id_pool.h"
#include "supervisor/journal.h"
#include "supervisor/leases.h"
#include "supervisor/supervisor.h"

namespace stack::supervisor {
namespace {

/// Counts itself among the operations under way.
class Operation {
 public:
  Operation(std::size_t& count, std::function<void()> at_end)
      : count_(count), at_end_(std::move(at_end)) {
    ++count_;
  }
  ~Operation() {
    --count_;
    at_end_();
  }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

 private:
  std::size_t& count_;
  std::function<void()> at_end_;
};

/// Has a request marked until it is done.
class Marked {
 public:
  explicit Marked(OperationsMark& mark) : mark_(mark) { mark_.begin(); }
  ~Marked() { mark_.end(); }
  Marked(const Marked&) = delete;
  Marked& operator=(const Marked&) = delete;

 private:
  OperationsMark& mark_;
};

/// What is being ended is written down as such when that begins, which may take ten minutes: others
/// need not wait, they hasten it (`down -t 0`) or start it again behind it.
Awaitable<void> mark_until_written(Loop& loop, OperationsMark& mark) {
  co_await yield(loop);
  co_await yield(loop);  // the status has been saved at the end of the turn
  mark.end();
}

std::string container_of(const Request& request) {
  return std::visit(
      [](const auto& it) -> std::string {
        if constexpr (requires { it.config.id; }) return it.config.id;
        if constexpr (requires { it.id; }) return it.id;
        return {};
      },
      request);
}

/// What a request is called in a trace.
std::string name_of(const Request& request) {
  if (std::holds_alternative<CreateContainer>(request)) return "create";
  if (std::holds_alternative<StartContainer>(request)) return "start";
  return "request";
}

/// The writable layer's root becomes the container's "/": it must look like the image's.
void make_upper(const std::filesystem::path& upper, const runtime::RootSpec& root) {
  make_directories(upper, 0755);
  struct stat image {};
  if (root.lower.empty() || ::stat(root.lower.front().c_str(), &image) != 0) return;
  if (::chown(upper.c_str(), image.st_uid, image.st_gid) != 0 ||
      ::chmod(upper.c_str(), image.st_mode & 07777) != 0)
    throw_errno("preparing {}", upper.native());
}

/// Before anything is in them.
void limit_root(const ProjectFiles& files, const ContainerConfig& config) {
  if (!config.spec.root.size) return;
  const std::array<std::filesystem::path, 2> parts = {files.upper(config.id),
                                                      files.work(config.id)};
  if (runtime::project_of(parts.back())) return;  // a create that was cut off, after the last one
  runtime::limit_size(parts, *config.spec.root.size, files.paths.data / "quota.lock");
}

}  // namespace

Awaitable<Reply> Supervisor::perform(Request request, Server::ClientNumber client, Spans* trace) {
  const Timed timed(trace, "supervisor", name_of(request));
  if (ending_) fail("the supervisor is about to end");
  // Waiting is not doing: a client that waits and goes keeps nothing alive.
  std::optional<Operation> operation;
  if (!std::holds_alternative<Await>(request) && !std::holds_alternative<WriteInput>(request))
    operation.emplace(operations_, [this] {
      operation_ended_.notify_all();
      consider_ending();
    });
  std::optional<Marked> marked;
  if (operation && std::holds_alternative<StopContainer>(request)) {
    mark_.begin();
    spawn(loop_, "marking a stop", mark_until_written(loop_, mark_));
  } else if (operation) {
    marked.emplace(mark_);
  }
  // After the mark: whoever finds none knows that nothing of a killed command is still to come.
  if (operation && server_.has_hung_up(client)) fail("whoever asked is gone");
  // Whoever asks has read of us what could be written last.
  co_await status_saved_.made_good();
  const std::string id = container_of(request);
  if (const auto* const wait = std::get_if<Await>(&request);
      wait != nullptr && wait->condition == AwaitedCondition::ended)
    attend(id, client);
  const auto* const pause = std::get_if<PauseContainer>(&request);
  const bool bound = pause != nullptr && pause->until == PauseContainer::Until::client_gone;
  Awaitable<Answer> work = std::visit(
      [&](auto&& it) {
        if constexpr (requires { handle(std::move(it), trace); })
          return handle(std::move(it), trace);
        else
          return handle(std::move(it));
      },
      std::move(request));
  Answer answer = co_await std::move(work);
  if (bound && answer.changed) keep_pause(id, client);
  Reply reply;
  reply.changed = answer.changed;
  reply.note = std::move(answer.note);
  reply.exit_code = answer.exit_code;
  reply.address = answer.address;
  if (const auto task = registry_.find(id)) reply.status = task->status();
  co_return reply;
}

Awaitable<Answer> Supervisor::handle(CreateNetwork request) {
  const std::string name = request.config.spec.name;
  const auto change = network_.create(std::move(request.config));
  if (change == StackNetwork::Change::made) tell_network("create", name);
  co_return Answer{change == StackNetwork::Change::made, {}};
}

/// Ends of containers of which the news has yet to come.
Awaitable<void> Supervisor::catch_up() {
  const auto tasks = registry_.all();  // a copy: others go on while this waits
  for (const auto& [id, task] : tasks) co_await task->catch_up();
}

/// Those that run, guests included: "shop-db-1", "blog/blog-web-1".
bool Supervisor::is_idle(const std::string& network, const std::string& holder) const {
  if (split_guest_name(holder)) return guests_.is_idle(network, holder);
  const auto task = registry_.find_by_name(holder);
  return task != nullptr && task->has_ended() && !has_fixed_address(task->config(), network);
}

std::vector<std::string> Supervisor::users_of(const std::string& network) const {
  std::vector<std::string> users;
  for (const auto& [id, task] : registry_.all())
    for (const Endpoint& endpoint : task->config().endpoints)
      if (task->active() && endpoint.network == network) users.push_back(task->config().name);
  if (const auto record = network_.records().find(network); record != network_.records().end())
    for (const auto& [name, guest] : record->second.guests)
      if (!is_ending(guest.process)) users.push_back(name);
  return users;
}

Awaitable<Answer> Supervisor::handle(RemoveNetwork request) {
  co_await catch_up();
  if (const auto users = users_of(request.name); !users.empty())
    fail("network {} is in use by {}", request.name, join(users, ", "));
  const auto stack =
      registry_.any_active() ? StackNetwork::Stack::runs : StackNetwork::Stack::is_down;
  const auto change = network_.remove(request.name, stack);
  // Of a stack that is down they go in one with its namespace.
  if (stack == StackNetwork::Stack::runs) firewall_ready_.request();
  if (change == StackNetwork::Change::made) tell_network("destroy", request.name);
  co_return Answer{change == StackNetwork::Change::made, {}};
}

Awaitable<Answer> Supervisor::handle(ConnectContainer request) {
  const auto task = registry_.get(request.id);
  const std::string network = request.endpoint.network;
  Answer answer = co_await task->connect(std::move(request.endpoint));
  tell_network("connect", network, request.id);
  co_return answer;
}

Awaitable<Answer> Supervisor::handle(DisconnectContainer request) {
  const auto task = registry_.get(request.id);
  const std::string network = request.network;
  Answer answer = co_await task->disconnect(std::move(request.network));
  tell_network("disconnect", network, request.id);
  co_return answer;
}

/// When the host's rules are as a guest needs them.
Awaitable<Answer> Supervisor::with_address(network::DualAddress address) {
  Answer answer;
  answer.address = address;
  answer.changed = true;
  co_await firewall_ready_.completed();
  co_return answer;
}

Awaitable<Answer> Supervisor::handle(LeaseGuest request) {
  co_return co_await with_address(guests_.lease(request));
}

Awaitable<Answer> Supervisor::handle(PlugGuest request) {
  guests_.plug(request);
  Answer answer;
  answer.changed = true;
  co_return answer;
}

Awaitable<Answer> Supervisor::handle(RenameGuest request) {
  Answer answer;
  answer.changed = guests_.rename(request);
  co_return answer;
}

Awaitable<Answer> Supervisor::handle(ReleaseGuest request) {
  Answer answer;
  answer.changed = guests_.release(request);
  co_return answer;
}

Awaitable<Answer> Supervisor::handle(JoinProcess request) {
  co_return co_await with_address(guests_.join(request));
}

/// Only one that no command knows makes way. A command that was killed may have asked for it, so
/// that it was made when the next command had looked already: nobody has started it. Or its
/// document is damaged: only we remember it.
Awaitable<void> Supervisor::clear_name(const ContainerConfig& wanted) {
  const auto task = registry_.find_by_name(wanted.name);
  if (!task || task->config().id == wanted.id) co_return;
  const auto is_forgotten = [&] {
    return std::ranges::count(unreadable_containers(files_), task->config().id) > 0;
  };
  if (task->active() || (task->status().phase != Phase::created && !is_forgotten()))
    fail("there is a container {} already", wanted.name);
  co_await remove(task);
}

Awaitable<Answer> Supervisor::handle(CreateContainer request) {
  co_await clear_name(request.config);
  // Before its document: a container that is there has them.
  if (!request.secrets.empty()) fail_point("container.secrets");
  for (const auto& [index, text] : request.secrets) secrets_.put(request.config.id, index, text);
  co_return create(request.config);
}

Answer Supervisor::create(const ContainerConfig& wanted) {
  ContainerConfig config = wanted;
  const bool has_ids = config.spec.namespaces.user.kind == runtime::NamespaceKind::own;
  if (const auto existing = registry_.find(config.id)) {
    if (has_ids) config.spec.ids = existing->config().spec.ids;
    if (existing->config() == config) return {};
    fail("container {} exists already and is another", config.id);
  }
  for (const Endpoint& endpoint : config.endpoints)
    if (!network_.has(endpoint.network) &&
        !find_network_owner(files_.paths, endpoint.network, files_.project))
      fail("there is no network {}", endpoint.network);
  // Held until the document is there for others to see.
  std::optional<FileLock> lock;
  if (has_ids) {
    lock = FileLock::acquire(files_.net_lock());
    fail_point("container.ids");
    config.spec.ids = choose_id_block(files_.paths, config.spec.ids.count);
  }
  try {
    return make(config);
  } catch (...) {
    // What has a document would be a container for everybody but us.
    journal::attempt([&] { network_.release(config.name); });
    if (stack::exists(files_.container(config.id)))
      journal::attempt([&] { sweeper_.discard(config.id); });
    throw;
  }
}

Answer Supervisor::make(const ContainerConfig& config) {
  fail_point("container.directory");
  make_directories(files_.container(config.id));
  fail_point("container.upper");
  make_upper(files_.upper(config.id), config.spec.root);
  fail_point("container.work");
  make_directories(files_.work(config.id));
  limit_root(files_, config);
  ContainerStatus status;
  status.id = config.id;
  status.created = std::chrono::system_clock::now();
  // Last: with its config it is a container, without it rubbish.
  fail_point("container.config");
  write_config(files_, config, status.created);
  fail_point("container.reserve");
  network_.reserve(config);
  const auto task = std::make_shared<ContainerTask>(shared_, config, std::move(status));
  registry_.add(task);
  task->tell("create");
  status_saved_.request();
  return {true, {}};
}

Awaitable<Answer> Supervisor::handle(UpdateContainer request) {
  const auto task = registry_.get(request.config.id);
  co_return co_await task->update(std::move(request));
}

Awaitable<Answer> Supervisor::handle(StartContainer request, Spans* trace) {
  const auto task = registry_.get(request.id);
  co_return co_await task->start(trace);
}

Awaitable<Answer> Supervisor::handle(StopContainer request) {
  const auto task = registry_.find(request.id);
  if (!task) co_return Answer{};
  co_return co_await task->stop(request.grace.value_or(task->config().stop.grace));
}

Awaitable<Answer> Supervisor::handle(RemoveContainer request) {
  const auto task = registry_.find(request.id);
  if (!task && !stack::exists(files_.container(request.id))) co_return Answer{};
  if (!task) {  // known by its directory alone: nobody's, but there
    sweeper_.discard(request.id);
    co_return Answer{true, {}};
  }
  co_await task->catch_up();
  if (task->active()) fail("container {} is running", task->config().name);
  co_await remove(task);
  co_return Answer{true, {}};
}

Awaitable<void> Supervisor::remove(Registry::Task task) {
  const ContainerConfig& config = task->config();
  task->clear_remains();
  discard_directories(config);
  settle_log(config);
  // Before it is forgotten: one that cannot be removed is there to be removed again.
  sweeper_.discard(config.id);
  fail_point("container.forget");
  task->tell("destroy");
  registry_.erase(config.id);
  fail_point("container.drop-secrets");
  secrets_.drop(config.id);
  co_await give_addresses_back(config, config.name);
  if (!config.place.empty()) co_await give_addresses_back(config, name_of_its_own(config));
  status_saved_.request();
}

/// What it said is kept when another is in its place. A full disk is no reason to stay.
void Supervisor::settle_log(const ContainerConfig& config) const {
  if (is_one_off(config)) return;
  const auto is_successor = [&](const auto& entry) {
    const ContainerConfig& other = entry.second->config();
    return other.id != config.id && other.service == config.service &&
           other.number == config.number && other.step == config.step && !is_one_off(other);
  };
  const bool is_replaced = std::ranges::any_of(registry_.all(), is_successor);
  journal::attempt([&] {
    if (is_replaced) return keep_log(files_, config);
    forget_logs(files_, config);
  });
}

/// Those of one of its names, unless a successor of that name has taken them over.
Awaitable<void> Supervisor::give_addresses_back(ContainerConfig config, std::string name) {
  if (registry_.find_by_name(name)) co_return;
  network_.release(name);
  if (has_virtual_address(config)) firewall_ready_.request();  // it may have been the last one
  for (const Endpoint& endpoint : config.endpoints)
    if (!network_.has(endpoint.network)) co_await visits_.release(name, endpoint.network);
}

Awaitable<Answer> Supervisor::handle(SetContainerAside request) {
  const auto task = registry_.get(request.id);
  const std::string before = task->config().name;
  const std::string place =
      request.successor.empty() ? name_of_its_own(task->config()) : request.successor;
  const bool is_aside = !task->config().place.empty();
  if (task->config().place == place) co_return Answer{};
  const std::string name = is_aside ? before : aside_name(request.id, before);
  fail_point("container.set-aside");
  // First: an address that two names have is nobody's loss, one that nobody has may be another's.
  using enum SetContainerAside::Addresses;
  if (request.addresses == kept) network_.move_leases(before, name);
  if (request.addresses == left && before != place) network_.move_leases(before, place);
  if (request.addresses == given_up) network_.release(before);
  co_await task->rename(name, place);
  co_return Answer{true, {}};
}

Awaitable<Answer> Supervisor::handle(BringContainerBack request) {
  const auto task = registry_.get(request.id);
  const std::string place = task->config().place;
  if (place.empty()) co_return Answer{};
  if (const auto successor = registry_.find_by_name(place)) {
    co_await successor->stop(successor->config().stop.grace);
    co_await remove(successor);
  }
  const std::string name = name_of_its_own(task->config());
  network_.move_leases(task->config().name, name);
  co_await task->rename(name, "");
  co_return Answer{true, {}};
}

Awaitable<Answer> Supervisor::handle(RenameContainer request) {
  const auto task = registry_.get(request.id);
  const std::string before = task->config().name;
  if (before == request.name) co_return Answer{};
  if (registry_.find_by_name(request.name)) fail("there is a container {} already", request.name);
  const std::vector<Endpoint> endpoints = task->config().endpoints;
  for (const Endpoint& endpoint : endpoints)
    if (!network_.has(endpoint.network))
      co_await visits_.rename(before, endpoint.network, request.name);
  network_.move_leases(before, request.name);
  co_await task->call_it(request.name);
  co_return Answer{true, {}};
}

Awaitable<Answer> Supervisor::handle(SignalContainer request) {
  const auto task = registry_.get(request.id);
  co_return co_await task->signal(request.signal);
}

Awaitable<Answer> Supervisor::handle(PauseContainer request) {
  const auto task = registry_.get(request.id);
  co_return co_await task->pause();
}

void Supervisor::keep_pause(const std::string& id, Server::ClientNumber client) {
  pauses_[id] = client;
  let_go_of_pauses();  // it may have gone while its processes came to rest
}

void Supervisor::let_go_of_pauses() {
  const auto gone = [this](const auto& pause) { return !server_.is_connected(pause.second); };
  for (const auto& pause : pauses_)
    if (gone(pause)) spawn(loop_, "letting a container go on", let_go_of_pause(pause.first));
  std::erase_if(pauses_, gone);
}

/// Unless it has ended, or somebody has let it go already.
Awaitable<void> Supervisor::let_go_of_pause(std::string id) {
  const auto task = registry_.find(id);
  if (task && task->status().phase == Phase::paused) co_await task->unpause();
}

Awaitable<Answer> Supervisor::handle(UnpauseContainer request) {
  const auto task = registry_.get(request.id);
  pauses_.erase(request.id);
  co_return co_await task->unpause();
}

Awaitable<Answer> Supervisor::handle(WriteInput request) {
  const auto task = registry_.get(request.id);
  Answer answer = co_await task->write_input(std::move(request.bytes));
  if (request.last) task->close_input();
  co_return answer;
}

Awaitable<Answer> Supervisor::handle(ResizeTerminal request) {
  registry_.get(request.id)->resize(request.rows, request.columns);
  co_return Answer{true};
}

Awaitable<Answer> Supervisor::handle(Await request) {
  const auto task = registry_.get(request.id);
  co_return co_await task->await(std::move(request));
}

Awaitable<Answer> Supervisor::handle(Shutdown) {
  co_await catch_up();
  if (registry_.any_active()) fail("containers of {} are still running", files_.project);
  // What was begun for a container that is gone, like its hooks, is about to end.
  const auto patience = Clock::now() + std::chrono::seconds(5);
  bool is_patient = true;
  while (operations_ > 1 && is_patient) is_patient = co_await operation_ended_.wait_until(patience);
  if (operations_ > 1) fail("other requests are under way");
  fail_point("container.shutdown");
  std::optional<Error> failure;
  try {
    co_await let_go();
  } catch (const std::exception& error) {
    failure = Error(error.what());
    ended_well_ = false;
  }
  // The reply goes out when this returns; then the end.
  spawn(loop_, "ending", [](Supervisor* self) -> Awaitable<void> {
    co_await yield(self->loop_);
    co_await self->server_.flushed();
    self->loop_.stop();
  }(this));
  if (failure) throw Error(*failure).add_frame("ending the supervisor");
  co_return Answer{true, {}};
}

}  // namespace stack::supervisor
