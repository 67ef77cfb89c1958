# SPDX-License-Identifier: Apache-2.0
"""Commands on running containers: kill, restart, pause, wait, top, stats, exec, attach."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import threading
import time
import unittest

import inventory
import stacktest
from stacktest import eventually
from terminals import Terminal


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


LISTENER = """
    services:
      web:
        image: box:1
        command: sh -c 'trap "echo got hup" HUP; trap "echo bye; exit 7" TERM; echo ready; while :; do sleep 0.1; done'
        restart: always
"""


class Stop(stacktest.StackTest):
    SCRIPT = """
        services:
          job:
            image: box:1
            command: sh -c 'while [ ! -e /o/go ]; do sleep 0.05; done; echo done > /o/end'
            volumes: ["./o:/o"]
            {more}
        """

    def test_what_does_not_hear_the_signal_is_killed_at_once(self):
        self.up(self.SCRIPT.format(more=""))
        self.assertIn("killed at once: process 1 ignores SIGTERM", self.stack("stop").err)
        self.assertEqual(self.ps()["job"]["ExitCode"], 137)

    def test_so_is_what_never_waits_for_anything(self):
        self.up("""
            services:
              busy:
                image: box:1
                command: sh -c 'while :; do :; done'
            """)
        self.assertIn("killed at once: process 1 ignores SIGTERM", self.stack("stop").err)

    def test_unless_it_was_given_more_time_than_is_usual(self):
        for more, flags in (("stop_grace_period: 1m", []), ("", ["-t", "60"])):
            (self.directory / "o").mkdir(exist_ok=True)
            for each in ("go", "end"):
                (self.directory / "o" / each).unlink(missing_ok=True)
            self.up(self.SCRIPT.format(more=more), "--rerun")
            begin = f"{time.time():.3f}"
            with subprocess.Popen([stacktest.STACK, "stop", *flags], cwd=self.directory,
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as stopping:
                eventually(lambda: "container kill" in self.stack(
                    "events", "--since", begin, "--until", "0s").out, "it has been sent the signal")
                (self.directory / "o/go").touch()
                self.assertEqual(stopping.wait(timeout=60), 0)
            self.assertEqual((self.directory / "o/end").read_text(), "done\n")
            self.assertEqual(self.ps()["job"]["ExitCode"], 0)


class Kill(stacktest.StackTest):
    def up_listener(self):
        self.up(LISTENER)
        eventually(lambda: "ready" in self.log("web"), "web is ready")

    def test_kill_ends_a_container_for_good(self):
        self.up_listener()
        result = self.stack("kill", "web")
        self.assertIn("Killed", result.err)
        row = self.ps()["web"]
        self.assertEqual((row["State"], row["ExitCode"]), ("exited", 137))

    def test_signals_go_by_name_and_number(self):
        self.up_listener()
        for name in ("HUP", "SIGHUP", "1"):
            before = self.log("web").count("got hup")
            self.stack("kill", "-s", name, "web")
            eventually(lambda: self.log("web").count("got hup") > before, f"{name} is heard")
        self.assertEqual(self.state_of("web"), "running")

    def test_realtime_signals_have_the_kernels_numbers(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'trap "echo got 37" 37; echo ready; while :; do sleep 0.1; done'
        """)
        eventually(lambda: "ready" in self.log("web"), "web is ready")
        self.stack("kill", "-s", "SIGRTMIN+3", "web")
        eventually(lambda: "got 37" in self.log("web"), "the signal is heard")

    def test_the_stop_signal_means_stay_down_and_others_do_not(self):
        self.up_listener()
        self.stack("kill", "-s", "TERM", "web")
        eventually(lambda: self.state_of("web") == "exited", "it ends")
        self.assertEqual(self.ps()["web"]["ExitCode"], 7)

    def test_an_unknown_signal_is_a_usage_error(self):
        self.up_listener()
        self.assertIn("SIGNOPE", self.stack("kill", "-s", "SIGNOPE", "web", expect=2).err)

    def test_a_signal_that_the_kernel_drops_is_told(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        eventually(lambda: "sleep" in text_of(f"/proc/{self.pids_running('sleep 1001')[0]}/comm"),
                   "sleep runs")
        self.assertIn("process 1 ignores SIGHUP", self.stack("kill", "-s", "HUP", "web").err)
        self.assertEqual(self.state_of("web"), "running")

    def test_nothing_to_kill_is_no_failure(self):
        self.up_listener()
        self.stack("stop", "-t", "0")
        self.assertIn("No container to kill", self.stack("kill").err)
        self.assertIn("no such service: wbe", self.stack("kill", "wbe", expect=1).err)

    def test_orphans_are_killed_only_when_asked(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001}
              old: {image: "box:1", command: sleep 1002}
        """)
        self.write_stack("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.stack("kill")
        self.assertEqual((self.state_of("web"), self.state_of("old")), ("exited", "running"))
        self.stack("kill", "--remove-orphans")
        self.assertEqual(self.state_of("old"), "exited")


class Restart(stacktest.StackTest):
    STACK = """
        services:
          db: {image: "box:1", command: sleep 1001}
          web:
            image: box:1
            command: sleep 1002
            depends_on: {db: {condition: service_started, restart: true}}
          other: {image: "box:1", command: sleep 1003}
    """

    def pid(self, service):
        number = {"db": 1001, "web": 1002, "other": 1003}[service]
        return self.pids_running(f"sleep {number}")

    def pids(self):
        return {service: self.pid(service) for service in ("db", "web", "other")}

    def test_restart_makes_new_processes_and_keeps_the_containers(self):
        self.up(self.STACK)
        ids, before = self.stack("ps", "-q").lines, self.pids()
        self.stack("restart", "-t", "1")
        after = self.pids()
        self.assertEqual(self.stack("ps", "-q").lines, ids)
        for service in before:
            self.assertNotEqual(before[service], after[service], service)

    def test_who_wants_to_be_is_restarted_with_its_dependency(self):
        self.up(self.STACK)
        before = self.pids()
        err = self.stack("restart", "-t", "1", "db").err
        after = self.pids()
        self.assertNotEqual(before["web"], after["web"])
        self.assertEqual(before["other"], after["other"])
        self.assertLess(err.index("db-1  Started"), err.index("web-1  Stopping"))

    def test_without_dependents_when_asked(self):
        self.up(self.STACK)
        before = self.pids()
        self.stack("restart", "-t", "1", "--no-deps", "db")
        after = self.pids()
        self.assertNotEqual(before["db"], after["db"])
        self.assertEqual(before["web"], after["web"])

    def test_what_is_stopped_is_started(self):
        self.up(self.STACK)
        self.stack("stop", "-t", "0", "other")
        self.stack("restart", "-t", "0", "other")
        self.assertEqual(self.state_of("other"), "running")

    def test_what_somebody_depends_on_is_started_with_him(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1001, stop_signal: SIGKILL}
              web: {image: "box:1", command: sleep 1002, stop_signal: SIGKILL, depends_on: [db]}
              other: {image: "box:1", command: sleep 1003, stop_signal: SIGKILL}
        """)
        self.stack("stop")
        self.stack("start", "web")
        self.assertEqual({name: row["State"] for name, row in self.ps().items()},
                         {"db": "running", "web": "running", "other": "exited"})

    def test_a_service_may_take_over_the_name_of_anothers_container(self):
        text = """
            services:
              {name}: {{image: "box:1", command: sleep 1001, stop_signal: SIGKILL, container_name: shop}}
        """
        self.up(text.format(name="web"))
        self.assertIn("it was service web's", self.plan_of(text.format(name="app")))
        self.up()
        self.assertEqual(self.inside("app", "echo", "here"), "here\n")
        self.assertEqual(list(self.ps()), ["app"])

    def plan_of(self, text):
        self.write_stack(text)
        return self.stack("plan").out


