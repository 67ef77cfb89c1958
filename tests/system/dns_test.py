# SPDX-License-Identifier: Apache-2.0
"""Names: what a container's resolver answers, whom it asks, and whom it never asks."""

import socket
import struct
import time
import unittest
from pathlib import Path

import nameserver
import stacktest
import world
from nameserver import AAAA, NOERROR, NXDOMAIN, PTR, REFUSED, SERVFAIL, Client, NameServer, reply_to

WORLD = "198.51.100.77"


def says(address):
    return lambda message, _: reply_to(message, addresses=[address])


def fails(code):
    return lambda message, _: reply_to(message, code=code)


def says_nothing(_, __):
    return None


class DnsTest(stacktest.StackTest):
    def client(self, command="sleep 1001"):
        """Asks from inside the container that runs `command`."""
        pids = []
        stacktest.eventually(lambda: pids.extend(self.pids_running(command)) or pids, command)
        return Client(pids[0])

    def address_of(self, service):
        return self.inside(service, "hostname", "-i").split()[0]

    def set_resolvers(self, *lines):
        """The host's resolv.conf, written in place as it is a mount point."""
        before = Path("/etc/resolv.conf").read_text()
        self.addCleanup(Path("/etc/resolv.conf").write_text, before)
        Path("/etc/resolv.conf").write_text("".join(f"{line}\n" for line in lines))


