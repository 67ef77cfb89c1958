# SPDX-License-Identifier: Apache-2.0
"""The timeline of a stack (`stack events`), and restarts that nobody asks for."""

import json
import os
import signal
import subprocess

import stacktest

WEB = """
    services:
      web: {image: "box:1", command: sleep 1001, labels: {tier: front}}
"""


class Events(stacktest.StackTest):
    def events(self, *services, since="1h", until="0s"):
        """What has happened, as `events --json` tells it."""
        out = self.stack("events", "--json", "--since", since, "--until", until, *services).out
        return [json.loads(line) for line in out.splitlines()]

    def actions(self, *services, **times):
        return [each["action"] for each in self.events(*services, **times)]

    def follow(self, *arguments, command=("events",)):
        """`events --json` in the background; its lines go to a file, which is returned."""
        path = self.directory / "followed"
        with path.open("w") as out:
            process = subprocess.Popen(
                [stacktest.STACK, *command, "--json", *arguments], cwd=self.directory,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

        def end():
            process.terminate()
            process.wait()
        self.addCleanup(end)
        return path

    def await_followed(self, path, *actions):
        """Until the file ends with these actions."""
        def seen():
            return [json.loads(line)["action"] for line in path.read_text().splitlines(True)
                    if line.endswith("\n")]
        try:
            stacktest.eventually(lambda: seen()[-len(actions):] == list(actions), "they are followed")
        except AssertionError as error:
            raise AssertionError(f"{error}: {seen()}") from None

    def test_the_life_of_a_container(self):
        self.up(WEB)
        self.stack("pause")
        self.stack("unpause")
        self.stack("stop", "-t", "0")
        self.stack("start")
        self.stack("kill", "-s", "KILL")
        self.assertEqual(self.actions("web"),
                         ["create", "start", "pause", "unpause", "kill", "die", "stop", "start",
                          "kill", "die"])
        event = self.events("web")[5]
        self.assertEqual(event["type"], "container")
        self.assertEqual(event["service"], "web")
        self.assertRegex(event["id"], r"^[0-9a-f]{64}$")
        self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        self.assertRegex(event["attributes"].pop("execDuration"), r"^\d+$")
        self.assertEqual(event["attributes"],
                         {"image": "box:1", "name": f"{self.project}-web-1", "tier": "front",
                          "exitCode": "137"})

    def test_networks_and_volumes_have_theirs(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001, volumes: ["data:/data"]}
            volumes: {data: }
        """)
        kinds = [(each["type"], each["action"]) for each in self.events()]
        self.assertIn(("network", "create"), kinds)
        self.assertIn(("volume", "create"), kinds)

    def test_health_and_updates_are_told(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                healthcheck: {test: 'test ! -e /ill', interval: 50ms, retries: 1}
        """)
        stacktest.eventually(lambda: "health_status: healthy" in self.actions(), "healthy")
        self.inside("web", "touch", "/ill")
        stacktest.eventually(lambda: "health_status: unhealthy" in self.actions(), "unhealthy")

    def test_want_of_memory_is_told(self):
        self.up("""
            services:
              web:
                image: box:1
                mem_limit: 16m
                memswap_limit: 16m
                command: dd if=/dev/zero of=/dev/null bs=64M count=1
        """)
        stacktest.eventually(lambda: "die" in self.actions("web"), "it ended")
        self.assertEqual(self.actions("web"), ["create", "start", "oom", "die"])

    def test_it_survives_recreation_and_the_supervisor(self):
        self.up(WEB)
        old = self.supervisor()
        os.kill(old, signal.SIGKILL)
        stacktest.eventually(lambda: self.pids_named("stack-superviso") not in ([], [old]),
                             "another supervisor")
        self.up(None, "--force-recreate")
        actions = self.actions("web")
        self.assertEqual(actions[:2], ["create", "start"])
        self.assertEqual(actions.count("create"), 2)
        self.assertIn("destroy", actions)
        self.assertEqual(len({each["id"] for each in self.events("web")}), 2)

    def test_a_follower_goes_on_over_restarts_and_over_down(self):
        self.up(WEB)
        followed = self.follow("web")
        # Without --since it tells from its beginning on: it has begun when it tells of what we do.
        stacktest.eventually(lambda: self.stack("pause") and self.stack("unpause") and
                             followed.stat().st_size > 0, "it follows")
        self.stack("restart", "-t", "0")
        self.await_followed(followed, "kill", "die", "stop", "start")
        self.stack("down", "-t", "0")
        self.await_followed(followed, "kill", "die", "stop", "destroy")
        self.up()
        self.await_followed(followed, "create", "start")

    def test_those_of_all_stacks_in_their_order(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        path = self.follow("--since", "1h", "--filter", "type=container", command=("system", "events"))
        stacktest.eventually(lambda: '"start"' in path.read_text(), "the first stack is followed")
        other = self.directory / "other"
        other.mkdir()
        (other / "stack.yaml").write_text("name: other\nservices: {job: {image: 'box:1', command: 'true'}}\n")
        self.addCleanup(lambda: self.stack("-p", "other", "down", "-t", "0"))
        self.stack("up", "-d", directory=other)
        stacktest.eventually(lambda: '"die"' in path.read_text(), "and one that comes")
        self.stack("down", "-t", "0", directory=other)
        stacktest.eventually(lambda: '"destroy"' in path.read_text(), "until it goes")
        events = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual([event["time"] for event in events], sorted(event["time"] for event in events))
        self.assertEqual([event["action"] for event in events if event["service"] == "job"],
                         ["create", "start", "die", "destroy"])
        self.assertEqual(self.stack("system", "events", "--since", "1h", "--until", "0s", "-f", "service=web",
                                    "--format", "{{.Action}}").lines, ["create", "start"])

    def test_since_and_until_cut_it(self):
        self.up(WEB)
        times = [each["time"] for each in self.events("web")]
        self.assertEqual(self.actions("web", since=times[1])[0], "start")
        self.assertEqual(self.actions("web", until=times[0]), ["create"])
        self.assertEqual(self.actions("nobody"), [])
        self.stack("events", "--since", "never", expect=2)

    def test_for_people(self):
        self.up(WEB)
        out = self.stack("events", "--since", "1h", "--until", "0s", "web").out
        self.assertRegex(out.splitlines()[0],
                         r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} container create [0-9a-f]{64} "
                         r"\(image=box:1, name=[a-z-]+-web-1, tier=front\)$")


