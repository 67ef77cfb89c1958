// SPDX-License-Identifier: Apache-2.0
// `tty: true`: a pty of the container's own.
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/files.h"
#include "runtime/cgroup.h"
#include "runtime/launch.h"
#include "sandbox.h"

namespace stack::runtime {
namespace {

using testing::await_exit;

class TerminalTest : public testing::Sandbox {
 protected:
  /// Everything that is written to a pty until its last user is gone (EIO).
  static std::string read_terminal(int master) {
    std::string text;
    char buffer[512];
    for (ssize_t got = 0; (got = ::read(master, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }
  std::string terminal_output(const ContainerSpec& spec, const std::string& typed = "") {
    Running running = start(spec);
    write_all(running.terminal.get(), typed);
    std::string text = read_terminal(running.terminal.get());
    await_exit(running.identity.pid, running.pidfd.get());
    remove_cgroup(spec.cgroup);
    return text;
  }
};

TEST_F(TerminalTest, IsTheControllingTerminalAndTheConsole) {
  ContainerSpec spec = shell("tty; echo x > /dev/tty; echo y > /dev/console; ls /dev/pts");
  spec.process.terminal = true;
  EXPECT_EQ(terminal_output(spec), "/dev/pts/0\r\nx\r\ny\r\n0     ptmx\r\n");
}

TEST_F(TerminalTest, WhatIsTypedArrives) {
  ContainerSpec spec = shell("read line; echo got $line");
  spec.process.terminal = true;
  EXPECT_EQ(terminal_output(spec, "hello\n"), "hello\r\ngot hello\r\n");
}

TEST_F(TerminalTest, WorksWithOurInitAndAnotherUser) {
  ContainerSpec spec = shell("tty; echo x > /dev/tty; stat -c %u /dev/pts/0");
  spec.process.terminal = true;
  spec.process.init = true;
  spec.process.user = "web";
  EXPECT_EQ(terminal_output(spec), "/dev/pts/0\r\nx\r\n1000\r\n");
}

TEST_F(TerminalTest, AnInterruptCharacterInterruptsTheProgram) {
  ContainerSpec spec =
      shell("trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.01; done");
  spec.process.terminal = true;
  Running running = start(spec);
  char buffer[64];
  ASSERT_GT(::read(running.terminal.get(), buffer, sizeof buffer), 0);
  write_all(running.terminal.get(), "\x03");
  EXPECT_EQ(await_exit(running.identity.pid, running.pidfd.get()), 3);
  remove_cgroup(spec.cgroup);
}

}  // namespace
}  // namespace stack::runtime