class Names(DnsTest):
    def test_replicas_take_turns(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1002, scale: 3}
              web: {image: "box:1", command: sleep 1001}
        """)
        client = self.client()
        replies = [client.ask("db").answers for _ in range(6)]
        self.assertEqual(len(set(replies[0])), 3)
        self.assertEqual({tuple(sorted(reply)) for reply in replies}, {tuple(sorted(replies[0]))})
        firsts = [reply[0] for reply in replies]
        self.assertEqual(sorted(firsts), sorted(2 * replies[0]))

    def test_every_kind_of_name_and_the_way_back(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1002, networks: {default: {aliases: [Store]}}}
              web: {image: "box:1", command: sleep 1001}
        """)
        client, address = self.client(), self.address_of("db")
        network = f"{self.project}_default"
        for name in ("db", "DB", "store", f"{self.project}-db-1", f"db.{network}"):
            self.assertEqual(client.ask(name).answers, [address], name)
        self.assertEqual(client.ask("db", AAAA).code, NOERROR)
        self.assertEqual(client.ask("db", AAAA).answers, [])
        backwards = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        self.assertEqual(client.ask(backwards, PTR).answers, [f"{self.project}-db-1.{network}"])

    def test_extra_hosts_are_answered_for_programs_that_do_not_read_etc_hosts(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001,
                    extra_hosts: ["host.docker.internal=host-gateway", "legacy=192.0.2.7"]}
              other: {image: "box:1", command: sleep 1002}
        """)
        hosts = dict(reversed(line.split()) for line in
                     self.inside("web", "cat", "/etc/hosts").splitlines() if "internal" in line)
        web, other = self.client(), self.client("sleep 1002")
        self.assertEqual(web.ask("legacy").answers, ["192.0.2.7"])
        self.assertEqual(web.ask("host.docker.internal").answers, [hosts["host.docker.internal"]])
        self.assertEqual(other.ask("legacy").code, NXDOMAIN)

    def test_a_name_is_gone_with_its_container_and_back_with_it(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1002}
              web: {image: "box:1", command: sleep 1001}
        """)
        client, address = self.client(), self.address_of("db")
        self.assertEqual(client.ask("db").answers, [address])
        self.stack("stop", "-t", "0", "db")
        self.assertEqual(client.ask("db").code, NXDOMAIN)
        self.stack("start", "db")
        self.assertEqual(client.ask("db").answers, [address])

    def test_a_program_of_the_container_on_port_53_is_not_in_the_way(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1002}
              web: {image: "box:1", command: sleep 1001}
        """)
        client, address = self.client(), self.address_of("web")
        with NameServer(says("192.0.2.53"), address="0.0.0.0", namespace=client.namespace) as own:
            self.assertEqual(client.ask("db").answers, [self.address_of("db")])
            self.assertEqual(client.ask_by_tcp("db").answers, [self.address_of("db")])
            self.assertEqual(own.asked, [])
            self.assertEqual(client.ask("db", server=address).answers, ["192.0.2.53"])

    def test_who_shares_a_network_asks_the_same_resolver(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1002}
              web: {image: "box:1", command: sleep 1001, links: ["db:store"]}
              side: {image: "box:1", command: sleep 1003, network_mode: "service:web"}
        """)
        self.assertEqual(self.client("sleep 1003").ask("store").answers, [self.address_of("db")])
        self.assertIn("127.0.0.11", self.inside("side", "cat", "/etc/resolv.conf"))

    def test_names_outlive_a_killed_supervisor(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1002}
              web: {image: "box:1", command: sleep 1001}
        """)
        client, address = self.client(), self.address_of("db")
        world.run("kill", "-9", str(self.supervisor()))

        def answered():
            try:
                return client.ask("db", patience=1).answers == [address]
            except OSError:
                return False  # nobody listens yet, or who did is no more

        stacktest.eventually(answered, "the new supervisor")


class LargeAnswers(DnsTest):
    def test_what_does_not_fit_comes_by_tcp(self):
        aliases = ", ".join(f"alias{i}" for i in range(3))
        self.up(f"""
            services:
              db: {{image: "box:1", command: sleep 1002, scale: 40,
                    networks: {{default: {{aliases: [{aliases}]}}}}}}
              web: {{image: "box:1", command: sleep 1001}}
        """)
        client = self.client()
        cut = client.ask("db")
        self.assertTrue(cut.truncated)
        self.assertIn(len(cut.answers), range(20, 40))
        self.assertEqual(len(client.ask_by_tcp("db").answers), 40)
        whole = client.ask("db", room=4096)
        self.assertEqual((whole.truncated, len(whole.answers), whole.room), (False, 40, 4096))

    def test_an_upstream_that_cuts_short_is_asked_by_tcp(self):
        addresses = [f"192.0.2.{i}" for i in range(1, 101)]

        def answer(message, transport):
            if transport == "udp":
                return reply_to(message, addresses=addresses[:10], truncated=True)
            return reply_to(message, addresses=addresses)

        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        client = self.client()
        with NameServer(answer) as server:
            self.assertEqual(client.ask("big.example.org", room=4096).answers, addresses)
            cut = client.ask("big.example.org")
            self.assertEqual((cut.truncated, cut.answers), (True, addresses[:10]))
            self.assertEqual(client.ask_by_tcp("big.example.org").answers, addresses)
            transports = [transport for _, transport, _ in server.asked]
            self.assertEqual(transports, ["udp", "tcp", "udp", "tcp", "tcp"])


class TheWorld(DnsTest):
    def one(self, **keys):
        lines = "".join(f", {key}: {value}" for key, value in keys.items())
        self.up(f"services: {{web: {{image: 'box:1', command: sleep 1001{lines}}}}}")
        return self.client()

    def test_names_of_a_single_label_never_leave(self):
        client = self.one()
        with NameServer(says(WORLD)) as server:
            gone = f"gone.{self.project}_default"
            for name in ("wbe", "db", "localdomain", "WPAD", gone):
                self.assertEqual(client.ask(name).code, NXDOMAIN)
                self.assertEqual(client.ask(name, AAAA).code, NXDOMAIN)
                self.assertEqual(client.ask(name, nameserver.HTTPS).code, NXDOMAIN)
            self.assertEqual(client.ask("outside.example.org").answers, [WORLD])
            self.assertEqual(server.names(), ["outside.example.org"])

    def test_an_address_of_the_stack_that_nobody_has_is_asked_of_nobody(self):
        client = self.one()
        network = self.address_of("web").split(".")[:3]
        with NameServer(says(WORLD)) as server:
            backwards = ".".join(["250"] + network[::-1]) + ".in-addr.arpa"
            self.assertEqual(client.ask(backwards, PTR).code, NXDOMAIN)
            self.assertEqual(server.asked, [])

    def test_each_question_has_a_port_of_its_own(self):
        client = self.one()
        with NameServer(says(WORLD)) as server:
            for i in range(50):
                client.ask(f"n{i}.example.org")
            self.assertGreater(len({port for _, _, port in server.asked}), 45)

    def test_a_failing_resolver_is_passed_over(self):
        self.set_resolvers("nameserver 198.51.100.1", "nameserver 198.51.100.3")
        world.run("ip", "-n", "lan", "address", "add", "198.51.100.3/24", "dev", "eth0")
        self.addCleanup(world.run, "ip", "-n", "lan", "address", "del", "198.51.100.3/24", "dev",
                        "eth0")
        client = self.one()
        for code in (SERVFAIL, REFUSED):
            with NameServer(fails(code)), NameServer(says(WORLD), address="198.51.100.3"):
                self.assertEqual(client.ask("a.example.org").answers, [WORLD])
        with NameServer(fails(REFUSED)), NameServer(fails(SERVFAIL), address="198.51.100.3"):
            self.assertEqual(client.ask("a.example.org").code, SERVFAIL)

    def test_a_silent_resolver_is_asked_last_from_then_on(self):
        self.set_resolvers("nameserver 198.51.100.1", "nameserver 198.51.100.3")
        world.run("ip", "-n", "lan", "address", "add", "198.51.100.3/24", "dev", "eth0")
        self.addCleanup(world.run, "ip", "-n", "lan", "address", "del", "198.51.100.3/24", "dev",
                        "eth0")
        client = self.one()
        with NameServer(says_nothing) as silent, NameServer(says(WORLD), address="198.51.100.3"):
            for i in range(5):
                self.assertEqual(client.ask(f"n{i}.example.org").answers, [WORLD])
            self.assertEqual(silent.names(), ["n0.example.org"])

    def test_a_change_of_the_hosts_resolvers_is_followed(self):
        client = self.one()
        with NameServer(says(WORLD)):
            self.assertEqual(client.ask("a.example.org").answers, [WORLD])
        with NameServer(says("192.0.2.5"), address="127.0.0.53",
                        namespace="/proc/self/ns/net"):
            self.set_resolvers("nameserver 127.0.0.53")  # systemd-resolved's
            self.assertEqual(client.ask("a.example.org").answers, ["192.0.2.5"])

    def test_wrong_replies_are_not_taken(self):
        def answer(message, transport):
            good = reply_to(message, addresses=[WORLD])
            if transport == "tcp":
                return good
            asked = nameserver.Message(message)
            wrong = [reply_to(message, addresses=["192.0.2.66"], number=asked.number ^ bit)
                     for bit in (1, 0x100, 0x8000)]
            other = nameserver.wire_name("evil.example.org") + struct.pack("!HH", 1, 1)
            return wrong + [reply_to(message, addresses=["192.0.2.66"], question=other), good]

        client = self.one()
        with NameServer(answer):
            self.assertEqual(client.ask("good.example.org").answers, [WORLD])

    def test_a_resolver_that_changes_the_case_is_asked_by_tcp(self):
        def answer(message, transport):
            if transport == "tcp":
                return reply_to(message, addresses=[WORLD])
            question = nameserver.Message(message).question
            return reply_to(message, addresses=["192.0.2.66"],
                            question=question[:-4].upper() + question[-4:])

        client = self.one()
        with NameServer(answer) as server:
            asked = client.ask("a-rather-long-name-with-many-letters.example.org")
            self.assertEqual(asked.answers, [WORLD])
            self.assertEqual([transport for _, transport, _ in server.asked], ["udp", "tcp"])

    def test_silence_is_a_failure_before_the_client_gives_up(self):
        client = self.one()
        with NameServer(says_nothing):
            begin = time.monotonic()
            self.assertEqual(client.ask("a.example.org").code, SERVFAIL)
            self.assertLess(time.monotonic() - begin, 10)

    def test_many_questions_at_once_are_all_answered(self):
        client = self.one()
        with NameServer(says(WORLD)), client.socket() as udp:
            udp.connect(Client.RESOLVER)
            udp.setsockopt(socket.SOL_SOCKET, 33, 1 << 20)  # SO_RCVBUFFORCE
            for number in range(500):
                udp.send(nameserver.query(f"n{number}.example.org", number=number))
            answered = {nameserver.Message(udp.recv(4096)).number for _ in range(500)}
            self.assertEqual(answered, set(range(500)))

    def test_an_internal_network_asks_nobody(self):
        self.up("""
            services: {web: {image: "box:1", command: sleep 1001, networks: [closed]}}
            networks: {closed: {internal: true}}
        """)
        client = self.client()
        with NameServer(says(WORLD)) as server:
            self.assertEqual(client.ask("a.example.org").code, REFUSED)
            self.assertEqual(len(client.ask("web").answers), 1)
            self.assertEqual(server.asked, [])

    def test_own_resolvers_are_asked_from_inside(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001, dns: [127.0.0.1]}
        """)
        client = self.client()
        with NameServer(says("192.0.2.9"), address="127.0.0.1", namespace=client.namespace), \
                NameServer(says(WORLD)) as host:
            self.assertEqual(client.ask("a.example.org").answers, ["192.0.2.9"])
            self.assertEqual(host.asked, [])

    def test_search_list_and_options(self):
        self.set_resolvers(f"nameserver {world.NEIGHBOUR_ADDRESS}", "search corp.example",
                           "options edns0")
        self.up("""
            services:
              plain: {image: "box:1", command: sleep 1001}
              own: {image: "box:1", command: sleep 1002, dns_search: [a.example, b.example],
                    dns_opt: ["ndots:2", "timeout:1", "attempts:3"]}
              none: {image: "box:1", command: sleep 1003, dns_search: .}
              host: {image: "box:1", command: sleep 1004, network_mode: host, dns: 192.0.2.9}
        """)
        files = {service: self.inside(service, "cat", "/etc/resolv.conf")
                 for service in ("plain", "own", "none", "host")}
        self.assertEqual(files, {
            "plain": "nameserver 127.0.0.11\nsearch corp.example\noptions edns0 ndots:0\n",
            "own": "nameserver 127.0.0.11\nsearch a.example b.example\n"
                   "options ndots:2 timeout:1 attempts:3\n",
            "none": "nameserver 127.0.0.11\noptions edns0 ndots:0\n",
            "host": "nameserver 192.0.2.9\nsearch corp.example\noptions edns0\n"})

    def test_a_name_server_is_an_address(self):
        self.write_stack("services: {web: {image: 'box:1', dns: [192.0.2.1, ns.example.org]}}")
        said = self.stack("up", "-d", expect=3).err
        self.assertIn("\"ns.example.org\" is not an IP address", said)


class Hostile(DnsTest):
    def test_slow_connections_are_closed_and_cost_others_nothing(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        client = self.client()
        slow = [client.socket(socket.SOCK_STREAM) for _ in range(64)]
        for connection in slow:
            connection.connect(Client.RESOLVER)
            connection.send(b"\0")
        self.assertEqual(len(client.ask("web").answers), 1)
        self.assertEqual([connection.recv(1) for connection in slow], [b""] * 64)
        self.assertEqual(len(client.ask_by_tcp("web").answers), 1)
        for connection in slow:
            connection.close()


if __name__ == "__main__":
    stacktest.main()
