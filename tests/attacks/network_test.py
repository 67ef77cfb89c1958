# SPDX-License-Identifier: Apache-2.0
"""Attacks by the network (N1 to N14 of README.md): from a neighbour on the LAN, from another stack, from
the container next door. Made on `stack`, and on `stack_weakened` without the defence in question."""

import ipaddress
import os
import re
import socket
import struct
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

import nameserver  # noqa: E402
import product_test  # noqa: E402
import stacktest  # noqa: E402
import world  # noqa: E402
from stacktest import eventually  # noqa: E402

LAN = "/run/netns/lan"
HOST6, NEIGHBOUR6 = "2001:db8:1::2", "2001:db8:1::1"
EVERYBODY = b"\xff" * 6
ETH_IP, ETH_ARP = 0x0800, 0x0806
PAGE = "sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'"
# busybox has no UDP server: the host's python, by its own folders.
UDP_SERVER = """
                image: box:1
                volumes: ["/usr:/usr:ro", "/usr/lib:/lib:ro", "/usr/lib64:/lib64:ro"]
                command:
                  - /usr/bin/python3
                  - -c
                  - |
                    import socket
                    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                    s.bind(("::", 7))
                    while True:
                        s.sendto(b"{name}", s.recvfrom(2000)[1])
"""


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac(text):
    return bytes(int(part, 16) for part in text.split(":"))


def address_of_interface(namespace, interface):
    """Its MAC address. /sys shows the links of whoever mounted it: ask by a socket."""
    with nameserver.inside(namespace), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as packets:
        packets.bind((interface, 0))
        return packets.getsockname()[4]


def syn(source, port_from, target, port):
    """An IP packet that opens a TCP connection."""
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    head = struct.pack("!HHIIBBHHH", port_from, port, 7, 0, 5 << 4, 2, 1024, 0, 0)
    total = checksum(addresses + struct.pack("!HH", 6, len(head)) + head)
    tcp = head[:16] + struct.pack("!HH", total, 0)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + addresses
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def arp_reply(sender_mac, sender, target_mac, target):
    return (target_mac + sender_mac + struct.pack("!H", ETH_ARP) +
            struct.pack("!HHBBH", 1, ETH_IP, 6, 4, 2) + sender_mac + socket.inet_aton(sender) +
            target_mac + socket.inet_aton(target))


class NetworkAttack(product_test.Attack):
    def pid_of(self, command):
        pids = []
        eventually(lambda: pids.extend(self.pids_running(command)) or pids, command)
        return pids[0]

    def space(self, command):
        return f"/proc/{self.pid_of(command)}/ns/net"

    def own_address(self, service):
        return self.inside(service, "hostname", "-i").split()[0]

    @staticmethod
    def raw_socket(namespace, interface, kind):
        with nameserver.inside(namespace):
            packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind))
            packets.bind((interface, kind))
        packets.settimeout(2)
        return packets


