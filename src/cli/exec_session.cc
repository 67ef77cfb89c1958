// SPDX-License-Identifier: Apache-2.0
#include "cli/exec_session.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <initializer_list>

#include "base/error.h"
#include "base/files.h"

namespace stack::cli {
namespace {

/// Our terminal in raw mode, and back again whatever happens.
class RawTerminal {
 public:
  RawTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) throw_errno("tcgetattr");
    termios raw = before_;
    ::cfmakeraw(&raw);
    if (::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) throw_errno("tcsetattr");
  }
  ~RawTerminal() { ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_); }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
};

volatile sig_atomic_t resized = 1;
void note_resize(int /*signal*/) {
  resized = 1;
}

void pass_size_on(int terminal) {
  if (resized == 0) return;
  resized = 0;
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) ::ioctl(terminal, TIOCSWINSZ, &size);
}

/// Moves what is there; false at the end of `from`.
bool relay(int from, int to) {
  char buffer[16384];
  const ssize_t got = ::read(from, buffer, sizeof buffer);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  // EIO: the last process closed its side of the pty.
  if (got <= 0) return false;
  write_all(to, {buffer, static_cast<std::size_t>(got)});
  return true;
}

void relay_terminal(int terminal) {
  struct sigaction action {};
  action.sa_handler = note_resize;
  ::sigaction(SIGWINCH, &action, nullptr);
  pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {terminal, POLLIN, 0}};
  for (;;) {
    pass_size_on(terminal);
    if (::poll(watched, 2, -1) < 0) {
      if (errno == EINTR) continue;
      throw_errno("poll");
    }
    if (watched[1].revents != 0 && !relay(terminal, STDOUT_FILENO)) return;
    if (watched[0].revents != 0 && !relay(STDIN_FILENO, terminal)) watched[0].fd = -1;
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("waitpid");
  }
  return exit_code_of(status);
}

/// The program sits in the container's process group of the terminal: Ctrl-C is for it, and reaches
/// it through the pty. Without a terminal a signal to us must not leave it behind: it dies with us.
void ignore_what_the_program_gets() {
  for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
}

}  // namespace

int run_exec_session(const ExecRequest& request) {
  runtime::JoinRequest join;
  join.container = request.container;
  join.spec = request.spec;
  join.process = request.process;
  join.stdin_fd = STDIN_FILENO;
  join.stdout_fd = STDOUT_FILENO;
  join.stderr_fd = STDERR_FILENO;
  join.privileged = request.privileged;
  join.cache = request.cache;
  runtime::Joined joined = runtime::join_container(join);
  runtime::take_join_result(joined);
  if (request.process.terminal) {
    const RawTerminal raw;
    relay_terminal(joined.terminal.get());
  } else {
    ignore_what_the_program_gets();
  }
  return wait_for(joined.pid);
}

}  // namespace stack::cli
