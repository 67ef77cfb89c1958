# SPDX-License-Identifier: Apache-2.0
"""A container takes another one's place: the old one goes when the new one has proved itself, and
comes back when that fails (docs/reconciler.md)."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import inventory
import stacktest

WEB = """
    services:
      web:
        image: box:1
        command: {command}
        environment: {{COLOUR: {colour}}}
        stop_grace_period: 1s
        {more}
"""
SERVE = """sh -c 'echo $$COLOUR > /tmp/index.html; exec httpd -f -p 80 -h /tmp'"""
FAIL = """sh -c 'echo cannot begin; exit 7'"""


class Replacing(stacktest.StackTest):
    def write_web(self, colour, command=SERVE, more=""):
        self.write_stack(WEB.format(colour=colour, command=command, more=more))

    def up_web(self, colour, command=SERVE, more="", flags=(), expect=0):
        self.write_web(colour, command, more)
        return self.stack("up", "-d", *flags, expect=expect)

    def ids(self):
        return [json.loads(line)["ID"] for line in
                self.stack("ps", "-a", "--no-trunc", "--format", "json").lines]

    def server(self):
        """Its process, when its shell has become it."""
        return stacktest.eventually(lambda: self.pids_running("httpd -f"), "it serves")

    def colour(self):
        return self.inside("web", "cat", "/tmp/index.html").strip()

    def containers(self):
        """Name -> id and state."""
        rows = [json.loads(line) for line in
                self.stack("ps", "-a", "--format", "json").lines]
        return {row["Name"]: (row["ID"], row["State"]) for row in rows}

    def break_off(self, colour, more=""):
        """A change whose new container is busy, cut off while that is being watched."""
        self.write_web(colour, command="sh -c 'while :; do :; done'", more=more)
        command = subprocess.Popen([os.environ["STACK"], "up", "-d"], cwd=self.directory,
                                   stderr=subprocess.DEVNULL)
        stacktest.eventually(lambda: len(self.pids_running("while :; do :; done")) == 1, "both run")
        command.kill()
        command.wait()
        self.assertEqual(len(self.ids()), 2)

    def only_id(self):
        ids = self.ids()
        self.assertEqual(len(ids), 1, ids)
        return ids[0]


class StopFirst(Replacing):
    """A published port is held by one container at a time."""
    MORE = 'ports: ["127.0.0.1:8080:80"]'

    def test_the_new_one_has_the_name_the_port_and_the_address(self):
        self.up_web("red", more=self.MORE)
        address = self.inside("web", "hostname", "-i")
        self.await_page("http://127.0.0.1:8080", "red\n")
        old = self.only_id()
        self.up_web("blue", more=self.MORE)
        self.assertNotEqual(self.only_id(), old)
        self.await_page("http://127.0.0.1:8080", "blue\n")
        self.assertEqual(self.inside("web", "hostname", "-i"), address)

    def test_one_that_fails_leaves_the_old_one_serving(self):
        self.up_web("red", more=self.MORE)
        old = self.only_id()
        failed = self.up_web("blue", command=FAIL, more=self.MORE, expect=None)
        self.assertNotEqual(failed.code, 0)
        self.assertEqual(failed.err.count("exited (7)"), 2, failed.err)  # its row and the error
        self.assertIn("cannot begin", failed.err)
        self.assertEqual(self.only_id(), old)
        self.await_page("http://127.0.0.1:8080", "red\n")
        self.assertIn(f"recreate container {self.project}-web-1", self.stack("plan").out)

    def test_one_that_cannot_be_executed_does_so_too(self):
        self.up_web("red", more=self.MORE)
        old = self.only_id()
        self.up_web("blue", command="/nowhere", more=self.MORE, expect=127)
        self.assertEqual(self.only_id(), old)
        self.await_page("http://127.0.0.1:8080", "red\n")

    def test_what_depends_on_it_runs_as_before(self):
        text = WEB + """
      proxy:
        image: box:1
        command: sleep 1002
        depends_on: {{web: {{condition: service_started, restart: true}}}}
