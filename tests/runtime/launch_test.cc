// SPDX-License-Identifier: Apache-2.0
// A container from launch to its end: output, exit codes, errors, what stays behind.
#include "runtime/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/process.h"
#include "runtime/cgroup.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

using testing::await_exit;
using testing::becomes_readable;
using testing::Outcome;
using testing::OutputPipes;

class Launch : public testing::Sandbox {};

TEST_F(Launch, OutputAndExitCodeArePassedOn) {
  const Outcome outcome = run("echo hello world; echo oops >&2; exit 7");
  EXPECT_EQ(outcome.out, "hello world\n");
  EXPECT_EQ(outcome.err, "oops\n");
  EXPECT_EQ(outcome.exit_code, 7);
}

TEST_F(Launch, ASignalEndsAProgramWith128PlusItsNumber) {
  ContainerSpec spec = shell("sleep 1000");
  spec.process.init = true;
  spec.process.arguments = {"sh", "-c", "kill -KILL $$"};
  EXPECT_EQ(run(spec).exit_code, 137);
}

TEST_F(Launch, AProgramIsFoundInThePathOfItsEnvironment) {
  EXPECT_EQ(output_of(program({"echo", "found"})), "found\n");
}

TEST_F(Launch, AMissingProgramIsExitCode127) {
  const Error error = failure_of(program({"nonsense"}));
  EXPECT_STREQ(error.what(), "exec: \"nonsense\": executable file not found in $PATH");
  EXPECT_EQ(error.exit_code(), ExitCode::not_found);
}

TEST_F(Launch, AMissingPathIsExitCode127) {
  const Error error = failure_of(program({"/bin/nonsense"}));
  EXPECT_STREQ(error.what(),
               "exec: \"/bin/nonsense\": stat /bin/nonsense: No such file or directory");
  EXPECT_EQ(error.exit_code(), ExitCode::not_found);
}

TEST_F(Launch, AFileThatIsNotExecutableIsExitCode126) {
  const Error error = failure_of(program({"/etc/passwd"}));
  EXPECT_STREQ(error.what(), "exec: \"/etc/passwd\": permission denied");
  EXPECT_EQ(error.exit_code(), ExitCode::not_executable);
}

TEST_F(Launch, AFileOfNoKnownFormatIsExitCode126) {
  write_file_atomically(image() / "garbage", "\x01\x02\x03\x04", Durability::survives_crash, 0755);
  const Error error = failure_of(program({"/garbage"}));
  EXPECT_STREQ(error.what(), "exec /garbage: Exec format error");
  EXPECT_EQ(error.exit_code(), ExitCode::not_executable);
}

TEST_F(Launch, TheEnvironmentIsTheOneGivenAndHome) {
  ContainerSpec spec = program({"env"});
  spec.process.environment = {"PATH=/bin", "COLOUR=blue"};
  EXPECT_EQ(output_of(spec), "PATH=/bin\nCOLOUR=blue\nHOME=/root\n");
}

TEST_F(Launch, AnOwnHomeIsKept) {
  ContainerSpec spec = shell("echo $HOME");
  spec.process.environment = {"HOME=/mine", "PATH=/bin"};
  EXPECT_EQ(output_of(spec), "/mine\n");
}

TEST_F(Launch, TheWorkingDirectoryIsMadeWhenAbsent) {
  ContainerSpec spec = shell("pwd");
  spec.process.working_directory = "/srv/app/data";
  EXPECT_EQ(output_of(spec), "/srv/app/data\n");
}

TEST_F(Launch, HostAndDomainNameAreSet) {
  ContainerSpec spec = shell("hostname; cat /proc/sys/kernel/domainname");
  spec.hostname = "db";
  spec.domainname = "example.test";
  EXPECT_EQ(output_of(spec), "db\nexample.test\n");
}

TEST_F(Launch, TheProgramIsProcessOneAndSeesNobodyElse) {
  EXPECT_EQ(output_of("echo $$ /proc/[0-9]*"), "1 /proc/1\n");
}

TEST_F(Launch, OnlyTheStandardStreamsAreOpen) {
  // 3 is what ls itself opens.
  EXPECT_EQ(output_of("ls -1 /proc/self/fd"), "0\n1\n2\n3\n");
}

TEST_F(Launch, StandardInputIsNullByDefault) {
  EXPECT_EQ(output_of("cat; readlink /proc/self/fd/0"), "/dev/null\n");
}

TEST_F(Launch, StandardInputCanBeGiven) {
  const Fd input = open_file(file("input", "from outside\n"), O_RDONLY);
  EXPECT_EQ(run(shell("cat"), input.get()).out, "from outside\n");
}

TEST_F(Launch, AFailureIsToldEvenWhenTheReleaseCameTooLate) {
  ContainerSpec spec = shell("true");
  spec.process.user = "nobody-of-that-name";
  PendingContainer container = launch(spec, options());
  ASSERT_TRUE(becomes_readable(container.pidfd()));
  container.release();
  try {
    container.take_result();
    FAIL() << "the launch succeeded";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "unable to find user nobody-of-that-name: no matching entries in passwd file");
  }
}

