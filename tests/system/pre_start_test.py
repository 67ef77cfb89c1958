# SPDX-License-Identifier: Apache-2.0
"""`pre_start`: containers that run to their end before a service starts."""

import json
import subprocess
import unittest

import stacktest
from stacktest import eventually

WEB = """
services:
  web:
    image: box:1
    command: sh -c 'cat /data/made; exec sleep 1000'
    stop_signal: SIGKILL
    environment: {WHO: web}
    volumes: [data:/data]
    pre_start:
"""
TAIL = "volumes: {data: {}}\n"


class PreStart(stacktest.StackTest):
    def web(self, *steps, tail=TAIL, options=""):
        lines = "".join(f"      - {step}\n" for step in steps)
        return WEB + lines + options + tail

    def containers(self):
        """Name -> fields of `ps --all`."""
        return {row["Name"].removeprefix(self.project + "-"): row for row in
                map(json.loads, self.stack("ps", "-a", "--format", "json").lines)}

    def states(self):
        return {name: f"{row['State']} {row['ExitCode']}" for name, row in self.containers().items()}


class Success(PreStart):
    STEPS = ("{command: [sh, -c, 'echo $$WHO > /data/made; echo made'], environment: {WHO: step}}",
             "{command: [sh, -c, 'echo more >> /data/made']}")

    def test_steps_run_in_order_before_the_service(self):
        self.up(self.web(*self.STEPS))
        eventually(lambda: "more" in self.log("web"), "the service sees what both wrote")
        self.assertEqual(sorted(self.log("web").splitlines()), ["made", "more", "step"])
        self.assertEqual(self.states(), {"web-1": "running 0", "web-pre_start-0": "exited 0",
                                         "web-pre_start-1": "exited 0"})
        self.assertRegex(self.stack("logs", "web").out, r"web-pre_start-0 +\| made")
        self.assertIn("com.docker.compose.hook=pre_start", self.containers()["web-pre_start-0"]["Labels"])
        self.assertEqual([row["Name"] for row in map(json.loads, self.stack("ps", "--format", "json").lines)],
                         [f"{self.project}-web-1"])

    def test_what_succeeded_is_not_run_again(self):
        self.up(self.web(*self.STEPS))
        self.assertIn("nothing to change", self.up().err)
        self.stack("restart", "-t", "0", "web")
        self.stack("stop", "web")
        self.stack("start", "web")
        self.assertEqual(self.inside("web", "grep", "-c", "more", "/data/made"), "1\n")
        before = self.containers()["web-pre_start-0"]["ID"]
        self.stack("up", "-d", "--force-recreate")
        self.assertNotEqual(self.containers()["web-pre_start-0"]["ID"], before)

    def test_a_container_more_is_not_prepared_again_unless_each_is(self):
        count = "{command: [sh, -c, 'echo once >> /data/made']}"
        each = "{command: [sh, -c, 'echo each >> /data/made'], per_replica: true}"
        self.up(self.web(count, each))
        self.up(self.web(count, each, options="    scale: 2\n"))
        self.assertEqual(self.states().keys(), {"web-1", "web-2", "web-pre_start-0", "web-1-pre_start-1",
                                                "web-2-pre_start-1"})
        made = self.inside("web", "cat", "/data/made").split()
        self.assertEqual((made.count("once"), made.count("each")), (1, 2))

    def test_another_definition_runs_between_the_old_and_the_new_container(self):
        self.up(self.web("{command: [sh, -c, 'echo one > /data/made']}"))
        self.write_stack(self.web("{command: [sh, -c, 'echo two > /data/made']}"))
        plan = self.stack("plan").out
        self.assertRegex(plan, r"recreate container \S+-web-1\n +pre_start: .*one.* -> .*two.* \(stack.yaml:\d+:\d+\)")
        self.assertRegex(plan, r"recreate container \S+-web-pre_start-0\n +command")
        self.up()
        eventually(lambda: "two" in self.log("web"), "the new one sees it")

    def test_it_reaches_what_the_service_depends_on(self):
        db = ("  db:\n    image: box:1\n    command: httpd -f -p 80 -h /srv/data\n    stop_signal: SIGKILL\n"
              "    healthcheck: {test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1/from-image'], "
              "interval: 100ms, start_period: 5s}\n")
        self.up(self.web("{command: [wget, -O, /data/made, 'http://db/from-image']}", tail=db + TAIL,
                         options="    depends_on: {db: {condition: service_healthy}}\n"))
        eventually(lambda: "hello from the image" in self.log("web"), "it has read the database")

    def test_the_others_never_meet_it_under_the_name_of_the_service(self):
        self.up(self.web("{command: [sh, -c, 'nslookup web 127.0.0.11 || true; nslookup $$(hostname) 127.0.0.11']}"))
        words = self.stack("logs", "--no-log-prefix", "web").out
        self.assertRegex(words, r"NXDOMAIN|can't find web")

    def test_it_works_for_anonymous_volumes_of_the_first_replica(self):
        self.up(self.web("{command: [sh, -c, 'echo mine > /data/made']}", tail="").replace("data:/data", "/data"))
        eventually(lambda: self.log("web") == "mine\n", "the same volume")

    def test_down_takes_it_along(self):
        self.up(self.web(*self.STEPS))
        self.stack("down", "-t", "0", "-v")
        self.assertEqual(self.containers(), {})


