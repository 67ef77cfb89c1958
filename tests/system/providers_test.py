# SPDX-License-Identifier: Apache-2.0
"""Services that a program of somebody else's provides: what it is asked, what it says, and what comes
of that."""

import json
import os
import signal
import subprocess
import unittest.mock
from pathlib import Path

import stacktest

STACK_FILE = """
    services:
      app:
        image: box:1
        command: sh -c 'env; exec sleep 1001'
        depends_on: {database: {condition: service_healthy}}
      other: {image: "box:1", command: sleep 1002}
      database:
        provider: {type: cloud, options: {size: 256, zone: [a, b]}}
"""

PROVIDER = """\
#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
if [ "$2" = metadata ]; then cat "$here/metadata" 2>/dev/null; exit 0; fi
[ -e "$here/script" ] && . "$here/script"
exit 0
"""

SAYS_URL = r"""
case "$3" in up)
  printf '%s\n' '{"type": "info", "message": "preparing\nfor a while"}'
  echo '{"type": "setenv", "message": "URL=cloud://db/x=y"}'
  echo '{"type": "rawsetenv", "message": "TOKEN=t0"}'
  echo '{"type": "debug", "message": "nobody sees this"}';;
esac
"""


class Providers(stacktest.StackTest):
    def setUp(self):
        self.addCleanup(os.environ.update, PATH=os.environ["PATH"])  # after everything is taken down
        super().setUp()
        self.programs = self.directory / "programs"
        self.programs.mkdir()
        program = self.programs / "cloud"
        program.write_text(PROVIDER)
        program.chmod(0o755)
        os.environ["PATH"] = f"{self.programs}:{os.environ['PATH']}"

    def script(self, text):
        (self.programs / "script").write_text(text)

    def metadata(self, **commands):
        (self.programs / "metadata").write_text(json.dumps({"description": "a cloud", **commands}))

    def calls(self):
        """Of its commands, without questions for what it takes."""
        path = self.programs / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in lines if line != "compose metadata"]

    def environment_of(self, service):
        return dict(line.split("=", 1) for line in self.log(service).splitlines() if "=" in line)

    def words(self, *rest):
        return " ".join(["compose", f"--project-name={self.project}", *rest])

    def test_what_it_says_reaches_those_that_depend_on_it(self):
        self.script(SAYS_URL)
        self.write_stack(STACK_FILE)
        done = self.stack("up", "-d")
        self.assertIn(" Service database  preparing\n", done.err)
        self.assertIn(" Service database  Created\n", done.err)
        self.assertNotIn("nobody sees this", done.err)
        self.assertEqual(self.calls(), [self.words("up", "--size=256", "--zone=a", "--zone=b", "database")])
        found = stacktest.eventually(lambda: self.environment_of("app"), "it has printed them")
        self.assertEqual((found["DATABASE_URL"], found["TOKEN"]), ("cloud://db/x=y", "t0"))
        self.assertEqual(sorted(self.ps()), ["app", "other"])

    def test_each_up_asks_and_only_another_answer_changes_something(self):
        self.script(SAYS_URL)
        self.write_stack(STACK_FILE)
        self.stack("up", "-d")
        before = self.pid_running("sleep 1001"), self.pid_running("sleep 1002")
        self.stack("up", "-d")
        self.assertEqual((self.pid_running("sleep 1001"), self.pid_running("sleep 1002")), before)
        self.assertEqual(len(self.calls()), 2)
        self.assertIn("nothing to change", self.stack("plan").out)
        self.assertEqual(self.calls(), [])
        self.script(SAYS_URL.replace("x=y", "z"))
        self.stack("up", "-d")
        self.assertNotEqual(self.pid_running("sleep 1001"), before[0])
        self.assertEqual(self.pid_running("sleep 1002"), before[1])

    def test_it_is_asked_when_somebody_needs_it(self):
        self.write_stack(STACK_FILE)
        self.stack("up", "-d", "other")
        self.assertEqual(self.calls(), [])
        self.stack("up", "-d", "database")
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual(list(self.ps()), ["other"])
        self.stack("up", "-d", "app")
        self.assertEqual(len(self.calls()), 1)
        self.stack("run", "--rm", "app", "true")
        self.assertEqual(len(self.calls()), 1)

    def test_down_tells_it_when_its_dependents_are_gone(self):
        self.script('[ "$3" = down ] && ' + f"{stacktest.STACK} -p {self.project} ps -aq > $here/left")
        self.write_stack(STACK_FILE)
        self.stack("up", "-d")
        self.calls()
        self.stack("down", "-t", "0")
        self.assertEqual(self.calls(), [self.words("down", "--size=256", "--zone=a", "--zone=b", "database")])
        self.assertEqual((self.programs / "left").read_text(), "")

    def test_down_without_the_file_knows_what_was_brought_up(self):
        self.write_stack(STACK_FILE)
        self.stack("up", "-d")
        self.calls()
        self.stack("-p", self.project, "down", "-t", "0", directory="/")
        self.assertEqual(len(self.calls()), 1)
        self.stack("-p", self.project, "down", directory="/")
        self.assertEqual(self.calls(), [])

    def test_what_cannot_be_taken_down_is_remembered(self):
        self.write_stack(STACK_FILE)
        self.stack("up", "-d")
        self.script("exit 1")
        done = self.stack("-p", self.project, "down", "-t", "0", directory="/", expect=1)
        self.assertIn("service database: the provider ended with code 1", done.err)
        self.assertEqual(self.ps(), {})
        self.assertEqual(self.pids_named("stack-keeper"), [])
        self.script("")
        self.calls()
        self.stack("-p", self.project, "down", directory="/")
        self.assertEqual(len(self.calls()), 1)

    def test_only_one_that_knows_stop_is_stopped(self):
        self.write_stack(STACK_FILE)
        self.stack("up", "-d")
        self.calls()
        self.stack("stop", "-t", "0")
        self.assertEqual(self.calls(), [])
        self.metadata(up={}, down={}, stop={"parameters": [{"name": "zone"}]})
        self.stack("stop")
        self.assertEqual(self.calls(), [self.words("stop", "--zone=a", "--zone=b", "database")])

    def test_it_takes_what_it_says_that_it_takes(self):
        self.metadata(up={"parameters": [{"name": "size", "required": True}]}, down={})
        self.write_stack(STACK_FILE)
        self.stack("up", "-d")
        self.assertEqual(self.calls(), [self.words("up", "--size=256", "database")])

    def test_a_failure_leaves_everything_as_it_was(self):
        self.write_stack(STACK_FILE)
        self.stack("up", "-d")
        before = self.pid_running("sleep 1001")
        for script, said in (
                ('echo \'{"type": "error", "message": "no quota"}\'; exec sleep 1003', "service database: no quota"),
                ("echo oh no >&2; exit 3", "service database: the provider ended with code 3: oh no"),
                ("kill -9 $$", "service database: the provider was ended by signal 9"),
                ("echo ready; exec sleep 1003", "what is no message of the protocol: \"ready\""),
                ('echo \'{"type": "setenv", "message": "X=2"}\'; exit 1', "ended with code 1")):
            with self.subTest(script):
                self.script(script)
                done = self.stack("up", "-d", expect=1)
                self.assertIn(said, done.err)
                self.assertEqual(self.pid_running("sleep 1001"), before)
                self.assertEqual(self.pids_running("sleep 1003"), [])
        self.script("")

    def test_what_is_in_the_way_is_known_before_it_is_asked(self):
        self.write_stack(STACK_FILE.replace("type: cloud", "type: mist"))
        done = self.stack("up", "-d", expect=1)
        self.assertRegex(done.err, r'stack\.yaml:8:\d+: error: service "database": there is no program of its '
                                   r'provider "mist"')
        self.assertIn("Nothing was changed.", done.err)
        self.write_stack(STACK_FILE.replace("image: box:1", "image: nowhere:1"))
        self.stack("up", "-d", "--pull", "never", expect=1)
        self.metadata(up={"parameters": [{"name": "size"}, {"name": "owner", "required": True}]})
        self.write_stack(STACK_FILE)
        done = self.stack("up", "-d", expect=1)
        self.assertIn('its provider "cloud" needs the option "owner"', done.err)
        self.assertEqual(self.calls(), [])
        self.assertEqual(self.ps(), {})

    def test_it_may_ask_for_its_service(self):
        self.script("""
            [ "$3" = up ] || return
            echo '{"type": "get-service-config"}'; read -r one
            echo '{"type": "get-service-config"}'; read -r other
            [ "$one" = "$other" ] && echo "$one" > "$here/config"
        """)
        self.write_stack(STACK_FILE.replace("provider: {", "labels: {price: \"$$5\"}\n        provider: {"))
        self.stack("up", "-d", "database")
        told = json.loads((self.programs / "config").read_text())
        shown = json.loads(self.stack("config", "--format", "json").out)["services"]["database"]
        self.assertEqual(told["labels"], {"price": "$5"})
        self.assertEqual({**told, "labels": None}, {**shown, "labels": None})

    def test_the_file_has_it_and_nobody_else(self):
        self.write_stack(STACK_FILE)
        self.assertEqual(self.stack("config", "--services").lines, ["app", "database", "other"])
        self.assertEqual(len(self.stack("config", "--hash", "*").lines), 3)
        self.stack("up", "-d")
        for words in (["logs"], ["restart", "-t", "0"], ["start"], ["stop"], ["kill"], ["pull", "-q"], ["rm", "-f"]):
            self.stack(*words, "database")
        self.assertIn('service "database" is not running', self.stack("exec", "database", "true", expect=1).err)
        self.assertEqual(self.state_of("app"), "running")

    def test_plugins_of_docker_come_first(self):
        plugins = self.directory / "config/cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-cloud").write_text("#!/bin/sh\necho \"$*\" >> \"$(dirname \"$0\")/calls\"\n")
        (plugins / "docker-cloud").chmod(0o755)
        with unittest.mock.patch.dict(os.environ, DOCKER_CONFIG=str(self.directory / "config")):
            self.write_stack(STACK_FILE)
            self.stack("up", "-d", "database")
            self.stack("down")
        self.assertEqual(self.calls(), [])
        self.assertIn(" up ", (plugins / "calls").read_text())

    def test_an_interrupt_ends_the_waiting_for_it(self):
        os.mkfifo(self.programs / "begun")
        self.script('[ "$3" = up ] || return\necho > "$here/begun"; exec sleep 1004')
        self.write_stack(STACK_FILE)
        with subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True) as process:
            (self.programs / "begun").read_text()
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(self.pids_running("sleep 1004"), [])
        self.assertEqual(self.ps(), {})


if __name__ == "__main__":
    stacktest.main()