class UnaskedRestarts(stacktest.StackTest):
    def count(self, service):
        path = self.directory / "out" / service
        return path.read_text().count("run") if path.exists() else 0

    def stack_file(self, services):
        (self.directory / "out").mkdir(exist_ok=True)
        self.up("x-s: &s {image: \"box:1\", volumes: [\"./out:/out\"], stop_signal: SIGKILL}\n"
                "services:\n" + services)

    @staticmethod
    def program(name, after="exec sleep 1001"):
        return f"sh -c 'echo run >> /out/{name}; {after}'"

    def test_who_turns_unhealthy_is_restarted(self):
        self.stack_file(f"""
  web:
    <<: *s
    command: {self.program("web", "rm -f /ill; exec sleep 1001")}
    healthcheck: {{test: 'test ! -e /ill', interval: 50ms, retries: 2}}
    x-stack: {{restart_unhealthy: true}}
""")
        stacktest.eventually(lambda: self.ps()["web"]["Health"] == "healthy", "healthy")
        self.inside("web", "touch", "/ill")
        stacktest.eventually(lambda: self.count("web") == 2, "a second run")
        stacktest.eventually(lambda: self.ps()["web"]["Health"] == "healthy", "healthy again")
        self.assertEqual(self.count("web"), 2)

    def test_without_that_it_is_left_alone(self):
        self.stack_file(f"""
  web:
    <<: *s
    restart: always
    command: {self.program("web")}
    healthcheck: {{test: 'false', interval: 20ms, retries: 1}}
""")
        stacktest.eventually(lambda: self.ps()["web"]["Health"] == "unhealthy", "unhealthy")
        self.assertEqual(self.count("web"), 1)

    def test_it_can_be_switched_on_without_a_new_container(self):
        text = f"""
  web:
    <<: *s
    command: {self.program("web", "rm -f /ill; exec sleep 1001")}
    healthcheck: {{test: 'test ! -e /ill', interval: 50ms, retries: 2}}
"""
        self.stack_file(text)
        before = self.ps()["web"]["ID"]
        self.stack_file(text + "    x-stack: {restart_unhealthy: true}\n")
        self.assertEqual(self.ps()["web"]["ID"], before)
        self.inside("web", "touch", "/ill")
        stacktest.eventually(lambda: self.count("web") == 2, "a second run")

    def pid_in(self, service, text):
        [pid] = stacktest.eventually(lambda: self.pids_running(text), f"{service} runs")
        return pid

    def test_a_crash_restarts_those_that_want_that(self):
        self.stack_file(f"""
  db:
    <<: *s
    restart: always
    command: {self.program("db", "exec sleep 1002")}
  web:
    <<: *s
    command: {self.program("web")}
    depends_on: {{db: {{condition: service_started, restart: true}}}}
  last:
    <<: *s
    command: {self.program("last")}
    depends_on: {{web: {{condition: service_started, restart: true}}}}
  other:
    <<: *s
    command: {self.program("other")}
    depends_on: {{db: {{condition: service_started}}}}
""")
        stacktest.eventually(lambda: self.count("last") == self.count("other") == 1, "all run")
        os.kill(self.pid_in("db", "sleep 1002"), signal.SIGKILL)
        stacktest.eventually(lambda: self.count("last") == 2, "it reached the last")
        self.assertEqual([self.count(name) for name in ("db", "web", "last", "other")], [2, 2, 2, 1])
        self.assertEqual(self.state_of("last"), "running")

    def test_it_waits_until_the_other_one_is_ready(self):
        out = self.directory / "out"
        out.mkdir()
        (out / "go").touch()
        self.stack_file(f"""
  db:
    <<: *s
    restart: always
    command: {self.program("db", "while [ ! -e /out/go ]; do sleep 0.02; done; echo up; exec sleep 1002")}
    x-stack: {{ready: {{log: up}}}}
  web:
    <<: *s
    command: {self.program("web")}
    depends_on: {{db: {{condition: service_healthy, restart: true}}}}
""")
        stacktest.eventually(lambda: self.count("web") == 1, "it runs")
        (out / "go").unlink()
        os.kill(self.pid_in("db", "sleep 1002"), signal.SIGKILL)
        stacktest.eventually(lambda: self.count("db") == 2, "db runs again")
        self.assertEqual(self.ps()["db"]["Health"], "starting")
        self.assertEqual(self.count("web"), 1)
        (out / "go").touch()
        stacktest.eventually(lambda: self.count("web") == 2, "web is restarted")

    def test_who_was_stopped_stays_down(self):
        self.stack_file(f"""
  db:
    <<: *s
    restart: always
    command: {self.program("db", "exec sleep 1002")}
  web:
    <<: *s
    command: {self.program("web")}
    depends_on: {{db: {{condition: service_started, restart: true}}}}
""")
        self.stack("stop", "web")
        os.kill(self.pid_in("db", "sleep 1002"), signal.SIGKILL)
        stacktest.eventually(lambda: self.count("db") == 2, "db runs again")
        self.assertEqual(self.state_of("web"), "exited")
        self.assertEqual(self.count("web"), 1)


