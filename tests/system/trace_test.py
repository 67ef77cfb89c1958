# SPDX-License-Identifier: Apache-2.0
"""`up --trace`: a file that says where the time went."""

import json
import unittest

import stacktest

STACK = """
    services:
      one:
        image: box:1
        command: sleep 1001
      two:
        image: box:1
        command: sleep 1002
        depends_on: [one]
"""
PHASES = ["waiting for its turn", "networks, lease and ports", "output", "files for /etc",
          "plan of mounts and cgroups", "program and system call filter", "cgroups", "clone",
          "network plug", "DNS", "status on disk", "firewall", "ready"]
CHILD_STEPS = ["joining the cgroup", "mounting the root file system", "mounting proc on /proc",
               "mounting tmpfs on /dev", "changing the root", "masking", "making read-only",
               "waiting for network and firewall", "setting capabilities",
               "loading the system call filter", "exec"]
ROUNDING = 0.002  # microseconds


class Picture:
    """A trace as a person sees it: (process, thread) -> its spans."""

    def __init__(self, text):
        events = json.loads(text)["traceEvents"]
        names = {(each["name"], each["pid"], each["tid"]): each["args"]["name"]
                 for each in events if each["ph"] == "M"}
        self.threads = {}
        for each in events:
            if each["ph"] == "M":
                continue
            assert each["ph"] == "X", each
            process = names["process_name", each["pid"], 0]
            thread = names["thread_name", each["pid"], each["tid"]]
            self.threads.setdefault((process, thread), []).append(each)

    def names(self, process, thread):
        return [each["name"] for each in self.threads.get((process, thread), [])]

    def span(self, process, thread, name):
        found = [each for each in self.threads[process, thread] if each["name"] == name]
        assert len(found) == 1, (process, thread, name, found)
        return found[0]


def end(span):
    return span["ts"] + span["dur"]


class Trace(stacktest.StackTest):
    def trace_of_up(self, text, **options):
        self.up(text, "--trace", "trace.json", **options)
        return Picture((self.directory / "trace.json").read_text())

    def test_every_start_is_told_phase_by_phase(self):
        picture = self.trace_of_up(STACK)
        for service in ("one", "two"):
            container = f"Container {self.project}-{service}-1"
            supervisor = picture.names(container, "supervisor")
            self.assertEqual([name for name in PHASES if name not in supervisor], [])
            child = picture.names(container, "process 1")
            self.assertEqual([name for name in CHILD_STEPS if name not in child], [])
            start = picture.span(container, "supervisor", "start")
            for steps, whole in ((self.phases_within(picture, container, start), start["dur"]),
                                 (picture.threads[container, "process 1"], None)):
                covered = sum(each["dur"] for each in steps)
                if whole is None:
                    whole = end(steps[-1]) - steps[0]["ts"]
                self.assertGreaterEqual(covered, 0.9 * whole, steps)

    @staticmethod
    def phases_within(picture, container, start):
        """Those that no other phase lies around."""
        found = [each for each in picture.threads[container, "supervisor"]
                 if each is not start and start["ts"] <= each["ts"] and end(each) <= end(start)]
        return [each for each in found if not any(
            other is not each and other["ts"] <= each["ts"] and end(each) <= end(other)
            for other in found)]

    def test_the_command_is_told_step_by_step(self):
        picture = self.trace_of_up(STACK)
        names = picture.names("stack up", "command")
        for step in ("load", "desired", "observe", "diff", "plan", "preflight", "lock", "execute"):
            self.assertIn(step, names)
        container = f"Container {self.project}-two-1"
        plan = picture.span(container, "plan", f"start container {self.project}-two-1")
        start = picture.span(container, "supervisor", "start")
        self.assertLessEqual(plan["ts"], start["ts"])
        self.assertLessEqual(end(start), end(plan))

    def test_spans_of_a_thread_lie_in_one_another_or_apart(self):
        for key, spans in self.trace_of_up(STACK).threads.items():
            around = []
            for span in spans:
                self.assertGreaterEqual(span["ts"], 0)
                while around and around[-1] <= span["ts"] + ROUNDING:
                    around.pop()
                if around:
                    self.assertLessEqual(end(span), around[-1] + ROUNDING, (key, span))
                around.append(end(span))

    def test_a_start_that_fails_is_told_up_to_there(self):
        text = STACK.replace("command: sleep 1001", "command: /no/such/program")
        picture = self.trace_of_up(text, expect=127)
        container = f"Container {self.project}-one-1"
        self.assertEqual(picture.names(container, "process 1")[-1], "exec")
        self.assertIn("network plug", picture.names(container, "supervisor"))
        self.assertIn(f"start container {self.project}-one-1 (failed)",
                      picture.names(container, "plan"))

    def test_a_file_that_does_not_load_is_told_too(self):
        self.write_stack("services: {web: {image: 'box:1', comand: x}}")
        self.stack("up", "-d", "--trace", "trace.json", expect=None)
        picture = Picture((self.directory / "trace.json").read_text())
        self.assertEqual(picture.names("stack up", "command"), ["load"])

    def test_a_trace_that_cannot_be_written_stops_before_anything_is_done(self):
        result = self.up(STACK, "--trace", "no/such/folder/trace.json", expect=1)
        self.assertIn("no/such/folder/trace.json", result.err)
        self.assertEqual(self.ps(), {})


if __name__ == "__main__":
    stacktest.main()
