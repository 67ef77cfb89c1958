# SPDX-License-Identifier: Apache-2.0
"""Networks of a stack: names, links, isolation, the way out."""

import json
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import unittest
from collections import Counter

import stacktest
import world


class FromTheMachine(stacktest.StackTest):
    """`stack hosts`."""

    def page(self, host):
        """With /etc/hosts as the command has it, in a mount namespace of its own."""
        table = self.directory / "hosts"
        table.write_text(self.stack("hosts").out)
        return subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec curl -sf --noproxy "*" "$1"',
                               str(table), f"http://{host}/"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False).stdout

    def test_each_is_reached_by_its_name(self):
        page = "mkdir /www; hostname > /www/index.html; exec httpd -f -p 80 -h /www"
        self.write_stack(f"""
            name: shop
            services:
              web: {{image: "box:1", command: sh -c '{page}', scale: 2, stop_grace_period: 0s}}
              db: {{image: "box:1", command: sh -c '{page}', hostname: store, container_name: base, stop_grace_period: 0s,
                   networks: [inner]}}
              job: {{image: "box:1", command: "true"}}
              alone: {{image: "box:1", command: sleep 1001, network_mode: none}}
            networks: {{inner: {{internal: true}}}}
        """)
        self.stack("up", "-d")
        stacktest.eventually(lambda: "job" not in self.stack("ps", "--services").out.split(), "the job has ended")
        lines = self.stack("hosts").lines
        self.assertEqual(sorted(line.split("\t")[1] for line in lines),
                         ["db.shop.stack db-1.shop.stack base.shop.stack", "web.shop.stack web-1.shop.stack",
                          "web.shop.stack web-2.shop.stack"])
        stacktest.eventually(lambda: self.page("base.shop.stack") == "store\n", "db serves")
        for name in ("web-1", "web-2"):
            stacktest.eventually(lambda name=name: self.page(f"{name}.shop.stack"), f"{name} serves")
        self.assertNotEqual(self.page("web-1.shop.stack"), self.page("web-2.shop.stack"))
        self.assertEqual(self.stack("hosts", "db").lines, [line for line in lines if "db." in line])
        self.assertEqual(self.stack("-p", "other", "hosts", "--all").lines, lines)
        rows = json.loads(self.stack("hosts", "--format", "json", "db").out)
        self.assertEqual([(row["Service"], row["Container"], row["Address"]) for row in rows],
                         [("db", "base", lines[[("db." in line) for line in lines].index(True)].split("\t")[0])])

    def test_what_cannot_be_is_refused(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.assertIn("--format is hosts or json", self.stack("hosts", "--format", "xml", expect=2).err)
        self.assertIn("no such service", self.stack("hosts", "wub", expect=1).err)
        self.stack("stop", "-t", "0")
        self.assertEqual(self.stack("hosts").out, "")


class Names(stacktest.StackTest):
    def address(self, service, name):
        """What `name` resolves to inside `service`; None when it does not."""
        done = self.stack("exec", "-T", service, "nslookup", name, expect=None)
        lines = [line for line in done.out.splitlines() if line.startswith("Address")][1:]
        return lines[0].split()[-1] if lines and done.code == 0 else None

    def own_address(self, service):
        return self.inside(service, "hostname", "-i").strip().split()[0]

    def test_services_find_each_other_by_every_name(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1001, container_name: the-db,
                   networks: {default: {aliases: [database]}}}
              web: {image: "box:1", command: sleep 1002}
        """)
        address = self.own_address("db")
        for name in ("db", "the-db", "database"):
            self.assertEqual(self.address("web", name), address, name)

    def test_a_link_is_a_name_for_its_own_service_only(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1001}
              web: {image: "box:1", command: sleep 1002, links: ["db:store"]}
              other: {image: "box:1", command: sleep 1003}
        """)
        self.assertEqual(self.address("web", "store"), self.own_address("db"))
        self.assertIsNone(self.address("other", "store"))

    def test_a_restarted_service_is_found_again(self):
        self.up("""
            services:
              db: {image: "box:1", command: sleep 1001}
              web: {image: "box:1", command: sleep 1002}
        """)
        self.stack("stop", "-t", "0", "db")
        self.stack("start", "db")
        self.assertEqual(self.address("web", "db"), self.own_address("db"))
        self.inside("web", "ping", "-c", "1", "-W", "5", "db")

    def test_services_of_separate_networks_do_not_see_each_other(self):
        self.up("""
            services:
              front: {image: "box:1", command: sleep 1001, networks: [outside, middle]}
              back: {image: "box:1", command: sleep 1002, networks: [middle]}
              stranger: {image: "box:1", command: sleep 1003, networks: [outside]}
            networks: {outside: {}, middle: {}}
        """)
        self.inside("front", "ping", "-c", "1", "-W", "5", "back")
        self.assertIsNone(self.address("stranger", "back"))
        address = self.own_address("back")
        self.stack("exec", "-T", "stranger", "ping", "-c", "1", "-W", "1", address, expect=1)

    def test_names_of_the_world_are_asked_of_the_hosts_resolver(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        with FakeResolver("198.51.100.77"):
            self.assertEqual(self.address("web", "outside.example.org"), "198.51.100.77")

    def test_extra_names_of_the_container_itself(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, hostname: front}}")
        self.assertEqual(self.inside("web", "hostname"), "front\n")
        self.assertIn("front", self.inside("web", "cat", "/etc/hosts"))

    def test_its_host_name_is_a_name_to_others(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001, hostname: front, domainname: example.org, scale: 2}
              db: {image: "box:1", command: sleep 1002}
        """)
        found = self.inside("db", "nslookup", "front", "127.0.0.11").count("Address") - 1
        self.assertEqual(found, 2)

    def test_names_with_dots_have_short_ones(self):
        self.up("""
            services:
              mail: {image: "box:1", command: sleep 1001, hostname: mail.example.org}
              web: {image: "box:1", command: sleep 1002, hostname: www, domainname: example.org}
        """)
        for service, name in (("mail", "mail.example.org mail"), ("web", "www.example.org www")):
            self.assertIn(f"\t{name}\n", self.inside(service, "cat", "/etc/hosts"))
            self.assertEqual(self.inside(service, "hostname", "-f"), name.split()[0] + "\n")

    def test_it_finds_itself_in_each_of_its_networks(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001, hostname: front, networks: {a: {}, b: {}, six: {}}}
            networks: {a: {}, b: {}, six: {enable_ipv6: true}}
        """)
        known = {line.split()[0] for line in self.inside("web", "cat", "/etc/hosts").splitlines() if "front" in line}
        there = set(re.findall(r"inet6? ([^/ ]+)/\S+ (?:\S+ \S+ )?scope global", self.inside("web", "ip", "addr")))
        self.assertEqual(known, there)
        self.assertEqual(len(known), 4)

    def called(self, service):
        """By the kernel, by its variable, by its file."""
        return self.inside(service, "sh", "-c", "hostname; echo $HOSTNAME; cat /etc/hostname").split()

    def test_without_a_name_it_is_called_as_whose_network_it_is_in(self):
        self.up("""
            services:
              guest: {image: "box:1", command: sleep 1001, network_mode: "service:named"}
              named: {image: "box:1", command: sleep 1002, hostname: front}
              friend: {image: "box:1", command: sleep 1003, network_mode: "service:nameless"}
              nameless: {image: "box:1", command: sleep 1004}
              own: {image: "box:1", command: sleep 1005, network_mode: host, hostname: mine}
              host: {image: "box:1", command: sleep 1006, network_mode: host}
              uts: {image: "box:1", command: sleep 1007, uts: host}
        """)
        machine = os.uname().nodename
        ids = {service: row["ID"][:12] for service, row in self.ps().items()}
        self.assertEqual(self.called("guest"), ["front"] * 3)
        self.assertEqual(self.called("friend"), [ids["nameless"]] * 3)
        self.assertEqual(self.called("own"), ["mine"] * 3)
        self.assertEqual(self.called("host"), [machine] * 3)
        self.assertEqual(self.called("uts")[:2], [machine, ids["uts"]])
        self.stack("container", "run", "-d", "--name", "other", "--network",
                   f"container:{self.project}-named-1", "box:1", "sleep", "1008")
        self.addCleanup(self.stack, "container", "rm", "-f", "other", expect=None)
        self.assertEqual(self.stack("container", "exec", "other", "hostname").out, "front\n")


