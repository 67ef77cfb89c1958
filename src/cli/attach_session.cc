// SPDX-License-Identifier: Apache-2.0
#include "cli/attach_session.h"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/inotify.h"
#include "cli/detach_keys.h"
#include "cli/lasting_client.h"
#include "cli/log_tail.h"
#include "cli/style.h"
#include "cli/terminal.h"
#include "orchestrator/network_owners.h"
#include "supervisor/status.h"

namespace stack::cli {
namespace {

using supervisor::AwaitedCondition;

/// So many signals that mean an end are a person who has lost patience.
constexpr int patience = 3;

Fd watch_directory(const std::filesystem::path& directory) {
  Fd inotify = make_inotify();
  if (::inotify_add_watch(inotify.get(), directory.c_str(), IN_MODIFY | IN_CREATE) < 0)
    throw_errno("watching {}", directory.native());
  return inotify;
}

/// The streams of the log that are wanted, copied to ours.
class OutputCopy {
 public:
  OutputCopy(const std::filesystem::path& directory, LogTail::Begin begin,
             const AttachRequest& wanted)
      : inotify_(watch_directory(directory)) {
    if (wanted.output) out_.emplace(directory, supervisor::Stream::out, begin);
    if (wanted.errors) err_.emplace(directory, supervisor::Stream::err, begin);
  }

  int fd() const { return inotify_.get(); }
  void copy() {
    std::array<char, 4096> events;
    while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    }
    if (out_) copy(*out_, STDOUT_FILENO);
    if (err_) copy(*err_, STDERR_FILENO);
  }

 private:
  static void copy(LogTail& from, int to) {
    for (std::string bytes = from.read_new(); !bytes.empty(); bytes = from.read_new())
      write_all(to, bytes);
  }

  Fd inotify_;  ///< first: what comes after the tails' beginnings is noticed
  std::optional<LogTail> out_;
  std::optional<LogTail> err_;
};

class AttachSession {
 public:
  explicit AttachSession(AttachRequest request)
      : request_(std::move(request)),
        id_(request_.id),
        keys_(request_.terminal ? request_.detach_keys : ""),
        output_(
            HostPaths::from_environment().container(request_.project, id_),
            request_.starts && !request_.only_new ? LogTail::Begin::at_start : LogTail::Begin::now,
            request_),
        owners_(HostPaths::from_environment(), request_.project),
        client_(request_.project),
        input_open_(request_.input) {
    if (request_.starts) open_doors();
  }

  int run() {
    std::optional<RawTerminal> raw;
    if (request_.terminal && request_.input) raw.emplace();
    const auto inbox = signal_inbox();
    // Whoever waits for the end of a container before it begins is there when it ends.
    (request_.starts ? attendance_ : end_) = await_end();
    if (!request_.starts) redraw();
    for (;;) {
      output_.copy();
      if (const auto code = take_replies()) return *code;
      wait(inbox ? inbox->fd() : -1);
      if (inbox && !take_signals(*inbox)) return exit_code_of(SIGTERM);
      if (input_ready_ && !type()) return 0;
    }
  }

 private:
  /// Nothing may run yet, and without a client a supervisor would end: ours, and those of stacks
  /// whose networks it joins.
  void open_doors() {
    const HostPaths paths = HostPaths::from_environment();
    door_ = supervisor::Client::connect_or_start(paths, request_.project);
    for (const auto& each :
         supervisor::read_containers(paths, request_.project, supervisor::ConfigParts::summary))
      if (each.config.id == id_) owners_.hold(orchestrator::networks_of(each.config));
  }

  std::unique_ptr<SignalInbox> signal_inbox() const {
    if (request_.terminal && request_.input)
      return std::make_unique<SignalInbox>(std::initializer_list<int>{SIGWINCH, SIGTERM, SIGHUP});
    // Ctrl-C is no byte for it then, but a signal for us.
    if (request_.terminal)
      return std::make_unique<SignalInbox>(
          std::initializer_list<int>{SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT});
    if (!request_.signals) return nullptr;
    return std::make_unique<SignalInbox>(
        std::initializer_list<int>{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM});
  }

  std::uint64_t await_end() {
    return client_.send(supervisor::Await{id_, AwaitedCondition::ended});
  }

  /// A program at a terminal draws anew when the size changes, and only then: so it does, twice.
  void redraw() {
    const auto size = terminal_size();
    if (!request_.terminal || !size || !is_terminal(STDOUT_FILENO)) return;
    resize(size->ws_row + 1, size->ws_col + 1);
    resize(size->ws_row, size->ws_col);
  }

