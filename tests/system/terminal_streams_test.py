# SPDX-License-Identifier: Apache-2.0
"""Programs in containers at our terminal: `exec`, `attach` and `run`, the detach keys, sizes, and the
terminal's modes afterwards; the colours of `logs`."""

import itertools
import os
import re
import signal
import unittest

import stacktest
from stacktest import eventually
from terminals import Screen, Terminal, require_tmux

DETACH = "\x10\x11"  # ctrl-p ctrl-q

SHELL = """
    name: shop
    services:
      sh: {image: "box:1", command: sh, stdin_open: true, tty: true}
      cat: {image: "box:1", command: ["sh", "-c", "stty raw -echo; echo ready; exec cat -v"], stdin_open: true, tty: true}
      web: {image: "box:1", command: sleep 1001}
"""


class DetachKeys(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.up(SHELL)

    def test_a_lone_ctrl_p_is_for_the_program(self):
        eventually(lambda: "ready" in self.log("cat"), "it listens")
        terminal = Terminal(["attach", "cat"], self.directory)
        terminal.await_raw()
        terminal.type("a\n")  # whole lines: cat keeps what is less
        terminal.await_text("a")
        for typed, seen in (("\x10x", "\\^Px"), ("\x10\x10y", "\\^P\\^Py"), ("\x11z", "\\^Qz")):
            terminal.type(typed + "\n")
            terminal.await_text(seen)
        terminal.type("\x10")
        terminal.type("\x11")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.state_of("cat"), "running")

    def test_attach_can_be_left_and_taken_up_again(self):
        screen = Screen(self.directory)
        self.addCleanup(screen.close)
        for number in (1, 2):
            screen.run("attach", "sh")
            screen.type(f"echo number $(({number} + 0))")
            screen.press("Enter")
            screen.await_line(f"^number {number}$")
            screen.press("C-p", "C-q")
            screen.await_screen(lambda lines, number=number: sum(line.endswith("code 0") for line in lines) == number, "left")
        self.assertEqual(self.state_of("sh"), "running")

    def test_what_exec_and_run_leave_behind_goes_on(self):
        for command in (["exec", "web", "sh"], ["run", "--name", "left", "web", "sh"]):
            with self.subTest(command):
                terminal = Terminal(command, self.directory)
                terminal.await_text("# ")
                terminal.type("exec sleep 1004\n")
                eventually(lambda: [p for p in self.pids_running("sleep 1004")], "it sleeps")
                terminal.type(DETACH)
                self.assertEqual(terminal.finish(), 0)
                sleepers = self.pids_running("sleep 1004")
                self.assertEqual(len(sleepers), 1)
                os.kill(sleepers[0], signal.SIGKILL)
                eventually(lambda: not self.pids_running("sleep 1004"), "it is gone")


class Modes(stacktest.StackTest):
    """A terminal is put back as it was, however the command ends."""

    COMMANDS = (["exec", "web", "sh"], ["attach", "sh"], ["run", "--rm", "web", "sh"])

    def setUp(self):
        super().setUp()
        self.up(SHELL)
        self.screen = Screen(self.directory)
        self.addCleanup(self.screen.close)
        self.numbers = itertools.count()

    def modes(self, when):
        """Told under another name each time: the screen may still show the last one."""
        name = f"{when}-{next(self.numbers)}"
        self.screen.type(f"stty -g > {name}; echo said {name}")
        self.screen.press("Enter")
        self.screen.await_line(f"^said {name}$")
        return (self.directory / name).read_text()

    def start(self, command):
        """Until the program at the other side answers."""
        self.screen.tmux("send-keys", "-R")
        self.screen.tmux("clear-history")
        self.screen.run(*command)
        self.screen.type("echo he''re")
        self.screen.press("Enter")
        self.screen.await_line("^here$")

    def test_after_the_end(self):
        before = self.modes("before")
        for command in self.COMMANDS:
            with self.subTest(command):
                self.start(command)
                self.screen.type("exit 7")
                self.screen.press("Enter")
                self.screen.await_code(7)
                self.assertEqual(self.modes("after"), before)
                self.stack("start", "sh")

    def test_after_the_detach_keys(self):
        before = self.modes("before")
        for command in self.COMMANDS:
            with self.subTest(command):
                self.start(command)
                self.screen.press("C-p", "C-q")
                self.screen.await_code(0)
                self.assertEqual(self.modes("after"), before)

    def test_after_sigterm(self):
        before = self.modes("before")
        for command in self.COMMANDS[:2]:
            with self.subTest(command):
                self.start(command)
                os.kill(self.pid_running(f"{stacktest.STACK} {' '.join(command)}"), signal.SIGTERM)
                self.screen.await_code(143)
                self.assertEqual(self.modes("after"), before)

    def test_a_size_that_changes_is_passed_on(self):
        for command in self.COMMANDS:
            with self.subTest(command):
                self.screen.resize(24, 80)
                self.start(command)
                for rows, columns in ((24, 80), (30, 100), (12, 41)):
                    self.screen.resize(rows, columns)
                    eventually(lambda size=f"{rows} {columns}": self.size() == size, f"{rows} {columns}")
                self.screen.type("exit 0")
                self.screen.press("Enter")
                self.screen.await_code(0)
                self.stack("start", "sh")

    def size(self):
        self.screen.tmux("send-keys", "-R")
        self.screen.type("stty size")
        self.screen.press("Enter")
        lines = self.screen.await_line(r"^\d+ \d+$")
        return next(line for line in lines if re.match(r"^\d+ \d+$", line))


