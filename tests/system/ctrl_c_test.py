# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C: the first asks, the second kills, the third leaves at once; and whatever came of it, the
next `up` and the next `down` put things right."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import unittest

import inventory
import stacktest
from stacktest import eventually
from terminals import Screen, Terminal, require_tmux

MOMENTS = int(os.environ.get("STACK_TEST_KILLS", "15"))
CTRL_C = "\x03"

DEAF = """
    name: deaf
    services:
      deaf:
        image: box:1
        command: ["sh", "-c", "trap 'echo no' TERM; echo ready; while :; do sleep 0.1; done"]
        stop_grace_period: 10m
"""
NEVER_HEALTHY = """
    name: half
    services:
      db:
        image: box:1
        command: sleep 1001
        healthcheck: {test: ["CMD", "false"], interval: 200ms, start_interval: 200ms, start_period: 1h}
      web:
        image: box:1
        command: sleep 1002
        depends_on: {db: {condition: service_healthy}}
"""


def is_pending(pid):
    """SIGINT has come and was not looked at. A further one would be the same one."""
    try:
        return stacktest.has_signal(pid, signal.SIGINT, "SigPnd", "ShdPnd")
    except OSError:
        return False


def press(terminal):
    """Until it has been heard: the terminal shows it when it sends the signal."""
    shown = terminal.seen.count("^C")
    terminal.type(CTRL_C)
    def is_taken():
        terminal.read_some(0)
        return terminal.seen.count("^C") > shown and not is_pending(terminal.pid)
    eventually(lambda: is_over(terminal.pid) or is_taken(), "Ctrl-C is taken")


def is_over(pid):
    return inventory.stat_of(pid)[0] == "Z"