"""
        self.up(text.format(colour="red", command=SERVE, more=self.MORE))
        proxy = self.ps()["proxy"]["ID"]
        self.write_stack(text.format(colour="blue", command=FAIL, more=self.MORE))
        self.stack("up", "-d", expect=1)
        self.assertEqual(self.ps()["proxy"]["ID"], proxy)
        self.assertEqual(self.state_of("proxy"), "running")
        self.await_page("http://127.0.0.1:8080", "red\n")

    def test_a_volume_is_never_written_by_both(self):
        text = """
    services:
      web:
        image: box:1
        command: %s
        environment: {COLOUR: %s}
        volumes: [data:/data]
    volumes: {data: }
"""
        alone = ("sh -c 'mkdir /data/lock || exit 9; "
                 "trap \"rmdir /data/lock; exit 0\" TERM; sleep 1001 & wait'")
        self.up(text % (alone, "red"))
        self.up(text % (alone, "blue"))
        self.assertEqual(self.state_of("web"), "running")


class StartFirst(Replacing):
    """Nothing is held twice: both run until the new one has settled."""

    def test_the_old_one_stops_when_the_new_one_is_healthy(self):
        more = ('healthcheck: {test: "test -e /ready", interval: 20ms, retries: 1000}')
        self.up_web("red", more=more)
        self.stack("exec", "-T", "web", "touch", "/ready")
        old, = self.server()
        self.write_web("blue", more=more)
        graph = self.stack("plan", "--format", "graph").out
        self.assertLess(graph.index("start container"), graph.index("stop container"), graph)
        command = subprocess.Popen([os.environ["STACK"], "up", "-d"], cwd=self.directory,
                                   stderr=subprocess.DEVNULL)
        stacktest.eventually(lambda: len(self.pids_running("httpd -f")) == 2, "both run")
        new, = set(self.pids_running("httpd -f")) - {old}
        Path(f"/proc/{new}/root/ready").touch()
        self.assertEqual(command.wait(30), 0)
        self.assertEqual(self.pids_running("httpd -f"), [new])
        self.assertEqual(self.colour(), "blue")

    def test_one_that_fails_never_stopped_the_old_one(self):
        self.up_web("red")
        pid, = self.server()
        self.up_web("blue", command=FAIL, expect=1)
        self.assertEqual(self.pids_running("httpd -f"), [pid])
        self.assertEqual(self.colour(), "red")
        self.assertEqual(self.state_of("web"), "running")

    def test_one_that_fails_again_and_again_before_it_is_ready_has_failed(self):
        """Its policy would start it without end, and the old one is waiting for its place."""
        self.up_web("red")
        pid, = self.server()
        failed = self.up_web("blue", command=FAIL, expect=None,
                             more="restart: always\n        x-stack: {ready: {file: /ready}}")
        self.assertNotEqual(failed.code, 0)
        self.assertIn("exited (7)", failed.err)
        self.assertEqual(self.pids_running("httpd -f"), [pid])
        self.assertEqual(self.colour(), "red")

    def test_one_that_has_ended_and_is_not_reaped_yet_has_not_settled(self):
        self.up_web("red")
        old = self.only_id()
        keeper, = self.pids_named("stack-keeper")
        os.kill(keeper, signal.SIGSTOP)
        self.addCleanup(os.kill, keeper, signal.SIGCONT)
        self.write_web("blue", command=FAIL)
        command = subprocess.Popen([os.environ["STACK"], "up", "-d"], cwd=self.directory,
                                   stderr=subprocess.DEVNULL)
        stacktest.eventually(lambda: self.zombies_of(keeper), "it has ended")
        with self.assertRaises(subprocess.TimeoutExpired):
            command.wait(1)  # nothing can tell that it would have gone on
        os.kill(keeper, signal.SIGCONT)
        self.assertEqual(command.wait(), 1)
        self.assertEqual(self.only_id(), old)

    def zombies_of(self, parent):
        stats = [inventory.stat_of(pid)
                 for pid in os.listdir("/proc") if pid.isdigit() and os.path.exists(f"/proc/{pid}/stat")]
        return [stat for stat in stats if stat[0] == "Z" and stat[1] == str(parent)]

    def test_one_that_is_never_healthy_never_stopped_it_either(self):
        self.up_web("red")
        old = self.only_id()
        more = 'healthcheck: {test: "exit 1", interval: 20ms, retries: 2}'
        failed = self.up_web("blue", more=more, expect=None)
        self.assertNotEqual(failed.code, 0)
        self.assertIn("unhealthy", failed.err)
        self.assertEqual(self.only_id(), old)

    def test_the_order_can_be_asked_for(self):
        self.up_web("red")
        self.write_web("blue", more="deploy: {update_config: {order: stop-first}}")
        graph = self.stack("plan", "--format", "graph").out
        self.assertLess(graph.index("stop container"), graph.index("start container"), graph)

    def test_a_change_that_was_broken_off_is_finished_by_the_next(self):
        self.up_web("red")
        self.break_off("blue")
        self.stack("up", "-d")
        self.only_id()
        self.assertIn("nothing to change", self.stack("up", "-d").err)

    def test_one_that_was_broken_off_can_still_be_brought_back(self):
        self.up_web("red", more=StopFirst.MORE)
        old = self.only_id()
        self.break_off("blue", more=StopFirst.MORE)
        pid, = self.pids_running("while :; do :; done")
        os.kill(pid, signal.SIGKILL)
        stacktest.eventually(lambda: {state for _, state in self.containers().values()} == {"exited"},
                             "its end is known")
        self.up_web("green", command=FAIL, more=StopFirst.MORE, expect=1)
        self.assertEqual(self.only_id(), old)
        self.await_page("http://127.0.0.1:8080", "red\n")

    def test_down_takes_what_was_broken_off_with_it(self):
        self.up_web("red")
        self.break_off("blue")
        self.stack("down", "-t", "0")
        self.assertEqual(self.ids(), [])


class InPlace(Replacing):
    def test_ports_labels_and_health_checks_change_under_a_running_container(self):
        self.up_web("red", more='ports: ["127.0.0.1:8080:80"]')
        old, pid = self.only_id(), self.server()
        more = ('ports: ["127.0.0.1:8080:80", "127.0.0.1:8081:80"]\n'
                '        labels: {tier: front}\n'
                '        healthcheck: {test: "true", interval: 50ms}')
        self.write_web("red", more=more)
        self.assertIn("update container", self.stack("plan").out)
        self.stack("up", "-d")
        self.assertEqual(self.only_id(), old)
        self.assertEqual(self.pids_running("httpd -f"), pid)
        self.await_page("http://127.0.0.1:8081", "red\n")
        self.await_page("http://127.0.0.1:8080", "red\n")
        stacktest.eventually(lambda: "(healthy)" in self.ps()["web"]["Status"], "healthy")
        self.assertIn("tier=front", self.ps()["web"]["Labels"])
        self.up_web("red", more='ports: ["127.0.0.1:8081:80"]')
        self.assertEqual(self.only_id(), old)
        self.assertRegex(self.stack("up", "-d").err, "nothing to change")

    def test_a_port_that_somebody_has_is_refused_and_the_old_ones_stay(self):
        self.up_web("red", more='ports: ["127.0.0.1:8080:80"]')
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 8081))
            taken.listen()
            self.up_web("red", more='ports: ["127.0.0.1:8081:80"]', expect=1)
        self.await_page("http://127.0.0.1:8080", "red\n")


class Scale(Replacing):
    TEXT = """
    services:
      web: {image: 'box:1', command: sleep 1001, depends_on: [db], stop_grace_period: 0s}
      db: {image: 'box:1', command: sleep 1002, stop_grace_period: 0s}
