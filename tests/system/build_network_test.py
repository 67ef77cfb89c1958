# SPDX-License-Identifier: Apache-2.0
"""The network of RUN: its own loopback, a way out and names; and nothing of it is left."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import buildtest
import failpoints
import inventory
import nameserver
import stacktest
import tracing
import world

WAITS = "while ! [ -e /kept/go ]; do sleep 0.01; done"


@contextlib.contextmanager
def greeting(address, namespace="/proc/self/ns/net"):
    """Says hello to whoever connects; gives the port."""
    with nameserver.inside(namespace):
        server = socket.create_server((address, 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, client = server.accept()
                with connection:
                    connection.sendall(f"hello {client[0]}\n".encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


class BuildNetwork(buildtest.BuildTest):
    def said(self, script, *arguments):
        """What a RUN of the script leaves in /said."""
        image = self.build(f"FROM box:1\nRUN ({script}) > /said 2>&1 || true\n", "--no-cache", *arguments)
        return eval(self.new_files(image)["/said"].split(" ", 3)[3]).decode()

    def begin(self, name, script):
        """A build whose step runs the script and then waits; the process and what lets it go."""
        self.write(f"{name}/Dockerfile", f"FROM box:1\nRUN --mount=type=cache,target=/kept,id={self.project}-{name} "
                                         f"{script}; touch /kept/{self.project}-{name}; {WAITS}\n")
        builder = subprocess.Popen([stacktest.STACK, "image", "build", "-q", name], cwd=self.directory,
                                   stdout=subprocess.DEVNULL)
        caches = Path(os.environ["STACK_ROOT"]) / "cache/build"
        running = lambda: list(caches.glob(f"*/0/data/{self.project}-{name}"))
        stacktest.eventually(running, f"the step of {name} runs")
        return builder, running()[0].with_name("go")

    def end(self, builder, go):
        go.touch()
        self.assertEqual(builder.wait(stacktest.DEADLINE), 0)

    def uplinks(self):
        return [line for line in inventory.links() if "stk" in line]


class WhatIsReached(BuildNetwork):
    def test_the_loopback_of_the_host_is_not(self):
        with greeting("127.0.0.1") as port:
            self.assertEqual(self.said(f"nc 127.0.0.1 {port} </dev/null", "--network=host"), "hello 127.0.0.1\n")
            self.assertIn("refused", self.said(f"nc 127.0.0.1 {port} </dev/null"))

    def test_neighbours_of_the_host_are_and_see_its_address(self):
        with greeting(world.NEIGHBOUR_ADDRESS, "/run/netns/lan") as port:
            self.assertEqual(self.said(f"nc {world.NEIGHBOUR_ADDRESS} {port} </dev/null"),
                             f"hello {world.HOST_ADDRESS}\n")

    def test_the_host_by_host_gateway(self):
        with greeting("0.0.0.0") as port:
            self.assertRegex(self.said(f"nc host {port} </dev/null", "--add-host", "host=host-gateway"), "^hello ")

    def test_names_by_the_hosts_resolver_be_it_on_its_loopback(self):
        before = Path("/etc/resolv.conf").read_text()
        self.addCleanup(Path("/etc/resolv.conf").write_text, before)
        Path("/etc/resolv.conf").write_text("search corp.test\nnameserver 127.0.0.53\n")
        answer = lambda message, _: nameserver.reply_to(message, addresses=["198.51.100.77"])
        with nameserver.NameServer(answer, address="127.0.0.53", namespace="/proc/self/ns/net") as server:
            said = self.said("cat /etc/resolv.conf; nslookup -type=a packages.test")
        self.assertIn("nameserver 127.0.0.11\n", said)
        self.assertIn("search corp.test\n", said)
        self.assertIn("198.51.100.77", said)
        self.assertIn("packages.test", server.names())

    def test_none_and_host_need_no_supervisor(self):
        self.said("true", "--network=none")
        self.said("true", "--network=host")
        self.assertFalse((Path(os.environ["STACK_ROOT"]) / "stacks/@builds").exists())

    def test_steps_of_two_builds_listen_at_the_same_port_and_have_addresses_of_their_own(self):
        script = "nc -l -p 5432 & hostname -i > /kept/address"
        builds = [self.begin(name, f"{script}; ip -4 -o addr show eth0 > /kept/eth0") for name in ("one", "two")]
        addresses = [go.with_name("eth0").read_text().split()[3] for _, go in builds]
        self.assertEqual(len(set(addresses)), 2)
        for each in builds:
            self.end(*each)


class WhatIsLeft(BuildNetwork):
    def test_nothing_by_the_last_of_the_builds(self):
        first, second = self.begin("one", "true"), self.begin("two", "true")
        self.end(*first)
        self.assertEqual(len(self.uplinks()), 1)
        self.end(*second)
        self.assert_nothing_left()

    def test_nothing_by_a_step_that_fails(self):
        self.build("FROM box:1\nRUN false\n", expect=1)
        self.assert_nothing_left()

    def test_nothing_by_a_killed_builder(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            builder, _ = self.begin(f"by-{number}", "true")
            builder.send_signal(number)
            builder.wait()
            self.assert_nothing_left()

    def test_nothing_by_a_killed_builder_whose_step_takes_long_to_end(self):
        builder, _ = self.begin("one", "long=1000; sleep $long & true")
        # Its namespace, and so the step, ends when we have heard of its end.
        with tracing.traced(self.pid_running("sleep 1000")):
            builder.kill()
            builder.wait()
            network = Path(os.environ["STACK_ROOT"]) / "stacks/@builds"
            stacktest.eventually(lambda: not network.exists(), "the network of builds is gone")
        self.assert_nothing_left()

    def test_a_killed_builder_takes_nothing_from_another(self):
        killed, other = self.begin("one", "true"), self.begin("two", "true")
        killed[0].kill()
        killed[0].wait()
        stacktest.eventually(lambda: len(self.pids_running(WAITS)) == 1, "the step of the killed one ends")
        self.assertEqual(len(self.uplinks()), 1)
        self.end(*other)
        self.assert_nothing_left()

    def test_a_killed_supervisor_takes_nothing_from_a_step(self):
        answer = lambda message, _: nameserver.reply_to(message, addresses=["198.51.100.77"])
        with nameserver.NameServer(answer):
            builder, go = self.begin("one", "echo")
            supervisor = self.supervisor()
            os.kill(supervisor, signal.SIGKILL)
            stacktest.eventually(lambda: self.pids_named("stack-superviso") not in ([], [supervisor]), "another one")
            step = self.pid_running(WAITS)
            client = nameserver.Client(step)
            stacktest.eventually(lambda: self.answers(client), "the resolver answers again")
            self.end(builder, go)
        self.assert_nothing_left()

    @staticmethod
    def answers(client):
        try:
            return client.ask("packages.test").answers == ["198.51.100.77"]
        except OSError:
            return False

    def residue(self):
        return [line for line in super().residue() if not line.endswith("/fail-points")]

    def points(self):
        points = failpoints.FailPoints()
        self.addCleanup(points.close)
        return points

    def test_a_network_that_cannot_be_is_told_with_its_cure_and_leaves_nothing(self):
        self.points().arm("firewall.host", failpoints.FAIL, last=1000, error=errno.EOPNOTSUPP)
        failed = self.build("FROM box:1\nRUN echo never\n", expect=1)
        self.assertRegex(failed.err, r"Dockerfile:2:1: joining the network of builds: .*Operation not supported")
        self.assertIn("--network=host", failed.err)
        self.assert_nothing_left()
        self.build("FROM box:1\nRUN echo never\n", "--network=host")

    def test_a_supervisor_that_dies_while_a_step_joins_is_asked_once_more(self):
        points = self.points()
        for name in ("network.document", "guest.note", "firewall.host"):
            with self.subTest(name):
                points.arm(name, failpoints.KILL)
                self.build(f"FROM box:1\nRUN nslookup -timeout=1 x 2>&1 | grep 127.0.0.11 > /{name}\n", "--no-cache")
                points.disarm()
                self.assert_nothing_left()

    def test_it_is_in_no_list(self):
        builder, go = self.begin("one", "true")
        self.assertNotIn("builds", self.stack("network", "ls").out)
        self.assertNotIn("builds", self.stack("ls", "-a").out)
        self.assertNotIn("builds", self.stack("container", "ls", "-a").out)
        self.stack("network", "prune", "-f")
        self.end(builder, go)


if __name__ == "__main__":
    stacktest.main()
