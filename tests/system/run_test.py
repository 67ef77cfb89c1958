# SPDX-License-Identifier: Apache-2.0
"""`stack run`: a service by hand, once, beside its containers."""

import json
import os
import signal
import subprocess

import stacktest
from terminals import Terminal
from stacktest import eventually

SHOP = """
    services:
      web: {image: "box:1", command: sleep 1001, restart: always, ports: ["18080:80"]}
"""


class RunTest(stacktest.StackTest):
    def one_offs(self):
        """What `ps -a` knows of them."""
        rows = [json.loads(line) for line in self.stack("ps", "-a", "--format", "json").lines]
        return [row for row in rows if "oneoff=True" in row["Labels"]]

    def start(self, *arguments, **options):
        """A `stack run` under way."""
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([stacktest.STACK, "run", *arguments], cwd=self.directory, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


class Streams(RunTest):
    def test_output_and_nothing_else_is_on_standard_output(self):
        self.write_stack(SHOP)
        self.assertEqual(self.stack("run", "--rm", "web", "echo", "hello  world").out,
                         "hello  world\n")
        result = self.stack("run", "--rm", "web", "sh", "-c", "echo bad >&2; echo good")
        self.assertEqual(result.out, "good\n")
        self.assertIn("bad\n", result.err)

    def test_the_programs_exit_code_is_ours(self):
        self.write_stack(SHOP)
        self.stack("run", "--rm", "web", "sh", "-c", "exit 7", expect=7)

    def test_what_cannot_be_run_has_the_codes_of_a_shell(self):
        self.write_stack(SHOP)
        self.assertIn("nothere", self.stack("run", "--rm", "web", "nothere", expect=127).err)
        self.stack("run", "--rm", "web", "/etc/passwd", expect=126)
        self.assertEqual(self.one_offs(), [])

    def test_input_comes_to_its_end(self):
        self.write_stack(SHOP)
        text = "".join(f"line {number}\n" for number in range(20000))
        self.assertEqual(self.stack("run", "--rm", "-T", "web", "cat", stdin=text).out, text)

    def test_a_long_output_is_whole(self):
        self.write_stack(SHOP)
        out = self.stack("run", "--rm", "web", "seq", "200000").out
        self.assertEqual(out, "".join(f"{number}\n" for number in range(1, 200001)))

    def test_signals_are_passed_on(self):
        self.write_stack(SHOP)
        script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done"
        with self.start("--rm", "web", "sh", "-c", script) as run:
            self.assertEqual(run.stdout.readline(), "ready\n")
            run.send_signal(signal.SIGINT)
            out = run.communicate(timeout=60)[0]
        self.assertEqual((run.returncode, out), (9, "caught\n"))

    def test_a_third_ctrl_c_ends_who_does_not_listen(self):
        self.write_stack(SHOP)
        with self.start("web", "sh", "-c", "trap '' INT TERM; echo ready; while :; do sleep 0.05; done") as run:
            self.assertEqual(run.stdout.readline(), "ready\n")
            for _ in range(3):
                run.send_signal(signal.SIGINT)
                eventually(lambda: not stacktest.has_signal(run.pid, signal.SIGINT, "SigPnd", "ShdPnd"), "it is taken")
            run.communicate(timeout=60)
        self.assertEqual(run.returncode, 137)

    def test_a_terminal_where_we_have_one(self):
        self.write_stack(SHOP)
        terminal = Terminal(["run", "--rm", "web", "sh"], self.directory, rows=31, columns=91)
        terminal.await_text("# ")
        eventually(lambda: terminal.size_within() == "31 91", "its size")
        terminal.type("exit 5\n")
        self.assertEqual(terminal.finish(), 5)
        self.assertEqual(self.one_offs(), [])

    def test_the_detach_keys_leave_it_running(self):
        self.write_stack(SHOP)
        terminal = Terminal(["run", "--name", "left", "web", "sh"], self.directory)
        terminal.await_text("# ")
        terminal.type("\x10\x11")
        self.assertEqual(terminal.finish(), 0)
        (row,) = self.one_offs()
        self.assertEqual((row["Name"], row["State"]), ("left", "running"))


class Member(RunTest):
    def test_it_is_of_its_service_and_none_of_its_containers(self):
        self.up(SHOP)
        name = self.stack("run", "-d", "web", "sleep", "1002").out.strip()
        self.assertRegex(name, f"^{self.project}-web-run-[0-9a-f]{{12}}$")
        self.assertNotIn(name, self.stack("ps").out)
        (row,) = self.one_offs()
        self.assertEqual((row["Name"], row["Service"], row["State"], row["Publishers"]),
                         (name, "web", "running", []))
        self.assertIn("nothing to change", self.stack("up", "-d").err)
        self.stack("restart", "-t", "0")
        self.stack("stop", "-t", "0")
        self.assertEqual(len(self.pids_running("sleep 1002")), 1)

    def test_down_leaves_it_unless_asked(self):
        self.up(SHOP)
        name = self.stack("run", "-d", "web", "sleep", "1002").out.strip()
        err = self.stack("down", "-t", "0").err
        self.assertIn(name, err)
        self.assertIn("in use", err)
        self.assertEqual(len(self.pids_running("sleep 1002")), 1)
        self.stack("down", "-t", "0", "--remove-orphans")
        self.assertEqual(self.pids_running("sleep 1002"), [])
        self.assert_nothing_left_of_the_stack()

    def assert_nothing_left_of_the_stack(self):
        self.assertEqual(self.stack("ls", "-a", "-q").lines, [])

    def test_one_that_has_ended_is_an_orphan(self):
        self.up(SHOP)
        self.stack("run", "--name", "over", "web", "true")
        self.assertIn("over", self.stack("up", "-d").err)
        self.stack("up", "-d", "--remove-orphans")
        self.assertEqual(self.one_offs(), [])

    def test_its_end_is_no_reason_to_start_it_again(self):
        self.write_stack(SHOP)
        self.stack("run", "--name", "once", "web", "sh", "-c", "exit 3", expect=3)
        (row,) = self.one_offs()
        self.assertEqual((row["State"], row["ExitCode"]), ("exited", 3))

    def test_ports_when_asked(self):
        self.write_stack(SHOP)
        self.stack("run", "-d", "-P", "--name", "first", "web", "sleep", "1002")
        self.assertIn("18080->80", self.stack("ps", "-a").out)
        problem = self.stack("run", "-P", "web", "true", expect=1).err
        self.assertIn("port 18080", problem)
        self.stack("run", "-d", "-p", "18081:80", "--name", "second", "web", "sleep", "1003")
        self.assertIn("18081->80", self.stack("ps", "-a").out)

    def test_a_name_is_there_once(self):
        self.up(SHOP)
        taken = f"{self.project}-web-1"
        err = self.stack("run", "--name", taken, "web", "true", expect=125).err
        self.assertIn(f'The container name "/{taken}" is already in use', err)

    def test_what_it_depends_on_is_started_and_waited_for(self):
        self.write_stack("""
            services:
              db:
                image: box:1
                command: sh -c 'sleep 0.3; touch /tmp/ready; sleep 1001'
                healthcheck: {test: [CMD, test, -e, /tmp/ready], interval: 50ms, retries: 200}
              other: {image: "box:1", command: sleep 1003}
              web:
                image: box:1
                command: sleep 1002
                depends_on: {db: {condition: service_healthy}}
        """)
        self.stack("run", "--rm", "web", "true")
        self.assertEqual(self.ps()["db"]["Health"], "healthy")
        self.assertEqual((self.state_of("web"), self.state_of("other")), ("(absent)", "(absent)"))

    def test_it_is_not_left_behind_when_what_it_needs_fails(self):
        self.write_stack("""
            services:
              db: {image: "box:1", command: sh -c 'exit 3'}
              web: {image: "box:1", depends_on: {db: {condition: service_completed_successfully}}}
        """)
        self.assertNotEqual(self.stack("run", "--rm", "web", "true", expect=None).code, 0)
        self.assertEqual(self.one_offs(), [])

    def test_a_services_commands_find_it_when_there_is_no_other(self):
        self.write_stack(SHOP)
        name = self.stack("run", "-d", "-P", "web").out.strip()
        self.assertEqual(self.inside("web", "echo", "hi"), "hi\n")
        self.assertIn("18080", self.stack("port", "web", "80").out)
        self.write("file", "text")
        self.stack("cp", "file", "web:/tmp/")
        self.assertEqual(self.inside("web", "cat", "/tmp/file"), "text")
        self.stack("kill", "web")
        eventually(lambda: self.one_offs()[0]["State"] == "exited", f"{name} is killed")

    def test_without_what_it_depends_on_when_asked(self):
        self.write_stack("""
            services:
              db: {image: "box:1", command: sleep 1001}
              web: {image: "box:1", depends_on: [db]}
        """)
        self.stack("run", "--rm", "--no-deps", "web", "true")
        self.assertEqual(self.state_of("db"), "(absent)")

    def test_others_find_it_by_its_services_name_only_when_asked(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001}
              probe: {image: "box:1", command: sleep 1002}
        """)
        self.stack("rm", "-sf", "web")
        self.stack("run", "-d", "--name", "hidden", "web", "sleep", "1003")
        self.stack("exec", "-T", "probe", "nslookup", "web", expect=1)
        self.stack("run", "-d", "--use-aliases", "--name", "known", "web", "sleep", "1004")
        self.inside("probe", "nslookup", "web")


class Flags(RunTest):
    def run_web(self, *arguments, **options):
        self.write_stack("""
            services:
              web:
                image: box:1
                command: [from, file]
                entrypoint: [echo, entry]
                user: app
                working_dir: /tmp
                environment: {A: file, B: file}
                volumes: ["/srv/data"]
        """)
        return self.stack("run", "--rm", *arguments, **options).out

    def test_without_any_it_runs_as_the_file_has_it(self):
        self.assertEqual(self.run_web("web"), "entry from file\n")

    def test_a_command_goes_behind_the_entrypoint(self):
        self.assertEqual(self.run_web("web", "mine"), "entry mine\n")

    def test_an_entrypoint_does_away_with_the_command(self):
        self.assertEqual(self.run_web("--entrypoint", "echo 'a  b' c", "web"), "a  b c\n")
        self.assertEqual(self.run_web("--entrypoint", "", "web", "echo", "bare"), "bare\n")

    def test_user_folder_and_environment(self):
        self.write("more.env", "B=more\nC='of a file'\n")
        out = self.run_web("-u", "0", "-w", "/srv", "-e", "A=flag", "-e", "D", "--env-from-file",
                           "more.env", "--entrypoint", "sh", "web", "-c",
                           "id -u; pwd; echo $A $B $C $D", environment={"D": "ours"})
        self.assertEqual(out, "0\n/srv\nflag more of a file ours\n")

    def test_volumes_are_added_and_take_the_place_of_others(self):
        self.write("here/file", "from here\n")
        out = self.run_web("-v", "./here:/srv/data:ro", "-u", "0", "--entrypoint", "sh", "web", "-c",
                           "cat /srv/data/file; touch /srv/data/x || echo read-only")
        self.assertEqual(out, "from here\nread-only\n")

    def test_what_is_wrong_with_a_flag_is_told(self):
        for flags in (["-v", "x:y:z:a"], ["-p", "80:99999"], ["--entrypoint", "'open"]):
            err = self.run_web_badly(*flags)
            self.assertIn(flags[1], err)

    def run_web_badly(self, *flags):
        self.write_stack(SHOP)
        return self.stack("run", *flags, "web", expect=2).err

    def test_an_unknown_service(self):
        self.write_stack(SHOP)
        self.assertIn("no such service: wbe", self.stack("run", "wbe", expect=1).err)
        self.assertIn("run needs SERVICE", self.stack("run", expect=2).err)


class Removal(RunTest):
    DATA = """
        services:
          web: {image: "box:1", command: sleep 1001, volumes: ["/srv/data"]}
    """

    def volumes(self):
        return self.stack("volume", "ls", "-q").lines

    def test_rm_takes_its_anonymous_volumes_along(self):
        self.write_stack(self.DATA)
        out = self.stack("run", "--rm", "web", "cat", "/srv/data/from-image").out
        self.assertEqual(out, "hello from the image\n")
        self.assertEqual((self.one_offs(), self.volumes()), ([], []))

    def test_without_rm_it_stays_with_its_volumes_until_down(self):
        self.write_stack(self.DATA)
        self.stack("run", "web", "true")
        self.stack("run", "web", "true")
        self.assertEqual((len(self.one_offs()), len(self.volumes())), (2, 2))
        self.stack("down", "-v", "--remove-orphans")
        self.assertEqual(self.volumes(), [])

    def test_detached_it_is_removed_when_it_ends(self):
        os.mkfifo(self.directory / "go")
        self.write_stack(self.DATA)
        self.stack("run", "-d", "--rm", "-v", "./go:/go", "web", "sh", "-c", "read word < /go")
        self.assertEqual(len(self.one_offs()), 1)
        (self.directory / "go").write_text("now\n")
        eventually(lambda: not self.one_offs() and not self.volumes(), "it is removed")

    def test_without_its_command_it_goes_on_and_is_removed_all_the_same(self):
        os.mkfifo(self.directory / "go")
        self.write_stack(self.DATA)
        with self.start("--rm", "-v", "./go:/go", "web", "sh", "-c", "echo ready; read word < /go") as run:
            self.assertEqual(run.stdout.readline(), "ready\n")
            run.kill()
        self.assertEqual(self.one_offs()[0]["State"], "running")
        (self.directory / "go").write_text("now\n")
        eventually(lambda: not self.one_offs() and not self.volumes(), "it is removed")

    def test_its_input_ends_with_its_command(self):
        self.write_stack(SHOP)
        with self.start("--rm", "web", "sh", "-c", "echo ready; cat", stdin=subprocess.PIPE) as run:
            self.assertEqual(run.stdout.readline(), "ready\n")
            run.kill()
        eventually(lambda: not self.one_offs(), "cat ends, and it is removed")

    def test_a_killed_supervisor_costs_nothing(self):
        os.mkfifo(self.directory / "go")
        self.write_stack(SHOP)
        with self.start("--rm", "-v", "./go:/go", "web", "sh", "-c",
                        "echo ready; read word < /go; echo after; exit 6") as run:
            self.assertEqual(run.stdout.readline(), "ready\n")
            os.kill(self.supervisor(), signal.SIGKILL)
            (self.directory / "go").write_text("now\n")
            out = run.communicate(timeout=60)[0]
        self.assertEqual((run.returncode, out), (6, "after\n"))
        eventually(lambda: not self.one_offs(), "it is removed")


if __name__ == "__main__":
    stacktest.main()