"""

    def names(self):
        return sorted(json.loads(line)["Name"] for line in
                      self.stack("ps", "-a", "--format", "json").lines)

    def test_the_command_line_says_how_many_there_are_until_the_next_up(self):
        name = f"{self.project}-web-"
        self.up(self.TEXT)
        first = self.ps()["web"]["ID"]
        self.stack("scale", "web=3")
        self.assertEqual(self.names(), [f"{self.project}-db-1", name + "1", name + "2", name + "3"])
        self.stack("up", "-d", "--scale", "web=2")
        self.assertEqual(self.names(), [f"{self.project}-db-1", name + "1", name + "2"])
        self.assertIn(first, self.stack("ps", "-q").out)
        self.stack("scale", "web=0")
        self.assertEqual(self.names(), [f"{self.project}-db-1"])
        self.stack("up", "-d")
        self.assertEqual(self.names(), [f"{self.project}-db-1", name + "1"])

    def test_wrong_numbers_and_names_are_refused(self):
        self.write_stack(self.TEXT)
        self.assertIn("SERVICE=NUMBER", self.stack("scale", "web", expect=2).err)
        self.assertIn("SERVICE=NUMBER", self.stack("up", "--scale", "web=-1", expect=2).err)
        self.assertIn("no such service: wib", self.stack("scale", "wib=2", expect=3).err)

    def test_dependencies_can_be_left_alone(self):
        self.write_stack(self.TEXT)
        self.stack("up", "-d", "--no-deps", "web")
        self.assertEqual(self.names(), [f"{self.project}-web-1"])


class Entangled(Replacing):
    """Ports that others have, or get."""
    RANGE = """
    services:
      web:
        image: box:1
        command: {command}
        stop_signal: SIGKILL
        scale: 2
        ports: ['127.0.0.1:8000-8001:80']
        {more}
