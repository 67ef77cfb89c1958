// SPDX-License-Identifier: Apache-2.0
// `stack container start`, `stop`, `kill` and their likes: what is done to containers by their
// names, whichever stack they are of.
#include <signal.h>

#include <algorithm>
#include <functional>
#include <iostream>

#include "base/error.h"
#include "base/text.h"
#include "cli/attach_session.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/detach_keys.h"
#include "cli/found_container.h"
#include "cli/labels.h"
#include "cli/lasting_client.h"
#include "cli/moment.h"
#include "cli/progress.h"
#include "cli/prune.h"
#include "cli/signals.h"
#include "orchestrator/diff.h"
#include "orchestrator/host_volumes.h"
#include "orchestrator/one_off.h"
#include "orchestrator/use_cases.h"
#include "runtime/signals.h"
#include "supervisor/client.h"

namespace stack::cli {
namespace {

using namespace orchestrator;
using supervisor::Phase;

int number_of(const std::string& signal, int fallback) {
  if (signal.empty()) return fallback;
  const auto number = runtime::signal_number(signal);
  if (!number)
    throw Error(fmt::format("there is no signal \"{}\"", printable(signal)))
        .with_hint("names as SIGHUP or USR1, SIGRTMIN+3, or a number from 1 to 64")
        .with_exit_code(ExitCode::usage);
  return *number;
}

void act(const FoundContainer& found, const std::vector<Action>& actions, Locked locked,
         const Options& options) {
  carry_out(options, [&](Host& host) { return act_on(found.project, actions, locked, host); });
}

/// Does it to each container that was named, and prints the name as it was typed.
int each_container(const Options& options,
                   const std::function<void(const FoundContainer&)>& act_on_one) {
  count_interrupts();
  return each_of(options.arguments, [&](const std::string& name) {
    act_on_one(find_container(name));
    std::cout << name << '\n';
  });
}

const std::string& name_of(const FoundContainer& found) {
  return found.container.config.name;
}

void require_running(const FoundContainer& found) {
  if (!supervisor::is_up(found.container.status.phase))
    fail("container {} is not running", name_of(found));
}

/// With another signal than the container's own: who has not ended by then is killed.
void signal_first(const FoundContainer& found, int signal, std::chrono::nanoseconds grace) {
  const std::string& id = found.container.config.id;
  auto client = supervisor::Client::connect_or_start(HostPaths::from_environment(), found.project);
  client.call(supervisor::SignalContainer{id, signal});
  client.send(supervisor::Await{id, supervisor::AwaitedCondition::ended});
  client.receive(std::chrono::duration_cast<std::chrono::milliseconds>(grace));
}

void stop_one(const FoundContainer& found, const Options& options) {
  auto grace = grace_of(options);
  if (!options.signal.empty() && supervisor::is_up(found.container.status.phase)) {
    signal_first(found, number_of(options.signal, SIGTERM),
                 grace.value_or(found.container.config.stop.grace));
    grace = std::chrono::nanoseconds(0);
  }
  act(found, {StopContainer{name_of(found), grace}}, Locked::yes, options);
}

void remove_one(const FoundContainer& found, const Options& options) {
  if (supervisor::is_up(found.container.status.phase) && !options.force)
    throw Error(fmt::format("You cannot remove a running container {}. Stop the container before "
                            "attempting removal or force remove",
                            found.container.config.id))
        .with_hint("`stack container stop`, or `rm -f`");
  RemoveRequest request;
  request.containers = {name_of(found)};
  request.stops = true;
  request.grace = std::chrono::nanoseconds(0);
  request.volumes = options.volumes;
  carry_out(options, [&](Host& host) { return remove(found.project, request, host); });
}

/// With --all every container without a compose file is meant: those of stacks are for `down`.
Options about_all_if_asked(const Options& options) {
  if (options.all && !options.arguments.empty())
    throw Error("--all goes without names").with_exit_code(ExitCode::usage);
  if (!options.all && options.arguments.empty())
    throw Error("\"stack container rm\" requires at least 1 argument")
        .with_hint("Usage: stack container rm [OPTIONS] CONTAINER..., or --all");
  Options about = options;
  if (!options.all) return about;
  for (const FoundContainer& found : all_containers()) {
    const bool may_go = options.force || !supervisor::is_up(found.container.status.phase);
    if (found.project == lone_containers_project && may_go)
      about.arguments.push_back(name_of(found));
  }
  return about;
}

int start_attached(const Options& options) {
  if (options.arguments.size() != 1)
    throw Error("you cannot start and attach multiple containers at once")
        .with_exit_code(ExitCode::failure);
  const FoundContainer found = find_container(options.arguments.front());
  if (found.container.status.phase == Phase::paused)
    throw Error("cannot start a paused container, try unpause instead");
  const auto& process = found.container.config.spec.process;
  AttachRequest request{found.project, found.container.config.id};
  request.terminal = process.terminal;
  request.input = options.open_stdin && process.open_stdin;
  request.signals = options.sig_proxy;
  request.detach_keys = detach_keys_of(options);
  request.starts = !supervisor::is_up(found.container.status.phase);
  request.only_new = true;
  return attach_to(request);
}

/// Whether a container that is pruned takes something with it that another one has.
bool holds_for_others(const FoundContainer& found,
                      const std::map<std::string, std::vector<std::string>>& users) {
  const std::string& name = name_of(found);
  return std::ranges::any_of(users, [&](const auto& volume) {
    const auto& names = volume.second;
    return names.size() > 1 && std::ranges::find(names, name) != names.end();
  });
}

/// until=10m, label=KEY[=VALUE].
bool passes(const FoundContainer& found, const std::vector<std::string>& filters) {
  return std::ranges::all_of(filters, [&](const std::string& filter) {
    const std::string key = filter.substr(0, filter.find('='));
    const std::string value =
        filter.find('=') == std::string::npos ? "" : filter.substr(filter.find('=') + 1);
    if (key == "until") {
      const auto moment = moment_of(value, "--filter until");
      return moment && found.container.status.created < *moment;
    }
    if (key == "label") return has_label(found.container.config.attributes, value);
    throw Error(fmt::format("invalid filter \"{}\": until= or label=", printable(filter)))
        .with_exit_code(ExitCode::usage);
  });
}

/// Those of stacks are for `stack rm` and `stack down`.
bool is_prunable(const FoundContainer& found) {
  return found.project == lone_containers_project &&
         !supervisor::is_up(found.container.status.phase);
}

}  // namespace

int run_container_start(const Options& options) {
  if (options.attach_output || options.open_stdin) return start_attached(options);
  return each_container(options, [&](const FoundContainer& found) {
    act(found, {StartContainer{name_of(found)}}, Locked::yes, options);
  });
}

int run_container_stop(const Options& options) {
  return each_container(options, [&](const FoundContainer& found) { stop_one(found, options); });
}

int run_container_restart(const Options& options) {
  return each_container(options, [&](const FoundContainer& found) {
    stop_one(found, options);
    act(found, {StartContainer{name_of(found)}}, Locked::yes, options);
  });
}

int run_container_kill(const Options& options) {
  const int signal = number_of(options.signal, SIGKILL);
  return each_container(options, [&](const FoundContainer& found) {
    require_running(found);
    act(found, {SignalContainer{name_of(found), signal}}, Locked::no, options);
  });
}

int run_container_pause(const Options& options) {
  return each_container(options, [&](const FoundContainer& found) {
    require_running(found);
    if (found.container.status.phase == Phase::paused)
      fail("container {} is already paused", name_of(found));
    act(found, {PauseContainer{name_of(found)}}, Locked::no, options);
  });
}

int run_container_unpause(const Options& options) {
  return each_container(options, [&](const FoundContainer& found) {
    if (found.container.status.phase != Phase::paused)
      fail("container {} is not paused", name_of(found));
    act(found, {UnpauseContainer{name_of(found)}}, Locked::no, options);
  });
}

int run_container_remove(const Options& options) {
  if (options.link)
    throw Error("a link is a part of the container that has it, and goes with that")
        .with_hint("make the container anew without --link")
        .with_exit_code(ExitCode::usage);
  count_interrupts();
  const int code = each_of(about_all_if_asked(options).arguments, [&](const std::string& name) {
    const auto containers = all_containers();
    if (options.force && seek_container(containers, name) == nullptr)
      return tell_error(Error(fmt::format("No such container: {}", printable(name))));
    remove_one(choose_container(containers, name), options);
    std::cout << name << '\n';
  });
  retire_lone_containers();
  return code;
}

int run_container_rename(const Options& options) {
  if (options.arguments.size() != 2)
    throw Error("container rename takes a container and its new name")
        .with_exit_code(ExitCode::usage);
  const auto containers = all_containers();
  const FoundContainer& found = choose_container(containers, options.arguments[0]);
  std::string name = options.arguments[1];
  if (name.starts_with('/')) name.erase(0, 1);
  if (found.project != lone_containers_project)
    throw Error(fmt::format("{} is of stack {}, which knows its containers by their names",
                            name_of(found), found.project))
        .with_hint("`container_name:` in its file gives it another one");
  try {
    check_name_is_free(containers, name);
  } catch (Error& error) {
    throw error.with_exit_code(ExitCode::failure);
  }
  auto client = supervisor::Client::connect_or_start(HostPaths::from_environment(), found.project);
  client.call(supervisor::RenameContainer{found.container.config.id, name});
  return 0;
}

namespace {

/// Its exit code. Throws Error when a signal ends the waiting first.
int await_end(const FoundContainer& found) {
  LastingClient client(found.project);
  client.send(supervisor::Await{found.container.config.id, supervisor::AwaitedCondition::ended});
  const auto reply = client.await();
  if (!reply) throw Error("").with_exit_code(ExitCode::interrupted);
  if (reply->error) throw Error(*reply->error);
  return reply->exit_code.value_or(static_cast<int>(ExitCode::runtime_error));
}

}  // namespace

int run_container_wait(const Options& options) {
  count_interrupts();
  return each_of(options.arguments, [](const std::string& name) {
    const FoundContainer found = find_container(name);
    const bool runs = supervisor::is_up(found.container.status.phase);
    const int code = runs ? await_end(found) : found.container.status.exit_code.value_or(0);
    std::cout << code << '\n' << std::flush;
  });
}

int run_container_prune(const Options& options) {
  if (!options.force &&
      !is_agreed_to("This will remove all stopped containers without a compose file."))
    return 0;
  count_interrupts();
  const auto users = volume_users(HostPaths::from_environment());
  bool any = false;
  std::uint64_t bytes = 0;
  for (const FoundContainer& found : all_containers()) {
    if (!is_prunable(found) || !passes(found, options.filters)) continue;
    if (holds_for_others(found, users)) {
      std::cerr << fmt::format("kept {}: other containers have its volumes\n", name_of(found));
      continue;
    }
    const std::uint64_t written = written_bytes(found);
    remove_one(found, options);
    bytes += written;
    if (!std::exchange(any, true)) std::cout << "Deleted Containers:\n";
    std::cout << found.container.config.id << '\n';
  }
  retire_lone_containers();
  if (any) std::cout << '\n';
  tell_reclaimed(bytes);
  return 0;
}

}  // namespace stack::cli
