# SPDX-License-Identifier: Apache-2.0
"""Terminals for tests: one whose bytes are looked at, and one (tmux) whose screen is."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

import stacktest
import world


class Terminal:
    """A command at a terminal of its own, as a person has it."""

    def __init__(self, arguments, directory, rows=30, columns=90, environment=None):
        self.seen = ""
        begun, begins = os.pipe()  # closed when the command has taken this program's place
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.chdir(directory)
            os.execve(stacktest.STACK, [stacktest.STACK, *arguments],
                      {**os.environ, "TERM": "xterm-256color", **(environment or {})})
        os.close(begins)
        os.read(begun, 1)
        os.close(begun)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def read_some(self, patience):
        """False at the end."""
        if not select.select([self.fd], [], [], patience)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: the other side is closed
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    def await_text(self, pattern, deadline=stacktest.DEADLINE):
        end = time.monotonic() + deadline
        while not re.search(pattern, self.seen):
            alive = self.read_some(0.1)
            if re.search(pattern, self.seen):
                break
            if not alive or time.monotonic() > end:
                raise AssertionError(f"{pattern!r} is not in: {self.seen!r}")
        return self.seen

    def await_raw(self):
        """Before that the terminal itself shows and eats what is typed."""
        stacktest.eventually(lambda: not termios.tcgetattr(self.fd)[3] & termios.ICANON, "raw mode")

    def size_within(self):
        """Of the terminal on the other side, where a shell waits."""
        self.seen = ""
        self.type("stty size\n")
        self.await_text(r"\d+ \d+\r\n")
        return re.search(r"(\d+ \d+)\r\n", self.seen)[1]

    def finish(self, deadline=stacktest.DEADLINE):
        """Exit code, as a shell has it."""
        end = time.monotonic() + deadline
        while self.read_some(0.1):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"does not end; it said {self.seen!r}")
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code if code >= 0 else 128 - code


class Screen:
    """A shell on a screen of its own, by tmux: what a person sees, and does to it. `close` it."""

    PROMPT = "# "  # of root

    def __init__(self, directory, rows=24, columns=80):
        self.socket = str(world.HOME / "tmux")
        environment = {"LC_ALL": "C.UTF-8", **{name: os.environ[name] for name in
                                               ("PATH", "HOME", "STACK_ROOT", "STACK_RUN")}}
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(directory),
                  "dash", environment=environment)
        try:
            self.await_screen(lambda lines: lines[0] == self.PROMPT.rstrip(), "a prompt")
        except AssertionError:
            self.close()
            raise

    def tmux(self, *arguments, environment=None):
        return subprocess.run(["tmux", "-u", "-f", os.devnull, "-S", self.socket, *arguments], check=True,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
                              env=environment).stdout

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False, capture_output=True)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def press(self, *keys):
        """By tmux's names: Enter, C-c."""
        self.tmux("send-keys", *keys)

    def run(self, *arguments, then=""):
        """Types a `stack` command; the shell says how it ended: "code 0"."""
        self.type(f"{stacktest.STACK} {' '.join(arguments)}; echo code $?{then}")
        self.press("Enter")

    def resize(self, rows, columns):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def lines(self):
        """Of the screen, from its first on."""
        return [line.rstrip() for line in self.tmux("capture-pane", "-p").split("\n")[:-1]]

    def all_lines(self):
        """What has scrolled away too, without what is empty below."""
        text = self.tmux("capture-pane", "-p", "-S", "-").rstrip()
        return [line.rstrip() for line in text.split("\n")]

    def coloured_lines(self):
        """With the sequences for colours."""
        return self.tmux("capture-pane", "-p", "-e").split("\n")[:-1]

    def cursor(self):
        """(row, column, whether it can be seen)."""
        x, y, flag = self.tmux("display-message", "-p", "#{cursor_x} #{cursor_y} #{cursor_flag}").split()
        return int(y), int(x), flag == "1"

    def await_screen(self, condition, what):
        """Polls until `condition` is true of the lines; returns them."""
        def look():
            lines = self.lines()
            return lines if condition(lines) else None
        return stacktest.eventually(look, lambda: f"{what}, but:\n" + "\n".join(self.lines()))

    def await_line(self, pattern):
        return self.await_screen(lambda lines: any(re.search(pattern, line) for line in lines), pattern)

    def await_code(self, code):
        """The command has ended and the shell waits."""
        return self.await_screen(
            lambda lines: any(line.endswith(f"code {code}") and "echo" not in line for line in lines)
            and lines[self.cursor()[0]] == self.PROMPT.rstrip(), f"code {code} and a prompt")


def require_tmux():
    world.require(shutil.which("tmux"), "tmux is not installed (packaging/test-deps.txt)")
