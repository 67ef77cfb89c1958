// SPDX-License-Identifier: Apache-2.0
#include "supervisor/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include "base/fail_point.h"
#include "base/files.h"
#include "base/inotify.h"
#include "base/process.h"
#include "supervisor/control_connection.h"
#include "supervisor/keeper.h"
#include "supervisor/keepers.h"
#include "supervisor/project_files.h"
#include "supervisor/protocol.h"
#include "supervisor/start_keeper.h"

namespace stack::supervisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds start_timeout{10'000};
constexpr milliseconds end_timeout{5'000};

/// A moment after which waiting makes no sense; none: wait for ever.
using Deadline = std::optional<steady_clock::time_point>;

/// True when `fd` became readable (or its other end went away) before the deadline.
bool wait_readable(int fd, Deadline deadline) {
  for (;;) {
    int timeout = -1;
    if (deadline) {
      const auto rest = std::chrono::ceil<milliseconds>(*deadline - steady_clock::now());
      timeout = static_cast<int>(std::max<milliseconds::rep>(rest.count(), 0));
    }
    pollfd event{fd, POLLIN, 0};
    const int count = ::poll(&event, 1, timeout);
    if (count >= 0) return count > 0;
    if (errno != EINTR) throw_errno("poll");
  }
}

}  // namespace

struct Client::State {
  ProjectFiles files;
  Fd socket;
  FrameSplitter input;
  std::uint64_t last_id = 0;
  bool traced = false;
  std::set<std::uint64_t> shutdowns{};  ///< ids of Shutdown requests not answered yet

  /// The next message; nothing at the deadline. Throws Error at the end of the stream.
  std::optional<std::string> next_message(Deadline deadline);
  /// Waits until the socket is shut and the keeper has gone, so that nothing is left behind when
  /// the caller looks.
  void await_end(const ProcessIdentity& keeper);
  ProcessIdentity keeper() const;
};

std::optional<std::string> Client::State::next_message(Deadline deadline) {
  for (;;) {
    if (auto message = input.next()) return message;
    if (!wait_readable(socket.get(), deadline)) return std::nullopt;
    std::array<char, 65536> bytes;  // not zeroed: that would be 16 pages for a line
    const ssize_t size = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) fail("lost the connection to the supervisor of {}", files.project);
    input.feed({bytes.data(), static_cast<std::size_t>(size)});
  }
}

ProcessIdentity Client::State::keeper() const {
  const auto pid = read_keeper_pid(files);
  return pid ? identify(*pid) : ProcessIdentity{};
}

void Client::State::await_end(const ProcessIdentity& keeper) {
  fail_point("client.await-end");
  const auto process = open_process(keeper);
  socket.reset();
  if (process) wait_readable(process->get(), steady_clock::now() + end_timeout);
  remove_keeper_cgroup(files);
}

namespace {

Error silent(const ProjectFiles& files, std::string_view how) {
  Error error(fmt::format("the supervisor of {} {}", files.project, how));
  std::string cure = cure_for_silence(files);
  return cure.empty() ? error : error.with_hint(std::move(cure));
}

}  // namespace

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

std::optional<Client> Client::connect(const HostPaths& paths, const std::string& project) {
  auto state = std::make_unique<State>();
  state->files = {paths, project};
  fail_point("client.connect");
  state->socket = connect_control_socket(state->files);
  if (!state->socket) return std::nullopt;
  std::optional<std::string> hello;
  try {
    hello = state->next_message(steady_clock::now() + start_timeout);
  } catch (const Error&) {
    return std::nullopt;  // it was about to end and did not accept us any more
  }
  if (!hello) throw silent(state->files, "does not answer");
  check_hello(*hello);
  return Client(std::move(state));
}

namespace {

/// Tells when something happens in a directory: a socket appears, a lock file is closed.
class DirectoryWatch {
 public:
  explicit DirectoryWatch(const std::filesystem::path& directory) : inotify_(make_inotify()) {
    const auto what = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_CLOSE | IN_DELETE_SELF;
    ::inotify_add_watch(inotify_.get(), directory.c_str(), what);
  }
  bool wait(Deadline deadline) const { return wait_readable(inotify_.get(), deadline); }

