// SPDX-License-Identifier: Apache-2.0
#include "sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.h"
#include "base/ids.h"
#include "base/process.h"
#include "runtime/cgroup.h"

namespace stack::runtime::testing {
namespace {

constexpr int patience_ms = 60'000;
/// Its own for each process: tests run side by side.
const std::string project = fmt::format("stack/runtime-kernel-test-{}", ::getpid());

std::string readable_mounts() {
  return read_file("/proc/self/mountinfo");
}

/// Where overlayfs can have its upper directory: the VM's root is an overlay itself.
std::filesystem::path base_directory() {
  const char* given = std::getenv("STACK_TEST_DIRECTORY");
  if (given != nullptr) return given;
  return exists("/scratch/lost+found") ? "/scratch" : std::filesystem::temp_directory_path();
}

void copy_busybox(const std::filesystem::path& image) {
  make_directories(image / "bin", 0755);
  std::filesystem::copy_file("/bin/busybox", image / "bin/busybox");
  for (const char* name :
       {"sh",       "cat",   "echo",     "ls",     "id",      "true",  "false", "sleep",
        "mknod",    "mount", "hostname", "env",    "pwd",     "touch", "mkdir", "ln",
        "grep",     "stat",  "wc",       "dd",     "kill",    "ps",    "rm",    "head",
        "test",     "tty",   "chmod",    "umount", "unshare", "ip",    "seq",   "usleep",
        "readlink", "nc",    "ping",     "sed",    "tr"}) {
    std::filesystem::create_symlink("busybox", image / "bin" / name);
  }
}

void write_accounts(const std::filesystem::path& image) {
  make_directories(image / "etc", 0755);
  make_directories(image / "tmp", 0755);
  const auto write = [&](const char* name, const char* text) {
    write_file_atomically(image / "etc" / name, text, Durability::survives_crash, 0644);
  };
  write("passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:Web:/srv/web:/bin/sh\n");
  write("group", "root:x:0:\nweb:x:1001:\nstaff:x:50:web\nlogs:x:60:root,web\n");
}

}  // namespace

OutputPipes::OutputPipes() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  out_read = Fd(ends[0]);
  out_write = Fd(ends[1]);
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  err_read = Fd(ends[0]);
  err_write = Fd(ends[1]);
}

void OutputPipes::read(Outcome& outcome) {
  outcome.out = read_all(out_read.get());
  outcome.err = read_all(err_read.get());
}

bool becomes_readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, patience_ms) == 1;
}

int await_exit(pid_t pid, int pidfd) {
  if (!becomes_readable(pidfd)) {
    ADD_FAILURE() << "process " << pid << " does not end";
    send_signal(pidfd, SIGKILL);
  }
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) throw_errno("waitpid");
  return exit_code_of(status);
}

void Sandbox::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  if (!exists("/bin/busybox")) GTEST_SKIP() << "needs /bin/busybox (package busybox-static)";
  mounts_before_ = readable_mounts();
  root_ = base_directory() / ("stack-runtime-test-" + random_hex(8));
  make_directories(root_, 0755);
  copy_busybox(image());
  write_accounts(image());
}

void Sandbox::TearDown() {
  if (root_.empty()) return;
  EXPECT_EQ(list_cgroups(project), std::vector<std::string>()) << "cgroups were left behind";
  EXPECT_EQ(readable_mounts(), mounts_before_) << "mounts were left behind";
  remove_tree(root_);
}

ContainerSpec Sandbox::program(std::vector<std::string> arguments) {
  ContainerSpec spec;
  spec.id = random_hex(64);
  spec.name = "test";
  spec.cgroup = project + "/" + spec.id;
  spec.hostname = "box";
  const std::filesystem::path layer = directory(fmt::format("layer-{}", next_++));
  make_directories(layer / "upper", 0755);
  make_directories(layer / "work", 0755);
  spec.root.lower = {image()};
  spec.root.upper = layer / "upper";
  spec.root.work = layer / "work";
  spec.process.arguments = std::move(arguments);
  spec.process.environment = {"PATH=/bin"};
  spec.security.capabilities = default_capabilities();
  return spec;
}

ContainerSpec Sandbox::shell(const std::string& command) {
  return program({"/bin/sh", "-c", command});
}

ProcessSpec Sandbox::shell_process(const std::string& command) const {
  ProcessSpec process;
  process.arguments = {"sh", "-c", command};
  process.environment = {"PATH=/bin"};
  return process;
}

LaunchOptions Sandbox::options() const {
  LaunchOptions options;
  options.cache = root_ / "cache";
  options.shared = shared_;
  return options;
}

Outcome Sandbox::run(const ContainerSpec& spec, int stdin_fd) {
  Outcome outcome;
  OutputPipes pipes;
  LaunchOptions with = options();
  with.stdin_fd = stdin_fd;
  with.stdout_fd = pipes.out_write.get();
  with.stderr_fd = pipes.err_write.get();
  PendingContainer container = launch(spec, with);
  container.release();
  container.take_result();
  pipes.out_write.reset();
  pipes.err_write.reset();
  pipes.read(outcome);
  outcome.exit_code = await_exit(container.identity().pid, container.pidfd());
  remove_cgroup(spec.cgroup);
  return outcome;
}

std::string Sandbox::output_of(const ContainerSpec& spec) {
  const Outcome outcome = run(spec);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.out;
}

Error Sandbox::failure_of(const ContainerSpec& spec) {
  try {
    PendingContainer container = launch(spec, options());
    container.release();
    container.take_result();
    send_signal(container.pidfd(), SIGKILL);
    await_exit(container.identity().pid, container.pidfd());
    remove_cgroup(spec.cgroup);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "the launch succeeded";
  return Error("none");
}

Sandbox::Running Sandbox::start(const ContainerSpec& spec) {
  PendingContainer container = launch(spec, options());
  container.release();
  container.take_result();
  return {spec, container.identity(), container.take_pidfd(), container.take_terminal()};
}

void Sandbox::stop(Running& running) {
  kill_cgroup(running.spec.cgroup);
  await_exit(running.identity.pid, running.pidfd.get());
  remove_cgroup(running.spec.cgroup);
}

Outcome Sandbox::join(const Running& running, ProcessSpec process) {
  Outcome outcome;
  OutputPipes pipes;
  JoinRequest request;
  request.container = running.identity;
  request.spec = &running.spec;
  request.process = std::move(process);
  request.stdout_fd = pipes.out_write.get();
  request.stderr_fd = pipes.err_write.get();
  request.cache = root_ / "cache";
  Joined joined = join_container(request);
  pipes.out_write.reset();
  pipes.err_write.reset();
  try {
    take_join_result(joined);
  } catch (const Error&) {
    await_exit(joined.pid, joined.pidfd.get());
    throw;
  }
  pipes.read(outcome);
  outcome.exit_code = await_exit(joined.pid, joined.pidfd.get());
  return outcome;
}

std::filesystem::path Sandbox::directory(const std::string& name) {
  make_directories(root_ / name, 0755);
  return root_ / name;
}

std::filesystem::path Sandbox::file(const std::string& name, const std::string& content) {
  write_file_atomically(root_ / name, content, Durability::survives_crash, 0644);
  return root_ / name;
}

}  // namespace stack::runtime::testing
