# SPDX-License-Identifier: Apache-2.0
"""What containers print: kept, rotated, read back and followed; nothing lost or doubled, whatever
is killed, and nobody drowned out by somebody else's flood."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

import stacktest

ROUNDS = int(os.environ.get("STACK_TEST_ROUNDS", "25"))


class LogsTest(stacktest.StackTest):
    def logs(self, *arguments, **options):
        return self.stack("logs", "--no-log-prefix", *arguments, **options).out

    def log_folder(self):
        folder, = (Path(os.environ["STACK_ROOT"]) / "stacks" / self.project / "containers").iterdir()
        return folder

    def await_end(self, service):
        stacktest.eventually(lambda: self.state_of(service) == "exited", f"{service} ends")

    def follow(self, *arguments):
        """A `stack logs -f` whose output is read line by line; ended with the test."""
        reader = subprocess.Popen([stacktest.STACK, "logs", "-f", "--no-log-prefix", *arguments],
                                  cwd=self.directory, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, text=True)

        def end():
            reader.kill()
            reader.wait(20)
            reader.stdout.close()
        self.addCleanup(end)
        return reader


class Earlier(LogsTest):
    """What containers said that have been replaced since."""

    def say(self, word, more="", ready=None, expect=0):
        self.write_stack(f"""
            services:
              web:
                image: box:1
                command: sh -c 'echo {word}; {more or "exec sleep 1000"}'
                stop_signal: SIGKILL
                x-stack: {{ready: {{log: {ready or word}}}}}
        """)
        self.stack("up", "-d", "--wait", expect=expect)

    def test_a_recreated_service_goes_on_where_it_was(self):
        for word in ("one", "two", "three"):
            self.say(word)
        self.assertEqual(self.logs(), "one\ntwo\nthree\n")
        self.assertEqual(self.stack("logs", "--no-color", "web").out, "web-1  | one\nweb-1  | two\nweb-1  | three\n")
        names = {json.loads(line)["container"] for line in self.logs("--format", "json").splitlines()}
        self.assertEqual(names, {f"{self.project}-web-1"})
        rooms = {row["Type"]: row for row in map(json.loads, self.stack("system", "df", "--format", "json").lines)}
        self.assertEqual(rooms["Logs"]["TotalCount"], "3")
        self.assertRegex(self.stack("system", "df", "-v").out, rf"{self.project}-web-1 \(replaced: [0-9a-f]{{12}}\)")

    def test_the_last_lines_are_those_of_all(self):
        for word in ("one", "two", "three"):
            self.say(word)
        self.assertEqual(self.logs("--tail", "1"), "three\n")
        self.assertEqual(self.logs("--tail", "2"), "two\nthree\n")
        self.assertEqual(self.logs("--tail", "9"), "one\ntwo\nthree\n")

    def test_who_follows_begins_with_them(self):
        self.say("one")
        self.say("two")
        reader = self.follow()
        self.assertEqual([reader.stdout.readline() for _ in range(2)], ["one\n", "two\n"])
        self.say("three")
        self.assertEqual(reader.stdout.readline(), "three\n")

    def test_one_that_was_tried_and_failed_is_heard(self):
        self.say("one")
        self.say("two", more="exit 3", ready="never", expect=4)
        self.assertEqual(self.logs(), "one\ntwo\n")

    def test_a_container_is_only_itself(self):
        self.say("one")
        self.say("two")
        self.assertEqual(self.stack("container", "logs", f"{self.project}-web-1").out, "two\n")

    def test_with_the_place_they_go(self):
        self.say("one")
        self.say("two")
        logs = Path(os.environ["STACK_ROOT"]) / "stacks" / self.project / "logs"
        self.assertTrue(logs.exists())
        self.stack("rm", "-sf", "web")
        self.assertFalse(logs.exists())
        self.say("three")
        self.assertEqual(self.logs(), "three\n")


class Restarts(LogsTest):
    """Who follows sees beyond an end that a container comes back from."""

    def test_a_restart_by_hand(self):
        self.up("services: {web: {image: 'box:1', stop_grace_period: 0s,"
                " command: sh -c 'echo up; exec sleep 1001'}}")
        reader = self.follow()
        self.assertEqual(reader.stdout.readline(), "up\n")
        self.stack("restart")
        # What was said and that it ended come from two places: in either order when both are there.
        self.assertCountEqual([reader.stdout.readline() for _ in range(2)],
                              ["web-1 exited with code 137 (restarting)\n", "up\n"])
        self.stack("stop")
        self.assertEqual(reader.stdout.read(), "web-1 exited with code 137\n")

    def test_each_crash_is_told(self):
        self.up("""
            services:
              web:
                image: box:1
                restart: on-failure:2
                command: sh -c 'sleep 0.5; exit 9'
        """)
        told = self.follow().stdout.read()
        self.assertEqual(told, "web-1 exited with code 9 (restarting)\n" * 2 + "web-1 exited with code 9\n")

    def test_a_name_of_its_own_is_in_front(self):
        self.up("services: {web: {image: 'box:1', container_name: mine, command: echo hi}}")
        self.await_end("web")
        self.assertEqual(self.stack("logs").out, "mine  | hi\n")

    def test_a_bare_number_is_a_time(self):
        self.up("services: {web: {image: 'box:1', command: echo hi}}")
        self.await_end("web")
        self.assertEqual(self.logs("--since", "0"), "hi\n")


class Moments(LogsTest):
    """Parts of the past, and what happened between the lines."""

    def setUp(self):
        super().setUp()
        (self.directory / "runs").mkdir()
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'echo x >> /runs/all; echo run $$(wc -l < /runs/all); exec sleep 1000'
                volumes: ["./runs:/runs"]
                stop_signal: SIGKILL
        """)
        for number in (1, 2, 3):
            stacktest.eventually(lambda: f"run {number}\n" in self.logs(), f"run {number}")
            if number < 3:
                self.stack("restart")

    def times(self):
        """When each line came."""
        return [json.loads(line)["time"] for line in self.logs("--format", "json").splitlines()]

    def test_runs(self):
        self.assertEqual(self.logs(), "run 1\nrun 2\nrun 3\n")
        for number, word in (("-1", "run 3\n"), ("-2", "run 2\n"), ("1", "run 1\n"), ("4", "")):
            self.assertEqual(self.logs("--run", number), word, number)
        self.assertIn("--run takes a number", self.stack("logs", "--run", "x", expect=2).err)

    def test_around_a_time(self):
        times = self.times()
        self.assertIn("run 2\n", self.logs("--at", times[1]))
        self.assertEqual(self.logs("--at", f"{times[1]}±1ms"), "run 2\n")
        self.assertIn("--at takes", self.stack("logs", "--at", "noon", expect=2).err)

    def test_between_what_happened(self):
        self.assertEqual(self.logs("--between", "web.start..web.oom", expect=1), "")
        self.assertEqual(self.logs("--between", "web.start.."), "run 3\n")
        self.assertEqual(self.logs("--between", "..web.exit"), "run 1\n")
        self.assertEqual(self.logs("--between", f"{self.times()[1]}..{self.times()[2]}"), "run 2\nrun 3\n")

    def test_the_timeline_has_both(self):
        story = [re.sub(r"\S+Z ", "", line) for line in self.stack("timeline", "web").lines]
        expected = ["web-1  * create"]
        for number in (1, 2, 3):
            expected += ["web-1  * start", f"web-1  | run {number}"]
            if number < 3:
                expected += ["web-1  * kill (signal 9)", "web-1  * die (exitCode 137)", "web-1  * stop"]
        self.assertEqual(story, expected)
        self.assertIn(f"network  * create {self.project}_default", re.sub(r"\S+Z ", "", self.stack("timeline").out))
        objects = [json.loads(line) for line in self.stack("timeline", "--format", "json").lines]
        self.assertEqual([each["line"] for each in objects if "line" in each], ["run 1", "run 2", "run 3"])
        self.assertEqual([each["event"] for each in objects if "event" in each and each["service"] == "web"][:2],
                         ["create", "start"])

    def test_the_timeline_is_followed(self):
        begin = f"{time.time():.6f}"
        reader = subprocess.Popen([stacktest.STACK, "timeline", "-f", "--since", begin], cwd=self.directory,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(reader.stdout.close)
        self.addCleanup(reader.wait, 20)
        self.addCleanup(stacktest.kill_if_there, reader.pid)
        self.stack("pause")
        self.stack("unpause")
        self.assertIn(" pause", reader.stdout.readline())
        self.assertIn(" unpause", reader.stdout.readline())
        self.stack("stop")
        # It ends with the stack, whose command may have its last word after that.
        self.assertEqual([line.split()[3] for line in reader.stdout.readlines()][:2], ["kill", "die"])
        self.assertIn(" stop", self.stack("timeline", "--since", begin).out)


class Drivers(LogsTest):
    def test_without_a_word_two_full_files_and_one_under_way_are_kept(self):
        self.up("""
            services:
              web: {image: "box:1", command: seq 1000000 5500000}
        """)
        self.await_end("web")
        lines = self.logs("--tail", "1", "web").splitlines()
        self.assertEqual(lines, ["5500000"])
        size = sum(path.stat().st_size for path in self.log_folder().glob("stdout*"))
        self.assertLessEqual(size, 30_000_000)
        self.assertGreater(size, 20_000_000)

    def test_who_shows_a_run_misses_nothing_of_it(self):
        self.write_stack("services: {web: {image: \"box:1\", logging: {options: {max-size: 10k}}}}")
        shown = self.stack("run", "--rm", "-T", "web", "seq", "1000000", "1100000").out
        self.assertEqual(shown.splitlines(), [str(number) for number in range(1_000_000, 1_100_001)])

    def test_rotation_keeps_the_newest_lines_within_the_limits(self):
        self.up("""
            services:
              web:
                image: box:1
                command: seq 1000000 1100000
                logging: {driver: json-file, options: {max-size: 100k, max-file: "3"}}
        """)
        self.await_end("web")
        lines = self.logs("web").splitlines()
        self.assertEqual(lines, [str(n) for n in range(1_100_001 - len(lines), 1_100_001)])
        size = sum(path.stat().st_size for path in self.log_folder().glob("stdout*"))
        self.assertLessEqual(size, 300_000)
        self.assertGreater(size, 200_000)

    def test_a_reader_follows_across_rotations(self):
        os.mkfifo(self.directory / "go")
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'echo ready; read word < /go; i=0; while [ $$i -lt 20000 ]; do i=$$((i + 1)); echo "line $$i"; done'
                volumes: ["./go:/go"]
                # Six generations, and all are kept: a slow reader loses nothing either.
                logging: {driver: local, options: {max-size: 40k, max-file: "8"}}
        """)
        reader = self.follow("web")
        self.assertEqual(reader.stdout.readline(), "ready\n")
        (self.directory / "go").write_text("go\n")
        lines = reader.stdout.read().splitlines()
        self.assertEqual(lines, [*(f"line {n}" for n in range(1, 20001)), "web-1 exited with code 0"])

    def test_none_keeps_nothing_and_says_so(self):
        self.up("""
            services:
              web: {image: "box:1", command: echo gone, logging: {driver: none}}
        """)
        self.await_end("web")
        result = self.stack("logs", "web")
        self.assertEqual(result.out, "")
        self.assertIn("configured logging driver does not support reading", result.err)
        self.assertEqual(list(self.log_folder().glob("std*")), [])

    def test_other_drivers_and_options_are_refused_at_their_line(self):
        self.write_stack("""
            services:
              web:
                image: box:1
                command: "true"
                logging:
                  driver: fluentd
              other:
                image: box:1
                logging:
                  options: {max-siz: 10m}
        """)
        result = self.stack("up", "-d", expect=None)
        self.assertNotEqual(result.code, 0)
        self.assertIn("stack.yaml:6:", result.err)
        self.assertIn('logging driver "fluentd" is not supported', result.err)
        self.assertIn("stack.yaml:10:", result.err)
        self.assertIn('did you mean "max-size"', result.err)

    def test_another_limit_makes_the_container_anew(self):
        text = """
            services:
              web:
                image: box:1
                command: sleep 1001
                logging: {{driver: local, options: {{max-size: {}}}}}
        """
        self.up(text.format("1m"))
        self.write_stack(text.format("2m"))
        self.assertIn("max-size", self.stack("plan").out)


class Details(LogsTest):
    def test_they_are_what_the_options_name(self):
        self.stack("container", "run", "--name", "one", "--log-opt", "labels=team,none", "--log-opt", "env-regex=^W",
                   "--log-opt", "tag={{.Name}}/{{.ImageName}}", "-l", "team=a b", "-l", "other=1", "-e", "WHO=me",
                   "box:1", "sh", "-c", "echo one; echo two >&2")
        self.addCleanup(self.stack, "container", "rm", "-f", "one")
        self.assertEqual(self.stack("container", "logs", "--details", "one").out,
                         "WHO=me,tag=one%2Fbox%3A1,team=a+b one\n")
        timed = self.stack("container", "logs", "--details", "-t", "one")
        self.assertRegex(timed.err, r"^\S+Z WHO=me,tag=one%2Fbox%3A1,team=a\+b two\n$")

    def test_without_any_there_is_a_blank_as_docker_has_it(self):
        self.stack("container", "run", "--name", "one", "box:1", "echo", "hi")
        self.addCleanup(self.stack, "container", "rm", "-f", "one")
        self.assertEqual(self.stack("container", "logs", "--details", "one").out, " hi\n")


class Daemon:
    """Takes what is sent to a socket."""

    def __init__(self, kind, address):
        self.socket = socket.socket(kind[0], kind[1])
        self.socket.bind(address)
        self.is_stream = kind[1] == socket.SOCK_STREAM
        if self.is_stream:
            self.socket.listen()
        self.connection = None
        self.rest = b""

    def take(self, number):
        """So many messages."""
        messages = []
        while len(messages) < number:
            messages += self.take_some()
        return messages

    def take_some(self):
        if not self.is_stream:
            self.socket.settimeout(30)
            bytes_, rights, _, _ = socket.recv_fds(self.socket, 1 << 20, 1)
            for number in rights:
                with open(number, "rb") as file:
                    file.seek(0)
                    bytes_ = file.read()
            return [bytes_]
        if self.connection is None:
            self.socket.settimeout(30)
            self.connection, _ = self.socket.accept()
            self.connection.settimeout(30)
        *whole, self.rest = (self.rest + self.connection.recv(1 << 16)).split(b"\n")
        return whole

    def close(self):
        if self.connection:
            self.connection.close()
        self.socket.close()


UNIX, UDP, TCP = ((socket.AF_UNIX, socket.SOCK_DGRAM), (socket.AF_INET, socket.SOCK_DGRAM),
                  (socket.AF_INET, socket.SOCK_STREAM))
PRINTS = """
    services:
      web:
        image: box:1
        command: sh -c 'echo first; sleep 0.1; echo second >&2; sleep 0.1; printf third; exec sleep 1001'
        labels: {tier: front, other: no}
        environment: {COLOUR: red}
        stop_signal: SIGKILL
        logging: %s
"""


class Daemons(LogsTest):
    """What is sent to syslog and journald."""

    def daemon(self, kind, address):
        daemon = Daemon(kind, address)
        self.addCleanup(daemon.close)
        return daemon

    def up_web(self, logging):
        return self.up(PRINTS % logging)

    def await_third(self):
        """A line that is not finished is shown when its container has ended."""
        def printed():
            file = self.log_folder() / "stdout"
            return file.exists() and file.read_bytes().endswith(b"third")
        stacktest.eventually(printed, "it has printed all")

    def test_syslog_by_all_ways(self):
        port = {kind: 5140 + number for number, kind in enumerate((UDP, TCP))}
        place = str(self.directory / "log")
        for kind, address, name in ((UNIX, place, f"unixgram://{place}"), (UDP, ("127.0.0.1", port[UDP]), f"udp://127.0.0.1:{port[UDP]}"),
                                    (TCP, ("127.0.0.1", port[TCP]), f"tcp://localhost:{port[TCP]}")):
            with self.subTest(name):
                daemon = self.daemon(kind, address)
                self.up_web('{driver: syslog, options: {syslog-address: "%s", syslog-facility: local0, tag: "{{.Name}}"}}' % name)
                first, second = daemon.take(2)
                stamp = rb"[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d"
                tag = f"{self.project}-web-1".encode()
                self.assertRegex(first, rb"^<134>" + stamp + b" " + tag + rb"\[\d+\]: first$")
                self.assertRegex(second, rb"^<131>" + stamp + b" " + tag + rb"\[\d+\]: second$")
                self.await_third()
                self.stack("stop")
                (third,) = daemon.take(1)
                self.assertRegex(third, b"third$")
                self.assertEqual(self.logs().splitlines(), ["first", "second", "third"])
                self.stack("down")

    def test_syslog_in_the_newer_format(self):
        place = str(self.directory / "log")
        daemon = self.daemon(UNIX, place)
        self.up_web('{driver: syslog, options: {syslog-address: "unix://%s", syslog-format: rfc5424micro, tag: x}}' % place)
        (first,) = daemon.take(1)
        self.assertRegex(first, rb"^<30>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d \S+ x \d+ x - first$")

    def journald(self):
        place = Path("/run/systemd/journal/socket")
        place.parent.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, "/run/systemd")
        return self.daemon(UNIX, str(place))

    def test_journald_gets_fields(self):
        daemon = self.journald()
        self.up_web('{driver: journald, options: {labels: tier, env-regex: "^COL"}}')
        first, second = (message.decode().splitlines() for message in daemon.take(2))
        identity = self.stack("ps", "-q", "--no-trunc").lines[0]
        for line in ("PRIORITY=6", "MESSAGE=first", f"CONTAINER_NAME={self.project}-web-1", f"CONTAINER_ID_FULL={identity}",
                     f"SYSLOG_IDENTIFIER={identity[:12]}", "IMAGE_NAME=box:1", "TIER=front", "COLOUR=red"):
            self.assertIn(line, first)
        self.assertNotIn("OTHER=no", first)
        self.assertIn("PRIORITY=3", second)

    def test_journald_gets_long_lines_whole(self):
        daemon = self.journald()
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c "head -c 900000 /dev/zero | tr '\\\\0' x; echo"
                logging: {driver: journald}
        """)
        (message,) = daemon.take(1)
        self.assertTrue(message.endswith(b"MESSAGE=" + 900_000 * b"x" + b"\n"))

    def test_who_comes_later_gets_what_was_kept(self):
        place = str(self.directory / "log")
        warned = self.up_web('{driver: syslog, options: {syslog-address: "unix://%s"}}' % place).err
        self.assertIn(f"nobody takes its output: there is no {place}", warned)
        self.await_third()
        daemon = self.daemon(UNIX, place)
        self.assertEqual([message.rpartition(b" ")[2] for message in daemon.take(2)], [b"first", b"second"])

    def test_a_killed_supervisor_loses_and_doubles_nothing_that_was_sent(self):
        place = str(self.directory / "log")
        daemon = self.daemon(UNIX, place)
        self.up(f"""
            services:
              web:
                image: box:1
                command: sh -c 'i=0; while [ $$i -lt 2000 ]; do i=$$((i+1)); echo $$i; done; exec sleep 1001'
                logging: {{driver: syslog, options: {{syslog-address: "unix://{place}"}}}}
        """)
        said = [int(message.rpartition(b" ")[2]) for message in daemon.take(500)]
        os.kill(self.supervisor(), signal.SIGKILL)
        while said[-1] < 2000:
            said.append(int(daemon.take(1)[0].rpartition(b" ")[2]))
        self.assertEqual(sorted(set(said)), list(range(1, 2001)))
        self.assertLessEqual(len(said), 2000 + 1000)  # what was under way comes once more
        os.kill(self.supervisor(), signal.SIGKILL)
        stacktest.eventually(lambda: self.stack("exec", "-T", "web", "true"), "it goes on")
        self.inside("web", "sh", "-c", "echo after > /proc/1/fd/1")
        self.assertTrue(daemon.take(1)[0].endswith(b"after"))


