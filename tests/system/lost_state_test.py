# SPDX-License-Identifier: Apache-2.0
"""What tells of a running stack is gone or does not answer: an emptied run or data directory, a frozen
keeper, a machine without inotify, a caller who ignores its children. The next command converges to one
copy, or says what to do, and `down` leaves nothing."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import stacktest
from stacktest import eventually

TEXT = """
    services:
      a: {image: "box:1", command: sleep 1001, volumes: ["store:/store"], stop_signal: SIGKILL}
      b: {image: "box:1", command: sleep 1002, ports: ["8080:80"], stop_signal: SIGKILL}
    volumes: {store: {}}
"""


class Running(stacktest.StackTest):
    def run_directory(self):
        return Path(os.environ["STACK_RUN"]) / "stacks" / self.project

    def data_directory(self):
        return Path(os.environ["STACK_ROOT"]) / "stacks" / self.project

    def assert_one_copy(self):
        for program in ("sleep 1001", "sleep 1002"):
            eventually(lambda: len(self.pids_running(program)) == 1,
                       lambda: f"one runs {program}: {self.pids_running(program)}")
        self.assertEqual(len(self.pids_named("stack-keeper")), 1)
        self.supervisor()

    def taken_down(self):
        self.stack("down", "-v", "-t", "1")
        self.assert_nothing_left()


class LostState(Running):
    def test_without_its_run_directory_an_up_ends_the_former_copy(self):
        self.up(TEXT)
        before = self.pids_running("sleep 1001")
        shutil.rmtree(self.run_directory())
        self.up()
        self.assert_one_copy()
        self.assertNotEqual(self.pids_running("sleep 1001"), before)
        self.taken_down()

    def test_without_its_run_directory_a_down_leaves_nothing(self):
        self.up(TEXT)
        shutil.rmtree(self.run_directory())
        self.taken_down()

    def test_without_any_record_a_down_leaves_nothing(self):
        self.up(TEXT)
        shutil.rmtree(self.run_directory())
        shutil.rmtree(self.data_directory())
        self.taken_down()

    def test_without_its_containers_directory_a_down_leaves_nothing(self):
        self.up(TEXT)
        shutil.rmtree(self.data_directory() / "containers")
        self.taken_down()

    def test_without_its_data_directory_a_down_leaves_nothing(self):
        self.up(TEXT)
        shutil.rmtree(self.data_directory())
        self.taken_down()

    def test_a_supervisor_without_its_socket_is_reached_again(self):
        self.up(TEXT)
        before = self.pids_running("sleep 1001")
        (self.run_directory() / "control.sock").unlink()
        self.stack("kill", "-s", "WINCH", "a")
        self.assertEqual(self.pids_running("sleep 1001"), before, "no container is lost")
        self.taken_down()

    def test_ends_are_heard_without_the_log_of_exits(self):
        self.up(TEXT)
        (self.run_directory() / "exits").unlink()
        self.stack("stop", "a")
        self.taken_down()

    def test_another_installation_may_have_a_stack_of_the_same_name(self):
        home = Path(os.environ["STACK_ROOT"]).parent / "another"
        other = {"STACK_ROOT": str(home / "data"), "STACK_RUN": str(home / "run")}
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        self.up(TEXT)
        archive = self.directory / "box.tar"
        self.stack("image", "save", "box:1", "-o", str(archive))
        self.stack("image", "load", "-i", str(archive), environment=other)
        self.write("other.yaml", "services: {c: {image: 'box:1', command: sleep 1003, stop_signal: SIGKILL}}\n")
        self.stack("-f", "other.yaml", "up", "-d", environment=other)
        self.addCleanup(stacktest.run_stack, "-p", self.project, "down", "-t", "0", environment=other)
        self.stack("down", "-v")
        self.assertEqual(len(self.pids_running("sleep 1003")), 1, "the other's runs on")
        self.up()
        self.stack("-f", "other.yaml", "down", environment=other)
        self.assert_one_copy()


class NothingAnswers(Running):
    def test_a_frozen_keeper_is_told_of(self):
        self.up(TEXT)
        keeper, = self.pids_named("stack-keeper")
        os.kill(keeper, signal.SIGSTOP)
        self.addCleanup(stacktest.kill_if_there, keeper, signal.SIGCONT)
        error = self.stack("down", "-t", "1", expect=1).err
        self.assertIn(f"the stack's keeper (process {keeper}) is stopped", error)
        self.assertIn(f"kill -CONT {keeper}", error)
        os.kill(keeper, signal.SIGCONT)
        self.taken_down()

    def test_without_inotify_ends_are_heard_and_restarts_happen(self):
        self.write_stack("""
            services:
              a: {image: "box:1", command: sleep 1001, restart: always, stop_signal: SIGKILL}
        """)
        trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=inotify_init1",
                 "-e", "inject=inotify_init1:error=EMFILE"]
        tracer = subprocess.Popen([*trace, stacktest.STACK, "up", "-d"], cwd=self.directory,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = self.pid_running("sleep 1001")
        os.kill(before, signal.SIGKILL)
        eventually(lambda: [pid for pid in self.pids_running("sleep 1001") if pid != before], "it is restarted")
        self.stack("down")
        tracer.wait(timeout=20)
        self.assert_nothing_left()


class IgnoredChildren(Running):
    """A parent that ignores SIGCHLD, as some daemons do: the kernel would reap for us."""

    def from_there(self, *command, expect=0):
        parent = ["perl", "-e", '$SIG{CHLD} = "IGNORE"; exec @ARGV']
        done = subprocess.run([*parent, stacktest.STACK, *command], cwd=self.directory, check=False, timeout=60,
                              text=True, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, expect, done)
        return done.stdout

    def test_a_stack_lives_and_ends_as_from_anywhere(self):
        self.write_stack(TEXT)
        self.from_there("up", "-d")
        self.assert_one_copy()
        self.from_there("exec", "-T", "a", "sh", "-c", "exit 7", expect=7)
        self.from_there("run", "--rm", "-T", "a", "sh", "-c", "exit 7", expect=7)
        self.write("Dockerfile", "FROM box:1\nRUN echo built > /built\n")
        self.from_there("image", "build", "-q", "-t", "ignored:1", ".")
        self.addCleanup(stacktest.run_stack, "image", "rm", "ignored:1")
        self.from_there("down", "-v")
        self.assert_nothing_left()

    def test_signals_that_a_caller_blocks_are_heard(self):
        self.write_stack(TEXT)
        blocked = ("import os, signal, sys;"
                   "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals());"
                   "os.execvp(sys.argv[1], sys.argv[1:])")
        subprocess.run(["/usr/bin/python3", "-c", blocked, stacktest.STACK, "up", "-d"], cwd=self.directory,
                       check=True, timeout=60, capture_output=True)
        for name in ("stack-keeper", "stack-superviso"):
            pid, = self.pids_named(name)
            self.assertFalse(stacktest.has_signal(pid, signal.SIGUSR1, "SigBlk"))
        logs = subprocess.Popen(["/usr/bin/python3", "-c", blocked, stacktest.STACK, "logs", "-f"],
                                cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: stacktest.has_signal(logs.pid, signal.SIGTERM, "SigCgt"), "it listens")
        logs.terminate()
        logs.wait(timeout=20)


if __name__ == "__main__":
    stacktest.main()