class Pause(stacktest.StackTest):
    def up_counter(self, extra=""):
        self.up(f"""
            services:
              web:
                image: box:1
                command: sh -c 'trap "echo bye; exit 3" TERM; i=0; while :; do i=$$((i+1)); echo $$i; sleep 0.05; done'
                {extra}
        """)
        eventually(lambda: "3" in self.log("web"), "it counts")

    def paused(self):
        self.stack("pause", "web")
        self.assertEqual(self.state_of("web"), "paused")
        return self.log("web")

    def test_a_paused_container_does_nothing_until_it_is_let_go(self):
        self.up_counter()
        before = self.paused()
        self.assertIn("(Paused)", self.ps()["web"]["Status"])
        self.assertIn("(Paused)", self.stack("ps").out)
        time.sleep(0.3)  # what does not happen has no event
        self.assertEqual(self.log("web"), before)
        self.stack("unpause", "web")
        eventually(lambda: self.log("web") != before, "it counts again")
        self.assertEqual(self.state_of("web"), "running")

    def test_pausing_twice_and_unpausing_what_runs_change_nothing(self):
        self.up_counter()
        name = f"{self.project}-web-1"
        self.assertIn(f"Container {name} is not paused", self.stack("unpause", expect=1).err)
        self.paused()
        self.assertIn(f"Container {name} is already paused", self.stack("pause", expect=1).err)
        self.assertEqual(self.state_of("web"), "paused")

    def test_a_new_supervisor_finds_it_paused(self):
        self.up_counter()
        before = self.paused()
        old = self.supervisor()
        os.kill(old, signal.SIGKILL)
        eventually(lambda: self.pids_named("stack-superviso") not in ([], [old]), "another one")
        self.stack("pause", expect=1)  # it is known to be paused
        self.assertEqual(self.state_of("web"), "paused")
        self.assertEqual(self.log("web"), before)
        self.stack("unpause", "web")
        eventually(lambda: self.log("web") != before, "it counts again")

    def test_stop_lets_a_paused_container_hear_its_signal(self):
        self.up_counter()
        self.paused()
        self.stack("stop", "-t", "20")
        self.assertEqual(self.ps()["web"]["ExitCode"], 3)
        self.assertIn("bye", self.log("web"))

    def test_kill_and_down_end_a_paused_container(self):
        self.up_counter()
        self.paused()
        self.stack("kill")
        self.assertEqual(self.ps()["web"]["ExitCode"], 137)
        self.stack("start", "web")
        self.paused()
        self.stack("down", "-t", "1")
        eventually(lambda: not inventory.processes(), "nobody is left")

    def test_a_signal_waits_until_it_is_let_go(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'trap "echo got it" USR1; echo ready; while :; do sleep 0.05; done'
        """)
        eventually(lambda: "ready" in self.log("web"), "it is ready")
        self.paused()
        self.stack("kill", "-s", "USR1")
        self.assertEqual(self.state_of("web"), "paused")
        self.stack("unpause")
        eventually(lambda: "got it" in self.log("web"), "the signal is heard")

    def test_with_init_a_pause_is_nothing_that_init_notices(self):
        self.up_counter("init: true")
        before = self.paused()
        self.stack("unpause")
        eventually(lambda: self.log("web") != before, "it counts again")
        self.stack("stop", "-t", "20")
        self.assertEqual(self.ps()["web"]["ExitCode"], 3)

    def test_exec_into_a_paused_container_is_refused(self):
        self.up_counter()
        self.paused()
        self.assertIn("is paused", self.stack("exec", "-T", "web", "true", expect=1).err)

    def test_up_leaves_a_paused_container_alone(self):
        self.up_counter()
        self.paused()
        self.assertIn("nothing to change", self.up().err)
        self.assertEqual(self.state_of("web"), "paused")


class Whom(stacktest.StackTest):
    """Whom a command means that names nobody, or somebody who is not in the file."""

    WITH_MORE = """
        services:
          web: {image: "box:1", command: sleep 1001, stop_grace_period: 0s}
          tool: {image: "box:1", command: sleep 1002, profiles: [x], stop_grace_period: 0s}
          old: {image: "box:1", command: sleep 1003, stop_grace_period: 0s}
    """

    def up_all(self):
        self.up(self.WITH_MORE, "web", "tool", "old")
        self.write_stack("""
            services:
              web: {image: "box:1", command: sleep 1001, stop_grace_period: 0s}
              tool: {image: "box:1", command: sleep 1002, profiles: [x], stop_grace_period: 0s}
        """)

    def states(self):
        return {name: self.state_of(name) for name in ("web", "tool", "old")}

    def test_those_of_other_profiles_and_orphans_are_left_alone(self):
        self.up_all()
        for command, after in ((["pause"], "paused"), (["unpause"], "running"), (["stop"], "exited"),
                               (["restart"], "running"), (["kill"], "exited"), (["rm", "-fs"], "(absent)")):
            self.stack(*command)
            self.assertEqual(self.states(), {"web": after, "tool": "running", "old": "running"}, command)

    def test_an_orphan_is_no_service_of_the_file(self):
        self.up_all()
        for command in (["pause"], ["stop"], ["restart"], ["kill"], ["rm", "-fs"], ["down"]):
            self.assertIn("no such service: old", self.stack(*command, "old", expect=1).err, command)
        self.assertEqual(self.states(), {"web": "running", "tool": "running", "old": "running"})
        self.assertEqual(self.inside("old", "echo", "hi"), "hi\n")

    def test_a_service_of_another_profile_can_be_named(self):
        self.up_all()
        self.stack("stop", "tool")
        self.assertEqual(self.states(), {"web": "running", "tool": "exited", "old": "running"})

    def test_a_broken_file_is_no_reason_to_let_it_run(self):
        self.up_all()
        self.write_stack("services: [")
        self.stack("stop")
        self.assertEqual(self.states(), {"web": "exited", "tool": "exited", "old": "exited"})

    def elsewhere(self, *arguments, **options):
        """By its name, from the folder of another project."""
        folder = self.directory / "other"
        self.write("other/stack.yaml", "services: {zoo: {image: 'box:1', command: sleep 1009}}")
        return self.stack("-p", self.project, *arguments, directory=folder, **options)

    def test_a_project_is_known_by_its_containers_elsewhere(self):
        self.up(self.WITH_MORE, "web", "old")
        self.elsewhere("stop", "web")
        self.assertEqual((self.state_of("web"), self.state_of("old")), ("exited", "running"))
        self.elsewhere("start", "web")
        self.assertEqual(self.state_of("web"), "running")
        self.elsewhere("stop")
        self.elsewhere("start")
        self.assertEqual((self.state_of("web"), self.state_of("old")), ("running", "running"))
        self.elsewhere("restart")
        self.assertIn("no such service: zoo", self.elsewhere("stop", "zoo", expect=1).err)
        self.elsewhere("down", "web")
        self.assertEqual((self.state_of("web"), self.state_of("old")), ("(absent)", "running"))
        self.elsewhere("down")
        self.assertEqual(self.ps(), {})

    def test_its_volumes_go_with_it_elsewhere(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001, volumes: ["data:/v"], stop_grace_period: 0s}
            volumes: {data: }
        """)
        self.elsewhere("down", "-v")
        self.assertEqual(self.stack("volume", "ls", "-q").lines, [])


