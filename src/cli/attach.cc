// SPDX-License-Identifier: Apache-2.0
// `stack attach`: our standard streams joined to those of a container that runs. What it says is
// read from its log as it comes; what is typed goes to it by way of the supervisor.
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "cli/chosen_container.h"
#include "cli/command.h"
#include "cli/detach_keys.h"
#include "cli/lasting_client.h"
#include "cli/log_tail.h"
#include "cli/project.h"
#include "cli/style.h"
#include "cli/terminal.h"

namespace stack::cli {
namespace {

using supervisor::ObservedContainer;

/// What of ours goes to the container.
struct AttachPlan {
  bool terminal = false;  ///< it has one: typed bytes go through as they are
  bool input = false;     ///< its standard input is open, and we have not been told to leave it
  bool signals = false;   ///< signals that come to us are meant for it
  std::string detach_keys;
};

AttachPlan plan_of(const ObservedContainer& container, const Options& options) {
  const auto& process = container.config.spec.process;
  AttachPlan plan;
  plan.terminal = process.terminal;
  plan.input = process.open_stdin && !options.no_stdin;
  plan.signals = options.sig_proxy && !process.terminal;
  plan.detach_keys = detach_keys_of(options);
  if (plan.terminal && plan.input && !is_terminal(STDIN_FILENO)) {
    throw Error("the container has a terminal, but standard input is none")
        .with_hint("--no-stdin shows its output only");
  }
  return plan;
}

Fd watch_directory(const std::filesystem::path& directory) {
  Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) throw_errno("inotify_init1");
  if (::inotify_add_watch(inotify.get(), directory.c_str(), IN_MODIFY | IN_CREATE) < 0)
    throw_errno("watching {}", directory.native());
  return inotify;
}

/// Both streams of the log, copied to ours.
class OutputCopy {
 public:
  explicit OutputCopy(const std::filesystem::path& directory)
      : inotify_(watch_directory(directory)),
        out_(directory, supervisor::Stream::out),
        err_(directory, supervisor::Stream::err) {}

  int fd() const { return inotify_.get(); }
  void copy() {
    std::array<char, 4096> events;
    while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    }
    copy(out_, STDOUT_FILENO);
    copy(err_, STDERR_FILENO);
  }

 private:
  static void copy(LogTail& from, int to) {
    for (std::string bytes = from.read_new(); !bytes.empty(); bytes = from.read_new())
      write_all(to, bytes);
  }

  Fd inotify_;  ///< first: what comes after the tails' beginnings is noticed
  LogTail out_;
  LogTail err_;
};

class AttachSession {
 public:
  AttachSession(const std::string& project, const ObservedContainer& container, AttachPlan plan)
      : id_(container.config.id),
        plan_(std::move(plan)),
        keys_(plan_.terminal ? plan_.detach_keys : ""),
        output_(HostPaths::from_environment().container(project, id_)),
        client_(project),
        input_open_(plan_.input) {
    end_ = client_.send(supervisor::Await{id_, supervisor::AwaitedCondition::ended});
  }

  /// The exit code of the container; 0 after the detach keys.
  int run() {
    std::optional<RawTerminal> raw;
    if (plan_.terminal && plan_.input) raw.emplace();
    const auto inbox = signal_inbox();
    redraw();
    for (;;) {
      output_.copy();
      if (const auto code = take_replies()) return *code;
      wait(inbox ? inbox->fd() : -1);
      if (inbox && !take_signals(*inbox)) return exit_code_of(SIGTERM);
      if (input_ready_ && !type()) return 0;
    }
  }

 private:
  std::unique_ptr<SignalInbox> signal_inbox() const {
    if (plan_.terminal)
      return std::make_unique<SignalInbox>(std::initializer_list<int>{SIGWINCH, SIGTERM, SIGHUP});
    if (!plan_.signals) return nullptr;
    return std::make_unique<SignalInbox>(
        std::initializer_list<int>{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM});
  }

  /// A program at a terminal draws anew when the size changes, and only then: so it does, twice.
  void redraw() {
    const auto size = terminal_size();
    if (!plan_.terminal || !size || !is_terminal(STDOUT_FILENO)) return;
    resize(size->ws_row + 1, size->ws_col + 1);
    resize(size->ws_row, size->ws_col);
  }

  void resize(int rows, int columns) {
    client_.send(supervisor::ResizeTerminal{id_, static_cast<std::uint16_t>(rows),
                                            static_cast<std::uint16_t>(columns)});
  }

  /// The container's exit code when it has ended.
  std::optional<int> take_replies() {
    while (const auto reply = client_.receive()) {
      if (reply->id == input_) {
        input_.reset();
        if (reply->error) input_open_ = false;
      }
      if (reply->id != end_) continue;
      output_.copy();  // all of it is in the log by now
      return reply->exit_code.value_or(static_cast<int>(ExitCode::runtime_error));
    }
    return std::nullopt;
  }

  /// One piece of input is under way at a time: the container's pace is ours.
  void wait(int signals) {
    const bool reading = input_open_ && !input_;
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
      if (plan_.signals) {
        client_.send(supervisor::SignalContainer{id_, *signal});
      } else if (*signal != SIGWINCH) {
        return false;
      } else if (const auto size = terminal_size()) {
        resize(size->ws_row, size->ws_col);
      }
    }
    return true;
  }

  /// False when the detach keys are complete.
  bool type() {
    std::array<char, 16384> bytes;
    const ssize_t size = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (size <= 0) {
      input_open_ = false;  // the container's stays open, as docker has it
      return true;
    }
    auto typed = keys_.take({bytes.data(), static_cast<std::size_t>(size)});
    if (typed.detached) return false;
    if (!typed.bytes.empty())
      input_ = client_.send(supervisor::WriteInput{id_, std::move(typed.bytes)});
    return true;
  }

  std::string id_;
  AttachPlan plan_;
  DetachKeys keys_;
  OutputCopy output_;
  LastingClient client_;
  std::uint64_t end_ = 0;               ///< the request that waits for the end
  std::optional<std::uint64_t> input_;  ///< the request that writes input
  bool input_open_;
  bool input_ready_ = false;
};

}  // namespace

int run_attach(const Options& options) {
  const std::string project = project_name(options);
  const ObservedContainer container = running_container(project, options);
  if (container.config.log.kept == supervisor::LogPolicy::Kept::nothing)
    std::cerr << "warning: the output of " << container.config.name
              << " is not kept (logging driver), and cannot be shown\n";
  return AttachSession(project, container, plan_of(container, options)).run();
}

}  // namespace stack::cli
