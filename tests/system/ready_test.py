# SPDX-License-Identifier: Apache-2.0
"""x-stack.ready: when a service counts as ready that has no health check."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import stacktest
import world


class Ready(stacktest.StackTest):
    def start(self, ready, command="sleep 1001", more=""):
        """A service `db`, up, of which nobody waits yet."""
        return self.up(f"""
            services:
              db:
                image: box:1
                command: {command}
                x-stack: {{ready: {ready}}}
                {more}
        """)

    def health(self, service="db"):
        return self.ps()[service]["Health"]

    def await_health(self, health, service="db"):
        stacktest.eventually(lambda: self.health(service) == health, f"{service} is {health}")

    def pid(self):
        [pid] = self.pids_running("sleep 1001")
        return pid

    def last_word(self):
        """What `up --wait` says of db, which is not ready."""
        return self.stack("up", "--wait", "--wait-timeout", "0", expect=4).err

    # --- listening

    def test_auto_waits_until_it_listens_on_an_exposed_port(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'nc db 8080 </dev/null; exec sleep 1001'
                depends_on: {db: {condition: service_healthy}}
              db:
                image: box:1
                command: sh -c 'httpd -p 9090; sleep 0.3; exec httpd -f -p 8080'
                expose: ["8080"]
                x-stack: {ready: auto}
        """)
        self.assertEqual(self.health(), "healthy")
        self.assertRegex(self.ps()["db"]["Status"], r"\(healthy\)$")

    def test_auto_without_ports_takes_any_but_not_our_resolver(self):
        self.start("{timeout: 200ms}", "sh -c 'while [ ! -e /go ]; do sleep 0.05; done;"
                                       " exec httpd -f -p 1234'")
        self.await_health("unhealthy")
        self.assertIn("not ready within 0.2 s: nothing listens on any port", self.last_word())
        self.inside("db", "touch", "/go")
        self.await_health("healthy")  # it is looked for still

    def test_auto_is_not_content_with_loopback(self):
        self.start("auto", "httpd -f -p 127.0.0.1:80", 'expose: ["80"]')
        self.assertEqual(self.health(), "starting")
        self.assertIn("nothing listens on port 80", self.last_word())

    def test_tcp_is(self):
        self.start("{tcp: 80}", "httpd -f -p 127.0.0.1:80")
        self.await_health("healthy")

    def test_who_shares_its_network_is_not_taken_for_it(self):
        self.up("""
            services:
              db: {image: "box:1", command: httpd -f -p 80, x-stack: {ready: {tcp: 80}}}
              side:
                image: box:1
                command: sleep 1001
                network_mode: service:db
                x-stack: {ready: {tcp: 80}}
        """)
        self.await_health("healthy")
        self.assertEqual(self.health("side"), "starting")

    # --- http

    def test_http_waits_for_the_status(self):
        self.start("{http: {port: 80, path: /up}}", "sh -c 'mkdir /www; exec httpd -f -p 80 -h /www'")
        stacktest.eventually(lambda: "http://localhost:80/up: HTTP 404" in self.last_word(),
                             "the server has answered")
        self.assertEqual(self.health(), "starting")
        self.inside("db", "touch", "/www/up")
        self.await_health("healthy")

    def test_another_status_can_be_what_means_ready(self):
        self.start("{http: {url: 'http://127.0.0.1/', status: 404}}", "httpd -f -p 80 -h /tmp")
        self.await_health("healthy")

    def test_http_tells_why_there_is_no_answer(self):
        self.start("{http: 'http://127.0.0.1:80/'}", "sh -c 'until [ -e /go ]; do sleep 0.05; done;"
                   " while :; do nc -l -p 80 -e dd bs=4096 count=1 of=/dev/null; done'")
        stacktest.eventually(lambda: "http://127.0.0.1:80/: connection refused" in self.last_word(), self.last_word)
        self.inside("db", "touch", "/go")
        stacktest.eventually(lambda: "http://127.0.0.1:80/: the connection ended before an answer" in
                             self.last_word(), self.last_word)

    def test_an_answer_that_is_not_http_is_none(self):
        self.start("{http: 'http://localhost:80/'}",
                   "sh -c 'while true; do echo SSH-2.0-x | nc -l -p 80; done'")
        stacktest.eventually(lambda: "the answer is not HTTP" in self.last_word(), "it answers")
        self.assertEqual(self.health(), "starting")

    # --- its output

    def test_a_line_that_must_come_twice(self):
        self.start("{log: 'is (up|ready)$', count: 2}",
                   "sh -c 'echo it is up; while [ ! -e /go ]; do sleep 0.05; done;"
                   " echo it is ready >&2; exec sleep 1001'")
        stacktest.eventually(lambda: "1 of 2 lines" in self.last_word(), "one line came")
        self.assertEqual(self.health(), "starting")
        self.inside("db", "touch", "/go")
        self.await_health("healthy")

    def test_lines_of_the_run_before_do_not_count(self):
        self.start("{log: up}", "sh -c '[ -e /ran ] || echo up; touch /ran; exec sleep 1001'")
        self.await_health("healthy")
        self.stack("restart", "-t", "0")
        self.assertIn("0 of 1 lines", self.last_word())
        self.assertEqual(self.health(), "starting")

    # --- files and sockets

    def test_a_file_in_a_directory_that_comes_later(self):
        self.start("{file: /run/app/ready}")
        self.assertEqual(self.health(), "starting")
        self.inside("db", "mkdir", "/run/app")
        self.inside("db", "touch", "/run/app/other")
        self.assertEqual(self.health(), "starting")
        self.inside("db", "touch", "/run/app/ready")
        self.await_health("healthy")

    def test_a_link_of_the_container_does_not_lead_out_of_it(self):
        outside = world.HOME / "outside"
        outside.write_text("")
        self.addCleanup(outside.unlink)
        self.start("{file: /ready}", f"sh -c 'ln -s {outside} /ready; exec sleep 1001'")
        stacktest.eventually(lambda: self.inside("db", "ls", "/").find("ready") >= 0, "it is linked")
        self.assertIn("there is no /ready", self.last_word())
        # Where it leads the kernel tells nobody of: found by a look now and then.
        self.inside("db", "sh", "-c", f"mkdir -p {outside.parent} && touch {outside}")
        self.await_health("healthy")

    def test_a_socket_of_the_file_system(self):
        folder = self.directory / "run"
        folder.mkdir()
        self.start("{unix: /run/x.sock}", more="volumes: ['./run:/run']")
        self.assertEqual(self.health(), "starting")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(folder / "x.sock"))
            self.assertIn("nothing listens on /run/x.sock", self.last_word())
            server.listen()
            self.await_health("healthy")

    # --- commands and notifications

    def test_a_command_in_the_container(self):
        self.start("{exec: [sh, -c, 'echo not yet; test -e /go']}")
        stacktest.eventually(lambda: "exited (1): not yet" in self.last_word(), "it was asked")
        self.inside("db", "touch", "/go")
        self.await_health("healthy")

    def notify(self, text):
        """What sd_notify(3) does, by a process in the network of the container."""
        code = ("import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);"
                "s.sendto(sys.argv[2].encode(), '\\0' + sys.argv[1][1:])")
        environment = Path(f"/proc/{self.pid()}/environ").read_bytes().decode().split("\0")
        [address] = [v.partition("=")[2] for v in environment if v.startswith("NOTIFY_SOCKET=")]
        self.assertTrue(address.startswith("@"), address)
        subprocess.run(["nsenter", f"--net=/proc/{self.pid()}/ns/net", sys.executable, "-c", code,
                        address, text], check=True)

    def test_it_says_so_itself(self):
        self.start("{notify: true}")
        self.notify("STATUS=thinking")
        self.assertEqual(self.health(), "starting")
        self.notify("STATUS=done\nREADY=1")
        self.await_health("healthy")
        for _ in range(100):  # nobody is held up afterwards
            self.notify("STATUS=still here")

    def test_what_it_says_while_no_supervisor_is_there_is_not_lost(self):
        self.start("{notify: true}")
        supervisor = self.supervisor()
        os.kill(supervisor, signal.SIGSTOP)
        self.notify("READY=1")
        os.kill(supervisor, signal.SIGKILL)
        self.await_health("healthy")

    def test_in_the_network_of_the_host_only_the_container_is_believed(self):
        self.start("{notify: true}", more="network_mode: host")
        address = self.inside("db", "sh", "-c", "echo $NOTIFY_SOCKET").strip()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"READY=1", "\0" + address[1:])
        self.assertIn("it has not said READY=1", self.last_word())
        self.assertEqual(self.health(), "starting")

    # --- lives

    def test_a_new_supervisor_goes_on_waiting(self):
        self.start("{file: /ready}")
        before = self.supervisor()
        os.kill(before, signal.SIGKILL)
        stacktest.eventually(lambda: self.pids_named("stack-superviso") not in ([], [before]),
                             "another supervisor")
        self.assertEqual(self.health(), "starting")
        self.inside("db", "touch", "/ready")
        self.await_health("healthy")

    def test_it_is_ready_anew_after_each_start(self):
        self.start("{file: /dev/shm/ready}")  # which each start has anew
        self.inside("db", "touch", "/dev/shm/ready")
        self.await_health("healthy")
        self.stack("restart", "-t", "0")
        self.assertEqual(self.health(), "starting")

    def test_a_pause_does_not_make_it_ready(self):
        self.start("{file: /ready}")
        self.stack("pause")
        self.stack("unpause")
        self.assertEqual(self.health(), "starting")
        self.inside("db", "touch", "/ready")
        self.await_health("healthy")

    def test_health_checks_begin_when_it_is_ready(self):
        self.start("{file: /ready}", more="healthcheck: {test: 'echo asked >> /asked', interval: 50ms}")
        self.assertEqual(self.health(), "starting")
        self.inside("db", "sh", "-c", "test ! -e /asked")
        self.inside("db", "touch", "/ready")
        self.await_health("healthy")
        self.inside("db", "test", "-e", "/asked")

    # --- mistakes

    def test_a_wrong_value_is_told_at_its_place(self):
        self.write_stack("""
            services:
              db:
                image: box:1
                x-stack:
                  ready: {tcp: 70000}
        """)
        result = self.stack("up", "-d", expect=3)
        self.assertIn("stack.yaml:5:20: error: x-stack.ready of service \"db\": 70000 is not a port",
                      result.err)

    def test_who_waits_for_health_that_nobody_can_tell_is_refused_before_anything_is_made(self):
        result = self.up("""
            services:
              web: {image: "box:1", depends_on: {db: {condition: service_healthy}}}
              db: {image: "box:1", command: sleep 1001}
        """, expect=1)
        self.assertRegex(result.err, r'stack.yaml:2:\d+: error: service "web" waits until "db" is '
                                     r'healthy, which has no health check')
        self.assertIn("x-stack: {ready: auto}", result.err)
        self.assertEqual(self.pids_running("sleep 1001"), [])