  void resize(int rows, int columns) {
    client_.send(supervisor::ResizeTerminal{id_, static_cast<std::uint16_t>(rows),
                                            static_cast<std::uint16_t>(columns)});
  }

  /// The container's exit code when it has ended, and, if that was asked for, is gone.
  std::optional<int> take_replies() {
    while (const auto reply = client_.receive()) {
      if (reply->id == attendance_) start_ = client_.send(supervisor::StartContainer{id_});
      if (reply->id == start_) started(*reply);
      if (reply->id == input_) input_taken(*reply);
      if (reply->id == end_) ended(*reply);
      if (reply->id == removal_) removed(*reply);
      if (code_ && (removal_ == 0 || reply->id == removal_)) return code_;
    }
    return std::nullopt;
  }

  void started(const supervisor::Reply& reply) {
    if (reply.error) return failed(*reply.error);
    end_ = await_end();
    if (const auto size = terminal_size(); request_.terminal && size)
      resize(size->ws_row, size->ws_col);
  }

  /// What could not be started goes too, and before the error is told.
  void failed(const Error& error) {
    if (!request_.removes) throw Error(error);
    failure_ = error;
    removal_ = client_.send(supervisor::RemoveContainer{id_});
  }

  void removed(const supervisor::Reply& reply) const {
    if (failure_) throw Error(*failure_);
    if (reply.error) throw Error(*reply.error);
  }

  void input_taken(const supervisor::Reply& reply) {
    input_.reset();
    if (reply.error) input_open_ = false;
  }

  void ended(const supervisor::Reply& reply) {
    if (reply.error) throw *reply.error;
    output_.copy();  // all of it is in the log by now
    input_open_ = false;
    code_ = reply.exit_code.value_or(static_cast<int>(ExitCode::runtime_error));
    if (request_.removes) removal_ = client_.send(supervisor::RemoveContainer{id_});
  }

  /// One piece of input is under way at a time: the container's pace is ours.
  void wait(int signals) {
    const bool reading = input_open_ && !input_ && end_ != 0;
    std::array<pollfd, 4> watched{{{client_.fd(), POLLIN, 0},
                                   {output_.fd(), POLLIN, 0},
                                   {signals, POLLIN, 0},
                                   {reading ? STDIN_FILENO : -1, POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) throw_errno("poll");
    input_ready_ = watched[3].revents != 0;
  }

  /// False when one of them ends us.
  bool take_signals(SignalInbox& inbox) {
    while (const auto signal = inbox.next()) {
      if (*signal == SIGWINCH) {
        if (const auto size = terminal_size()) resize(size->ws_row, size->ws_col);
      } else if (request_.signals) {
        pass_on(*signal);
      } else {
        return false;
      }
    }
    return true;
  }

  void pass_on(int signal) {
    if (signal == SIGINT || signal == SIGTERM) ++endings_;
    client_.send(supervisor::SignalContainer{id_, endings_ >= patience ? SIGKILL : signal});
  }

  /// False when the detach keys are complete.
  bool type() {
    std::array<char, 16384> bytes;
    const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (size <= 0) {
      input_open_ = false;
      // Without `starts` the container's stays open, as docker has it.
      if (request_.starts) input_ = client_.send(supervisor::WriteInput{id_, "", true});
      return true;
    }
    auto typed = keys_.take({bytes.data(), static_cast<std::size_t>(size)});
    if (typed.detached) return false;
    if (!typed.bytes.empty())
      input_ = client_.send(supervisor::WriteInput{id_, std::move(typed.bytes)});
    return true;
  }

  AttachRequest request_;
  std::string id_;
  DetachKeys keys_;
  OutputCopy output_;
  std::optional<supervisor::Client> door_;
  orchestrator::NetworkOwners owners_;
  LastingClient client_;
  // Requests under way; 0: not yet.
  std::uint64_t attendance_ = 0;
  std::uint64_t start_ = 0;
  std::uint64_t end_ = 0;  ///< the one that waits for the end
  std::uint64_t removal_ = 0;
  std::optional<std::uint64_t> input_;
  std::optional<int> code_;       ///< it has ended
  std::optional<Error> failure_;  ///< it could not be started
  int endings_ = 0;               ///< signals passed on that mean an end
  bool input_open_;
  bool input_ready_ = false;
};

}  // namespace

int attach_to(const AttachRequest& request) {
  return AttachSession(request).run();
}

}  // namespace stack::cli
