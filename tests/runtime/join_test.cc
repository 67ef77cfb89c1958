// SPDX-License-Identifier: Apache-2.0
// A further program in a running container.
#include "runtime/join.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "runtime/cgroup.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

using testing::await_exit;
using testing::becomes_readable;
using testing::Outcome;

class Join : public testing::Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (IsSkipped()) return;
    running_.emplace(start(shell("sleep 1000; true")));
  }
  void TearDown() override {
    if (running_) stop(*running_);
    Sandbox::TearDown();
  }
  Running& container() { return *running_; }
  Outcome in_container(const std::string& command) {
    return join(*running_, shell_process(command));
  }
  /// Waits until the container has as many processes.
  bool comes_to(std::size_t processes) {
    for (int i = 0; i < 20'000; ++i) {
      if (cgroup_processes(running_->spec.cgroup).size() == processes) return true;
      ::usleep(1000);
    }
    return false;
  }
  Joined begin(ProcessSpec process, int output = -1) {
    JoinRequest request;
    request.container = running_->identity;
    request.spec = &running_->spec;
    request.process = std::move(process);
    request.stdout_fd = output;
    request.cache = options().cache;
    Joined joined = join_container(request);
    take_join_result(joined);
    return joined;
  }

 private:
  std::optional<Running> running_;
};

TEST_F(Join, OutputAndExitCodeArePassedOn) {
  const Outcome outcome = in_container("echo inside; hostname; exit 7");
  EXPECT_EQ(outcome.out, "inside\nbox\n");
  EXPECT_EQ(outcome.exit_code, 7);
}

TEST_F(Join, ASignalIs128PlusItsNumber) {
  EXPECT_EQ(in_container("kill -KILL $$").exit_code, 137);
}

TEST_F(Join, SharesNamespacesCgroupAndConfinement) {
  const Outcome outcome = in_container(
      "for n in mnt pid net ipc uts cgroup; do [ $(readlink /proc/1/ns/$n) = $(readlink "
      "/proc/self/ns/$n) ] "
      "|| echo other $n; done; cmp /proc/1/cgroup /proc/self/cgroup; "
      "grep -e CapEff -e CapBnd -e CapInh -e Seccomp: /proc/self/status | tr '\\t' ' '");
  EXPECT_EQ(outcome.out,
            "CapInh: 0000000000000000\nCapEff: 00000000a80425fb\nCapBnd: 00000000a80425fb\n"
            "Seccomp: 2\n");
}

TEST_F(Join, RunsInTheContainersCgroup) {
  ASSERT_TRUE(comes_to(2));
  Joined joined = begin(shell_process("sleep 1000; true"));
  EXPECT_TRUE(comes_to(4));
  ::kill(joined.pid, SIGKILL);
  await_exit(joined.pid, joined.pidfd.get());
  EXPECT_TRUE(comes_to(2)) << "the killed program's children are gone too";
}

TEST_F(Join, HasOnlyTheStandardStreams) {
  EXPECT_EQ(in_container("ls -1 /proc/self/fd").out, "0\n1\n2\n3\n");
}

TEST_F(Join, UserAndWorkingDirectoryAreItsOwn) {
  ProcessSpec process = shell_process("id -u; pwd; echo $HOME");
  process.user = "web";
  process.working_directory = "/etc";
  EXPECT_EQ(join(container(), process).out, "1000\n/etc\n/srv/web\n");
}

TEST_F(Join, AMissingProgramIsExitCode127) {
  ProcessSpec process = shell_process("true");
  process.arguments = {"nonsense"};
  try {
    join(container(), process);
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "exec: \"nonsense\": executable file not found in $PATH");
    EXPECT_EQ(error.exit_code(), ExitCode::not_found);
  }
}

TEST_F(Join, AMissingWorkingDirectoryIsNamed) {
  ProcessSpec process = shell_process("true");
  process.working_directory = "/nowhere";
  try {
    join(container(), process);
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "entering the working directory /nowhere: No such file or directory");
  }
}

TEST_F(Join, ATerminalIsOneOfTheContainersOwn) {
  ProcessSpec process = shell_process("tty; echo x > /dev/tty");
  process.terminal = true;
  Joined joined = begin(process);
  std::string text;
  char buffer[256];
  for (ssize_t got = 0; (got = ::read(joined.terminal.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  EXPECT_EQ(text, "/dev/pts/0\r\nx\r\n");
  EXPECT_EQ(await_exit(joined.pid, joined.pidfd.get()), 0);
}

// Its mode would be the host's to suffer.
TEST_F(Join, TheNullDeviceIsTheContainersOwn) {
  const auto null_of = [this](const std::string& before) {
    return join(container(), shell_process(before + "stat -L -c '%d:%i %t:%T' /proc/self/fd/0"))
        .out;
  };
  struct stat host {};
  ASSERT_EQ(::stat("/dev/null", &host), 0);
  const std::string hosts = fmt::format("{}:{} 1:3\n", host.st_dev, host.st_ino);
  const std::string own = null_of("");
  EXPECT_TRUE(own.ends_with(" 1:3\n")) << own;
  EXPECT_NE(own, hosts);
  null_of("rm /dev/null; ln -s /etc/passwd /dev/null; ");
  const std::string made = null_of("");
  EXPECT_TRUE(made.ends_with(" 1:3\n")) << made;
  EXPECT_NE(made, hosts);
  EXPECT_NE(made, own);
}

TEST_F(Join, AContainerThatIsGoneIsAnError) {
  JoinRequest request;
  request.container = {container().identity.pid, container().identity.start_time + 1};
  request.spec = &container().spec;
  request.process = shell_process("true");
  try {
    join_container(request);
    FAIL() << "joined";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the container is not running");
  }
}

TEST_F(Join, DiesWithTheContainer) {
  Joined joined = begin(shell_process("sleep 1000; true"));
  send_signal(container().pidfd.get(), SIGKILL);
  EXPECT_EQ(await_exit(joined.pid, joined.pidfd.get()), 137);
}

}  // namespace
}  // namespace stack::runtime