class Wait(stacktest.StackTest):
    def test_it_returns_when_all_are_ready(self):
        self.write_stack("""
            services:
              db:
                image: box:1
                command: sh -c 'sleep 0.4; touch /ready; exec sleep 1001'
                x-stack: {ready: {file: /ready}}
              web: {image: "box:1", command: sleep 1002}
              job: {image: "box:1", command: sh -c 'sleep 0.3'}
              last:
                image: box:1
                command: sleep 1003
                depends_on: {job: {condition: service_completed_successfully}}
        """)
        self.stack("up", "--wait")
        self.assertEqual(self.ps()["db"]["Health"], "healthy")
        self.assertEqual(self.state_of("job"), "exited")
        self.stack("up", "--wait")  # nothing to change, and all is as it should be

    def test_who_ends_fails_it_with_its_last_words(self):
        result = self.stack_of("sh -c 'sleep 0.1; echo no configuration; exit 42'", expect=4)
        self.assertIn(f"container {self.project}-web-1 exited (42)", result.err)
        self.assertIn("no configuration", result.err)

    CRASHING = """
        services:
          db:
            image: box:1
            command: sh -c 'echo no configuration; exit 5'
            restart: always
            {more}
          web: {{image: "box:1", command: sleep 1001, depends_on: {{db: {{condition: {condition}}}}}}}
    """

    def test_who_crashes_again_and_again_fails_those_that_wait_until_it_is_healthy(self):
        self.write_stack(self.CRASHING.format(more='healthcheck: {test: "true", interval: 1s}',
                                              condition="service_healthy"))
        said = self.stack("up", "-d", expect=4, timeout=30).err
        self.assertIn(f"dependency failed to start: container {self.project}-db-1 exited (5), 4 times", said)
        self.assertIn("no configuration", said)
        self.assertEqual(self.state_of("web"), "created")
        self.assertIn("exited (5), ", self.stack("up", "-d", expect=4, timeout=30).err)  # it still does

    def test_who_crashes_again_and_again_fails_a_wait(self):
        for more in ('healthcheck: {test: "true", interval: 1s}', "stop_signal: SIGKILL"):
            with self.subTest(more):
                self.write_stack(self.CRASHING.format(more=more, condition="service_started"))
                said = self.stack("up", "--wait", "db", expect=4, timeout=30).err
                self.assertRegex(said, rf"container {self.project}-db-1 exited \(5\), \d+ times")
                self.assertIn("no configuration", said)
                self.stack("down", "-t", "0")

    def test_who_needs_a_few_attempts_is_waited_for(self):
        self.up("""
            services:
              db:
                image: box:1
                command: sh -c 'echo . >> /tries; [ $$(wc -l < /tries) -gt 3 ] && exec sleep 1002; exit 5'
                restart: always
                healthcheck: {test: "[ $$(wc -l < /tries) -gt 3 ]", interval: 20ms, retries: 1000}
              web: {image: "box:1", command: sleep 1001, depends_on: {db: {condition: service_healthy}}}
        """)
        self.assertEqual(self.inside("db", "sh", "-c", "wc -l < /tries").strip(), "4")

    def test_what_a_check_says_gives_the_terminal_no_orders(self):
        self.write_stack("""
            services:
              web:
                image: box:1
                command: sleep 1001
                healthcheck: {test: "printf '\\\\033]0;title\\\\007 said'; exit 1", interval: 20ms, retries: 3}
        """)
        said = self.stack("up", "--wait", expect=4)
        self.assertIn(r"\x1b]0;title\x07 said", said.err)
        self.assertNotIn("\x1b]0", said.err + said.out)

    def test_a_clock_that_was_set_back_holds_nobody_up(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, stop_signal: SIGKILL}}")
        status = Path(os.environ["STACK_RUN"]) / "stacks" / self.project / "status.json"
        supervisor = self.supervisor()
        os.kill(supervisor, signal.SIGSTOP)  # it writes nothing more
        document = json.loads(status.read_text())
        for container in document["containers"]:
            container["started"] += 3600 * 10**9
        document.pop("check", None)
        status.write_text(json.dumps(document))
        os.kill(supervisor, signal.SIGKILL)
        self.stack("up", "-d", "--wait", "--wait-timeout", "10")

    def test_a_job_that_nobody_waits_for_fails_it_even_when_it_went_well(self):
        result = self.stack_of("'true'", expect=4)
        self.assertIn("exited (0)", result.err)

    def stack_of(self, command, more="", arguments=(), expect=0):
        self.write_stack(f"""
            services:
              web:
                image: box:1
                command: {command}
                {more}
        """)
        return self.stack("up", "--wait", *arguments, expect=expect)

    def test_time_that_is_over_is_told_with_what_is_missing(self):
        result = self.stack_of("sh -c 'echo looking for a port; exec sleep 1001'",
                               "x-stack: {ready: {tcp: 80}}", ("--wait-timeout", "5"), expect=4)
        self.assertIn("is not ready in time: nothing listens on port 80", result.err)
        self.assertIn("looking for a port", result.err)

    def test_the_time_is_that_of_conditions_too(self):
        self.write_stack("""
            services:
              web: {image: "box:1", depends_on: {db: {condition: service_healthy}}}
              db: {image: "box:1", command: sleep 1001, x-stack: {ready: {tcp: 80}}}
        """)
        result = self.stack("up", "--wait", "--wait-timeout", "1", expect=4)
        self.assertIn("nothing listens on port 80", result.err)

    def test_failed_checks_are_told_the_last_ones(self):
        result = self.stack_of(
            "sh -c 'echo hello; exec sleep 1001'",
            "healthcheck: {test: 'echo no $$(cat /n)$$(echo x >> /n); exit 1', interval: 50ms, retries: 4}",
            expect=4)
        self.assertIn("is unhealthy", result.err)
        self.assertIn("its last health checks:", result.err)
        self.assertEqual(result.err.count(" s ago: no x"), 3, result.err)
        self.assertIn("hello", result.err)

    def test_a_check_that_says_nothing_is_told_by_its_exit_code_and_once(self):
        stack = """
            services:
              db:
                image: box:1
                command: sleep 100{number}
                volumes: [/d]
                healthcheck: {{test: "exit {code}", interval: 50ms, retries: 3}}
              web: {{image: "box:1", command: sleep 1009, depends_on: {{db: {{condition: service_healthy}}}}}}
        """
        self.up(stack.format(number=1, code=0))
        failed = self.up(stack.format(number=2, code=7), expect=4)
        self.assertEqual(failed.err.count("error: container"), 1, failed.err)
        self.assertEqual(failed.err.count(" s ago: exit 7"), 3, failed.err)

    def test_start_waits_too(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'rm -f /ready; sleep 0.3; touch /ready; exec sleep 1001'
                x-stack: {ready: {file: /ready}}
        """)
        self.stack("stop", "-t", "0")
        self.stack("start", "--wait")
        self.assertEqual(self.ps()["web"]["Health"], "healthy")

    def test_wait_timeout_needs_wait(self):
        self.write_stack("services: {web: {image: \"box:1\"}}")
        self.stack("up", "--wait-timeout", "5", expect=2)
        self.stack("up", "--wait", "--wait-timeout", "soon", expect=2)


if __name__ == "__main__":
    stacktest.main()