"""
    SLEEP = "sh -c 'exec sleep 1000'"
    SWAP = """
    services:
      a: {{image: 'box:1', command: {a}, stop_signal: SIGKILL, ports: ['127.0.0.1:{port_a}:80']}}
      b: {{image: 'box:1', command: {b}, stop_signal: SIGKILL, ports: ['127.0.0.1:{port_b}:80']}}
"""

    def test_replicas_of_one_range_go_on_when_their_successors_fail(self):
        self.up(self.RANGE.format(command=self.SLEEP, more=""))
        before = self.containers()
        for flags in ((), ("--atomic",)):
            self.write_stack(self.RANGE.format(command="sh -c 'exit 1'", more=""))
            self.stack("up", "-d", *flags, expect=1)
            self.assertEqual(self.containers(), before)

    def test_their_limits_change_in_place(self):
        self.up(self.RANGE.format(command=self.SLEEP, more=""))
        before = self.containers()
        self.up(self.RANGE.format(command=self.SLEEP, more="mem_limit: 64m"))
        self.assertEqual(self.containers(), before)

    def test_two_that_swap_their_ports_do_so_or_not_at_all(self):
        serve = "httpd -f -p 80 -h /tmp"
        self.up(self.SWAP.format(a=serve, b=serve, port_a=8010, port_b=8011))
        before = self.containers()
        self.write_stack(self.SWAP.format(a=serve, b="sh -c 'exit 1'", port_a=8011, port_b=8010))
        self.stack("up", "-d", expect=1)
        self.assertEqual(self.containers(), before)
        self.assertEqual(self.stack("port", "a", "80").out.strip(), "127.0.0.1:8010")
        self.up(self.SWAP.format(a=serve, b=serve, port_a=8011, port_b=8010))
        self.assertEqual(self.stack("port", "a", "80").out.strip(), "127.0.0.1:8011")
        self.assertEqual(self.stack("port", "b", "80").out.strip(), "127.0.0.1:8010")
        self.assertEqual(len(self.ids()), 2)
        self.assertIn("nothing to change", self.stack("up", "-d").err)

    ADDRESSES = """
    services:
      a: {{image: 'box:1', command: {a}, stop_signal: SIGKILL, networks: {{n: {{ipv4_address: 10.77.0.{at_a}}}}}}}
      b: {{image: 'box:1', command: {b}, stop_signal: SIGKILL, networks: {{n: {{ipv4_address: 10.77.0.{at_b}}}}}}}
    networks: {{n: {{ipam: {{config: [{{subnet: 10.77.0.0/24}}]}}}}}}