class Reading(LogsTest):
    def test_selections(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'seq 1000; sleep 1.1; date +%s >&2; sleep 1.1; seq 1001 2000'
        """)
        self.await_end("web")
        self.assertEqual(self.logs("-n", "3", "web"), "1998\n1999\n2000\n")
        self.assertEqual(self.logs("--tail", "0", "web"), "")
        everything = self.logs("web").splitlines()
        self.assertEqual(len(everything), 2001)
        middle = everything[1000]
        self.assertEqual(self.logs("--until", middle, "web").splitlines(), everything[:1000])
        after = self.logs("--since", middle, "web").splitlines()
        self.assertEqual(after[-1000:], everything[1001:])
        self.assertLessEqual(len(after), 1001)
        self.assertEqual(self.logs("--since", "10m", "web").splitlines(), everything)
        self.assertEqual(self.logs("--until", "10m", "web"), "")
        stamped = self.logs("-t", "--tail", "1", "web")
        self.assertRegex(stamped, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 2000\n$")
        self.assertEqual(self.logs("--since", stamped.split()[0], "web").splitlines()[-1], "2000")
        self.assertEqual(self.stack("logs", "--since", "yesterday", expect=None).code, 2)
        self.assertEqual(self.logs("--index", "1", "--tail", "1", "web"), "2000\n")
        self.assertIn('service "web" is not running container #2',
                      self.stack("logs", "--index", "2", "web", expect=1).err)

    def test_a_terminal_is_not_driven_by_what_containers_print(self):
        self.up(r"""
            services:
              web:
                image: box:1
                command: ["printf", "\\033]0;owned\\007 \\033[31mred\\033[0m \\302\\233 2J\\n"]
        """)
        self.await_end("web")
        self.assertEqual(self.logs("web"), "\x1b]0;owned\x07 \x1b[31mred\x1b[0m \u009b 2J\n")
        ours, theirs = pty.openpty()
        subprocess.run([stacktest.STACK, "logs", "--no-log-prefix", "web"], cwd=self.directory,
                       stdin=subprocess.DEVNULL, stdout=theirs, check=True, timeout=60)
        os.close(theirs)
        shown = os.read(ours, 4096).decode()
        os.close(ours)
        self.assertEqual(shown, "\\x1b]0;owned\\x07 \x1b[31mred\x1b[0m \\xc2\\x9b 2J\r\n")


class Kills(LogsTest):
    def kill_supervisor(self):
        pid = self.supervisor()
        os.kill(pid, signal.SIGKILL)
        stacktest.eventually(lambda: [p for p in self.pids_named("stack-superviso") if p != pid],
                             "a new supervisor")

    def kill_under_flood(self, logging):
        """`seq` without end until /stop exists; then every number must be there, in order."""
        self.up(f"""
            services:
              web:
                image: box:1
                command: sh -c 'n=1; while [ ! -e /stop ]; do seq $$n $$((n + 499)); n=$$((n + 500)); done'
                {logging}
        """)
        begin = time.monotonic()
        for _ in range(ROUNDS):
            self.kill_supervisor()
        print(f"{ROUNDS} kills in {time.monotonic() - begin:.1f} s", file=sys.stderr)
        stacktest.eventually(lambda: self.stack("exec", "-T", "web", "touch", "/stop",
                                                expect=None).code == 0, "the flood is told to end")
        self.await_end("web")

    def check_numbers(self, first=None):
        """Without holding them all: a flood of minutes is many."""
        with subprocess.Popen([stacktest.STACK, "logs", "--no-log-prefix", "web"],
                              cwd=self.directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE) as reader:
            count, expected = 0, first
            for line in reader.stdout:
                number = int(line)
                if expected is not None and number != expected:
                    reader.kill()
                    self.fail(f"{number} where {expected} was expected, after {count} lines")
                expected = number + 1
                count += 1
        self.assertEqual((expected - 1) % 500, 0, "the last line is the last one printed")
        print(f"{count} lines, all there and in order", file=sys.stderr)
        return count

    def test_no_line_is_lost_or_doubled(self):
        self.kill_under_flood("")
        self.check_numbers(first=1)

    def test_nor_when_files_are_turned_over_all_the_time(self):
        self.kill_under_flood(
            "logging: {driver: json-file, options: {max-size: 64k, max-file: '50'}}")
        self.check_numbers()
        self.assertGreater(len(list(self.log_folder().glob("stdout.*"))), 5, "there were rotations")


class Floods(LogsTest):
    def memory(self):
        """Resident memory of the supervisor in KiB."""
        status = Path(f"/proc/{self.supervisor()}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def test_who_prints_little_is_heard_among_those_who_flood(self):
        """Twenty lines need twenty rounds of 100 ms; while the floods go on, the reader gets them in
        order, and the supervisor does not grow."""
        floods = "".join(f"""
              flood{n}:
                image: box:1
                command: yes {"x" * 60}
                logging: {{driver: json-file, options: {{max-size: 1m, max-file: "2"}}}}""" for n in range(10))
        self.up(f"""
            services:
              quiet:
                image: box:1
                command: sh -c 'i=0; while :; do i=$$((i + 1)); echo $$i; sleep 0.1; done'
{floods}
        """)
        reader = self.follow("quiet")
        first = int(reader.stdout.readline())
        before = self.memory()
        lines = [int(reader.stdout.readline()) for _ in range(20)]
        self.assertEqual(lines, list(range(first + 1, first + 21)))
        self.assertLess(self.memory(), before + 8 * 1024)
        # Whoever looks at all of them sees the quiet one, too, although nobody can keep up.
        everything = subprocess.Popen([stacktest.STACK, "logs", "-f", "--tail", "0"],
                                      cwd=self.directory, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE)
        heard = 0
        for line in everything.stdout:
            heard += line.startswith(b"quiet-1")
            if heard == 5:
                break
        everything.kill()
        everything.wait(20)
        everything.stdout.close()
        self.assertEqual(heard, 5)


if __name__ == "__main__":
    stacktest.main()
