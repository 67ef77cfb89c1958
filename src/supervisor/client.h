// SPDX-License-Identifier: Apache-2.0
// The control socket as commands see it. One connection, many requests under way at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/error.h"
#include "base/host_paths.h"
#include "base/spans.h"
#include "supervisor/container_config.h"
#include "supervisor/status.h"

namespace stack::supervisor {

/// Requests. All are idempotent: asking for what already is succeeds and says so.
struct CreateNetwork {
  NetworkConfig config;
};
struct RemoveNetwork {
  std::string name;
};
/// Writes the container's directory; starts nothing.
struct CreateContainer {
  ContainerConfig config;
  /// Texts of secrets that no file has, by index in config.spec.files. They are never written down.
  std::map<std::size_t, std::string> secrets = {};
};
/// Makes the container of this id as described, without a restart: limits are written to its cgroup
/// at once. Fails, changing nothing, when more differs than replace_changeable() names, or when the
/// kernel refuses.
struct UpdateContainer {
  ContainerConfig config;
  /// As those of CreateContainer.
  std::map<std::size_t, std::string> secrets = {};
  /// Configs and secrets of one that runs: covered by their new texts, or left for its next start.
  enum class Texts { for_next_start, at_once } texts = Texts::for_next_start;
};
/// Starts it unless it runs. Done when the program was exec'd. Clears stopped_by_user.
struct StartContainer {
  std::string id;
};
/// Stop signal, grace, kill; done when it is gone. `grace` overrides the config's.
struct StopContainer {
  std::string id;
  std::optional<std::chrono::nanoseconds> grace;
};
/// Removes a container that does not run, with its writable layer, log and addresses.
struct RemoveContainer {
  std::string id;
};
/// Sets it aside for another container, which is about to take its place: it goes on under
/// aside_name(), runs or not as before.
struct SetContainerAside {
  std::string id;
  /// `kept`: it goes on at its addresses; `left`: its successor has them; `given_up`: they are free
  /// for anybody. But for `kept` it must not run again before it is brought back.
  enum class Addresses { kept, left, given_up } addresses = Addresses::left;
  /// The other container's name; empty: its own. One that is aside already is for this one then.
  std::string successor = {};
};
/// Gives it its name and addresses back. The container that was to take its place is stopped and
/// removed.
struct BringContainerBack {
  std::string id;
};
/// Gives it another name, which others find it by from now on; its service is called so, too, if it
/// had the container's name. Fails when another container is called so.
struct RenameContainer {
  std::string id;
  std::string name;
};
/// Sends a signal to its process 1; fails when none runs. SIGKILL and the container's own stop
/// signal say that it is to stay down, as StopContainer does; after SIGKILL it is done when it is
/// gone.
struct SignalContainer {
  std::string id;
  int signal = 0;
};
/// Holds all of its processes where they are; done when they are at rest.
struct PauseContainer {
  std::string id;
  /// `client_gone`: also let go when the connection ends, if this is what paused it.
  enum class Until { unpaused, client_gone } until = Until::unpaused;
};
struct UnpauseContainer {
  std::string id;
};
/// Bytes for the container's standard input or terminal; done when all of them have been taken.
struct WriteInput {
  std::string id;
  std::string bytes;
  bool last = false;  ///< nothing comes after it: HandRun::stdin_once
};
struct ResizeTerminal {
  std::string id;
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
};
enum class AwaitedCondition {
  running,
  healthy,
  completed,
  settled,  ///< it has come to rest, is healthy, or has ended well; fails with its first failure
  ended,    ///< the run that is under way, if any, is over; cannot fail
  up,       ///< it runs, and has for half a second: for who cannot tell that it is ready
};
/// Done when the condition holds; fails (ExitCode::not_ready) when it cannot come true any more:
/// unhealthy, or exited before being healthy, or completed with another code than 0, or the time is
/// over.
struct Await {
  std::string id;
  AwaitedCondition condition;
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  /// `settled` only: watched for so long after that, in which it must not fail.
  std::chrono::nanoseconds monitor{};
  /// Not of `settled` and `ended`: fails when it fails, having failed as often as this since it was
  /// asked to start. Empty: as long as its policy starts it again there is hope.
  std::optional<std::uint64_t> bearable_failures = {};
};
/// Joins the container to a further network, at once if it runs, and for all runs to come.
struct ConnectContainer {
  std::string id;
  Endpoint endpoint;
};
/// Takes it out again. Fails when it is not in that network.
struct DisconnectContainer {
  std::string id;
  std::string network;
};

// Between supervisors: a container of one stack ("PROJECT/CONTAINER", a guest) in a network of
// another, which is asked.
/// The guest's address, the same as last time where possible; the network is ready for it.
struct LeaseGuest {
  std::string guest;
  Endpoint endpoint;
};
/// Joins a guest's namespace, by its process 1, to the network that the endpoint names.
struct PlugGuest {
  std::string guest;
  std::string container_id;
  ProcessIdentity process;
  std::vector<std::string> names;  ///< that it is found by
  network::EndpointSpec endpoint;
};
/// It is called otherwise from now on: what is noted of it goes on under the new name.
struct RenameGuest {
  std::string guest;
  std::string network;
  std::string name;  ///< "PROJECT/CONTAINER"
};
/// It has left the network, and gives its address back.
struct ReleaseGuest {
  std::string guest;
  std::string network;
};
/// Joins a process that is no container's, such as a step of a build, in a network namespace of its
/// own, to a network of this stack: with an address, a way out and the resolver at 127.0.0.11,
/// which are its as long as it lives.
struct JoinProcess {
  std::string network;
  std::string container_id;  ///< of no stack's container
  ProcessIdentity process;
};
/// Ends supervisor and keeper when nothing runs; refused otherwise.
struct Shutdown {};
using Request =
    std::variant<CreateNetwork, RemoveNetwork, CreateContainer, StartContainer, StopContainer,
                 RemoveContainer, SetContainerAside, BringContainerBack, SignalContainer,
                 PauseContainer, UnpauseContainer, UpdateContainer, WriteInput, ResizeTerminal,
                 Await, ConnectContainer, DisconnectContainer, LeaseGuest, PlugGuest, ReleaseGuest,
                 JoinProcess, Shutdown, RenameContainer, RenameGuest>;

/// The answer to one request.
struct Reply {
  std::uint64_t id = 0;
  std::optional<Error> error;
  bool changed = false;          ///< false: it was so already
  std::string note;              ///< for the screen: "killed at once: process 1 ignores SIGTERM"
  std::optional<int> exit_code;  ///< AwaitedCondition::ended: of that run, when it is known
  std::optional<ContainerStatus> status;  ///< of the container concerned
  std::optional<network::DualAddress>
      address;  ///< LeaseGuest: the guest's; JoinProcess: host-gateway
  Spans spans;  ///< when they were asked for
};

class Client {
 public:
  /// Connects to the running supervisor; nothing when none runs.
  static std::optional<Client> connect(const HostPaths& paths, const std::string& project);
  /// Connects, starting keeper and supervisor first when they do not run. Throws Error.
  static Client connect_or_start(const HostPaths& paths, const std::string& project);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// From here on replies say where the time went.
  void ask_for_spans();
  /// Sends; the reply carries the returned id.
  std::uint64_t send(const Request& request);
  /// The next reply, in the order in which things finish. Nothing after `timeout`. Throws Error
  /// when the supervisor is lost; reconnect and send again then (requests are idempotent).
  std::optional<Reply> receive(std::optional<std::chrono::milliseconds> timeout = std::nullopt);
  /// Sends one request and waits for its reply; throws its error.
  Reply call(const Request& request);
  /// For poll(2).
  int fd() const;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stack::supervisor