class Logs(stacktest.StackTest):
    TEXT = """
        services:
          web: {image: "box:1", command: sh -c 'echo one; echo two >&2; echo three'}
    """

    def test_only_lines_that_match(self):
        self.up(self.TEXT)
        stacktest.eventually(lambda: self.state_of("web") == "exited", "it ended")
        self.assertEqual(sorted(self.stack("logs", "--no-log-prefix", "--grep", "^t[a-z]*o|ee").lines),
                         ["three", "two"])
        self.assertEqual(self.stack("logs", "--grep", "four").out, "")
        self.assertIn("is no regular expression", self.stack("logs", "--grep", "a(", expect=1).err)

    def test_an_object_a_line(self):
        self.up(self.TEXT)
        stacktest.eventually(lambda: self.state_of("web") == "exited", "it ended")
        rows = [json.loads(line) for line in self.stack("logs", "--format", "json").lines]
        self.assertEqual({row["line"] for row in rows}, {"one", "two", "three"})
        [two] = [row for row in rows if row["line"] == "two"]
        self.assertEqual(two["stream"], "stderr")
        self.assertEqual(two["service"], "web")
        self.assertEqual(two["container"], f"{self.project}-web-1")
        self.assertRegex(two["time"], r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
        self.stack("logs", "--format", "xml", expect=2)


if __name__ == "__main__":
    stacktest.main()