 private:
  Fd inotify_;
};

/// A supervisor whose socket somebody has removed runs on, and cannot be reached. After a while it
/// is made to begin again, once: that costs no container anything.
class Deafness {
 public:
  explicit Deafness(const ProjectFiles& files) : files_(files) {}
  steady_clock::time_point limit() const {
    return tried_ ? steady_clock::time_point::max() : limit_;
  }
  void cure() {
    if (tried_ || steady_clock::now() < limit_ || stack::exists(files_.control_socket())) return;
    tried_ = true;
    restart_supervisor(files_);
  }

 private:
  const ProjectFiles& files_;
  steady_clock::time_point limit_ = steady_clock::now() + std::chrono::seconds(3);
  bool tried_ = false;
};

enum class KeeperAnswer { ready, another_runs };

/// Starts a keeper and hears how that went.
KeeperAnswer try_start(const ProjectFiles& files, Deadline deadline) {
  Fd pipe;
  try {
    pipe = start_keeper(files);
  } catch (const Error& error) {
    // The directory went with the last keeper while we were in it.
    if (error.error_number() == ENOENT) return KeeperAnswer::another_runs;
    throw;
  }
  fail_point("client.await-keeper");
  if (!wait_readable(pipe.get(), deadline)) {
    throw Error(fmt::format("the supervisor of {} did not start in time", files.project))
        .with_hint("its log is " + files.log().native());
  }
  const char first = ready_byte;
  std::string said(1, 0);
  if (::read(pipe.get(), said.data(), 1) <= 0) return KeeperAnswer::another_runs;
  if (said.front() == first) return KeeperAnswer::ready;
  throw Error("starting the supervisor: " + said + read_all(pipe.get(), 1 << 16));
}

}  // namespace

Client Client::connect_or_start(const HostPaths& paths, const std::string& project) {
  const ProjectFiles files{paths, project};
  const auto deadline = steady_clock::now() + start_timeout;
  // Another keeper may be just starting or ending: then something will change in its directory.
  // What changed before the watch was there is known by one more try. Made only then: closing a
  // watch costs an RCU period (15 ms).
  std::unique_ptr<DirectoryWatch> watch;
  Deafness deafness(files);
  do {
    make_directories(files.run());
    if (auto client = connect(paths, project)) return std::move(*client);
    if (try_start(files, deadline) == KeeperAnswer::ready) continue;
    if (watch) {
      watch->wait(std::min(deadline, deafness.limit()));
      deafness.cure();
      watch.reset();
    } else {
      watch = std::make_unique<DirectoryWatch>(files.run());
    }
  } while (steady_clock::now() < deadline);
  throw silent(files, "cannot be reached");
}

void Client::ask_for_spans() {
  state_->traced = true;
}

std::uint64_t Client::send(const Request& request) {
  const std::uint64_t id = ++state_->last_id;
  if (std::holds_alternative<Shutdown>(request)) state_->shutdowns.insert(id);
  const std::string bytes = frame(encode_request({id, request, state_->traced}));
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count =
        ::send(state_->socket.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw_errno("lost the connection to the supervisor of {}", state_->files.project);
    sent += static_cast<std::size_t>(count);
  }
  return id;
}

std::optional<Reply> Client::receive(std::optional<milliseconds> timeout) {
  const ProcessIdentity keeper = state_->shutdowns.empty() ? ProcessIdentity{} : state_->keeper();
  Deadline deadline;
  if (timeout) deadline = steady_clock::now() + *timeout;
  const auto message = state_->next_message(deadline);
  if (!message) return std::nullopt;
  Reply reply = decode_reply(*message);
  if (state_->shutdowns.erase(reply.id) == 1 && !reply.error) state_->await_end(keeper);
  return reply;
}

Reply Client::call(const Request& request) {
  const std::uint64_t id = send(request);
  for (;;) {
    auto reply = receive();
    if (reply->id != id) continue;
    if (reply->error) throw *reply->error;
    return std::move(*reply);
  }
}

int Client::fd() const {
  return state_->socket.get();
}

}  // namespace stack::supervisor
