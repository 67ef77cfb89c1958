# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder are written with: a test case that runs `stack` as a person does,
waits for events instead of sleeping, and checks that nothing is left."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import unittest
from pathlib import Path

import inventory
import world

STACK = os.environ.get("STACK", str(Path(__file__).parents[2] / "build/release/stack"))
PROJECT_ROOT = Path(__file__).parents[2]
IMAGE = "box:1"
DEADLINE = 20  # seconds until an awaited event counts as missing


class Result:
    """A finished command."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def lines(self):
        return self.out.splitlines()

    def __str__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def run_stack(*arguments, directory=None, stdin=None, environment=None, timeout=120):
    done = subprocess.run([STACK, *arguments], cwd=directory, input=stdin, text=True,
                          stdin=None if stdin is not None else subprocess.DEVNULL,
                          capture_output=True, timeout=timeout, check=False,
                          env={**os.environ, **(environment or {})})
    return Result(done.returncode, done.stdout, done.stderr)


def has_signal(pid, number, *masks):
    """Whether the signal is in one of these lines of /proc/PID/status: SigPnd, ShdPnd, SigBlk, SigCgt."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return any(int(line.split()[1], 16) >> (number - 1) & 1
               for line in status.splitlines() if line.startswith(masks))


def eventually(condition, what, deadline=DEADLINE):
    """Polls `condition` until it gives something true, and returns that. `what`: a text, or what gives
    it when the time is over."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            text = what() if callable(what) else what
            raise AssertionError(f"did not happen in {deadline} s: {text}")
        time.sleep(0.01)


def command_line_of(pid):
    """Its words, a blank between them. A process that gets a new program has none for a moment, behind
    the point where whoever started it is told of it."""
    def words():
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        return line or not inventory.has_memory(pid)
    with contextlib.suppress(AssertionError):  # there are programs that have no words at all
        eventually(words, "it has a command line", deadline=1)
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def files_held_by(pid):
    """What its descriptors lead to. It may close one while we look."""
    held = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            held.append(os.readlink(f"/proc/{pid}/fd/{number}"))
    return held


def make_box(folder):
    """A small root file system: busybox under all its names, some users, some data."""
    (folder / "bin").mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), folder / "bin/busybox")
    for name in subprocess.check_output(["busybox", "--list"], text=True).split():
        link = folder / "bin" / name
        if not link.exists():
            link.symlink_to("busybox")
    for name in ("dev", "proc", "sys", "etc", "root", "home", "var", "run"):
        (folder / name).mkdir()
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n"
                                       "app:x:1000:1000:app:/home:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\napp:x:1000:\nextra:x:2000:app\n")
    data = folder / "srv/data"
    data.mkdir(parents=True)
    (data / "from-image").write_text("hello from the image\n")
    (data / "from-image").chmod(0o640)
    os.chown(data / "from-image", 1000, 2000)
    (data / "link").symlink_to("from-image")
    os.chown(data, 1000, 1000)
    data.chmod(0o2750)


def import_box():
    folder = world.HOME / "box"
    make_box(folder)
    done = run_stack("image", "import", str(folder), IMAGE, "--change", 'CMD ["sh"]')
    shutil.rmtree(folder)
    if done.code != 0:
        raise AssertionError(f"stack image import: {done}")


class StackTest(unittest.TestCase):
    """Each test has a project folder of its own; at its end everything is taken down and the
    inventory must be what it was."""

    maxDiff = None

    def setUp(self):
        self.project = self._testMethodName.removeprefix("test_").replace("_", "-")[:40].strip("-")
        self.directory = world.HOME / "projects" / self.project
        self.directory.mkdir(parents=True)
        self.before = inventory.take(self.state_folders())
        self.addCleanup(self.check_residue)
        self.addCleanup(self.take_down)

    @staticmethod
    def state_folders():
        return [Path(os.environ["STACK_ROOT"]) / "stacks", Path(os.environ["STACK_ROOT"]) / "volumes",
                Path(os.environ["STACK_RUN"])]

    # --- files and commands

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def write_stack(self, text):
        return self.write("stack.yaml", text)

    def stack(self, *arguments, expect=0, **options):
        """Runs `stack` in the project's folder; its exit code must be `expect`."""
        options.setdefault("directory", self.directory)
        result = run_stack(*arguments, **options)
        if expect is not None:
            self.assertEqual(result.code, expect, f"stack {' '.join(arguments)}: {result}")
        return result

    def up(self, text=None, *arguments, **options):
        if text is not None:
            self.write_stack(text)
        return self.stack("up", "-d", *arguments, **options)

    def ps(self):
        """Service -> its fields of `ps --all --format json`."""
        rows = [json.loads(line) for line in self.stack("ps", "-a", "--format", "json").lines]
        return {row["Service"]: row for row in rows}

    def state_of(self, service):
        return self.ps().get(service, {}).get("State", "(absent)")

    def log(self, service):
        return self.stack("logs", "--no-log-prefix", service).out

    def inside(self, service, *command, **options):
        """Standard output of a command run in a service's container."""
        return self.stack("exec", "-T", service, *command, **options).out

    def fetch(self, url, *, from_lan=False):
        """(exit code of curl, body)."""
        command = ["curl", "--silent", "--max-time", "5", url]
        if from_lan:
            command = ["nsenter", "--net=/run/netns/lan", *command]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def await_page(self, url, body, **options):
        eventually(lambda: self.fetch(url, **options) == (0, body), f"{url} answers {body!r}")

    # --- processes

    @staticmethod
    def pids_named(name):
        return [pid for pid, comm in inventory.processes() if comm == name]

    @staticmethod
    def pids_running(text):
        """Processes whose command line contains `text`."""
        found = []
        for pid, _ in inventory.processes():
            try:
                if text in command_line_of(pid):
                    found.append(pid)
            except OSError:
                continue
        return found

    def pid_running(self, text):
        """The one that was started with `text`; what it forked has the same command line. A program
        that has just been started may have none yet, or another that it gives way to."""
        def first():
            found = self.pids_running(text)
            return [pid for pid in found if inventory.parent_of(pid) not in found]
        return eventually(lambda: len(pids := first()) == 1 and pids, lambda: f"running {text}: {first()}")[0]

    def supervisor(self):
        """What it starts (checks, containers) has its name until it is a program of its own."""
        found = self.pids_named("stack-superviso")  # comm holds 15 characters
        first = [pid for pid in found if inventory.parent_of(pid) not in found]
        self.assertEqual(len(first), 1, f"supervisors: {found}")
        return first[0]

    # --- the end

    @staticmethod
    def end_commands():
        """A test that failed has left its own behind, and they hold what `take_down` needs."""
        for pid in Path("/proc/thread-self/children").read_text(encoding="utf-8").split():
            os.kill(int(pid), signal.SIGKILL)
            os.waitpid(int(pid), 0)

    def take_down(self):
        self.end_commands()
        root = Path(os.environ["STACK_ROOT"]) / "stacks"
        projects = sorted(entry.name for entry in root.iterdir()) if root.exists() else []
        projects = [name for name in projects if name != "@builds"]  # goes by itself
        problems = []
        for project in projects:
            result = run_stack("-p", project, "down", "-v", "--now", "-t", "0", "--remove-orphans")
            if result.code != 0:
                problems.append(f"stack -p {project} down -v: {result}")
        run_stack("volume", "prune", "--removed", "--force")
        if problems:
            self.kill_everything()
            for folder in self.state_folders():
                shutil.rmtree(folder, ignore_errors=True)
            self.fail("\n".join(problems))

    def kill_everything(self):
        for pid, _ in inventory.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        eventually(lambda: not inventory.processes(), "killed processes are gone")

    def residue(self):
        """How the machine differs from the start of the test."""
        return [line for line in inventory.difference(self.before,
                                                      inventory.take(self.state_folders()))
                if not is_lasting(line)]

    def assert_nothing_left(self):
        eventually(lambda: not self.residue(), lambda: f"nothing is left, but: {self.residue()}")

    def check_residue(self):
        """The kernel takes namespaces apart a little after their last process: so poll."""
        try:
            eventually(lambda: not self.residue(), "nothing is left", deadline=5)
        except AssertionError:
            left = self.residue()
            self.kill_everything()
            self.fail("left on the machine:\n" + "\n".join(left))


def kill_if_there(pid, number=signal.SIGKILL):
    """For one of several that are ended in turn: the end of another may have been its own."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def is_lasting(line):
    """Folders that the first stack of a machine makes and that stay, empty."""
    data, run = os.environ["STACK_ROOT"], os.environ["STACK_RUN"]
    return line in {f"+ file {data}/stacks", f"+ file {data}/volumes",
                    f"+ file {data}/volumes/.lock", f"+ file {run}/stacks"} or (
        line.startswith(f"+ file {run}/") and line.count("/") == run.count("/") + 1
        and line.endswith("lock"))


def main(prepare_outside=None, image=True):
    """The last line of a test file."""

    def tests():
        if image:
            import_box()
        program = unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[1:]], exit=False,
                                verbosity=2)
        return 0 if program.result.wasSuccessful() else 1

    world.enter(tests, prepare_outside)