TEST_F(Launch, NothingRunsBeforeItIsReleased) {
  const std::filesystem::path shared = directory("shared");
  ContainerSpec spec = shell("touch /shared/ran");
  spec.mounts = {{.kind = MountKind::bind, .source = shared, .target = "/shared", .options = {}}};
  {
    PendingContainer container = launch(spec, options());
    EXPECT_GT(container.identity().pid, 0);
    EXPECT_GE(container.network_namespace(), 0);
  }
  EXPECT_FALSE(stack::exists(shared / "ran"));
  EXPECT_FALSE(stack::exists("/sys/fs/cgroup/" + spec.cgroup));
}

TEST_F(Launch, ADroppedContainerLeavesNoProcess) {
  ProcessIdentity identity;
  {
    PendingContainer container = launch(shell("sleep 1000"), options());
    identity = container.identity();
    EXPECT_TRUE(is_alive(identity));
  }
  EXPECT_FALSE(is_alive(identity));
}

TEST_F(Launch, ASourceThatDoesNotExistIsNamed) {
  ContainerSpec spec = shell("true");
  spec.mounts = {{.kind = MountKind::bind, .source = "/no/such", .target = "/data", .options = {}}};
  const Error error = failure_of(spec);
  EXPECT_STREQ(error.what(), "opening mount source /no/such: No such file or directory");
  EXPECT_EQ(error.exit_code(), ExitCode::runtime_error);
}

TEST_F(Launch, EverythingDiesWithProcessOne) {
  Running running = start(shell("sleep 1000 & sleep 1000 & sleep 1000 & wait"));
  const auto has_all = [&] { return cgroup_processes(running.spec.cgroup).size() == 4; };
  for (int i = 0; i < 5000 && !has_all(); ++i) ::usleep(1000);
  EXPECT_TRUE(has_all());
  send_signal(running.pidfd.get(), SIGKILL);
  EXPECT_EQ(await_exit(running.identity.pid, running.pidfd.get()), 137);
  remove_cgroup(running.spec.cgroup);
  EXPECT_TRUE(cgroup_processes(running.spec.cgroup).empty());
}

TEST_F(Launch, OurInitReapsOrphansAndPassesTheExitCodeOn) {
  ContainerSpec spec = shell(
      "(sleep 0 & exec sleep 0) ; (sleep 0.05 &) ; sleep 0.3; "
      "cat /proc/1/comm; grep -l '^State:.*Z' /proc/[0-9]*/status; exit 9");
  spec.process.init = true;
  const Outcome outcome = run(spec);
  EXPECT_EQ(outcome.out, "stack-init\n");
  EXPECT_EQ(outcome.exit_code, 9);
}

TEST_F(Launch, OurInitForwardsSignals) {
  ContainerSpec spec = shell("trap 'exit 42' TERM; echo ready; while :; do sleep 0.01; done");
  spec.process.init = true;
  OutputPipes pipes;
  LaunchOptions with = options();
  with.stdout_fd = pipes.out_write.get();
  PendingContainer container = launch(spec, with);
  container.release();
  container.take_result();
  ASSERT_TRUE(becomes_readable(pipes.out_read.get()));
  send_signal(container.pidfd(), SIGTERM);
  EXPECT_EQ(await_exit(container.identity().pid, container.pidfd()), 42);
  remove_cgroup(spec.cgroup);
}

/// What a supervisor would do: launches, tells the pid, and is killed.
[[noreturn]] void be_supervisor(const ContainerSpec& spec, LaunchOptions options, int tell,
                                bool release_first) {
  options.parent = Parent::callers_parent;
  PendingContainer container = launch(spec, options);
  if (release_first) {
    container.release();
    container.take_result();
  }
  const ProcessIdentity identity = container.identity();
  [[maybe_unused]] const ssize_t sent = ::write(tell, &identity, sizeof identity);
  ::kill(::getpid(), SIGKILL);
  ::_exit(1);
}

ProcessIdentity run_supervisor(const ContainerSpec& spec, const LaunchOptions& options,
                               bool release_first) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
  const Fd told(ends[0]);
  Fd tell(ends[1]);
  const pid_t supervisor = ::fork();
  if (supervisor == 0) be_supervisor(spec, options, tell.get(), release_first);
  tell.reset();
  ProcessIdentity identity;
  EXPECT_EQ(::read(told.get(), &identity, sizeof identity), static_cast<ssize_t>(sizeof identity));
  int status = 0;
  ::waitpid(supervisor, &status, 0);
  return identity;
}

TEST_F(Launch, ASiblingSurvivesItsLauncherAndIsReapedByTheParent) {
  const ContainerSpec spec = shell("sleep 1000");
  const ProcessIdentity identity = run_supervisor(spec, options(), true);
  EXPECT_TRUE(is_alive(identity));
  const Fd pidfd = open_process(identity).value();
  send_signal(pidfd.get(), SIGKILL);
  EXPECT_EQ(await_exit(identity.pid, pidfd.get()), 137);
  remove_cgroup(spec.cgroup);
}

TEST_F(Launch, ALauncherThatDiesBeforeReleaseTakesTheContainerWithIt) {
  const std::filesystem::path shared = directory("shared");
  ContainerSpec spec = shell("touch /shared/ran");
  spec.mounts = {{.kind = MountKind::bind, .source = shared, .target = "/shared", .options = {}}};
  const ProcessIdentity identity = run_supervisor(spec, options(), false);
  int status = 0;
  EXPECT_EQ(::waitpid(identity.pid, &status, 0), identity.pid);
  EXPECT_FALSE(stack::exists(shared / "ran"));
  remove_cgroup(spec.cgroup);
}

}  // namespace
}  // namespace stack::runtime