class TheLan(NetworkAttack):
    def send_to_loopback(self, ports="127.0.0.1:8080:80", source=4711):
        """N1: a packet for 127.0.0.1, sent to this machine."""
        self.up(f"services:\n  web: {{image: 'box:1', command: \"{PAGE}\", ports: ['{ports}']}}")
        self.await_page("http://127.0.0.1:8080/", "page\n")
        host, own = (address_of_interface(*place) for place in
                     (("/proc/self/ns/net", "lan0"), (LAN, "eth0")))
        world.run("busybox", "ping", "-qc1", world.NEIGHBOUR_ADDRESS, stdout=-3)  # the host knows its neighbour
        with self.raw_socket(LAN, "eth0", ETH_IP) as packets:
            packet = syn(world.NEIGHBOUR_ADDRESS, source, "127.0.0.1", 8080)
            packets.send(host + own + struct.pack("!H", ETH_IP) + packet)
            return self.answer_to(packets, source)

    @staticmethod
    def answer_to(packets, port):
        """"answered" when a SYN-ACK to `port` comes."""
        try:
            while True:
                packet = packets.recv(2000)[14:]
                tcp = packet[(packet[0] & 15) * 4:]
                if packet[9] == 6 and struct.unpack("!H", tcp[2:4])[0] == port and tcp[13] & 2:
                    return "answered"
        except TimeoutError:
            return ""

    def test_n1_a_port_on_loopback_is_not_reached_by_a_packet_to_loopback(self):
        self.expect_only_without_defence(self.send_to_loopback, "loopback_translated")

    def test_n1_nor_is_one_that_is_published_everywhere(self):
        # From another port: the kernel still knows where the flow of the other case led.
        self.expect_only_without_defence(lambda: self.send_to_loopback("8080:80", source=4712), "loopback_unguarded")

    def test_n3_routing_to_loopback_stays_off(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, ports: ['127.0.0.1:8080:80']}}")
        settings = list(Path("/proc/sys/net/ipv4/conf").glob("*/route_localnet"))
        self.assertGreater(len(settings), 3)
        self.assertEqual({setting.read_text().strip() for setting in settings}, {"0"})

    def route_to_container(self):
        """N2: a neighbour who routes the stack's subnet to this machine."""
        self.up(f"services: {{web: {{image: 'box:1', command: \"{PAGE}\"}}}}")
        address = self.own_address("web")
        self.await_page(f"http://{address}/", "page\n")
        world.run("ip", "-n", "lan", "route", "replace", f"{address}/32", "via", world.HOST_ADDRESS)
        code, body = self.fetch(f"http://{address}/", from_lan=True)
        world.run("ip", "-n", "lan", "route", "delete", f"{address}/32")
        return body if code == 0 else ""

    def test_n2_a_container_is_not_reached_by_a_route_to_it(self):
        self.expect_only_without_defence(self.route_to_container, "unguarded")

    def stale_flow(self, host):
        """N12: a client that keeps sending from one port, whose port has gone to another container."""
        ports = "                ports: ['7007:7/udp']\n"
        services = [f"              {name}:{UDP_SERVER.format(name=name)}" for name in ("a", "b")]
        networks = "            networks: {default: {enable_ipv6: true}}\n" if ":" in host else ""
        self.up(f"{networks}            services:\n{services[0]}{ports}{services[1]}")
        with self.client_on_the_lan(host) as client:
            eventually(lambda: self.ask(client) == "a", "the first one answers")
            # It lives on, and must not get what is meant for the other.
            self.up(f"{networks}            services:\n{services[0]}{services[1]}")
            self.up(f"{networks}            services:\n{services[0]}{services[1]}{ports}")
            eventually(lambda: self.is_b_there(host), "the second one answers others")
            answers = [self.ask(client) for _ in range(5)]
        return "" if "b" in answers else f"answers {answers}"

    @staticmethod
    def client_on_the_lan(host):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with nameserver.inside(LAN):
            client = socket.socket(family, socket.SOCK_DGRAM)
        client.settimeout(0.3)
        client.connect((host, 7007))
        return client

    def is_b_there(self, host):
        with self.client_on_the_lan(host) as another:
            return self.ask(another) == "b"

    @staticmethod
    def ask(client):
        try:
            client.send(b"who is there?")
            return client.recv(100).decode()
        except OSError:
            return ""

    def test_n12_a_flow_follows_its_port_to_another_container(self):
        self.expect_only_without_defence(lambda: self.stale_flow(world.HOST_ADDRESS), "flows_kept")

    @unittest.skipUnless(Path("/proc/sys/net/ipv6").exists(), "no IPv6 here")
    def test_n12_so_does_one_of_ipv6(self):
        for space, address, device in (("/proc/self/ns/net", HOST6, "lan0"), (LAN, NEIGHBOUR6, "eth0")):
            command = ("nsenter", f"--net={space}", "ip", "-6", "address")
            world.run(*command, "add", f"{address}/64", "dev", device, "nodad")
            self.addCleanup(world.run, *command, "del", f"{address}/64", "dev", device)
        self.expect_only_without_defence(lambda: self.stale_flow(HOST6), "flows_kept")


