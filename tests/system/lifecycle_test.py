# SPDX-License-Identifier: Apache-2.0
"""up, ps, logs, exec, stop, start, down: what a person types all day."""

import json
import os
import re
import signal
import subprocess
import unittest
from pathlib import Path

import inventory
import stacktest

TWO_SERVICES = """
    services:
      db:
        image: box:1
        command: sh -c 'echo db is here; exec sleep 1001'
      web:
        image: box:1
        command: sh -c 'echo web is here; echo web complains >&2; exec sleep 1002'
        depends_on: [db]
"""


class WithoutRoot(stacktest.StackTest):
    def run_as_nobody(self, *arguments):
        return subprocess.run([stacktest.STACK, *arguments], cwd="/", user=65534, group=65534,
                              extra_groups=[], stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def test_commands_that_need_root_say_so(self):
        done = self.run_as_nobody("up", "-d")
        self.assertEqual(done.returncode, 1)
        self.assertIn("`stack up` must be run by root", done.stderr)
        self.assertIn("sudo stack up", done.stderr)

    def test_others_do_not_need_it(self):
        self.assertEqual(self.run_as_nobody("version").returncode, 0)


class Up(stacktest.StackTest):
    def test_up_starts_every_service(self):
        self.up(TWO_SERVICES)
        rows = self.ps()
        self.assertEqual({name: row["State"] for name, row in rows.items()},
                         {"db": "running", "web": "running"})
        self.assertEqual(len(self.pids_running("sleep 100")), 2)

    def test_up_of_one_service_brings_its_dependencies(self):
        self.write_stack(TWO_SERVICES + """\
      other:
        image: box:1
        command: sleep 1003
""")
        self.stack("up", "-d", "web")
        self.assertEqual(sorted(self.ps()), ["db", "web"])

    def test_up_says_what_it_does_on_stderr_only(self):
        result = self.up(TWO_SERVICES)
        self.assertEqual(result.out, "")
        self.assertRegex(result.err, self.project + "-web-1")

    def test_a_second_up_leaves_the_processes_alone(self):
        self.up(TWO_SERVICES)
        # One that is just being executed has no command line for a moment.
        stacktest.eventually(lambda: len(self.pids_running("sleep 100")) == 2, "both run")
        before = sorted(self.pids_running("sleep 100"))
        self.up()
        self.assertEqual(sorted(self.pids_running("sleep 100")), before)

    def test_up_in_the_foreground_prints_logs_and_stops_at_interrupt(self):
        seen, code = self.foreground(TWO_SERVICES, ["web is here", "db is here"], signal.SIGINT)
        self.assertEqual(code, 130)
        self.assertEqual(self.pids_running("sleep 100"), [])
        self.assertRegex(seen, r"(?m)^db(-1)? +\| db is here$")

    def foreground(self, file, awaited, signal_number):
        """Runs `up`, sends the signal when all `awaited` was printed; all output and the exit code."""
        self.write_stack(file)
        with subprocess.Popen([stacktest.STACK, "up"], cwd=self.directory, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            seen = ""
            while not all(text in seen for text in awaited):
                line = process.stdout.readline()
                self.assertTrue(line, f"up ended after printing: {seen}")
                seen += line
            process.send_signal(signal_number)
            return seen + process.communicate(timeout=60)[0], process.returncode

    def test_a_hangup_ends_the_looking_and_not_the_stack(self):
        code = self.foreground(TWO_SERVICES, ["web is here"], signal.SIGHUP)[1]
        self.assertEqual(code, 0)
        self.assertEqual(len(self.pids_running("sleep 100")), 2)

    def test_what_a_service_says_while_it_is_stopped_is_printed(self):
        seen, code = self.foreground("""
            services:
              web:
                image: box:1
                command: sh -c 'trap "echo goodbye; exit 0" TERM; echo hello; while :; do sleep 0.1; done'
        """, ["hello"], signal.SIGINT)
        self.assertEqual(code, 130)
        self.assertIn("goodbye", seen)

    def test_an_env_file_that_is_gone_stops_only_what_makes_containers_of_its_service(self):
        stack = TWO_SERVICES + """\
      lost:
        image: box:1
        command: sleep 1003
        env_file: lost.env
"""
        self.write_stack(stack)
        (self.directory / "lost.env").write_text("A=1\n")
        self.stack("up", "-d")
        (self.directory / "lost.env").unlink()
        refused = self.stack("up", "-d", expect=3)
        self.assertIn('env file "lost.env"', refused.err)
        self.stack("up", "-d", "web")
        self.assertEqual(self.stack("config", "--services").lines, ["db", "lost", "web"])
        for words in (["restart", "lost", "-t", "0"], ["kill"], ["start"], ["build"], ["down", "-v", "-t", "0"]):
            self.stack(*words)
        self.assertEqual(self.ps(), {})

    def test_an_unknown_service_is_refused(self):
        self.write_stack(TWO_SERVICES)
        result = self.stack("up", "-d", "wbe", expect=1)
        self.assertIn("wbe", result.err)
        self.assertEqual(inventory.processes(), [])

    def test_a_program_that_is_not_there_is_named(self):
        result = self.up("""
            services:
              web:
                image: box:1
                command: /nope --fast
        """, expect=127)
        self.assertRegex(result.err, r"web.*/nope")

    def test_an_image_that_is_not_there_is_named(self):
        result = self.up("""
            services:
              web:
                image: nothing-of-the-kind
        """, expect=1)
        self.assertIn("nothing-of-the-kind", result.err)
        self.assertEqual(inventory.processes(), [])

    def test_no_stack_file_is_a_failure_that_says_so(self):
        self.assertRegex(self.stack("up", "-d", expect=1).err, "no configuration file")

    def test_the_file_and_the_project_can_be_named(self):
        path = self.write("elsewhere/other.yaml", TWO_SERVICES)
        self.stack("-f", str(path), "-p", "named", "up", "-d", directory="/")
        names = self.stack("-p", "named", "ps", "-q", directory="/").lines
        self.assertEqual(len(names), 2)

    def test_files_are_found_in_a_folder_above(self):
        self.write_stack(TWO_SERVICES)
        (self.directory / "deep/er").mkdir(parents=True)
        self.stack("up", "-d", directory=self.directory / "deep/er")
        self.assertEqual(len(self.ps()), 2)


class Ps(stacktest.StackTest):
    def test_ps_has_the_fields_of_docker_compose(self):
        self.up(TWO_SERVICES)
        row = self.ps()["db"]
        for field in ("Command CreatedAt ExitCode Health ID Image Labels LocalVolumes Mounts Name Names "
                      "Networks Ports Project Publishers RunningFor Service Size State Status").split():
            self.assertIn(field, row)
        self.assertEqual(row["Name"], f"{self.project}-db-1")
        self.assertEqual(row["Project"], self.project)
        self.assertRegex(row["Status"], "^Up ")
        self.assertEqual(row["Image"], "box:1")

    def test_ps_shows_ended_containers_only_when_asked(self):
        self.up("""
            services:
              job: {image: "box:1", command: sh -c 'exit 3'}
              web: {image: "box:1", command: sleep 1001}
        """)
        stacktest.eventually(lambda: self.state_of("job") == "exited", "job ends")
        self.assertEqual(self.ps()["job"]["ExitCode"], 3)
        self.assertRegex(self.ps()["job"]["Status"], r"^Exited \(3\)")
        self.assertEqual(len(self.stack("ps", "-q").lines), 1)
        self.assertEqual(len(self.stack("ps", "-a", "-q").lines), 2)

    def test_ps_as_a_table_has_a_heading_and_a_row_each(self):
        self.up(TWO_SERVICES)
        lines = self.stack("ps").lines
        self.assertRegex(lines[0], r"^NAME +IMAGE +COMMAND +SERVICE +CREATED +STATUS")
        self.assertEqual(len(lines), 3)

    def test_ps_of_a_stack_that_is_down_is_empty(self):
        self.write_stack(TWO_SERVICES)
        self.assertEqual(self.ps(), {})


class Logs(stacktest.StackTest):
    def test_logs_of_an_unknown_service_are_refused(self):
        self.up(TWO_SERVICES)
        self.assertIn("no such service: wbe", self.stack("logs", "wbe", expect=1).err)

    def test_logs_hold_both_streams_with_prefixes(self):
        self.up(TWO_SERVICES)
        expected = ["db is here", "web complains", "web is here"]
        stacktest.eventually(lambda: len(self.stack("logs").lines) >= 3, "three lines")
        lines = self.stack("logs").lines
        self.assertEqual(sorted(line.split("| ")[1] for line in lines), expected)
        self.assertRegex("\n".join(lines), rf"(?m)^(db-1|db|{self.project}-db-1) +\| db is here$")

    def test_logs_can_be_cut_to_the_last_lines(self):
        self.up("services: {job: {image: 'box:1', command: seq 100}}")
        stacktest.eventually(lambda: self.state_of("job") == "exited", "job ends")
        self.assertEqual(self.stack("logs", "--no-log-prefix", "--tail", "2").lines, ["99", "100"])

    def test_logs_can_be_followed(self):
        os.mkfifo(self.directory / "go")
        self.up("""
            services:
              slow:
                image: box:1
                command: sh -c 'echo one; read word < /go; echo "$$word"'
                volumes: ["./go:/go"]
        """)
        with subprocess.Popen([stacktest.STACK, "logs", "-f", "--no-log-prefix"], cwd=self.directory,
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), "one\n")
            (self.directory / "go").write_text("two\n")
            self.assertEqual(process.stdout.readline(), "two\n")
            self.assertEqual(process.wait(timeout=60), 0, "ends when the containers have")

    def test_a_last_line_without_its_end_is_shown(self):
        self.up("services: {job: {image: 'box:1', command: printf half}}")
        stacktest.eventually(lambda: self.state_of("job") == "exited", "job ends")
        self.assertEqual(self.log("job").rstrip("\n"), "half")


class Exec(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.up("""
            services:
              web:
                image: box:1
                command: sleep 1001
                environment: {COLOUR: green}
                working_dir: /srv
        """)

    def test_exec_runs_inside_the_container(self):
        self.assertEqual(self.inside("web", "cat", "/srv/data/from-image"), "hello from the image\n")
        self.assertEqual(self.inside("web", "pwd"), "/srv\n")
        self.assertEqual(self.inside("web", "sh", "-c", "echo $COLOUR"), "green\n")

    def test_exec_returns_the_exit_code_of_the_command(self):
        self.stack("exec", "-T", "web", "sh", "-c", "exit 42", expect=42)

    def test_exec_passes_standard_input_and_both_outputs(self):
        result = self.stack("exec", "-T", "web", "sh", "-c", "cat; echo bad >&2", stdin="typed\n")
        self.assertEqual((result.out, result.err), ("typed\n", "bad\n"))

    def test_exec_passes_much_data_both_ways(self):
        data = "0123456789abcdef" * 65536
        self.assertEqual(self.stack("exec", "-T", "web", "cat", stdin=data).out, data)

    def exec_with_files(self, script, user="0:0", out_mode="wb", expect=0):
        """Runs a script whose streams are files of ours; what is in them afterwards."""
        files = [self.directory / name for name in ("in", "out", "err")]
        files[0].write_text("typed\n")
        with files[0].open("rb") as given, files[1].open(out_mode) as out, files[2].open("wb") as err:
            done = subprocess.run([stacktest.STACK, "exec", "-T", "-u", user, "web", "sh", "-c", script],
                                  cwd=self.directory, stdin=given, stdout=out, stderr=err, timeout=60, check=False)
        self.assertEqual(done.returncode, expect, files[2].read_text())
        return [file.read_text() for file in files]

    def test_exec_writes_to_its_streams_by_name_too(self):
        for user in ("0:0", "1000:1000"):
            with self.subTest(user):
                self.assertEqual(
                    self.exec_with_files("echo a; echo b >/dev/stdout; cat /dev/stdin; echo c; echo d >/dev/stderr", user),
                    ["typed\n", "a\nb\ntyped\nc\n", "d\n"])

    def test_exec_keeps_our_files_from_the_container(self):
        (self.directory / "out").write_text("kept\n")
        script = "echo over >/proc/self/fd/0; echo new >/proc/self/fd/1; exec 3</proc/self/fd/1 && timeout 1 head -1 <&3 >&2; true"
        given, out, err = self.exec_with_files(script, out_mode="ab")
        self.assertEqual(given, "typed\n")
        self.assertEqual(out.splitlines()[0], "kept")
        self.assertNotIn("kept", err)

    def test_exec_whose_reader_goes_away_ends(self):
        result = subprocess.run(f"{stacktest.STACK} exec -T web yes | head -1; echo ${{PIPESTATUS[0]}}", shell=True,
                                executable="/bin/bash", cwd=self.directory, capture_output=True, text=True,
                                timeout=60, check=False)
        self.assertEqual(result.stdout, "y\n141\n", result.stderr)

    def test_exec_whose_output_cannot_be_written_fails(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([stacktest.STACK, "exec", "-T", "web", "echo", "lost"], cwd=self.directory,
                                    stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("writing to standard output: No space left on device", result.stderr)

    def test_exec_waits_a_little_for_what_it_leaves_behind(self):
        self.assertEqual(self.stack("exec", "-T", "web", "sh", "-c", "(usleep 200000; echo late) & echo now").out,
                         "now\nlate\n")
        self.assertEqual(self.stack("exec", "-T", "web", "sh", "-c", "sleep 1005 & echo now").out, "now\n")

    def test_exec_works_without_streams(self):
        closed = subprocess.run(f"{stacktest.STACK} exec -T web cat <&- >&- 2>&-", shell=True, cwd=self.directory,
                                timeout=60, check=False)
        self.assertEqual(closed.returncode, 0)

    def test_exec_sees_the_processes_of_the_container_only(self):
        self.assertIn("sleep 1001", self.inside("web", "ps"))
        self.assertNotIn("stack-keeper", self.inside("web", "ps"))

    def test_exec_of_a_missing_program_is_127(self):
        self.stack("exec", "-T", "web", "nope", expect=127)

    def test_exec_of_a_file_that_is_no_program_is_126(self):
        self.stack("exec", "-T", "web", "/etc/passwd", expect=126)

    def test_exec_takes_a_user_a_folder_and_variables(self):
        out = self.stack("exec", "-T", "-u", "app", "-w", "/tmp", "-e", "X=1", "web", "sh", "-c",
                         "id -un; pwd; echo $X").out
        self.assertEqual(out, "app\n/tmp\n1\n")

    def test_exec_in_a_stopped_service_is_refused(self):
        self.stack("stop", "-t", "0", "web")
        self.assertRegex(self.stack("exec", "-T", "web", "true", expect=1).err, "not running")

    def test_exec_in_an_unknown_service_is_refused(self):
        self.assertIn("wbe", self.stack("exec", "-T", "wbe", "true", expect=1).err)


class StopAndStart(stacktest.StackTest):
    def test_stopping_an_unknown_service_is_refused(self):
        self.up(TWO_SERVICES)
        for command in ("stop", "start", "down"):
            self.assertIn("no such service: wbe", self.stack(command, "wbe", expect=1).err)

    def test_a_service_without_a_container_may_be_stopped(self):
        self.up(TWO_SERVICES)
        self.stack("down", "-t", "0", "web")
        self.stack("stop", "web")

    def test_stop_keeps_the_container_and_start_runs_it_again(self):
        self.up(TWO_SERVICES)
        self.inside("web", "touch", "/mark")
        self.stack("stop", "-t", "1", "web")
        self.assertEqual(self.state_of("web"), "exited")
        self.assertEqual(self.state_of("db"), "running")
        self.stack("start", "web")
        self.assertEqual(self.state_of("web"), "running")
        self.inside("web", "test", "-e", "/mark")

    def test_stop_sends_the_signal_that_was_asked_for_and_waits(self):
        self.up("""
            services:
              polite:
                image: box:1
                command: sh -c 'trap "echo bye; exit 5" USR1; echo ready; while :; do sleep 0.1; done'
                stop_signal: SIGUSR1
                stop_grace_period: 30s
        """)
        stacktest.eventually(lambda: "ready" in self.log("polite"), "polite is ready")
        self.stack("stop")
        self.assertEqual(self.ps()["polite"]["ExitCode"], 5)
        self.assertIn("bye", self.log("polite"))

    def test_stop_kills_what_does_not_listen(self):
        self.up("""
            services:
              deaf:
                image: box:1
                command: sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
        """)
        stacktest.eventually(lambda: "ready" in self.log("deaf"), "deaf is ready")
        self.stack("stop", "-t", "1")
        self.assertEqual(self.ps()["deaf"]["ExitCode"], 137)

    def test_a_stopped_service_is_started_by_up(self):
        self.up(TWO_SERVICES)
        self.stack("stop", "-t", "0")
        self.up()
        self.assertEqual({row["State"] for row in self.ps().values()}, {"running"})


class Down(stacktest.StackTest):
    def test_what_a_killed_writer_has_left_goes_with_the_last_stack(self):
        """Between the two steps of an atomic write, where all stacks write (found by the kill matrix)."""
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        (Path(os.environ["STACK_RUN"]) / ".tmp.04c25adc").write_text("0\n")
        self.stack("down")
        self.assert_nothing_left()

    def test_down_leaves_nothing(self):
        self.up(TWO_SERVICES)
        self.stack("down", "-t", "1")
        self.assert_nothing_left()

    def test_down_of_what_is_not_up_is_content(self):
        self.write_stack(TWO_SERVICES)
        self.stack("down")

    def test_down_works_without_the_file(self):
        self.up(TWO_SERVICES)
        (self.directory / "stack.yaml").unlink()
        self.stack("-p", self.project, "down", "-t", "0", directory="/")
        stacktest.eventually(lambda: not inventory.processes(), "the keeper ends behind its supervisor")

    def test_up_after_down_makes_new_containers(self):
        self.up(TWO_SERVICES)
        first = sorted(self.stack("ps", "-q").lines)
        self.stack("down", "-t", "0")
        self.up()
        self.assertFalse(set(first) & set(self.stack("ps", "-q").lines))

    def test_two_stacks_do_not_touch_each_other(self):
        self.write_stack(TWO_SERVICES)
        for name in ("left", "right"):
            self.stack("-p", name, "up", "-d")
        self.stack("-p", "left", "down", "-t", "0")
        self.assertEqual(len(self.stack("-p", "right", "ps", "-q").lines), 2)


class Usage(stacktest.StackTest):
    def test_an_unknown_command_or_flag_is_a_usage_error(self):
        self.stack("upp", expect=2)
        self.stack("up", "--nope", expect=2)

    def test_version_and_doctor_answer(self):
        self.assertTrue(re.fullmatch(r"\d+\.\d+\.\d+\n", self.stack("version", "--short").out))
        self.assertIn("overlay", self.stack("doctor", expect=None).out.lower())

    def test_the_doctor_knows_what_is_checked_before_an_up(self):
        rows = {row["name"]: row for row in json.loads(self.stack("doctor", "--format", "json", expect=None).out)}
        for name in ("cgroup swap", "cgroup io weights", "CAP_SYS_RESOURCE", "apparmor"):
            self.assertTrue(rows[name]["state"] == "ok" or rows[name]["cure"], rows[name])
        effective = next(line for line in Path("/proc/self/status").read_text().splitlines() if "CapEff" in line)
        may = int(effective.split()[1], 16) >> 24 & 1
        self.assertEqual(rows["CAP_SYS_RESOURCE"]["state"], "ok" if may else "degraded")


if __name__ == "__main__":
    stacktest.main()