class Start(stacktest.StackTest):
    def running(self):
        rows = [json.loads(line) for line in self.stack("ps", "--format", "json").lines]
        return sorted(row["Name"].removeprefix(self.project + "-") for row in rows)

    def test_all_of_a_scaled_service_are_started(self):
        self.up("services: {a: {image: 'box:1', command: sleep 1001, stop_grace_period: 0s}}",
                "--scale", "a=3")
        self.stack("stop")
        self.stack("start")
        self.assertEqual(self.running(), ["a-1", "a-2", "a-3"])

    def test_what_was_never_made_cannot_be_started(self):
        self.write_stack("""
            services:
              db: {image: "box:1", command: sleep 1001}
              web: {image: "box:1", command: sleep 1002, depends_on: [db]}
        """)
        self.assertIn('service "db" has no container to start', self.stack("start", expect=1).err)
        self.stack("create", "db")
        self.assertIn('service "web" has no container to start', self.stack("start", "web", expect=1).err)
        self.assertEqual(self.running(), [])


class Nothing(stacktest.StackTest):
    def test_a_stack_that_there_is_nothing_of_leaves_nothing(self):
        """check_residue() looks for its lock."""
        self.write_stack("services: {web: {image: box:1, command: sleep 1001}}")
        for verb in ("stop", "start", "restart"):
            self.stack("-p", "other", verb, expect=None)

    def test_a_word_where_no_stack_file_is_is_asked_for_nowhere(self):
        self.assertIn("no configuration file provided", self.stack("run", "webb", expect=1).err)

    def test_where_neither_a_file_nor_a_stack_is_there_is_nothing_to_do(self):
        for words in (["stop"], ["kill"], ["restart"], ["pause"], ["rm", "-f"], ["logs"], ["top"], ["stats", "--no-stream"],
                      ["port", "web", "80"], ["wait", "web"], ["events", "--until", "0s"], ["exec", "web", "true"]):
            with self.subTest(words=words):
                self.assertIn("no configuration file provided: not found", self.stack(*words, expect=1).err)

    def test_a_stack_whose_file_is_gone_is_known_all_the_same(self):
        self.up("services: {web: {image: box:1, command: sleep 1001, stop_grace_period: 0s}}")
        (self.directory / "stack.yaml").unlink()
        self.assertIn("sleep 1001", self.stack("top").out)
        self.stack("logs")
        self.stack("stop")

    def test_logs_of_a_number_that_there_is_not(self):
        self.up("services: {web: {image: box:1, command: sleep 1001, stop_grace_period: 0s}}")
        self.assertIn('service "web" is not running container #9', self.stack("logs", "--index", "9", "web", expect=1).err)


