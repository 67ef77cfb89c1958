// SPDX-License-Identifier: Apache-2.0
#include "registry/credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include <utility>

#include "base/child.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/process.h"
#include "base/text.h"

namespace stack::registry {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr std::chrono::seconds patience{30};
constexpr std::size_t longest_answer = 1 << 20;
/// An identity token instead of a password: what docker's helpers put for the user's name.
constexpr const char* token_user = "<token>";

struct Answer {
  int code;
  std::string text;
};

/// A name that could be a path would be another program than one of the search path.
void check_name(const std::string& name) {
  const bool is_fine = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (!is_fine) fail("invalid name of a credential helper: {}", stack::quoted(name));
}

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  void connect(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

/// The program's process; killed when it is let go before it has ended.
class Helper {
 public:
  Helper(const std::string& program, const char* action, int standard) {
    SpawnActions actions;
    actions.connect(standard, STDIN_FILENO);
    actions.connect(standard, STDOUT_FILENO);
    std::string name = program;
    std::string verb = action;
    char* arguments[] = {name.data(), verb.data(), nullptr};
    const int problem =
        ::posix_spawnp(&pid_, program.c_str(), actions.get(), nullptr, arguments, environ);
    if (problem != 0) throw Error(program, problem);
  }
  ~Helper() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  int wait() { return exit_code_of(await_end(std::exchange(pid_, 0)).value_or(0)); }

 private:
  pid_t pid_ = 0;
};

std::string read_answer(int from) {
  const auto deadline = Clock::now() + patience;
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd poll{from, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&poll, 1, static_cast<int>(left.count())) == 0)
      fail("no answer within {} s", patience.count());
    const ssize_t count = ::read(from, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > longest_answer) fail("its answer is too long");
  }
}

Answer run_helper(const std::string& name, const char* action, const std::string& input) {
  check_name(name);
  const std::string program = "docker-credential-" + name;
  return during(program + " " + action, [&] {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("socketpair");
    const Fd ours(ends[0]);
    Fd theirs(ends[1]);
    Helper helper(program, action, theirs.get());
    theirs.reset();
    ::send(ours.get(), input.data(), input.size(), MSG_NOSIGNAL);
    ::shutdown(ours.get(), SHUT_WR);
    std::string text = read_answer(ours.get());
    return Answer{helper.wait(), std::move(text)};
  });
}

}  // namespace

std::optional<Credentials> ask_helper(const std::string& name, const std::string& server) {
  const Answer answer = run_helper(name, "get", server);
  if (answer.code != 0) {
    if (answer.text.find("credentials not found") != std::string::npos) return std::nullopt;
    fail("docker-credential-{} get: {}", name, printable(trim(answer.text)));
  }
  const json found = json::parse(answer.text, nullptr, false);
  if (!found.is_object()) fail("docker-credential-{} get: its answer is no JSON", name);
  Credentials credentials{found.value("Username", ""), found.value("Secret", ""), ""};
  if (credentials.user == token_user) return Credentials{"", "", credentials.password};
  return credentials;
}

void store_with_helper(const std::string& name, const std::string& server,
                       const Credentials& credentials) {
  const bool is_token = !credentials.identity_token.empty();
  const json entry = {{"ServerURL", server},
                      {"Username", is_token ? token_user : credentials.user},
                      {"Secret", is_token ? credentials.identity_token : credentials.password}};
  const Answer answer = run_helper(name, "store", entry.dump());
  if (answer.code != 0) fail("docker-credential-{} store: {}", name, printable(trim(answer.text)));
}

bool erase_with_helper(const std::string& name, const std::string& server) {
  return run_helper(name, "erase", server).code == 0;
}

}  // namespace stack::registry