"""

    def test_two_that_swap_their_addresses_do_so_or_not_at_all(self):
        self.up(self.ADDRESSES.format(a="sleep 1000", b="sleep 1000", at_a=5, at_b=6))
        before = self.containers()
        self.write_stack(self.ADDRESSES.format(a="sleep 1000", b="sh -c 'exit 1'", at_a=6, at_b=5))
        self.stack("up", "-d", expect=1)
        self.assertEqual(self.containers(), before)
        self.assertEqual(self.inside("a", "hostname", "-i").strip(), "10.77.0.5")
        self.up(self.ADDRESSES.format(a="sleep 1000", b="sleep 1000", at_a=6, at_b=5))
        self.assertEqual(self.inside("a", "hostname", "-i").strip(), "10.77.0.6")
        self.assertEqual(self.inside("b", "hostname", "-i").strip(), "10.77.0.5")


class NetworkMadeAnew(Replacing):
    TEXT = """
    services:
      a: {{image: 'box:1', command: {a}, stop_signal: SIGKILL, networks: [n1]}}
      b: {{image: 'box:1', command: sleep 1000, stop_signal: SIGKILL, networks: [n2]}}
    networks: {{n1: , n2: {{internal: {internal}}}}}
"""
    SLEEP = "sh -c 'exec sleep 1000'"

    def is_internal(self):
        text = self.stack("network", "inspect", f"{self.project}_n2").out
        return json.loads(text)[0]["Internal"]

    def test_its_containers_are_the_same_afterwards_and_everybody_says_so(self):
        self.up(self.TEXT.format(a=self.SLEEP, internal="false"))
        before = self.containers()
        self.inside("b", "touch", "/kept")
        self.write_stack(self.TEXT.format(a=self.SLEEP, internal="true"))
        reason = f"network {self.project}_n2 is replaced"
        self.assertIn(f"restart container {self.project}-b-1  ({reason})", self.stack("plan").out)
        self.assertIn(f"`up` would restart it: {reason}", self.stack("why", "b").out)
        self.stack("up", "-d")
        self.assertEqual(self.containers(), before)
        self.inside("b", "ls", "/kept")
        self.assertTrue(self.is_internal())
        self.assertIn(f"restart container {self.project}-b-1", self.stack("history").out)
        self.assertIn("nothing to change", self.stack("up", "-d").err)

    def test_one_in_another_network_that_fails_leaves_the_old_one_serving(self):
        self.up(self.TEXT.format(a=self.SLEEP, internal="false"))
        before = self.containers()
        self.write_stack(self.TEXT.format(a="sh -c 'exit 1'", internal="true"))
        self.stack("up", "-d", expect=1)
        self.assertEqual(self.containers(), before)
        self.assertTrue(self.is_internal())

    def test_all_or_nothing_means_the_network_too(self):
        self.up(self.TEXT.format(a=self.SLEEP, internal="false"))
        before = self.containers()
        self.write_stack(self.TEXT.format(a="sh -c 'exit 1'", internal="true"))
        self.stack("up", "-d", "--atomic", expect=1)
        self.assertEqual(self.containers(), before)
        self.assertFalse(self.is_internal())

    def test_all_or_nothing_means_who_was_scaled_away_from_it_and_orphans_too(self):
        text = """
            services: {{a: {{image: 'box:1', command: {a}, scale: {scale}}}{b}}}
            networks: {{default: {{internal: {internal}}}}}
        """
        self.up(text.format(a=self.SLEEP, scale=3, internal="false",
                            b=", b: {image: 'box:1', command: sleep 1000}"))
        before = self.containers()
        self.assertEqual(len(before), 4)
        self.write_stack(text.format(a="'false'", scale=1, internal="true", b=""))
        self.stack("up", "-d", "--atomic", "--remove-orphans", expect=1)
        self.assertEqual(self.containers(), before)
        self.write_stack(text.format(a=self.SLEEP, scale=1, internal="true", b=""))
        self.stack("up", "-d", "--atomic", "--remove-orphans")
        self.assertEqual(list(self.containers()), [f"{self.project}-a-1"])


class AnotherName(Replacing):
    """`container_name` is written, changed or taken away: it is the same replica all along."""
    NAMED = "container_name: shop"

    def usual(self):
        return f"{self.project}-web-1"

    def only_one_runs(self, name):
        self.assertEqual({each: state for each, (_, state) in self.containers().items()},
                         {name: "running"})

    def test_the_one_of_the_new_name_takes_the_place_of_the_old(self):
        for flags in ((), ("--atomic",)):
            self.up_web("red", command="sleep 1001")
            self.write_web("red", command="sleep 1001", more=self.NAMED)
            self.assertIn(f'container_name: "{self.usual()}" -> "shop" (stack.yaml:',
                          self.stack("plan").out)
            self.stack("up", "-d", *flags)
            self.only_one_runs("shop")
            self.up_web("red", command="sleep 1001", flags=flags)
            self.only_one_runs(self.usual())
            self.assertIn("nothing to change", self.stack("up", "-d").err)

    def test_a_new_name_that_fails_leaves_the_old_one_serving(self):
        ports = 'ports: ["127.0.0.1:8080:80"]'
        self.up_web("red", more=ports)
        before = self.containers()
        for command, code in (("/nonexistent", 127), ("'false'", 1)):
            for flags in ((), ("--atomic",)):
                failed = self.up_web("blue", command=command, flags=flags, expect=code,
                                     more=ports + "\n        " + self.NAMED)
                self.assertEqual(failed.err.count("stack: error:"), 1, failed.err)
                self.assertEqual(self.containers(), before)
                self.await_page("http://127.0.0.1:8080", "red\n")

    def test_it_has_the_fixed_address_of_the_old_one(self):
        text = """
            services:
              web:
                image: box:1
                command: sleep 1001
                {more}
                networks: {{default: {{ipv4_address: 10.72.0.9}}}}
            networks: {{default: {{ipam: {{config: [{{subnet: 10.72.0.0/24}}]}}}}}}
        """
        self.up(text.format(more=""))
        self.up(text.format(more=self.NAMED))
        self.only_one_runs("shop")
        self.assertEqual(self.inside("web", "hostname", "-i").strip(), "10.72.0.9")

    def test_who_is_not_to_be_recreated_keeps_its_name(self):
        self.up_web("red", command="sleep 1001")
        before = self.containers()
        self.up_web("red", command="sleep 1001", more=self.NAMED, flags=("--no-recreate",))
        self.assertEqual(self.containers(), before)

    def test_what_was_broken_off_is_finished_or_taken_back(self):
        for more, name in ((self.NAMED, "shop"), ("", self.usual())):
            self.up_web("red", command="sleep 1001")
            self.break_off("blue", more=self.NAMED)
            self.up_web("green", command="sleep 1002", more=more)
            self.only_one_runs(name)
            self.assertIn("nothing to change", self.stack("up", "-d").err)
            self.stack("down", "-t", "0")


class CrashLoop(Replacing):
    TEXT = """
    services:
      a: {{image: 'box:1', command: {command}, restart: {restart}, labels: {{x: {label}}}}}