class Update(stacktest.StackTest):
    STACK = """
        services:
          web: {{image: "box:1", command: sleep 1001, {limits}}}
    """

    def up_with(self, limits, *arguments):
        return self.up(self.STACK.format(limits=limits), *arguments)

    def limit(self):
        out = self.stack("stats", "--no-stream", "--format", "{{.MemUsage}}").out
        return out.split(" / ")[1].strip()

    def test_limits_change_without_a_restart(self):
        self.up_with("mem_limit: 64m, cpus: 0.5")
        before = self.pids_running("sleep 1001")
        self.write_stack(self.STACK.format(limits="mem_limit: 256m, cpus: 1.5, pids_limit: 99"))
        self.assertRegex(self.stack("plan").out, r"~ update container \S+-web-1")
        self.assertIn("Updated", self.stack("up", "-d").err)
        self.assertEqual(self.limit(), "256MiB")
        self.up_with("mem_limit: 32m")
        self.assertEqual(self.limit(), "32MiB")
        self.up_with("cpu_shares: 512")
        self.assertNotIn("MiB", self.limit())
        self.assertIn("nothing to change", self.up().err)
        self.assertEqual(self.pids_running("sleep 1001"), before)

    def test_what_was_changed_outlives_supervisor_and_restart(self):
        self.up_with("mem_limit: 64m, stop_signal: SIGTERM")
        self.up_with("mem_limit: 48m, stop_signal: SIGKILL, restart: always")
        old = self.supervisor()
        os.kill(old, signal.SIGKILL)
        eventually(lambda: self.pids_named("stack-superviso") not in ([], [old]), "another one")
        self.assertIn("nothing to change", self.up().err)
        self.stack("restart")
        self.assertEqual(self.limit(), "48MiB")

    def test_a_change_that_fails_changes_nothing(self):
        self.up_with("mem_limit: 64m, ports: ['8080:80']")
        self.write_stack(self.STACK.format(limits="mem_limit: 96m, labels: {a: b}, ports: ['1.2.3.4:8080:80']"))
        failed = self.stack("up", "-d", expect=1)
        self.assertIn("1.2.3.4", failed.err)
        self.assertEqual(self.limit(), "64MiB")
        self.assertIn("8080", self.stack("port", "web", "80").out)
        self.up_with("mem_limit: 64m, ports: ['8080:80']")

    def test_memory_that_is_in_use_is_not_taken_away_without_a_word(self):
        self.up_with("mem_limit: 64m")
        self.inside("web", "dd", "if=/dev/zero", "of=/dev/shm/full", "bs=1M", "count=40")
        self.write_stack(self.STACK.format(limits="mem_limit: 20m"))
        outcome = self.stack("up", "-d", expect=None)
        if outcome.code == 0:
            self.skipTest("cgroup v2 takes it, and the kernel ends what has too much")
        self.assertIn("--force-recreate", outcome.err)
        self.assertEqual(self.limit(), "64MiB")

    def test_a_restart_policy_takes_effect_at_once(self):
        self.up_with("restart: 'no'")
        self.up_with("restart: always")
        (process,) = self.pids_running("sleep 1001")
        os.kill(process, signal.SIGKILL)
        eventually(lambda: self.pids_running("sleep 1001") not in ([], [process]), "it is back")

    def test_limits_that_cannot_change_make_a_new_container(self):
        self.up_with("mem_limit: 64m")
        before = self.stack("ps", "-q").lines
        self.up_with("mem_limit: 64m, shm_size: 1m")
        self.assertNotEqual(self.stack("ps", "-q").lines, before)


