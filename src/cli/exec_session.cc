// SPDX-License-Identifier: Apache-2.0
#include "cli/exec_session.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <initializer_list>
#include <iostream>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "base/pipe.h"
#include "cli/stream_relay.h"
#include "cli/terminal_relay.h"

namespace stack::cli {
namespace {

struct Streams {
  int in = -1;
  int out = -1;
  int err = -1;
};

/// Starts the program and hears that it was started.
runtime::Joined start(const ExecRequest& request, const Streams& streams) {
  runtime::JoinRequest join;
  join.container = request.container;
  join.spec = request.spec;
  join.process = request.process;
  join.stdin_fd = streams.in;
  join.stdout_fd = streams.out;
  join.stderr_fd = streams.err;
  join.privileged = request.privileged;
  join.cache = request.cache;
  runtime::Joined joined = runtime::join_container(join);
  runtime::take_join_result(joined);
  return joined;
}

int wait_for(pid_t pid) {
  const auto status = await_end(pid);
  if (!status) throw_errno("waitpid");
  return exit_code_of(*status);
}

/// The child goes on as if it were us: what it returns or throws is what the command comes to.
pid_t fork_session() {
  std::cout.flush();
  std::cerr.flush();
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  return child;
}

/// The program dies with its relay, and that is not to die with us or with our terminal: it is
/// started from a session of its own.
int run_detached(const ExecRequest& request) {
  if (const pid_t child = fork_session(); child != 0) return wait_for(child);
  ::setsid();
  start(request, {});
  return 0;
}

/// The program sits in the container's process group of the terminal: Ctrl-C is for it, and reaches
/// it through the pty. Without a terminal a signal to us must not leave it behind: it dies with us.
void ignore_what_the_program_gets() {
  for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
}

int run_with_our_streams(const ExecRequest& request) {
  StreamRelay relay(request.input ? StreamRelay::Input::ours : StreamRelay::Input::none);
  const runtime::Joined joined = start(request, {relay.in(), relay.out(), relay.err()});
  ignore_what_the_program_gets();
  relay.begin();
  const int code = wait_for(joined.pid);
  relay.finish();
  return code;
}

// ---- with a terminal
//
// Somebody has to hold the terminal's master for as long as the program lives, longer than this
// command when it is detached from. So the work is a child's; this process waits until that ends,
// or says that it goes on alone.

volatile sig_atomic_t session_process = 0;
void pass_on(int signal) {
  ::kill(session_process, signal);
}

int await_session(pid_t child, const Fd& detached) {
  session_process = child;
  struct sigaction action {};
  action.sa_handler = pass_on;
  for (const int signal : {SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  char byte = 0;
  ssize_t size = 0;
  while ((size = ::read(detached.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  return size == 1 ? 0 : wait_for(child);
}

void leave_terminal() {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  const Fd nowhere = open_file("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere.get(), fd);
}

/// Until the program ends, or somebody leaves it alone: at once, when it is to be detached.
TerminalRelay::End relay(const ExecRequest& request, int master) {
  if (request.attachment == Attachment::detached) return TerminalRelay::End::detached;
  return TerminalRelay(master, request.detach_keys).run();
}

int relay_terminal(const ExecRequest& request, Fd say_detached) {
  const runtime::Joined joined = start(request, {});
  const TerminalRelay::End end = relay(request, joined.terminal.get());
  if (end == TerminalRelay::End::terminated) return exit_code_of(SIGTERM);
  if (end == TerminalRelay::End::detached) {
    leave_terminal();
    write_all(say_detached.get(), "d");
    say_detached.reset();
    TerminalRelay::drain(joined.terminal.get());
  }
  return wait_for(joined.pid);
}

int run_with_terminal(const ExecRequest& request) {
  auto [detached, say_detached] = make_pipe();
  const pid_t parent = ::getpid();
  if (const pid_t child = fork_session(); child != 0) {
    say_detached.reset();
    return await_session(child, detached);
  }
  detached.reset();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  if (::getppid() != parent) return exit_code_of(SIGTERM);
  return relay_terminal(request, std::move(say_detached));
}

}  // namespace

int run_exec_session(const ExecRequest& request) {
  if (request.process.terminal) return run_with_terminal(request);
  if (request.attachment == Attachment::detached) return run_detached(request);
  return run_with_our_streams(request);
}

}  // namespace stack::cli
