# SPDX-License-Identifier: Apache-2.0
"""`endpoint_mode: vip`: a service has one address, and its containers take turns behind it."""

import os
import re
import signal
import socket
import subprocess
import textwrap
import unittest
from pathlib import Path

import nameserver
import stacktest
import world
from nameserver import A, AAAA, NXDOMAIN, PTR, Client
from stacktest import eventually

PAGE = "mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www"
SHOP = """
    services:
      web:
        image: box:1
        command: sh -c '{page}'
        stop_grace_period: 0s
        scale: {scale}
        networks: {{default: {{aliases: [Pages]}}}}
        deploy: {{endpoint_mode: {mode}}}
      client: {{image: "box:1", command: sleep 1001, stop_grace_period: 0s}}
"""


def shop(scale=3, mode="vip"):
    return SHOP.format(page=PAGE, scale=scale, mode=mode)


class Echo:
    """Answers datagrams in a container's namespace with who it is."""

    def __init__(self, name, pid):
        self.name = name
        with nameserver.inside(f"/proc/{pid}/ns/net"):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("0.0.0.0", 5000))
        self.socket.setblocking(False)

    def serve(self):
        try:
            _, client = self.socket.recvfrom(100)
        except BlockingIOError:
            return
        self.socket.sendto(self.name.encode(), client)