class RestartPolicy(stacktest.StackTest):
    """`deploy.restart_policy`: each of its keys."""

    def up_with(self, policy, command):
        return self.up(f"""
            services:
              web:
                image: box:1
                command: {command}
                stop_signal: SIGKILL
                deploy: {{restart_policy: {{{policy}}}}}
        """)

    def starts(self):
        return [float(line) for line in self.log("web").splitlines()]

    FAIL = "sh -c 'cut -d\" \" -f1 /proc/uptime; exit 1'"
    FAIL_LATE = "sh -c 'cut -d\" \" -f1 /proc/uptime; sleep 0.3; exit 1'"

    def test_the_delay_replaces_the_doubling_pauses(self):
        self.up_with("condition: on-failure, delay: 400ms, max_attempts: 3", self.FAIL)
        # For a moment after each end it is seen as exited.
        eventually(lambda: len(self.starts()) == 4 and self.state_of("web") == "exited", "it gives up")
        starts = self.starts()
        self.assertEqual(len(starts), 4)
        for before, after in zip(starts, starts[1:]):
            self.assertGreaterEqual(after - before, 0.39)

    def test_any_condition_gives_up_after_its_attempts(self):
        self.up_with("condition: any, delay: 10ms, max_attempts: 2", "sh -c 'echo 1'")
        eventually(lambda: len(self.starts()) == 3 and self.state_of("web") == "exited", "it gives up")
        self.assertEqual(len(self.starts()), 3)

    def test_whoever_lives_for_the_window_does_not_use_up_attempts(self):
        self.up_with("delay: 10ms, max_attempts: 1, window: 200ms", self.FAIL_LATE)
        eventually(lambda: len(self.starts()) > 3, "it goes on")
        self.up_with("delay: 10ms, max_attempts: 1, window: 1h", self.FAIL_LATE)
        eventually(lambda: self.state_of("web") == "exited", "it gives up")

    def test_is_changed_in_place(self):
        self.up_with("condition: none", "sleep 1001")
        (process,) = self.pids_running("sleep 1001")
        self.write("stack.yaml", (self.directory / "stack.yaml").read_text().replace(
            "condition: none", "condition: any, delay: 20ms"))
        self.assertRegex(self.stack("plan").out, r'restart: set to "always delay=20ms"')
        self.up()
        self.assertEqual(self.pids_running("sleep 1001"), [process])
        os.kill(process, signal.SIGKILL)
        eventually(lambda: self.pids_running("sleep 1001") not in ([], [process]), "it is back")