class CtrlC(stacktest.StackTest):
    def terminal(self, *arguments):
        return Terminal(arguments, self.directory)

    def start_deaf(self):
        self.write_stack(DEAF)
        terminal = self.terminal("up")
        terminal.await_text("deaf-1.*ready")
        return terminal

    def test_the_first_stops_and_keeps_the_containers(self):
        self.write_stack("""
            name: shop
            services:
              web: {image: "box:1", command: ["sh", "-c", "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.1; done"]}
        """)
        screen = Screen(self.directory)
        self.addCleanup(screen.close)
        screen.run("up")
        screen.await_line(r"^web-1  \| hello$")
        screen.press("C-c")
        lines = screen.await_code(130)
        at = lines.index("^CGracefully Stopping... press Ctrl+C again to force")
        self.assertEqual(lines[at + 1], "[+] Running 1/1")
        self.assertRegex(lines[at + 2], "^ ✔ Container shop-web-1 +Stopped ")
        self.assertEqual(lines[at + 3:at + 5], ["web-1  | bye", "web-1 exited with code 0"])
        self.assertEqual((self.ps()["web"]["State"], self.ps()["web"]["ExitCode"]), ("exited", 0))

    def test_the_second_kills(self):
        terminal = self.start_deaf()
        terminal.type(CTRL_C)
        terminal.await_text("Stopping +")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.finish(), 130)
        self.assertEqual(self.ps()["deaf"]["ExitCode"], 137)

    def test_a_third_right_behind_the_second_keeps_it_from_nothing(self):
        """As from a key that is held down: `deaf` would run on for its ten minutes."""
        terminal = self.start_deaf()
        for _ in range(3):
            press(terminal)
        self.assertEqual(terminal.finish(), 130)
        eventually(lambda: self.ps()["deaf"]["ExitCode"] == 137, "it is killed")

    def test_the_third_leaves_at_once(self):
        self.write_stack(DEAF)
        self.stack("up", "-d")
        eventually(lambda: "ready" in self.log("deaf"), "it is deaf")
        terminal = self.terminal("stop")
        terminal.await_text("Stopping +")
        for _ in range(3):
            press(terminal)
        self.assertEqual(terminal.finish(), 130)
        self.assertIn("Left at once", terminal.seen)
        self.assertEqual(self.state_of("deaf"), "running")

    def test_what_was_left_in_the_midst_of_a_stop_is_started_again(self):
        """Its end is still under way: an `up` that found it running would be wrong a little later."""
        self.write_stack("""
            services:
              slow:
                image: box:1
                command: ["sh", "-c", "trap 'while [ ! -e /go/on ]; do sleep 0.05; done; exit 0' TERM; echo ready; while :; do sleep 0.05; done"]
                volumes: ["./go:/go"]
                stop_grace_period: 10m
        """)
        (self.directory / "go").mkdir()
        self.stack("up", "-d")
        eventually(lambda: "ready" in self.log("slow"), "it listens")
        terminal = self.terminal("stop")
        terminal.await_text("Stopping +")
        for _ in range(3):
            press(terminal)
        self.assertEqual(terminal.finish(), 130)
        self.assertIn("being stopped", self.stack("plan").out)
        again = self.terminal("up", "-d")
        again.await_text("Starting +")
        (self.directory / "go/on").write_text("")
        self.assertEqual(again.finish(), 0)
        eventually(lambda: self.log("slow").count("ready") == 2, "a new process")
        self.assertEqual(self.state_of("slow"), "running")

    def test_a_stack_that_is_half_made_is_stopped(self):
        self.write_stack(NEVER_HEALTHY)
        terminal = self.terminal("up")
        terminal.await_text(r"Waits for half-db-1 \(healthy\)")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.finish(), 130)
        self.assertIn("Gracefully Stopping", terminal.seen)
        rows = self.ps()
        self.assertEqual((rows["db"]["State"], rows["web"]["State"]), ("exited", "created"))

    def test_a_detached_up_is_broken_off_and_leaves_what_runs(self):
        self.write_stack(NEVER_HEALTHY)
        terminal = self.terminal("up", "-d")
        terminal.await_text(r"Waits for half-db-1 \(healthy\)")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.finish(), 130)
        rows = self.ps()
        self.assertEqual((rows["db"]["State"], rows["web"]["State"]), ("running", "created"))

    def test_a_terminal_that_goes_ends_the_waiting_and_not_the_stack(self):
        self.write_stack(NEVER_HEALTHY)
        with subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory, text=True,
                              stderr=subprocess.PIPE) as waiting:
            for line in waiting.stderr:
                if line.strip().startswith("Container half-db-1  Started"):
                    break
            waiting.send_signal(signal.SIGHUP)
            self.assertEqual(waiting.wait(timeout=20), 130)
        self.assertEqual((self.state_of("db"), self.state_of("web")), ("running", "created"))

    def test_who_waits_for_another_command_need_not(self):
        self.write_stack(NEVER_HEALTHY)
        first = self.terminal("up", "-d")
        first.await_text("Waits for half-db-1")
        stacktest.eventually(lambda: self.state_of("db") == "running", "it waits for one that runs")
        for command in (["up", "-d"], ["start"], ["restart"]):
            with self.subTest(command):
                second = self.terminal(*command)
                second.await_text(r"waiting for stack up \(pid \d+\) to finish")
                second.type(CTRL_C)
                self.assertEqual(second.finish(), 130)
                self.assertEqual(self.state_of("db"), "running")
        first.type(CTRL_C)
        self.assertEqual(first.finish(), 130)

    def test_a_down_or_a_stop_has_an_up_break_off(self):
        self.write_stack(NEVER_HEALTHY)
        for command, left in (("stop", "exited"), ("down", None)):
            with self.subTest(command), self.waiting_up() as up:
                self.stack(command, "-t", "0", timeout=20)
                _, said = up.communicate(timeout=20)
                self.assertRegex(said, rf"cancelled by stack {command} \(pid \d+\)")
                self.assertEqual(up.returncode, 130)
                self.assertEqual(self.ps().get("db", {}).get("State"), left)
        self.assert_nothing_left()

    def test_a_down_has_an_attached_up_break_off_that_then_stops_nothing(self):
        self.write_stack(NEVER_HEALTHY)
        terminal = self.terminal("up")
        terminal.await_text(r"Waits for half-db-1 \(healthy\)")
        self.stack("down", "-t", "0", timeout=20)
        terminal.await_text(r"cancelled by stack down \(pid \d+\)")
        self.assertEqual(terminal.finish(), 130)
        self.assertNotIn("Gracefully", terminal.seen)

    def test_who_does_not_want_to_wait_is_told_for_whom(self):
        self.write_stack(NEVER_HEALTHY)
        with self.waiting_up() as up:
            for command in (["up", "-d"], ["down"], ["stop"], ["restart"], ["run", "--rm", "db", "true"]):
                with self.subTest(command):
                    said = self.stack("--no-wait", *command, expect=75, timeout=20).err
                    self.assertIn(f"the stack is locked by stack up (pid {up.pid})", said)
            self.assertIsNone(up.poll(), "nobody was asked to break off")
            up.send_signal(signal.SIGINT)
            up.communicate(timeout=20)
        self.stack("--no-wait", "down", "-t", "0")

    @contextlib.contextmanager
    def waiting_up(self):
        """An `up -d` that waits for what never gets healthy."""
        with subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory, text=True,
                              stderr=subprocess.PIPE) as up:
            for line in up.stderr:
                if line.strip().startswith("Container half-db-1  Started"):
                    break
            try:
                yield up
            finally:
                up.kill()

    def test_only_the_services_that_were_asked_for_are_stopped(self):
        self.write_stack("""
            services:
              web: {image: "box:1", command: sh -c 'echo hello; exec sleep 1001'}
              other: {image: "box:1", command: sleep 1002}
        """)
        self.stack("up", "-d", "other")
        terminal = self.terminal("up", "web")
        terminal.await_text("web-1.*hello")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.finish(), 130)
        rows = self.ps()
        self.assertEqual((rows["web"]["State"], rows["other"]["State"]), ("exited", "running"))


