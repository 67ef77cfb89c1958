// SPDX-License-Identifier: Apache-2.0
#include "build/ssh_agents.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/child.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/pipe.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/store_writer.h"
#include "image/tool.h"

namespace stack::build {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_key = 100 << 10;
constexpr std::chrono::seconds patience{30};

/// As a shell would have it; in a stack file there is none.
fs::path at_home(const std::string& path) {
  const char* const home = std::getenv("HOME");
  return path.starts_with("~/") && home != nullptr ? home + path.substr(1) : path;
}

bool is_agent(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw_errno("{}", path.native());
  return S_ISSOCK(info.st_mode);
}

fs::path program(const char* name) {
  return image::needed_program(name, "openssh-client");
}

/// An SSH string: four bytes that say how long it is, and it.
std::string_view take_string(std::string_view& bytes) {
  if (bytes.size() < 4) return {};
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(bytes[std::size_t(i)]);
  bytes.remove_prefix(4);
  const std::string_view text = bytes.substr(0, size);
  bytes.remove_prefix(text.size());
  return text;
}

/// What stands between the first line and the last one of such a block.
std::string body_of(const std::string& key) {
  std::string body;
  for (const std::string& line : split(key, '\n'))
    if (!line.starts_with("-----")) body += trim(line);
  return body;
}

/// Neither rights nor memory are needed between fork and exec. The set-group-ID bit that some
/// systems give the program would take the promise to die with us away.
[[noreturn]] void become_agent(pid_t parent, char* const* arguments, char* const* environment,
                               int output) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  ::dup2(output, STDOUT_FILENO);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

}  // namespace

void add_ssh(const std::string& text, const std::string& running, const fs::path& base,
             BuildRequest& request) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string id = equals == 0 ? "default" : text.substr(0, equals);
  const std::string given = equals < text.size() ? text.substr(equals + 1) : "";
  if (given.empty() && running.empty())
    throw Error(fmt::format("ssh {}: no agent is running", id))
        .with_hint(fmt::format("set SSH_AUTH_SOCK, or give a key: {}=FILE", id));
  during(fmt::format("ssh {}", id), [&] {
    std::vector<std::string> keys;
    std::vector<std::string> sockets;
    for (const std::string& each : split(given.empty() ? running : given, ',')) {
      const fs::path path = base / at_home(each);
      (is_agent(path) ? sockets : keys).push_back(path.native());
    }
    if (sockets.size() > 1 || (!sockets.empty() && !keys.empty()))
      throw Error("it is one agent's socket, or keys").with_hint("give another one another name");
    request.agents.erase(id);
    request.keys.erase(id);
    if (sockets.empty())
      request.keys[id] = keys;
    else
      request.agents[id] = sockets.front();
  });
}

bool needs_passphrase(const std::string& key) {
  if (key.find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos) return true;
  if (key.find("BEGIN OPENSSH PRIVATE KEY") == std::string::npos)
    return key.find("Proc-Type: 4,ENCRYPTED") != std::string::npos;
  const auto bytes = image::from_base64(body_of(key));
  constexpr std::string_view magic("openssh-key-v1\0", 15);
  if (!bytes || !bytes->starts_with(magic)) return false;
  std::string_view rest = std::string_view(*bytes).substr(magic.size());
  return take_string(rest) != "none";
}

SshAgent::SshAgent(ScratchDirectory directory, const std::vector<std::string>& keys)
    : directory_(std::move(directory)), socket_(directory_.path() / "agent") {
  if (socket_.native().size() >= sizeof(sockaddr_un::sun_path))
    fail("{} is too long for a socket's name", socket_.native());
  start();
  try {
    for (const std::string& key : keys) during(key, [&] { add(key); });
  } catch (...) {
    ::kill(pid_, SIGKILL);
    await_end(pid_);
    throw;
  }
}

SshAgent::~SshAgent() {
  ::kill(pid_, SIGKILL);
  await_end(pid_);
}

void SshAgent::start() {
  std::array<std::string, 4> words = {program("ssh-agent").native(), "-D", "-a", socket_.native()};
  const std::array<char*, 5> arguments = {words[0].data(), words[1].data(), words[2].data(),
                                          words[3].data(), nullptr};
  char* const environment[] = {nullptr};
  Pipe pipe = make_pipe();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw_errno("fork");
  if (pid_ == 0) become_agent(parent, arguments.data(), environment, pipe.writing.get());
  pipe.writing.reset();
  // It says where it listens once it does.
  char byte;
  ssize_t got = 0;
  while ((got = ::read(pipe.reading.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  if (got == 1) return;
  await_end(pid_);
  fail("{} did not start", words[0]);
}

void SshAgent::add(const std::string& key) const {
  const std::string text = read_file(key, largest_key);
  if (needs_passphrase(text))
    throw Error("the key has a passphrase")
        .with_hint("add it to an agent (ssh-add) and give that: --ssh default");
  const Fd file(::memfd_create("key", MFD_CLOEXEC));
  if (!file) throw_errno("memfd_create");
  write_all(file.get(), text);
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("seek");
  image::Tool tool;
  tool.program = program("ssh-add");
  tool.arguments = {"-q", "-"};
  tool.environment = {fmt::format("SSH_AUTH_SOCK={}", socket_.native()), "SSH_ASKPASS=/bin/false",
                      "SSH_ASKPASS_REQUIRE=force"};
  tool.inherits = image::Inherits::nothing;
  tool.patience = patience;
  tool.input = file.get();
  std::vector<std::string> said;
  const int code =
      image::run_tool(tool, [&](const std::string& line) { said.push_back(printable(line)); });
  if (code != 0)
    throw Error(fmt::format("ssh-add: {}", join(said, "; ")))
        .with_hint("a private key, or the socket of an agent");
}

std::vector<std::unique_ptr<SshAgent>> start_agents(BuildRequest& request,
                                                    const image::StorePaths& store) {
  std::vector<std::unique_ptr<SshAgent>> agents;
  for (const auto& [id, keys] : request.keys) {
    agents.push_back(during(fmt::format("ssh {}", id), [&, &files = keys] {
      return std::make_unique<SshAgent>(image::begin_layer(store), files);
    }));
    request.agents[id] = agents.back()->socket().native();
  }
  return agents;
}

}  // namespace stack::build