class ManyNetworks(stacktest.StackTest):
    def test_a_service_may_be_in_thirty(self):
        names = [f"n{number}" for number in range(30)]
        self.up(f"""
            services:
              web: {{image: "box:1", command: sleep 1001, networks: [{', '.join(names)}], stop_signal: SIGKILL}}
            networks: {{{', '.join(name + ': {}' for name in names)}}}
        """)
        self.assertEqual(len(self.inside("web", "ls", "/sys/class/net").split()), 1 + len(names))


class TheWayOut(stacktest.StackTest):
    def test_a_container_reaches_the_network_of_the_host(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001}}")
        self.inside("web", "ping", "-c", "1", "-W", "5", world.NEIGHBOUR_ADDRESS)

    def test_an_internal_network_has_no_way_out(self):
        self.up("""
            services: {web: {image: "box:1", command: sleep 1001, networks: [closed]}}
            networks: {closed: {internal: true}}
        """)
        self.stack("exec", "-T", "web", "ping", "-c", "1", "-W", "1", world.NEIGHBOUR_ADDRESS,
                   expect=None)
        self.assertNotEqual(self.stack("exec", "-T", "web", "ping", "-c", "1", "-W", "1",
                                       world.NEIGHBOUR_ADDRESS, expect=None).code, 0)

    def test_the_host_reaches_a_container_by_its_address(self):
        self.up("""
            services:
              web:
                image: box:1
                command: sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'
        """)
        address = self.inside("web", "hostname", "-i").split()[0]
        self.await_page(f"http://{address}/", "page\n")

    def test_no_network_is_no_network(self):
        self.up("services: {web: {image: 'box:1', command: sleep 1001, network_mode: none}}")
        self.assertEqual(self.inside("web", "ls", "/sys/class/net").split(), ["lo"])