class Failure(PreStart):
    def test_the_code_and_the_last_lines_are_told_and_the_service_does_not_start(self):
        self.write_stack(self.web("{command: [sh, -c, 'echo begun; echo no database >&2; exit 3']}"))
        error = self.stack("up", "-d", expect=4).err
        self.assertRegex(error, r"container \S+-web-pre_start-0 exited \(3\)\n"
                                r"  hint: its last words \(`stack logs` has them all\):\n"
                                r"(    begun\n)?    no database")
        self.assertEqual(self.states(), {"web-1": "created 0", "web-pre_start-0": "exited 3"})
        self.assertRegex(self.stack("logs", "web").out, r"web-pre_start-0 +\| no database")

    def test_it_is_replaced_by_the_next_up(self):
        self.write_stack(self.web("{command: [sh, -c, 'test -e /src/ready && echo made > /data/made']}").replace(
            "[data:/data]", "[data:/data, .:/src]"))
        self.stack("up", "-d", expect=4)
        first = self.containers()["web-pre_start-0"]["ID"]
        self.assertRegex(self.stack("plan").out, r"recreate container \S+-web-pre_start-0  \(exited \(1\)\)")
        self.write("ready", "")
        self.up()
        self.assertEqual(self.states(), {"web-1": "running 0", "web-pre_start-0": "exited 0"})
        self.assertNotEqual(self.containers()["web-pre_start-0"]["ID"], first)

    def test_start_tries_it_again_too(self):
        self.write_stack(self.web("{command: [sh, -c, 'test -e /src/ready && echo made > /data/made']}").replace(
            "[data:/data]", "[data:/data, .:/src]"))
        self.stack("up", "-d", expect=4)
        self.write("ready", "")
        self.stack("start")
        self.assertEqual(self.states(), {"web-1": "running 0", "web-pre_start-0": "exited 0"})

    def test_an_up_that_is_killed_is_finished_by_the_next(self):
        self.write_stack(self.web("{command: [sh, -c, 'until test -e /src/go; do sleep 0.05; done; "
                                  "echo made > /data/made']}").replace("[data:/data]", "[data:/data, .:/src]"))
        first = subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        eventually(lambda: self.states().get("web-pre_start-0") == "running 0", "it runs")
        first.kill()
        first.wait()
        self.assertEqual(self.states()["web-1"], "created 0")
        second = subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)
        self.write("go", "")
        self.assertEqual(second.wait(timeout=30), 0, second.stderr.read())
        second.stderr.close()
        eventually(lambda: self.log("web") == "made\n", "the service runs after it")


if __name__ == "__main__":
    stacktest.main()