class Wait(stacktest.StackTest):
    @staticmethod
    def await_connection(pid):
        eventually(lambda: any("socket:" in path for path in stacktest.files_held_by(pid)), "it waits")

    def test_wait_prints_the_exit_code_and_has_it(self):
        os.mkfifo(self.directory / "go")
        self.up("""
            services:
              job:
                image: box:1
                command: sh -c 'read word < /go; exit 42'
                volumes: ["./go:/go"]
        """)
        (identity,) = self.stack("ps", "-q", "job").lines
        with subprocess.Popen([stacktest.STACK, "wait", "job"], cwd=self.directory, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            self.await_connection(process.pid)
            (self.directory / "go").write_text("now\n")
            out = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 42)
        self.assertEqual(out, f'container "{identity}" exited with status code 42\n')

    def test_wait_outlives_the_supervisor(self):
        os.mkfifo(self.directory / "go")
        self.up("""
            services:
              job:
                image: box:1
                command: sh -c 'read word < /go; exit 5'
                volumes: ["./go:/go"]
        """)
        # Its end comes while the next supervisor looks around: at another moment in each round.
        for _ in range(10):
            with subprocess.Popen([stacktest.STACK, "wait", "job"], cwd=self.directory, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
                self.await_connection(process.pid)
                old = self.supervisor()
                os.kill(old, signal.SIGKILL)
                eventually(lambda: self.pids_named("stack-superviso") not in ([], [old]), "another one")
                (self.directory / "go").write_text("now\n")
                process.communicate(timeout=60)
            self.assertEqual(process.returncode, 5)
            self.stack("start", "job")
        self.stack("kill")

    def test_down_project_takes_the_rest_down(self):
        self.up("""
            services:
              job: {image: "box:1", command: sh -c 'sleep 0.5; exit 9'}
              web: {image: "box:1", command: sleep 1001}
        """)
        self.stack("wait", "--down-project", "job", expect=9)
        eventually(lambda: not inventory.processes(), "nobody is left")
        self.assertEqual(self.ps(), {})

    def test_nothing_to_wait_for_is_a_failure(self):
        self.up("services: {job: {image: 'box:1', command: 'true'}}")
        eventually(lambda: self.state_of("job") == "exited", "job ends")
        self.assertIn("no containers for project", self.stack("wait", "job", expect=1).err)
        self.stack("wait", expect=1)


class Top(stacktest.StackTest):
    def test_top_lists_processes_with_the_hosts_pids(self):
        self.up("""
            services:
              web: {image: "box:1", command: sh -c 'sleep 1001 & exec sleep 1002', user: "1000"}
              db: {image: "box:1", command: sleep 1003}
        """)
        eventually(lambda: len(self.pids_running("sleep 100")) == 3, "all run")
        lines = self.stack("top").lines
        self.assertEqual(lines[0].split(),
                         "SERVICE # UID PID PPID C STIME TTY TIME CMD".split())
        rows = [line.split(maxsplit=9) for line in lines[1:]]
        self.assertEqual([(row[0], row[1], row[9]) for row in rows if row[0] == "db"],
                         [("db", "1", "sleep 1003")])
        self.assertEqual(sorted(int(row[3]) for row in rows),
                         sorted(self.pids_running("sleep 100")))
        for row in rows:
            self.assertRegex(" ".join(row[5:9]), r"^\d+ \d\d:\d\d \? \d\d:\d\d:\d\d$")
        self.assertEqual(len(self.stack("top", "db").lines), 2)

    def test_top_without_containers_prints_nothing(self):
        self.write_stack("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.assertEqual(self.stack("top").out, "")


class Stats(stacktest.StackTest):
    STACK = """
        services:
          busy: {image: "box:1", command: sh -c 'while :; do :; done', mem_limit: 64m}
          idle: {image: "box:1", command: sleep 1001}
    """

    def stats(self, *arguments):
        out = self.stack("stats", "--no-stream", "--format", "json", *arguments).lines
        return {row["Name"].split("-")[-2]: row for row in map(json.loads, out)}

    def test_stats_have_dockers_fields_and_believable_figures(self):
        self.up(self.STACK)
        rows = self.stats()
        self.assertEqual(sorted(rows["busy"]), sorted(
            "BlockIO CPUPerc Container ID MemPerc MemUsage Name NetIO PIDs".split()))
        self.assertGreater(float(rows["busy"]["CPUPerc"].rstrip("%")),
                           float(rows["idle"]["CPUPerc"].rstrip("%")))
        self.assertRegex(rows["busy"]["MemUsage"], r"^\S+[KM]iB / 64MiB$")
        self.assertEqual(rows["idle"]["PIDs"], "1")
        self.assertEqual(len(rows["idle"]["ID"]), 12)

    def test_network_traffic_is_counted(self):
        self.up(self.STACK)
        before = self.stats("idle")["idle"]["NetIO"]
        self.stack("exec", "-T", "idle", "ping", "-c", "3", "-s", "1400", "-i", "0.2", "busy")
        self.assertNotEqual(self.stats("idle")["idle"]["NetIO"], before)

    def test_stopped_containers_are_shown_when_asked(self):
        self.up(self.STACK)
        self.stack("stop", "-t", "0", "idle")
        self.assertEqual(sorted(self.stats()), ["busy"])
        self.assertEqual(self.stats("-a")["idle"]["MemUsage"], "0B / 0B")

    def test_stats_as_a_table_or_by_a_template(self):
        self.up(self.STACK)
        lines = self.stack("stats", "--no-stream").lines
        self.assertRegex(lines[0], r"^CONTAINER ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O "
                                   r"+BLOCK I/O +PIDS$")
        self.assertEqual(len(lines), 3)
        out = self.stack("stats", "--no-stream", "--format", r"{{.Name}}\t{{json .PIDs}}", "idle").out
        self.assertEqual(out, f'{self.project}-idle-1\t"1"\n')
        out = self.stack("stats", "--no-stream", "--format", "table {{.Name}}", "idle").lines
        self.assertEqual(out, ["NAME", f"{self.project}-idle-1"])
        self.stack("stats", "--no-stream", "--format", "{{.Nope}}", expect=2)

    def test_stats_go_on_until_they_are_interrupted(self):
        self.up(self.STACK)
        terminal = Terminal(["stats"], self.directory, columns=160)
        terminal.await_text(r"(?s)busy-1.*busy-1")
        terminal.type("\x03")
        self.assertEqual(terminal.finish(), 130)


class Exec(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")

    def sleepers(self):
        """Without the processes of `stack exec`, whose command lines hold the words too."""
        return [pid for pid in self.pids_running("sleep 1002") if "sleep\n" == text_of(f"/proc/{pid}/comm")]

    def at_terminal(self, *arguments, **options):
        return Terminal(["exec", *arguments], self.directory, **options)

    def test_a_terminal_has_our_size_and_follows_it(self):
        terminal = self.at_terminal("web", "sh", rows=31, columns=91)
        terminal.type("stty size\n")
        terminal.await_text(r"31 91")
        terminal.resize(41, 101)
        eventually(lambda: terminal.size_within() == "41 101", "the new size")
        terminal.type("exit 6\n")
        self.assertEqual(terminal.finish(), 6)

    def test_what_is_typed_is_for_the_program(self):
        terminal = self.at_terminal("web", "sh")
        terminal.type("sleep 1002\n")
        eventually(self.sleepers, "sleep runs")
        terminal.type("\x03")
        eventually(lambda: not self.sleepers(), "sleep was interrupted")
        terminal.type("exit 0\n")
        self.assertEqual(terminal.finish(), 0)

    def test_much_can_be_pasted(self):
        terminal = self.at_terminal("web", "sh", "-c", "stty raw; echo ready; head -c 200000 | wc -c")
        terminal.await_text("ready")
        rest = b"x" * 200000
        end = time.monotonic() + 60
        while rest and time.monotonic() < end:
            if select.select([], [terminal.fd], [], 0.1)[1]:
                rest = rest[os.write(terminal.fd, rest[:1000]):]
            terminal.read_some(0)
        terminal.await_text("200000")
        self.assertEqual(terminal.finish(), 0)

    def test_exit_codes_at_a_terminal(self):
        self.assertEqual(self.at_terminal("web", "sh", "-c", "exit 42").finish(), 42)
        self.assertEqual(self.at_terminal("web", "nope").finish(), 127)
        self.assertEqual(self.at_terminal("web", "/etc/passwd").finish(), 126)
        self.assertEqual(self.at_terminal("web", "sh", "-c", "kill -9 $$").finish(), 137)

    def test_the_detach_keys_leave_the_program_running(self):
        terminal = self.at_terminal("web", "sh", "-c", "echo hello; exec sleep 1002")
        terminal.await_text("hello")
        terminal.type("\x10\x11")  # ctrl-p ctrl-q
        self.assertEqual(terminal.finish(), 0)
        eventually(lambda: len(self.sleepers()) == 1, "it runs on")

    def test_other_detach_keys_can_be_chosen(self):
        terminal = self.at_terminal("--detach-keys", "ctrl-a,x", "web", "sh", "-c",
                                    "stty raw -echo; echo hello; exec cat")
        terminal.await_text("hello")
        terminal.type("\x01y\x10\x11")
        terminal.await_text("\x01y\x10\x11")
        terminal.type("\x01x")
        self.assertEqual(terminal.finish(), 0)
        self.stack("exec", "--detach-keys", "ctrl-1", "web", "true", expect=2)

    def test_a_terminal_is_put_back_as_it_was(self):
        shell = Terminal(["version"], self.directory)
        shell.finish()
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        done = subprocess.run([stacktest.STACK, "exec", "web", "true"], cwd=self.directory,
                              stdin=slave, stdout=slave, stderr=slave, check=False, timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(termios.tcgetattr(slave), before)
        os.close(master)
        os.close(slave)

    def test_detached_programs_run_on(self):
        self.assertEqual(self.stack("exec", "-d", "web", "sleep", "1002").out, "")
        eventually(lambda: len(self.sleepers()) == 1, "it runs")
        self.stack("exec", "-d", "web", "nope", expect=127)
        self.stack("exec", "-d", "web", "/etc/passwd", expect=126)

    def test_a_detached_program_has_a_terminal_when_asked_for(self):
        self.stack("exec", "-d", "-t", "web", "sh", "-c", "tty > /tmp/said; yes | head -n 100000; exec sleep 1002")
        eventually(lambda: len(self.sleepers()) == 1, "nothing that it says holds it up")
        self.assertRegex(self.inside("web", "cat", "/tmp/said"), "^/dev/pts/")
        self.stack("exec", "-d", "-t", "web", "nope", expect=127)

    def test_detached_programs_have_their_flags(self):
        self.stack("exec", "-d", "-u", "app", "-w", "/tmp", "-e", "X=1", "web", "sh", "-c",
                   "echo $(id -un) $(pwd) $X > said")
        eventually(lambda: self.inside("web", "cat", "/tmp/said", expect=None) == "app /tmp 1\n",
                   "it has said so")

    def test_hidden_and_joined_flags_are_accepted(self):
        self.assertEqual(self.stack("exec", "-it", "web", "echo", "hi").out, "hi\n")
        self.assertEqual(self.stack("exec", "-Tu", "app", "web", "id", "-un").out, "app\n")
        self.assertIn("--interactive=false", self.stack("exec", "--help").out)

    def test_without_input_it_has_none(self):
        self.assertEqual(self.stack("exec", "-T", "web", "cat", stdin="text").out, "text")
        self.assertEqual(self.stack("exec", "-T", "--interactive=false", "web", "cat", stdin="text").out, "")

    def test_the_signal_that_ended_it_is_in_the_exit_code(self):
        self.stack("exec", "-T", "web", "sh", "-c", "kill -TERM $$", expect=143)


class Attach(stacktest.StackTest):
    def test_output_from_now_on_and_the_exit_code(self):
        os.mkfifo(self.directory / "go")
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'echo before; read word < /go; echo after; echo bad >&2; exit 4'
                volumes: ["./go:/go"]
        """)
        eventually(lambda: "before" in self.log("web"), "it has begun")
        with subprocess.Popen([stacktest.STACK, "attach", "web"], cwd=self.directory, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            self.await_watch(process.pid)
            (self.directory / "go").write_text("now\n")
            out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out, err), (4, "after\n", "bad\n"))

    @staticmethod
    def await_watch(pid):
        """It has connected and looks at the log."""
        def looks():
            names = stacktest.files_held_by(pid)
            return any("inotify" in name for name in names) and any(
                "socket:" in name for name in names)
        eventually(looks, "attach looks")

    def test_input_reaches_a_container_with_open_stdin(self):
        self.up("services: {cat: {image: 'box:1', command: cat, stdin_open: true}}")
        with subprocess.Popen([stacktest.STACK, "attach", "cat"], cwd=self.directory, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            self.await_watch(process.pid)
            process.stdin.write("hello\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), "hello\n")
            line = "x" * 300000 + "\n"
            writer = threading.Thread(target=lambda: (process.stdin.write(line), process.stdin.flush()))
            writer.start()
            self.assertEqual(process.stdout.readline(), line)
            writer.join()
            self.stack("kill", "cat")
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, 137)

    def test_signals_are_passed_on(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.05; done'
        """)
        eventually(lambda: "ready" in self.log("web"), "it is ready")
        with subprocess.Popen([stacktest.STACK, "attach", "web"], cwd=self.directory, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            self.await_watch(process.pid)
            eventually(lambda: stacktest.has_signal(process.pid, signal.SIGINT, "SigBlk"), "it takes signals")
            process.send_signal(signal.SIGINT)
            out = process.communicate(timeout=60)[0]
        self.assertEqual((process.returncode, out), (9, "caught\n"))

    def test_signals_are_ours_when_asked(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        with subprocess.Popen([stacktest.STACK, "attach", "--sig-proxy=false", "web"],
                              cwd=self.directory, stdin=subprocess.DEVNULL) as process:
            self.await_watch(process.pid)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), -signal.SIGINT)
        self.assertEqual(self.state_of("web"), "running")

    def test_a_terminal_is_shared(self):
        self.up("services: {sh: {image: 'box:1', command: sh, stdin_open: true, tty: true}}")
        terminal = Terminal(["attach", "sh"], self.directory, rows=33, columns=93)
        terminal.type("echo a''b; stty size\n")
        terminal.await_text(r"(?s)ab.*33 93")
        terminal.resize(43, 103)
        eventually(lambda: terminal.size_within() == "43 103", "the new size")
        terminal.type("\x10\x11")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(self.state_of("sh"), "running")
        again = Terminal(["attach", "sh"], self.directory)
        again.type("exit 12\n")
        self.assertEqual(again.finish(), 12)

    def test_a_terminal_needs_a_terminal(self):
        self.up("services: {sh: {image: 'box:1', command: sh, stdin_open: true, tty: true}}")
        self.assertIn("terminal", self.stack("attach", "sh", expect=1).err)

    def test_what_does_not_run_cannot_be_attached_to(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.stack("pause")
        self.assertIn("paused", self.stack("attach", "web", expect=1).err)
        self.stack("stop", "-t", "0")
        self.assertIn("not running", self.stack("attach", "web", expect=1).err)


class Stubborn(stacktest.StackTest):
    def test_fifty_that_ignore_sigterm_are_stopped_at_once(self):
        services = "".join(f"  s{i}: {{image: 'box:1', command: *deaf}}\n" for i in range(50))
        self.write("stack.yaml", """\
x-deaf: &deaf ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]
services:
""" + services)
        self.stack("up", "-d")
        eventually(lambda: self.stack("logs", "--no-log-prefix").out.count("ready") == 50, "all")
        err = self.stack("stop", "-t", "2").err
        first_stopped = err.index("  Stopped")
        self.assertEqual(err[:first_stopped].count("  Stopping"), 50, "all were asked before one ended")
        self.assertEqual({row["ExitCode"] for row in self.ps().values()}, {137})


class Zombies(stacktest.StackTest):
    def test_init_reaps_a_thousand_orphans(self):
        self.up("""
            services:
              forker:
                image: box:1
                init: true
                command: sh -c 'i=0; while [ $$i -lt 1000 ]; do (true &); i=$$((i+1)); done; echo done; exec sleep 1001'
        """)
        eventually(lambda: "done" in self.log("forker"), "all have been forked", deadline=300)
        eventually(lambda: not self.zombies(), "no zombie is left")

    def zombies(self):
        return [line for line in self.stack("top").lines if "<defunct>" in line]


class ForkBomb(stacktest.StackTest):
    def test_a_fork_bomb_within_its_limit_is_taken_down(self):
        self.up("""
            services:
              bomb:
                image: box:1
                pids_limit: 50
                command: sh -c 'bomb() { bomb 2>/dev/null | bomb 2>/dev/null; }; while :; do bomb; done'
        """)
        eventually(lambda: len(self.stack("top").lines) > 30, "it has spread")
        self.stack("down", "-t", "1")
        eventually(lambda: not inventory.processes(), "nobody is left")


if __name__ == "__main__":
    stacktest.main()