class Console(stacktest.StackTest):
    def test_a_terminal_that_everybody_had_closed_is_read_on(self):
        """As systemd and getty do: they close what they have and open the console anew."""
        os.mkfifo(self.directory / "go")
        self.up("""
            services:
              web:
                image: box:1
                tty: true
                command:
                  - sh
                  - -c
                  - |
                    echo first
                    exec 0< /dev/null 1> /dev/null 2> /dev/null
                    read word < /go
                    for i in $$(seq 2000); do echo line $$i of the text on the console > /dev/console; done
                    exec sleep 1001
                volumes: ["./go:/go"]
            """)
        eventually(lambda: "first" in self.stack("logs").out, "it has spoken")
        (self.directory / "go").write_text("word\n")
        eventually(lambda: self.pids_running("sleep 1001"), "it has written everything")
        eventually(lambda: "line 2000 of" in self.stack("logs").out, "all is in the log")
        self.assertEqual(self.stack("logs").out.count("of the text on the console"), 2000)


class Logs(stacktest.StackTest):
    SERVICES = [f"s{number}" for number in range(1, 12)] + ["a-long-name"]

    def setUp(self):
        super().setUp()
        self.up("services:\n" + "".join(
            f"  {name}: {{image: 'box:1', command: [echo, hello from {name}]}}\n" for name in self.SERVICES))
        eventually(lambda: len(self.stack("logs").lines) == len(self.SERVICES), "all have said it")

    def at_terminal(self, *arguments, **options):
        terminal = Terminal(["logs", *arguments], self.directory, **options)
        self.assertEqual(terminal.finish(), 0)
        return terminal.seen.splitlines()

    def test_names_have_docker_composes_colours_and_one_width(self):
        for flags in ([], ["-f"]):
            lines = self.at_terminal(*flags)
            self.assertEqual(len(lines), len(self.SERVICES))
            pattern = r"^\x1b\[(\d+(?:;1)?)m(\S+-1) * \| \x1b\[0m(hello from \S+)$"
            colours = {}
            for line in lines:
                self.assertRegex(line, pattern)
                colour, name, _ = re.match(pattern, line).groups()
                colours[name] = colour
                self.assertEqual(line.index(" | "), line.index("m") + 1 + len("a-long-name-1 "))
            expected = [f"{code}{bold}" for bold in ("", ";1") for code in (36, 33, 32, 35, 34)] + ["36", "33"]
            self.assertEqual(sorted(colours.values()), sorted(expected))

    def test_without_colour(self):
        expected = sorted(f"{name + '-1':14} | hello from {name}" for name in self.SERVICES)
        self.assertEqual(sorted(self.at_terminal("--no-color")), expected)
        self.assertEqual(sorted(self.at_terminal(environment={"NO_COLOR": "1"})), expected)
        self.assertEqual(sorted(self.at_terminal(environment={"TERM": "dumb"})), expected)
        self.assertEqual(sorted(self.stack("logs").lines), expected)

    def test_without_prefix(self):
        self.assertEqual(sorted(self.at_terminal("--no-log-prefix")),
                         sorted(f"hello from {name}" for name in self.SERVICES))


if __name__ == "__main__":
    require_tmux()
    stacktest.main()