class Full(stacktest.StackTest):
    """Networks without an address to spare."""

    ONE = """
        services:
          w: {{image: "box:1", command: sleep {seconds}, stop_grace_period: 0s, {more}}}
        networks: {{default: {{ipam: {{config: [{{subnet: {subnet}}}]}}}}}}
    """

    def commands(self):
        return sorted(row["Command"] for row in
                      map(json.loads, self.stack("ps", "--format", "json").lines))

    def test_a_container_is_replaced(self):
        for subnet, more in (("10.51.0.0/30", ""), ("10.46.0.0/29", "scale: 4")):
            with self.subTest(subnet):
                self.up(self.ONE.format(seconds=1001, subnet=subnet, more=more))
                self.up(self.ONE.format(seconds=1002, subnet=subnet, more=more))
                self.assertEqual(set(self.commands()), {'"sleep 1002"'})
                self.stack("down")

    def test_a_failed_successor_gives_the_address_back(self):
        self.up(self.ONE.format(seconds=1001, subnet="10.51.0.0/30", more=""))
        self.up(self.ONE.format(seconds="x", subnet="10.51.0.0/30", more=""), expect=1)
        self.assertEqual(self.commands(), ['"sleep 1001"'])
        self.assertIn("10.51.0.2", self.inside("w", "hostname", "-i"))

    TWO = """
        services:
          a: {{image: "box:1", command: sleep 1001, stop_grace_period: 0s, networks: {{{a}}}}}
          b: {{image: "box:1", command: sleep 1002, stop_grace_period: 0s, networks: {{{b}}}}}
        networks: {{tiny: {{ipam: {{config: [{{subnet: 10.51.0.0/30}}]}}}}, wide: {{ipam: {{config: [{{subnet: 10.52.0.0/24}}]}}}}}}
    """

    def test_one_joins_as_another_leaves(self):
        self.up(self.TWO.format(a="wide: {ipv4_address: 10.52.0.9}", b="tiny: {}"))
        self.up(self.TWO.format(a="tiny: {}", b="wide: {ipv4_address: 10.52.0.9}"))
        self.assertIn("10.51.0.2", self.inside("a", "hostname", "-i"))
        self.assertIn("10.52.0.9", self.inside("b", "hostname", "-i"))

    def test_a_stopped_container_gives_its_address_away(self):
        self.up(self.ONE.format(seconds=1001, subnet="10.51.0.0/30", more=""), "-p", "p")
        self.stack("-p", "p", "stop", "-t", "0")
        shown = self.stack("container", "run", "--rm", "--network", "p_default", "box:1", "hostname", "-i")
        self.assertIn("10.51.0.2", shown.out)
        self.stack("-p", "p", "start")

    def test_what_the_file_fixes_is_kept_for_a_stopped_container(self):
        self.up(self.TWO.format(a="wide: {ipv4_address: 10.52.0.2}", b="wide: {}"))
        self.stack("stop", "-t", "0", "a")
        refused = self.stack("run", "--rm", "b", "true", expect=None)
        self.assertEqual(refused.code, 0, refused.err)
        self.stack("start", "a")
        self.assertIn("10.52.0.2", self.inside("a", "hostname", "-i"))