class NextDoor(NetworkAttack):
    """Three in one network: each a namespace, an address and a MAC."""

    EVIL = 'evil: {image: "box:1", command: sleep 1003, cap_add: [NET_ADMIN, NET_RAW]'

    def neighbours(self):
        self.up(f"""
            services:
              victim: {{image: "box:1", command: sleep 1001}}
              client: {{image: "box:1", command: sleep 1002}}
              {self.EVIL}}}
        """)
        return self.all_three()

    def neighbours_and_a_guest(self):
        """The attacker is a container of another stack, which has joined their network."""
        self.write_stack("""
            services:
              victim: {image: "box:1", command: sleep 1001}
              client: {image: "box:1", command: sleep 1002}
            networks: {default: {name: theirs}}
        """)
        self.stack("-p", "owner", "up", "-d")
        self.write_stack(f"""
            services:
              {self.EVIL}, networks: [theirs]}}
            networks: {{theirs: {{external: true}}}}
        """)
        self.stack("-p", "guest", "up", "-d")
        return self.all_three()

    def all_three(self):
        spaces = [self.space(f"sleep {1001 + i}") for i in range(3)]
        return {name: (space, self.address_in(space), address_of_interface(space, "eth0"))
                for name, space in zip(("victim", "client", "evil"), spaces)}

    @staticmethod
    def run_in(space, *command):
        with nameserver.inside(space):
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def address_in(self, space):
        return re.search(r"inet (\S+)/", self.run_in(space, "ip", "-o", "-4", "address", "show",
                                                     "dev", "eth0"))[1]

    def take_over_by_arp(self, who):
        """N6: "the victim's address is at my MAC"."""
        _, victim, _ = who["victim"]
        client_space, client, client_mac = who["client"]
        evil_space, evil, evil_mac = who["evil"]
        with nameserver.inside(client_space):
            # A second answer within a second would not be looked at.
            Path("/proc/sys/net/ipv4/neigh/eth0/locktime").write_text("0")
        # More than once: the victim may have the last word by a probe of its own.
        for _ in range(10):
            self.run_in(client_space, "busybox", "ping", "-c1", "-W5", victim)
            with self.raw_socket(evil_space, "eth0", ETH_ARP) as packets:
                packets.send(arp_reply(evil_mac, victim, client_mac, client))
            # What was sent before has come by now.
            self.run_in(evil_space, "busybox", "ping", "-c1", "-W5", client)
            with nameserver.inside(client_space):
                table = Path("/proc/thread-self/net/arp").read_text()
            believed = re.search(rf"^{re.escape(victim)} .* (\S+:\S+) ", table, re.MULTILINE)[1]
            if mac(believed) == evil_mac:
                return "the client believes it"
        return ""

    def test_n6_nobody_takes_over_a_neighbours_address(self):
        self.expect_only_without_defence(lambda: self.take_over_by_arp(self.neighbours()),
                                         "ports_unlocked")

    def test_n6_nor_does_a_guest(self):
        self.expect_only_without_defence(
            lambda: self.take_over_by_arp(self.neighbours_and_a_guest()), "ports_unlocked")

    def send_in_its_name(self, who):
        """N6: a datagram from the victim's address, which the attacker gives itself."""
        _, victim, _ = who["victim"]
        client_space, client, _ = who["client"]
        evil_space, evil, _ = who["evil"]
        with nameserver.inside(client_space):
            ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            ear.bind(("0.0.0.0", 7007))
        with ear, nameserver.inside(evil_space):
            world.run("ip", "address", "add", f"{victim}/32", "dev", "eth0")
            for source in (victim, evil):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                    mouth.bind((source, 0))
                    mouth.connect((client, 7007))
                    mouth.send(source.encode())
            ear.settimeout(10)
            heard = ear.recvfrom(100)[1][0]
        return "heard in the victim's name" if heard == victim else ""

    def test_n6_nobody_speaks_in_a_neighbours_name(self):
        self.expect_only_without_defence(lambda: self.send_in_its_name(self.neighbours()),
                                         "ports_unlocked")

    def test_n6_nor_does_a_guest_speak_so(self):
        self.expect_only_without_defence(
            lambda: self.send_in_its_name(self.neighbours_and_a_guest()), "ports_unlocked")