class RandomMoments(stacktest.StackTest):
    TEXT = """
        services:
          db:
            image: box:1
            command: sleep 1001
            healthcheck: {test: ["CMD", "true"], interval: 100ms}
          job:
            image: box:1
            command: ["true"]
            depends_on: {db: {condition: service_healthy}}
          deaf:
            image: box:1
            command: ["sh", "-c", "trap 'echo no' TERM; while :; do sleep 0.1; done"]
            stop_grace_period: 10m
          web:
            image: box:1
            command: sleep 1002
            ports: ["8080:80"]
            depends_on: {job: {condition: service_completed_successfully}}
    """

    def test_the_next_up_converges_and_the_next_down_leaves_nothing(self):
        self.write_stack(self.TEXT)
        whole = self.time_of_a_whole_up()
        seed = int(os.environ.get("STACK_TEST_SEED", random.randrange(1 << 32)))
        print(f"STACK_TEST_SEED={seed}, a whole up takes {whole:.3f} s", file=sys.stderr)
        dice = random.Random(seed)
        for number in range(MOMENTS):
            times = 2 + number % 2 if number % 3 else 1
            moments = [dice.uniform(0, whole * 1.3)]
            moments += [dice.uniform(0, whole / 2) for _ in range(times - 1)]
            try:
                self.press_at(moments)
            except Exception as error:  # what it leaves would spoil the others
                pauses = ", ".join(f"{moment:.4f} s" for moment in moments)
                raise AssertionError(f"moment {number}, after pauses of {pauses}") from error

    def time_of_a_whole_up(self):
        begin = time.monotonic()
        self.stack("up", "-d")
        whole = time.monotonic() - begin
        self.stack("down", "-t", "0")
        return whole

    def press_at(self, moments):
        terminal = Terminal(["up"], self.directory)
        for moment in moments:
            self.let_pass(terminal, moment)
            press(terminal)
        # One that hears nothing but the first waits for `deaf` to end, as it should.
        if len(moments) == 1:
            eventually(lambda: self.is_asked_to_stop(terminal) or not terminal.read_some(0.01), "it stops")
            subprocess.run([stacktest.STACK, "kill", "deaf"], cwd=self.directory, check=False,
                           capture_output=True, timeout=60)
        self.assertEqual(terminal.finish(60), 130, terminal.seen)
        self.stack("up", "-d")
        wanted = {"db": "running", "job": "exited", "deaf": "running", "web": "running"}
        states = lambda: {name: row["State"] for name, row in self.ps().items()}
        eventually(lambda: states() == wanted, lambda: f"{wanted}, but: {states()}")
        self.assertIn("nothing to change", self.stack("up", "-d").err)
        self.stack("down", "-t", "0")
        self.assert_nothing_left()

    @staticmethod
    def let_pass(terminal, seconds):
        """The moment is what is being tried; meanwhile somebody looks at the screen."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and terminal.read_some(left):
            pass

    @staticmethod
    def is_asked_to_stop(terminal):
        return "Stopping" in terminal.seen


if __name__ == "__main__":
    require_tmux()
    stacktest.main()
