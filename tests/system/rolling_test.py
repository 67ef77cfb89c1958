# SPDX-License-Identifier: Apache-2.0
"""deploy.update_config: a service's containers give way to changed ones some at a time."""

import json
import re
import subprocess

import stacktest

SERVES = "sh -c 'echo $$VERSION > /www; exec httpd -f -p 80 -h /'"
# The second one that starts fails.
FAILS_ONCE = "sh -c 'echo x >> /count/$$VERSION; test $$(wc -l < /count/$$VERSION) != 2 || exit 9; exec httpd -f -p 80 -h /'"


class Rolling(stacktest.StackTest):
    def write_web(self, version, update, command=SERVES):
        (self.directory / "count").mkdir(exist_ok=True)
        self.write_stack(f"""
            services:
              web:
                image: box:1
                command: {command}
                environment: {{VERSION: "{version}"}}
                labels: {{version: "{version}"}}
                stop_signal: SIGKILL
                volumes: ["./count:/count"]
                deploy: {{replicas: 3, update_config: {{{update}}}}}
              client: {{image: "box:1", command: sleep 1002}}
            """)

    def up_web(self, version, update="", command=SERVES, **options):
        self.write_web(version, update, command)
        return self.stack("up", "-d", **options)

    def versions(self):
        """The number of each container that runs -> the version that it was made with."""
        rows = [json.loads(line) for line in self.stack("ps", "--format", "json").lines]
        return {row["Name"].rsplit("-", 1)[1]: re.search(r"(?:^|,)version=([\w-]+)", row["Labels"])[1]
                for row in rows if row["Service"] == "web" and row["State"] == "running"}

    def story(self, since):
        """(what, number of the container) since then, oldest first; what starts and ends alone."""
        events = [json.loads(line) for line in
                  self.stack("events", "--json", "--since", since, "--until", "0s").lines]
        return [(event["action"], event["attributes"]["name"].rsplit("-", 1)[1]) for event in events
                if event.get("service") == "web" and event["action"] in ("start", "die")]

    def now(self):
        return subprocess.check_output(["date", "-u", "+%Y-%m-%dT%H:%M:%S.%NZ"], text=True).strip()

    def test_one_after_the_other(self):
        self.up_web(1, "order: stop-first")
        since = self.now()
        self.up_web(2, "order: stop-first")
        self.assertEqual(self.versions(), {"1": "2", "2": "2", "3": "2"})
        self.assertEqual(self.story(since), [("die", "1"), ("start", "1"), ("die", "2"), ("start", "2"),
                                             ("die", "3"), ("start", "3")])

    def test_start_first_nobody_is_missed(self):
        self.up_web(1, "order: start-first")
        since = self.now()
        self.up_web(2, "order: start-first")
        self.assertEqual(self.story(since), [("start", "1"), ("die", "1"), ("start", "2"), ("die", "2"),
                                             ("start", "3"), ("die", "3")])

    def test_a_failure_leaves_the_others_as_they_were(self):
        self.up_web(1, "order: stop-first")
        failed = self.up_web(2, "order: stop-first", FAILS_ONCE, expect=None)
        self.assertNotEqual(failed.code, 0)
        self.assertIn("exited (9)", failed.err)
        self.assertEqual(self.versions(), {"1": "2", "2": "1", "3": "1"})

    def test_a_failure_takes_all_back(self):
        for order in ("stop-first", "start-first"):
            with self.subTest(order):
                update = f"failure_action: rollback, order: {order}"
                self.up_web(1, update)
                failed = self.up_web(order, update, FAILS_ONCE, expect=None)
                self.assertNotEqual(failed.code, 0)
                self.assertEqual(self.versions(), {"1": "1", "2": "1", "3": "1"})
                self.assertEqual(len(self.pids_running("httpd -f")), 3)

    def test_a_failure_is_borne(self):
        self.up_web(1, "order: stop-first")
        failed = self.up_web(2, "order: stop-first, failure_action: continue", FAILS_ONCE, expect=None)
        self.assertNotEqual(failed.code, 0)
        self.assertEqual(self.versions(), {"1": "2", "2": "1", "3": "2"})
        self.up_web(3, "order: stop-first, max_failure_ratio: 0.4", FAILS_ONCE, expect=None)
        self.assertEqual(self.versions(), {"1": "3", "2": "1", "3": "3"})

    def test_one_that_fails_while_it_is_watched(self):
        self.up_web(1, "order: start-first")
        failed = self.up_web(2, "order: start-first, monitor: 20s", "sh -c 'sleep 1.5; exit 8'", expect=None)
        self.assertNotEqual(failed.code, 0)
        self.assertIn("exited (8)", failed.err)
        self.assertEqual(self.versions(), {"1": "1", "2": "1", "3": "1"})

    def test_one_that_was_broken_off_goes_on(self):
        self.up_web(1, "order: stop-first, delay: 1h")
        self.write_web(2, "order: stop-first, delay: 1h")
        command = subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory, stderr=subprocess.DEVNULL)
        self.addCleanup(command.kill)
        stacktest.eventually(lambda: self.versions().get("1") == "2", "the first one is new")
        command.kill()
        command.wait()
        self.assertEqual(self.versions(), {"1": "2", "2": "1", "3": "1"})
        self.up_web(2, "order: stop-first")
        self.assertEqual(self.versions(), {"1": "2", "2": "2", "3": "2"})

    def test_bad_numbers(self):
        for update, place in (("parallelism: -1", "parallelism"), ("max_failure_ratio: -1", "max_failure_ratio"),
                              ("failure_action: hope", "failure_action")):
            failed = self.up_web(1, update, expect=3)
            self.assertRegex(failed.err, rf"stack.yaml:\d+:\d+.*{place}")


if __name__ == "__main__":
    stacktest.main()
