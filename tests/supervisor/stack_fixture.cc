// SPDX-License-Identifier: Apache-2.0
#include "stack_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"
#include "runtime/cgroup.h"
#include "supervisor/log_reader.h"

namespace stack::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;
const char* const busybox = "/usr/bin/busybox";

/// Everybody the test starts from now on has this namespace for the host's.
void enter_private_network() {
  if (::unshare(CLONE_NEWNET) != 0) throw_errno("unshare(CLONE_NEWNET)");
  if (std::system("ip link set lo up") != 0) fail("no ip command");
}

/// Empty when the process has ended meanwhile.
std::string command_line_of(const std::string& pid) {
  try {
    return read_file_if_exists("/proc/" + pid + "/cmdline").value_or("");
  } catch (const Error&) {
    return "";
  }
}

/// Every process that has an open file or its root below the directory would be a leftover; the
/// stack's own two are found by their command line.
std::vector<pid_t> helpers_of(const std::string& project) {
  std::vector<pid_t> found;
  for (const std::string& name : list_directory("/proc")) {
    const auto pid = parse_integer<pid_t>(name);
    if (!pid) continue;
    const std::string text = command_line_of(name);
    if (text.starts_with("stack-") && text.find(project) != std::string::npos)
      found.push_back(*pid);
  }
  return found;
}

}  // namespace

StackFixture::StackFixture()
    : files_{{directory_.path() / "data", directory_.path() / "run"}, "test" + random_hex(8)} {}

void StackFixture::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  if (!exists(busybox)) GTEST_SKIP() << "needs " << busybox << " (package busybox-static)";
  enter_private_network();
  make_image();
  NetworkConfig network;
  network.spec.name = "net";
  client().call(CreateNetwork{network});
}

void StackFixture::TearDown() {
  if (HasFailure())
    std::cerr << "the supervisor's log:\n"
              << read_file_if_exists(files_.log()).value_or("(none)\n");
  client_.reset();
  for (const pid_t pid : helpers_of(files_.project)) ::kill(pid, SIGKILL);
  for (const std::string& name : runtime::list_cgroups(files_.cgroup())) {
    runtime::kill_cgroup(files_.cgroup() + "/" + name);
    runtime::remove_cgroup(files_.cgroup() + "/" + name);
  }
}

void StackFixture::make_image() {
  root_ = directory_.path() / "image";
  for (const char* name : {"bin", "etc", "proc", "sys", "dev", "tmp"})
    make_directories(std::filesystem::path(root_) / name, 0755);
  std::filesystem::permissions(root_, std::filesystem::perms(0755));
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  std::filesystem::copy_file(busybox, root_ + "/bin/busybox");
  const auto links = fmt::format(
      "for name in $({} --list | grep -vx busybox); do ln -s busybox {}/bin/$name; done", busybox,
      root_);
  if (std::system(links.c_str()) != 0) fail("making the image");
}

std::string StackFixture::id_of(const std::string& service) {
  return stable_hex(service, 64);
}

ContainerConfig StackFixture::container(const std::string& service,
                                        const std::string& script) const {
  ContainerConfig config;
  config.id = id_of(service);
  config.name = files_.project + "-" + service + "-1";
  config.service = service;
  config.spec.id = config.id;
  config.spec.name = config.name;
  config.spec.cgroup = files_.cgroup() + "/" + config.id;
  config.spec.hostname = service;
  config.spec.root.lower = {root_};
  config.spec.process.arguments = {"sh", "-c", script};
  config.spec.process.environment = {"PATH=/bin"};
  config.spec.security.capabilities = runtime::default_capabilities();
  config.endpoints = {{"net", std::nullopt, "", {service}}};
  return config;
}

void StackFixture::create(const ContainerConfig& config) {
  client().call(CreateContainer{config});
}

std::string StackFixture::run(const std::string& service, const std::string& script) {
  create(container(service, script));
  start(service);
  return id_of(service);
}

Reply StackFixture::stop(const std::string& service, std::chrono::nanoseconds grace) {
  return client().call(StopContainer{id_of(service), grace});
}

void StackFixture::await(const std::string& service, AwaitedCondition condition) {
  client().call(Await{id_of(service), condition});
}

Client& StackFixture::client() {
  if (!client_) client_ = Client::connect_or_start(files_.paths, files_.project);
  return *client_;
}

ContainerStatus StackFixture::status(const std::string& service) const {
  for (const auto& observed : read_containers(files_.paths, files_.project))
    if (observed.config.service == service) return observed.status;
  ADD_FAILURE() << "no container of " << service;
  return {};
}

pid_t StackFixture::keeper_pid() const {
  return parse_integer<pid_t>(trim(read_file(files_.keeper_pid()))).value_or(0);
}

/// Whoever answers at the control socket.
pid_t StackFixture::supervisor_pid() const {
  auto connected = Client::connect(files_.paths, files_.project);
  if (!connected) return 0;
  ucred peer{};
  socklen_t size = sizeof(peer);
  ::getsockopt(connected->fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer.pid;
}

void StackFixture::kill_supervisor() {
  pid_t pid = 0;
  eventually("a supervisor", [&] { return (pid = supervisor_pid()) != 0; });
  const auto process = open_process(identify(pid));
  client_.reset();
  if (!process) return;
  ::kill(pid, SIGKILL);
  pollfd end{process->get(), POLLIN, 0};
  ::poll(&end, 1, -1);
}

std::vector<std::string> StackFixture::log_of(const std::string& service) const {
  std::vector<std::string> lines;
  LogReader reader(files_.container(id_of(service)));
  for (; const LogLine* line = reader.front(LastLine::as_it_is); reader.take())
    lines.emplace_back(line->text);
  return lines;
}

// By its own root: what is put into the upper directory of a mounted overlay need not be seen.
void StackFixture::touch_in(const std::string& service, const std::string& path) const {
  const auto root = fmt::format("/proc/{}/root", status(service).process.pid);
  open_file(root + path, O_WRONLY | O_CREAT, 0644);
}

void StackFixture::eventually(const std::string& what, const std::function<bool()>& holds) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) fail("still waiting for {}", what);
    ::poll(nullptr, 0, 5);
  }
}

}  // namespace stack::supervisor