class FixedAddresses(stacktest.StackTest):
    ONE = """
        services:
          {name}: {{image: "box:1", command: sleep 1001, stop_grace_period: 0s, networks: {{n: {{{address}}}}}{more}}}
          {rest}
        networks: {{n: {{ipam: {{config: [{{subnet: 10.50.0.0/24}}]}}}}}}
    """

    def write_one(self, name, address="", more="", rest=""):
        self.write_stack(self.ONE.format(name=name, address=address, more=more, rest=rest))

    def test_one_goes_from_an_orphan_that_is_removed(self):
        self.write_one("a", "ipv4_address: 10.50.0.9")
        self.stack("up", "-d")
        self.write_one("b", "ipv4_address: 10.50.0.9")
        self.assertIn("10.50.0.9 in network", self.stack("up", "-d", expect=1).err)
        self.stack("up", "-d", "--remove-orphans")
        self.assertIn("10.50.0.9", self.inside("b", "hostname", "-i"))

    def test_one_goes_from_a_container_that_is_scaled_away(self):
        self.write_one("a", more=", scale: 3")
        self.stack("up", "-d")
        self.write_one("a", rest='z: {image: "box:1", command: sleep 1001, stop_grace_period: 0s, '
                             'networks: {n: {ipv4_address: 10.50.0.4}}}')
        self.stack("up", "-d")
        self.assertIn("10.50.0.4", self.inside("z", "hostname", "-i"))

    def test_one_goes_from_a_container_that_had_it_by_chance(self):
        self.write_one("a")
        self.stack("up", "-d")
        self.write_one("a", rest='z: {image: "box:1", command: sleep 1001, stop_grace_period: 0s, '
                             'networks: {n: {ipv4_address: 10.50.0.2}}}')
        self.assertIn("already in use by", self.stack("up", "-d", expect=1).err)
        self.stack("up", "-d", "--force-recreate")
        self.assertIn("10.50.0.2", self.inside("z", "hostname", "-i"))

    def test_what_is_no_containers_address_in_a_network_of_others_is_told_before_anything_is_made(self):
        self.stack("network", "create", "--subnet", "10.40.0.0/24", "--aux-address", "x=10.40.0.200", "e1")
        for address in ("10.40.0.255", "10.40.0.0", "10.40.0.200", "10.40.0.1", "10.44.0.1"):
            with self.subTest(address):
                refused = self.up(f"""
                    services:
                      w: {{image: "box:1", command: sleep 1001, networks: {{e: {{ipv4_address: {address}}}}}}}
                    networks: {{e: {{external: true, name: e1}}}}
                """, expect=1)
                self.assertRegex(refused.err, rf"stack.yaml:\d+:\d+: error: address {address} ")
                self.assertEqual(self.stack("ps", "-aq").lines, [])
                self.assertIn(address, self.stack("container", "run", "--rm", "--network", "e1", "--ip", address,
                                                  "box:1", "true", expect=125).err)
        self.stack("network", "rm", "e1")
        self.assertIn("is the broadcast address", self.stack(
            "network", "create", "--gateway", "10.82.0.255", "--subnet", "10.82.0.0/24", "e2", expect=1).err)

    def test_two_keys_of_one_network_are_refused_at_their_line(self):
        refused = self.up("""
            services:
              w: {image: "box:1", command: sleep 1001, networks: [x, y]}
            networks: {x: {name: same}, y: {name: same}}
        """, expect=1)
        self.assertRegex(refused.err, r'stack.yaml:\d+:\d+: error: service "w" is in network "same" already, by the key "x"')


class LostSubnet(stacktest.StackTest):
    def test_whoever_has_it_now_is_named(self):
        self.up("""
            services: {w: {image: "box:1", command: sleep 1001, stop_grace_period: 0s}}
            networks: {default: {ipam: {config: [{subnet: 10.53.0.0/24}]}}}
        """)
        self.stack("stop")
        subprocess.run("ip link add other0 type bridge && ip addr add 10.53.0.1/24 dev other0 && "
                       "ip link set other0 up", shell=True, check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "other0"], check=False)
        refused = self.stack("start", expect=1)
        self.assertRegex(refused.err, r"subnet 10.53.0.0/24 overlaps with 10.53.0.0/24: .*other0 of this machine")
        self.assertIn("give the network another subnet", refused.err)


