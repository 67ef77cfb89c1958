// SPDX-License-Identifier: Apache-2.0
#include "image/tool.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include <utility>

#include "base/child.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/inquiry.h"
#include "base/pipe.h"
#include "base/process.h"
#include "base/text.h"

namespace stack::image {
namespace {

constexpr int cannot_run = 127;  // as the shell's

/// What execve(2) takes; the strings belong to somebody else.
std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_of(const Tool& tool) {
  const std::vector<std::string>& extra = tool.environment;
  std::vector<std::string> all = extra;
  if (tool.inherits == Inherits::nothing) return all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string key = text.substr(0, text.find('=') + 1);
    bool is_replaced = false;
    for (const std::string& own : extra) is_replaced |= own.starts_with(key);
    if (!is_replaced) all.push_back(text);
  }
  return all;
}

/// Everything the child needs, made before the fork: it may not allocate.
struct ChildTask {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int input;
  int output;
  bool is_isolated;
};

[[noreturn]] void become_tool(const ChildTask& task) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  ::umask(022);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (task.is_isolated) {
    // Private first, or the new /proc and the tool's mounts would spread to the host.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
      ::_exit(cannot_run);
  }
  ::dup2(task.input, STDIN_FILENO);
  ::dup2(task.output, STDOUT_FILENO);
  ::dup2(task.output, STDERR_FILENO);
  ::execve(task.program, task.arguments, task.environment);
  ::_exit(cannot_run);
}

/// A running tool; killed with all it started unless it ended by itself.
class RunningTool {
 public:
  explicit RunningTool(ChildTask task) {
    void_inquiry();
    clone_args args{};
    args.exit_signal = SIGCHLD;
    task.is_isolated = ::geteuid() == 0;
    if (task.is_isolated) args.flags = CLONE_NEWPID | CLONE_NEWNS;
    pid_ = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
    if (pid_ == 0) become_tool(task);
    if (pid_ < 0) throw_errno("start {}", task.program);
  }
  ~RunningTool() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);  // its process group, for when there is no namespace
    ::kill(pid_, SIGKILL);
    wait();
  }
  RunningTool(const RunningTool&) = delete;
  RunningTool& operator=(const RunningTool&) = delete;

  int wait() { return exit_code_of(await_end(std::exchange(pid_, 0)).value_or(0)); }

 private:
  pid_t pid_ = 0;
};

/// Waits for something to read, or the end.
void await_words(int fd, std::chrono::milliseconds patience) {
  if (patience.count() == 0) return;
  pollfd wait{fd, POLLIN, 0};
  int ready = -1;
  while ((ready = ::poll(&wait, 1, static_cast<int>(patience.count()))) < 0)
    if (errno != EINTR) throw_errno("poll");
  if (ready == 0)
    fail("nothing was heard for {} s", std::chrono::ceil<std::chrono::seconds>(patience).count());
}

void read_lines(int fd, std::chrono::milliseconds patience,
                const std::function<void(const std::string&)>& on_line) {
  std::string pending;
  char buffer[4096];
  for (;;) {
    await_words(fd, patience);
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read");
    if (got == 0) break;
    pending.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      on_line(pending.substr(0, end));
      pending.erase(0, end + 1);
    }
  }
  if (!pending.empty()) on_line(pending);
}

}  // namespace

int run_tool(const Tool& tool, const std::function<void(const std::string&)>& on_line) {
  std::vector<std::string> arguments = tool.arguments;
  arguments.insert(arguments.begin(), tool.program.filename().native());
  std::vector<std::string> environment = environment_of(tool);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  Pipe pipe = make_pipe();
  const Fd nothing = open_file("/dev/null", O_RDONLY);
  RunningTool running({tool.program.c_str(), argv.data(), envp.data(),
                       tool.input >= 0 ? tool.input : nothing.get(), pipe.writing.get(), false});
  pipe.writing.reset();
  read_lines(pipe.reading.get(), tool.patience, on_line);
  return running.wait();
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  if (path == nullptr) return std::nullopt;
  for (const std::string& directory : split(path, ':')) {
    const std::filesystem::path program = std::filesystem::path(directory) / name;
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

std::filesystem::path needed_program(const std::string& name, const std::string& package) {
  auto found = find_program(name);
  if (!found)
    throw Error(fmt::format("there is no program {}", name))
        .with_hint(fmt::format("install it: apt install {}", package));
  return std::move(*found);
}

}  // namespace stack::image