"""

    def loop(self):
        self.up(self.TEXT.format(command="sh -c 'exit 1'", restart="always", label="1"))
        stacktest.eventually(lambda: self.state_of("a") == "restarting", "it fails again and again")

    def test_it_can_be_given_another_command(self):
        self.loop()
        self.up(self.TEXT.format(command="sh -c 'echo why; sleep 1000'", restart="always", label="1"))
        stacktest.eventually(lambda: "why" in self.stack("logs", "a").out, "it is another one")
        self.assertEqual(len(self.ids()), 1)

    def test_it_can_be_told_to_stay_down(self):
        self.loop()
        before = self.ids()
        self.up(self.TEXT.format(command="sh -c 'exit 1'", restart='"no"', label="1"))
        self.assertEqual(self.ids(), before)
        stacktest.eventually(lambda: self.state_of("a") == "exited", "it stays down")

    def test_its_labels_can_be_changed(self):
        self.loop()
        before = self.ids()
        self.up(self.TEXT.format(command="sh -c 'exit 1'", restart="always", label="2"))
        self.assertEqual(self.ids(), before)
        self.assertIn("nothing to change", self.stack("up", "-d").err)


class SharedNamespace(Replacing):
    TEXT = """
    services:
      vpn: {image: 'box:1', command: sleep 1000, stop_signal: SIGKILL}
      guest: {image: 'box:1', command: sleep 1001, stop_signal: SIGKILL, network_mode: 'service:vpn'}