class FakeResolver:
    """A name server in the namespace `lan` that has one answer to every question."""

    def __init__(self, address):
        self.answer = socket.inet_aton(address)

    def __enter__(self):
        self.socket = self.socket_in_lan()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    @staticmethod
    def socket_in_lan():
        """Sockets stay in the namespace in which they were made: visit, make, come back."""
        clone_newnet = 0x40000000
        with open("/proc/thread-self/ns/net") as home, open("/run/netns/lan") as lan:
            world.LIBC.setns(lan.fileno(), clone_newnet)
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.bind((world.NEIGHBOUR_ADDRESS, 53))
            world.LIBC.setns(home.fileno(), clone_newnet)
        return made

    def serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(4096)
            except OSError:
                return
            end = query.index(b"\0", 12) + 5
            kind, = struct.unpack("!H", query[end - 4:end - 2])
            records = 1 if kind == 1 else 0
            header = query[:2] + struct.pack("!HHHHH", 0x8180, 1, records, 0, 0)
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + self.answer
            self.socket.sendto(header + query[12:end] + (record if records else b""), client)


def changes_sent(trace):
    """What strace -X raw saw going to the kernel, by netlink protocol: packets of changes to links,
    addresses and routes, and transactions of nftables. Questions are not counted."""
    netlink_route, nftables, batch_begin = 0, 12, 0x10
    sockets, asked, changes = {}, {}, Counter()
    for line in trace.splitlines():
        pid, _, call = line.partition(" ")
        made = re.match(r"\s*socket\((\w+), [^,]+, (\w+)", call)
        if made:
            asked[pid] = int(made[2], 0) if made[1] == "0x10" else None
        result = re.search(r"\) += (\d+)$", call)
        if result and re.match(r"\s*(socket\(|<... socket resumed>)", call):
            sockets[pid, result[1]] = asked[pid]
        sent = re.match(r"\s*send(?:to|msg)\((\w+), .*?nlmsg_type=(\w+)", call)
        if not sent:
            continue
        protocol, kind = sockets.get((pid, str(int(sent[1], 0)))), int(sent[2], 0)
        if protocol == netlink_route and kind % 4 != 2:  # NEW, DEL, GET, SET
            changes["packets"] += 1
        elif protocol == nftables and kind == batch_begin:
            changes["transactions"] += 1
    return changes


@unittest.skipUnless(shutil.which("strace"), "strace is not installed (packaging/test-deps.txt)")
class FewWords(stacktest.StackTest):
    """Ten services, five networks, twenty ports: nothing is asked of the kernel piece by piece."""

    SERVICES, NETWORKS = 10, 5

    def write_large_stack(self):
        services = "".join(f"""
  s{i}:
    image: box:1
    command: sleep {1000 + i}
    stop_signal: SIGKILL
    networks: [n{i % self.NETWORKS}, n{(i + 1) % self.NETWORKS}]
    ports: ["{8000 + i}:80", "{9000 + i}:81/udp"]""" for i in range(self.SERVICES))
        networks = "".join(f"\n  n{i}: {{}}" for i in range(self.NETWORKS))
        self.write_stack(f"services:{services}\nnetworks:{networks}\n")

    def test_ten_services_in_five_networks_with_twenty_ports(self):
        self.write_large_stack()
        trace = self.directory / "trace"
        # The tracer is nobody's parent: `up` ends, and it goes on to follow the supervisor.
        with open(self.directory / "said", "wb") as said:
            done = subprocess.run(["strace", "-D", "-f", "-q", "-X", "raw", "-o", str(trace), "-e",
                                   "trace=socket,sendto,sendmsg", stacktest.STACK, "up", "-d"],
                                  cwd=self.directory, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                  timeout=120, check=False)
        self.assertEqual(done.returncode, 0, (self.directory / "said").read_text())
        up = changes_sent(trace.read_text())
        self.stack("down")
        stacktest.eventually(lambda: not self.pids_named("strace"), "the tracer has nobody left")
        down = changes_sent(trace.read_text()) - up
        trace.unlink()
        # The uplink's three (made, each of its ends), one for the namespace's loopback, one for each
        # network, and two for each container: its pairs in the stack, its addresses inside.
        self.assertLessEqual(up["packets"], 4 + self.NETWORKS + 2 * self.SERVICES, up)
        # One for all networks, and for each container: its ports locked, its resolver, its ports
        # published.
        self.assertLessEqual(up["transactions"], 1 + 3 * self.SERVICES, up)
        # Everything but the host's table goes with its namespace.
        self.assertEqual(down["packets"], 0, down)
        self.assertLessEqual(down["transactions"], 1 + self.SERVICES, down)


if __name__ == "__main__":
    stacktest.main()