class Surroundings(NetworkAttack):
    """What else is there on this machine and around it."""

    def between_firewalls(self):
        """N5: a firewall like docker's, which forwards nothing that it does not know."""
        world.run("nft", "add table ip filter; add chain ip filter FORWARD "
                  "{ type filter hook forward priority 0; policy drop; }")
        try:
            self.up(f"services: {{web: {{image: 'box:1', command: \"{PAGE}\", ports: ['8080:80']}}}}")
            self.await_page("http://127.0.0.1:8080/", "page\n")  # carried by the supervisor
            code, _ = self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)
            return "cut off" if code != 0 else ""
        finally:
            world.run("nft", "delete table ip filter")

    def test_n5_another_firewall_does_not_cut_a_stack_off(self):
        self.expect_only_without_defence(self.between_firewalls, "foreign_chains_closed")

    def claim_a_name(self):
        """N10: a name server of the network that knows every name, asked for a service that is no
        more."""
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        client = nameserver.Client(self.pid_of("sleep 1001"))
        with nameserver.NameServer(lambda message, _: nameserver.reply_to(
                message, addresses=["192.0.2.66"])) as server:
            self.assertEqual(client.ask("name.example.org").answers, ["192.0.2.66"])
            answers = client.ask("database").answers
            return " ".join([*answers, *[name for name in server.names() if name == "database"]])

    def test_n10_nobody_outside_is_asked_for_a_service(self):
        self.expect_only_without_defence(self.claim_a_name, "names_leave")

    def lie_behind_a_tunnel(self):
        """N14: all of the pool that subnets come from first is behind a VPN."""
        world.run("ip", "route", "add", "172.16.0.0/12", "via", world.NEIGHBOUR_ADDRESS)
        try:
            self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
            address = ipaddress.ip_address(self.own_address("web"))
            return f"has {address}" if address in ipaddress.ip_network("172.16.0.0/12") else ""
        finally:
            world.run("ip", "route", "delete", "172.16.0.0/12")

    def test_n14_a_subnet_that_is_in_use_is_not_taken(self):
        self.expect_only_without_defence(self.lie_behind_a_tunnel, "subnets_unseen")


class OtherStacks(NetworkAttack):
    def reach_the_other_stack(self):
        """N7: by its containers' addresses."""
        self.write_stack(f"services: {{web: {{image: 'box:1', command: \"{PAGE}\"}}}}")
        self.stack("-p", "first", "up", "-d")
        self.stack("-p", "second", "up", "-d")
        address = self.stack("-p", "first", "exec", "-T", "web", "hostname", "-i").out.split()[0]
        self.await_page(f"http://{address}/", "page\n")
        done = self.stack("-p", "second", "exec", "-T", "web", "sh", "-c",
                          f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {address} 80", expect=None)
        self.assertLess(done.code, 128, done)
        return done.out

    def test_n7_a_stack_does_not_reach_another(self):
        self.expect_only_without_defence(self.reach_the_other_stack, "unguarded")

    def take_the_port(self):
        """N13: a port that another stack publishes, for oneself."""
        self.write_stack(f"services: {{web: {{image: 'box:1', command: \"{PAGE}\", ports: ['8080:80']}}}}")
        self.stack("-p", "first", "up", "-d")
        done = self.stack("-p", "second", "up", "-d", expect=None)
        return "both have it" if done.code == 0 else ""

    def test_n13_a_published_port_is_not_taken_by_another_stack(self):
        self.expect_only_without_defence(self.take_the_port, "ports_not_held")


if __name__ == "__main__":
    os.environ.setdefault("STACK_WEAKENED", product_test.WEAKENED)
    stacktest.main(product_test.check_weakened)