class VirtualAddress(stacktest.StackTest):
    def client(self):
        return Client(self.pid_running("sleep 1001"))

    def address(self, name="web"):
        address, = self.client().ask(name).answers
        return address

    def names(self):
        """Short ids of the replicas that run: what their pages say."""
        return sorted(self.stack("ps", "-q", "web").lines)

    @staticmethod
    def page_from(client, kind=A):
        """What a program in that namespace gets from `web`, which it looks up and asks for a page."""
        address, = client.ask("web", kind).answers
        with nameserver.inside(client.namespace):
            connection = socket.create_connection((address, 80), timeout=10)
        with connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(4096), b"")).decode().split()[-1]

    def expect_turns(self, rounds=1, client=None, **options):
        """Each replica is asked as often as the others."""
        client = client or self.client()
        for pid in self.pids_of_replicas():
            eventually(lambda pid=pid: self.listens(pid), "its server has begun")
        replicas = [name[:12] for name in self.names()]
        pages = [self.page_from(client, **options) for _ in range(rounds * len(replicas))]
        self.assertEqual(sorted(pages), sorted(rounds * replicas))

    @staticmethod
    def listens(pid):
        """At port 80, by TCP."""
        tables = [Path(f"/proc/{pid}/net/{table}") for table in ("tcp", "tcp6")]
        return any(re.search(r":0050 0+:0000 0A ", table.read_text()) for table in tables if table.exists())

    def in_stack(self, *command):
        keeper, = self.pids_named("stack-keeper")
        own = os.readlink("/proc/self/ns/net")
        for fd in Path(f"/proc/{keeper}/fd").iterdir():
            target = os.readlink(fd)
            if target.startswith("net:") and target != own:
                return subprocess.run(["nsenter", f"--net={fd}", *command], capture_output=True,
                                      text=True, check=False).stdout
        raise AssertionError("the keeper holds no network namespace")

    def pids_of_replicas(self):
        return [int(self.stack("container", "inspect", "--format", "{{.State.Pid}}", name).out)
                for name in self.names()]

    # --- names

    def test_the_services_names_lead_to_one_address(self):
        self.up(shop())
        client, network = self.client(), f"{self.project}_default"
        address = self.address()
        for name in ("WEB", "pages", f"web.{network}"):
            self.assertEqual(client.ask(name).answers, [address], name)
        self.assertEqual(client.ask("web", AAAA).answers, [])
        backwards = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        self.assertEqual(client.ask(backwards, PTR).answers, [f"web.{network}"])
        tasks = client.ask("tasks.web").answers
        self.assertEqual(len(set(tasks)), 3)
        self.assertNotIn(address, tasks)
        own = [client.ask(f"{self.project}-web-{number}").answers for number in (1, 2, 3)]
        self.assertEqual(sorted(own), sorted([each] for each in tasks))
        hosts = self.stack("hosts").lines
        self.assertIn(f"{address}\tweb.{self.project}.stack", hosts)
        self.assertEqual(len(hosts), 5)
        self.stack("stop", "web")
        self.assertEqual(client.ask("web").code, NXDOMAIN)

    def test_the_address_stays_and_comes_again(self):
        self.up(shop())
        address = self.address()
        for command in (("up", "-d", "--force-recreate"), ("restart",), ("up", "-d", "--scale", "web=1"),
                        ("up", "-d", "--scale", "web=4")):
            self.stack(*command)
            self.assertEqual(self.address(), address, command)
        self.stack("down")
        self.up()
        self.assertEqual(self.address(), address)

    # --- ways

    def test_containers_take_turns(self):
        self.up(shop())
        self.expect_turns(rounds=3)
        self.assertEqual(self.inside("client", "ping", "-c", "1", "-W", "5", "web").count("1 packets"), 2)

    def test_a_container_of_the_service_and_the_machine_reach_it(self):
        self.up(shop())
        replicas = sorted(name[:12] for name in self.names())
        self.expect_turns(client=Client(self.pids_of_replicas()[0]))
        address = self.address()
        pages = [self.fetch(f"http://{address}/")[1].strip() for _ in range(3)]
        self.assertEqual(sorted(pages), replicas)
        self.assertNotEqual(self.fetch(f"http://{address}/", from_lan=True)[0], 0)

    def test_those_that_run_are_those_that_are_asked(self):
        self.up(shop())
        self.stack("up", "-d", "--scale", "web=5")
        self.assertEqual(len(self.names()), 5)
        self.expect_turns()
        self.stack("up", "-d", "--scale", "web=2")
        self.expect_turns(rounds=2)

    def test_a_container_that_is_killed_is_not_asked_again(self):
        self.up(shop())
        os.kill(self.pids_of_replicas()[0], signal.SIGKILL)
        eventually(lambda: len(self.names()) == 2, "it has ended")
        eventually(lambda: len(self.client().ask("tasks.web").answers) == 2, "its name is gone")
        self.expect_turns(rounds=3)

    def test_datagrams_stay_at_their_container_until_it_ends(self):
        self.up(shop())
        pids = self.pids_of_replicas()
        echoes = {str(pid): Echo(str(pid), pid) for pid in pids}
        address = self.address()

        def ask(asking):
            asking.send(b"who?")
            def answer():
                for echo in echoes.values():
                    echo.serve()
                try:
                    return asking.recv(100).decode()
                except BlockingIOError:
                    return ""
            return eventually(answer, "an answer")

        def socket_to_it():
            made = self.client().socket()
            made.setblocking(False)
            made.connect((address, 5000))
            return made

        sockets = [socket_to_it() for _ in range(3)]
        first = [ask(each) for each in sockets]
        self.assertEqual(sorted(first), sorted(echoes))
        self.assertEqual([ask(each) for each in sockets], first)
        echoes.pop(first[0]).socket.close()
        os.kill(int(first[0]), signal.SIGKILL)
        eventually(lambda: len(self.client().ask("tasks.web").answers) == 2, "its name is gone")
        self.assertIn(ask(sockets[0]), first[1:])
        for each in [*sockets, *(echo.socket for echo in echoes.values())]:
            each.close()

    def test_both_families_of_an_internal_network(self):
        self.up(shop() + textwrap.indent(textwrap.dedent("""
            networks: {default: {internal: true, enable_ipv6: true}}
        """), "    "))
        self.expect_turns(rounds=2)
        address, = self.client().ask("web", AAAA).answers
        self.expect_turns(rounds=2, kind=AAAA)
        self.assertIn(f"{address}/128", self.in_stack("ip", "-6", "addr"))

    def test_a_published_port_is_what_it_was(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'
                ports: ["8080:80"]
                deploy: {endpoint_mode: vip}
        """)
        for from_lan in (True, False):
            self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=from_lan)

    # --- changes and repairs

    def test_it_comes_and_goes_while_containers_run(self):
        self.up(shop(mode="dnsrr"))
        names = self.names()
        self.assertEqual(len(self.client().ask("web").answers), 3)
        self.write_stack(shop())
        self.assertIn("deploy", self.stack("plan", expect=None).out)
        self.up()
        self.assertEqual(self.names(), names)
        address = self.address()
        self.expect_turns()
        self.up(shop(mode="dnsrr"))
        self.assertEqual(self.names(), names)
        self.assertEqual(len(self.client().ask("web").answers), 3)
        self.assertNotIn(address, self.in_stack("ip", "addr") + self.in_stack("nft", "list", "ruleset"))

    def test_it_outlives_a_supervisor_and_a_flushed_ruleset(self):
        self.up(shop())
        address = self.address()
        os.kill(self.supervisor(), signal.SIGKILL)
        eventually(lambda: len(self.pids_named("stack-superviso")) == 1, "there is another one")
        self.stack("ps")
        eventually(lambda: self.resolves(address), "names are answered again")
        self.expect_turns(rounds=2)
        self.in_stack("nft", "flush", "ruleset")
        eventually(lambda: "numgen" in self.in_stack("nft", "list", "ruleset"), "the rules are back")
        self.expect_turns(rounds=2)
        bridge = re.search(r"(br-\w+):", self.in_stack("ip", "-o", "link"))[1]
        self.in_stack("ip", "link", "del", bridge)
        eventually(lambda: address in self.in_stack("ip", "addr"), "the address is back")
        eventually(lambda: self.stack("exec", "-T", "client", "ping", "-c", "1", "-W", "1", "web",
                                      expect=None).code == 0, "it answers again")
        self.expect_turns()

    def resolves(self, address):
        try:
            return self.client().ask("web", patience=1).answers == [address]
        except OSError:
            return False

    def test_a_stack_without_one_has_nothing_of_it(self):
        self.up(shop(mode="dnsrr"))
        rules = self.in_stack("nft", "list", "ruleset")
        self.assertNotIn("numgen", rules)
        self.assertNotIn("virtual", rules)
        status = Path(os.environ["STACK_RUN"]) / "stacks" / self.project / "status.json"
        self.assertNotIn("virtual", status.read_text())

    # --- networks of several stacks

    def test_a_guest_uses_it_and_has_none_itself(self):
        self.up(shop())
        network, address = f"{self.project}_default", self.address()
        folder = self.directory / "guest"
        folder.mkdir()
        (folder / "stack.yaml").write_text(textwrap.dedent(f"""
            name: guest
            services:
              api: {{image: "box:1", command: sleep 1002, scale: 2, stop_grace_period: 0s,
                     deploy: {{endpoint_mode: vip}}, networks: [shop]}}
            networks: {{shop: {{external: true, name: {network}}}}}
        """))
        told = self.stack("-f", str(folder / "stack.yaml"), "up", "-d").err
        self.assertIn(f'service "api" has no virtual address in network {network}', told)
        self.assertIn("stack.yaml:5", told)
        self.addCleanup(self.stack, "-f", str(folder / "stack.yaml"), "down", "-t", "0")
        guest = Client(self.pids_running("sleep 1002")[0])
        self.assertEqual(guest.ask("web").answers, [address])
        self.assertEqual(len(self.client().ask("api").answers), 2)
        self.expect_turns(client=guest)


if __name__ == "__main__":
    stacktest.main()
