# SPDX-License-Identifier: Apache-2.0
"""kill -9 of everything that is ours, at any moment: containers run on, no line is lost, and the
next command puts things right."""

import os
import random
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import inventory
import stacktest
import tracing
from stacktest import kill_if_there

LINES = 100_000
KILLS = int(os.environ.get("STACK_TEST_KILLS", "15"))


class Supervisor(stacktest.StackTest):
    def kill_supervisor(self):
        """Ends it and waits for its successor; returns the time of the kill."""
        pid = self.supervisor()
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        stacktest.eventually(lambda: [p for p in self.pids_named("stack-superviso") if p != pid],
                             "a new supervisor")
        return killed

    def test_no_container_stops_and_no_line_is_lost_or_doubled(self):
        os.mkfifo(self.directory / "go")
        self.up(f"""
            services:
              chatty:
                image: box:1
                command: sh -c 'read word < /go; seq {LINES}; exec sleep 1001'
                volumes: ["./go:/go"]
              quiet: {{image: "box:1", command: sleep 1002}}
        """)
        quiet = self.pids_running("sleep 1002")
        (self.directory / "go").write_text("go\n")
        for _ in range(5):
            self.kill_supervisor()
        chatty, = stacktest.eventually(lambda: self.pids_running("sleep 1001"), "all lines are written")
        expected = [str(number) for number in range(1, LINES + 1)]
        stacktest.eventually(lambda: len(self.log("chatty").splitlines()) >= LINES, "all lines are read")
        self.assertEqual(self.log("chatty").splitlines(), expected)
        self.assertEqual(self.pids_running("sleep 1002"), quiet)
        self.assertEqual(self.pids_running("sleep 1001"), [chatty])

    def test_it_is_the_keepers_copy_under_its_own_name_and_without_its_descriptors(self):
        self.up("services: {one: {image: 'box:1', command: sleep 1001}}")
        keeper, = self.pids_named("stack-keeper")
        for _ in range(2):
            supervisor = self.supervisor()
            words = [Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                     for pid in (keeper, supervisor)]
            self.assertEqual([each[0] for each in words], [b"stack-keeper", b"stack-supervisor"])
            self.assertEqual(words[0][1:], words[1][1:])
            held = stacktest.files_held_by(supervisor)
            self.assertEqual([path for path in held if path.endswith(("/keeper.lock", "/exits"))
                              or "signalfd" in path], [])
            self.kill_supervisor()

    def test_the_keeper_sleeps_while_its_supervisor_takes_long_to_end(self):
        self.up("services: {one: {image: 'box:1', command: sleep 1001}}")
        keeper, = self.pids_named("stack-keeper")
        supervisor = self.supervisor()
        with tracing.traced(supervisor):
            os.kill(supervisor, signal.SIGKILL)
            stacktest.eventually(lambda: inventory.stat_of(supervisor)[0] == "Z", "its descriptors are closed")
            stacktest.eventually(lambda: {inventory.stat_of(keeper)[0] for _ in range(200)} == {"S"},
                                 "the keeper sleeps")
        stacktest.eventually(lambda: [pid for pid in self.pids_named("stack-superviso") if pid != supervisor],
                             "a new supervisor")
        self.inside("one", "true")

    def test_stacks_run_from_one_copy_of_the_program(self):
        """In memory, so that an update of the program on disk is nothing to them."""
        self.up("services: {one: {image: 'box:1', command: sleep 1001}}")
        self.addCleanup(self.stack, "-p", "second", "down", "-t", "0")
        self.stack("-p", "second", "up", "-d")
        helpers = self.pids_named("stack-keeper") + self.pids_named("stack-superviso")
        self.assertEqual(len(helpers), 4)
        copies = {(info.st_dev, info.st_ino) for info in (os.stat(f"/proc/{pid}/exe") for pid in helpers)}
        self.assertEqual(len(copies), 1)
        for pid in helpers:
            self.assertRegex(os.readlink(f"/proc/{pid}/exe"), r"^/memfd:stack-[0-9a-f]{32} \(deleted\)$")

    def test_names_and_health_checks_come_back_by_themselves(self):
        self.up("""
            services:
              db:
                image: box:1
                command: sleep 1001
                healthcheck: {test: ["CMD", "test", "-e", "/ok"], interval: 100ms, retries: 1}
              web: {image: "box:1", command: sleep 1002}
        """)
        self.inside("db", "touch", "/ok")
        stacktest.eventually(lambda: self.ps()["db"]["Health"] == "healthy", "healthy")
        killed = self.kill_supervisor()
        stacktest.eventually(lambda: self.stack("exec", "-T", "web", "nslookup", "db",
                                                expect=None).code == 0, "names again")
        print(f"names were back {time.monotonic() - killed:.3f} s after the kill", file=sys.stderr)
        self.inside("db", "rm", "/ok")
        stacktest.eventually(lambda: self.ps()["db"]["Health"] == "unhealthy", "the probe runs again")
        print(f"a probe had run {time.monotonic() - killed:.3f} s after the kill", file=sys.stderr)

    def test_published_ports_come_back(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'
                ports: ["8080:80"]
        """)
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.kill_supervisor()
        self.await_page("http://127.0.0.1:8080/", "page\n")

    def test_an_end_during_its_absence_is_known_afterwards(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        supervisor, (web,) = self.supervisor(), self.pids_running("sleep 1001")
        os.kill(supervisor, signal.SIGSTOP)  # it can notice nothing any more
        os.kill(web, signal.SIGKILL)
        stacktest.eventually(lambda: not self.pids_running("sleep 1001"), "web is gone")
        os.kill(supervisor, signal.SIGKILL)
        stacktest.eventually(lambda: self.state_of("web") == "exited", "the end is known")
        self.assertEqual(self.ps()["web"]["ExitCode"], 137)

    def test_restart_policies_go_on(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, restart: always}}")
        for _ in range(8):  # the end comes at other moments of the new supervisor's start
            last, = stacktest.eventually(lambda: self.pids_running("sleep 1001"), "it runs")
            self.kill_supervisor()
            os.kill(last, signal.SIGKILL)
            stacktest.eventually(
                lambda last=last: [p for p in self.pids_running("sleep 1001") if p != last],
                "a new process")

    def test_down_after_the_kill_of_everything_leaves_nothing(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, ports: ['8080:80']}}")
        for name in ("stack-keeper", "stack-superviso"):
            for pid in self.pids_named(name):
                kill_if_there(pid)
        self.stack("down", "-t", "0")
        self.assert_nothing_left()

    def test_down_leaves_nothing_of_what_would_be_restarted(self):
        """Their supervisor is another one, which finds that they have ended, and their policy."""
        for policy in ("always", "unless-stopped", "on-failure"):
            with self.subTest(policy):
                self.up(f"services: {{web: {{image: 'box:1', command: sleep 1001, restart: {policy}}}}}")
                for name in ("stack-keeper", "stack-superviso"):
                    for pid in self.pids_named(name):
                        kill_if_there(pid)
                for pid in self.pids_running("sleep 1001"):
                    kill_if_there(pid)
                self.stack("down", "-t", "0")
                self.assert_nothing_left()

    def test_up_after_the_kill_of_everything_converges(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        for name in ("stack-keeper", "stack-superviso"):
            for pid in self.pids_named(name):
                kill_if_there(pid)
        self.up()
        self.assertEqual(self.state_of("web"), "running")
        self.assertEqual(len(self.pids_running("sleep 1001")), 1)

    def test_up_after_the_kill_of_the_keeper_alone_converges(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, ports: ['8080:80']}}")
        self.kill_keeper()
        self.assertEqual(self.state_of("web"), "running")
        self.up()
        self.assertEqual(self.state_of("web"), "running")
        self.assertEqual(len(self.pids_running("sleep 1001")), 1)
        self.assertEqual(len(self.pids_named("stack-superviso")), 1)

    def test_stop_and_down_after_the_kill_of_the_keeper_alone(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, ports: ['8080:80']}}")
        for command in (["stop", "-t", "0"], ["up", "-d"], ["down", "-t", "0"]):
            self.kill_keeper()
            self.stack(*command)
        self.assert_nothing_left()

    def kill_keeper(self):
        for pid in self.pids_named("stack-keeper"):
            kill_if_there(pid)
        stacktest.eventually(lambda: not self.pids_named("stack-keeper"), "the keeper is gone")


class RandomMoments(stacktest.StackTest):
    TEXT = """
        services:
          data: {image: "box:1", command: ["true"], volumes: [/srv/data]}
          db:
            image: box:1
            command: sleep 1001
            volumes_from: [data]
            healthcheck: {test: ["CMD", "true"], interval: 100ms}
          job:
            image: box:1
            command: ["true"]
            depends_on: {db: {condition: service_healthy}}
          web:
            image: box:1
            command: sleep 1002
            ports: ["8080:80"]
            depends_on: {job: {condition: service_completed_successfully}}
    """

    def kill_at_random_moments(self, one_round):
        self.write_stack(self.TEXT)
        whole = self.time_of_a_whole_up()
        seed = int(os.environ.get("STACK_TEST_SEED", random.randrange(1 << 32)))
        print(f"STACK_TEST_SEED={seed}, a whole up takes {whole:.3f} s", file=sys.stderr)
        dice = random.Random(seed)
        for round_number in range(KILLS):
            moment = dice.uniform(0, whole * 1.1)
            with self.subTest(round=round_number, moment=f"{moment:.4f} s"):
                one_round(moment)

    def time_of_a_whole_up(self):
        begin = time.monotonic()
        self.stack("up", "-d")
        whole = time.monotonic() - begin
        self.stack("down", "-v", "--now", "-t", "0")
        return whole

    def take_down_and_look(self):
        self.stack("down", "-v", "--now", "-t", "0")
        self.assert_nothing_left()

    def test_the_next_up_waits_for_what_a_killed_stop_had_begun(self):
        places = self.directory / "places"
        places.mkdir()
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'trap "touch /places/told; while ! test -e /places/go; do sleep 0.01; done; exit" TERM;
                                touch /places/up; while true; do sleep 0.01; done'
                volumes: ["./places:/places"]
                stop_grace_period: 60s
        """)
        stacktest.eventually((places / "up").exists, "it runs")
        with subprocess.Popen([stacktest.STACK, "stop"], cwd=self.directory, stderr=subprocess.DEVNULL) as stop:
            stacktest.eventually((places / "told").exists, "it is asked to end")
            stop.kill()
        with subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory, stderr=subprocess.DEVNULL) as up:
            lock = Path(os.environ["STACK_RUN"]) / "stacks" / self.project / "lock"
            stacktest.eventually(lambda: "stack up" in lock.read_text(), "up wants to change something")
            (places / "go").touch()
            self.assertEqual(up.wait(stacktest.DEADLINE), 0)
        self.assertEqual(self.state_of("web"), "running")
        self.stack("kill")

    def test_after_a_kill_of_up_the_next_up_converges_and_the_next_down_leaves_nothing(self):
        self.kill_at_random_moments(self.kill_up)

    def started(self, *arguments):
        """A command that nobody listens to, to be used by `with`."""
        return subprocess.Popen([stacktest.STACK, *arguments], cwd=self.directory,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def expect_all_up(self):
        """`up` waits for the job, because somebody depends on it; nobody waits for `data` to end."""
        wanted = {"data": "exited", "db": "running", "job": "exited", "web": "running"}
        states = lambda: {name: row["State"] for name, row in self.ps().items()}
        stacktest.eventually(lambda: states() == wanted, lambda: f"{wanted}, but: {states()}")

    def kill_up(self, moment):
        with self.started("up", "-d") as process:
            time.sleep(moment)  # the moment is what is being tried
            process.kill()
        self.stack("up", "-d")
        self.expect_all_up()
        self.assertEqual(len(self.pids_running("sleep 100")), 2)
        self.take_down_and_look()

    def test_after_a_kill_of_down_the_next_one_leaves_nothing(self):
        self.kill_at_random_moments(self.kill_down)

    def kill_down(self, moment):
        self.stack("up", "-d")
        with self.started("down", "-v", "--now", "-t", "0") as process:
            time.sleep(moment / 2)  # the moment is what is being tried
            process.kill()
        self.take_down_and_look()

    def test_after_a_kill_of_the_helpers_the_next_up_converges(self):
        self.kill_at_random_moments(self.kill_helpers_during_up)

    def kill_helpers_during_up(self, moment):
        with self.started("up", "-d") as process:
            time.sleep(moment)  # the moment is what is being tried
            for name in ("stack-keeper", "stack-superviso"):
                for pid in self.pids_named(name):
                    kill_if_there(pid)
            process.wait(60)
        self.stack("up", "-d")
        self.assertEqual(self.state_of("web"), "running")
        self.take_down_and_look()


if __name__ == "__main__":
    stacktest.main()