"""

    def network_of(self, what):
        pid, = self.pids_running(what)
        return os.readlink(f"/proc/{pid}/ns/net")

    def test_a_guest_that_was_left_behind_is_seen(self):
        self.up(self.TEXT)
        self.stack("up", "-d", "--force-recreate", "--no-deps", "vpn")
        self.assertNotEqual(self.network_of("sleep 1000"), self.network_of("sleep 1001"))
        self.assertIn(f"restart container {self.project}-guest-1", self.stack("plan").out)
        self.stack("up", "-d")
        self.assertEqual(self.network_of("sleep 1000"), self.network_of("sleep 1001"))
        self.assertIn("nothing to change", self.stack("up", "-d").err)

    def test_a_host_that_was_killed_takes_its_guest_with_it(self):
        self.up(self.TEXT)
        self.stack("kill", "vpn")
        self.stack("up", "-d")
        self.assertEqual(self.network_of("sleep 1000"), self.network_of("sleep 1001"))


class RepairedCheck(Replacing):
    TEXT = """
    services:
      db:
        image: box:1
        command: sleep 1000
        stop_signal: SIGKILL
        healthcheck: {{test: "{test}", interval: 100ms, retries: 2}}
      web:
        image: box:1
        command: sleep 1001
        stop_signal: SIGKILL
        depends_on: {{db: {{condition: service_healthy}}}}
"""

    def test_what_the_broken_one_said_does_not_count(self):
        self.write_stack(self.TEXT.format(test="exit 1"))
        self.stack("up", "-d", expect=4)
        before = self.ps()["db"]["ID"]
        self.up(self.TEXT.format(test="exit 0"))
        self.assertEqual(self.ps()["db"]["ID"], before)
        self.assertEqual(self.state_of("web"), "running")


class Atomic(Replacing):
    TEXT = """
    services:
      one:
        image: box:1
        command: sleep 1001
        environment: {{COLOUR: {colour}}}
      two:
        image: box:1
        command: {command}
        environment: {{COLOUR: {colour}}}
      {three}
"""

    def test_one_failure_brings_everything_back(self):
        self.up(self.TEXT.format(colour="red", command="sleep 1002", three=""))
        before = {name: each["ID"] for name, each in self.ps().items()}
        self.write_stack(self.TEXT.format(
            colour="blue", command="sh -c 'exit 1'",
            three="three: {image: 'box:1', command: sleep 1003}"))
        self.stack("up", "-d", "--atomic", expect=1)
        self.assertEqual({name: each["ID"] for name, each in self.ps().items()}, before)
        self.assertEqual({self.state_of("one"), self.state_of("two")}, {"running"})
        self.assertEqual(len(self.ids()), 2)

    def test_a_replica_is_added_while_what_prepared_the_others_goes(self):
        text = "services: {{s: {{image: 'box:1', command: sleep 1001, {more}}}}}"
        self.up(text.format(more="pre_start: [{command: 'true'}]"))
        self.up(text.format(more="scale: 2, environment: {A: b}"), "--atomic")
        self.assertEqual({name: state for name, (_, state) in self.containers().items()},
                         {f"{self.project}-s-1": "running", f"{self.project}-s-2": "running"})

    def test_success_replaces_all(self):
        self.up(self.TEXT.format(colour="red", command="sleep 1002", three=""))
        self.write_stack(self.TEXT.format(colour="blue", command="sleep 1002", three=""))
        self.stack("up", "-d", "--atomic")
        self.assertEqual(len(self.ids()), 2)
        self.assertIn("nothing to change", self.stack("up", "-d").err)


if __name__ == "__main__":
    stacktest.main()
