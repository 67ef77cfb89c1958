# SPDX-License-Identifier: Apache-2.0
"""What an administrator's hand takes away comes back: rules, links, routes; and a way out of another
size is followed."""

import errno
import os
import re
import subprocess
import unittest
from pathlib import Path

import failpoints
import stacktest
import world
from stacktest import eventually

STACK_FILE = """
    services:
      web:
        image: box:1
        command: sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'
        ports: ["8080:80"]
        networks: [front, back]
      db: {image: "box:1", command: sleep 1002, networks: [back]}
    networks: {front: {}, back: {}}
"""
PUBLISHED = f"http://{world.HOST_ADDRESS}:8080/"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Repair(stacktest.StackTest):
    def setUp(self):
        super().setUp()
        self.points = failpoints.FailPoints()
        self.addCleanup(self.points.close)
        self.up(STACK_FILE)
        self.expect_all_to_work()
        self.rules = {place: self.rules_of(place) for place in ("host", "stack")}

    # --- looking

    def stack_namespace(self):
        """The descriptor by which the keeper holds the stack's network namespace."""
        keeper, = self.pids_named("stack-keeper")
        own = os.readlink("/proc/self/ns/net")
        for fd in Path(f"/proc/{keeper}/fd").iterdir():
            target = os.readlink(fd)
            if target.startswith("net:") and target != own:
                return str(fd)
        raise AssertionError("the keeper holds no network namespace")

    def in_stack(self, *command):
        return run("nsenter", f"--net={self.stack_namespace()}", *command)

    def rules_of(self, place):
        """The ruleset without what counts packets or comes in no particular order."""
        command = ("nft", "-s", "list", "ruleset")
        text = (run(*command) if place == "host" else self.in_stack(*command)).stdout
        return sorted(word for word in re.findall(r"[^\s,{}]+", text))

    def links(self):
        return self.in_stack("ip", "-o", "link").stdout

    def bridges(self):
        return re.findall(r"(br-\w+):", self.links())

    def uplink(self):
        return re.search(r"(stk\w{8})@", run("ip", "-o", "link").stdout)[1]

    def mtu(self, service, interface="eth0"):
        return self.inside(service, "cat", f"/sys/class/net/{interface}/mtu").strip()

    def expect_all_to_work(self):
        self.await_page(PUBLISHED, "page\n", from_lan=True)
        self.inside("web", "ping", "-c", "1", "-W", "5", "db")
        self.inside("db", "ping", "-c", "1", "-W", "5", world.NEIGHBOUR_ADDRESS)
        address = self.inside("db", "hostname", "-i").split()[0]
        self.assertEqual(run("busybox", "ping", "-c", "1", "-W", "5", address).returncode, 0)

    def expect_rules_again(self, place, deadline=1):
        eventually(lambda: self.rules_of(place) == self.rules[place],
                   f"the rules of the {place} are what they were", deadline=deadline)

    # --- rules

    def test_rules_of_the_host_that_are_flushed(self):
        run("nft", "flush", "ruleset")
        self.expect_rules_again("host")
        self.expect_all_to_work()

    def test_the_stacks_table_deleted_on_the_host(self):
        table = re.search(r"table inet (stack_\w+)", run("nft", "list", "tables").stdout)[1]
        run("nft", "delete", "table", "inet", table)
        self.expect_rules_again("host")

    def test_one_rule_deleted(self):
        table = re.search(r"table inet (stack_\w+)", run("nft", "list", "tables").stdout)[1]
        run("nft", "flush", "chain", "inet", table, "guard")
        self.expect_rules_again("host")

    def test_rules_of_the_stack_that_are_flushed(self):
        self.in_stack("nft", "flush", "ruleset")
        self.expect_rules_again("stack")
        self.expect_all_to_work()

    def test_the_first_packet_after_a_restart_arrives(self):
        """The bridge must not send it to the old port, which goes with the old namespace."""
        self.stack("restart", "-t", "0", "db")
        self.inside("web", "ping", "-c", "1", "-W", "1", "db")

    def test_a_container_is_started_just_after_a_flush(self):
        self.in_stack("nft", "flush", "ruleset")
        run("nft", "flush", "ruleset")
        self.stack("restart", "-t", "0", "db")
        self.expect_all_to_work()

    def test_a_container_is_started_just_after_another_flush(self):
        """Repairs leave time between them, in which no container may start."""
        self.in_stack("nft", "flush", "ruleset")
        self.expect_rules_again("stack")
        run("nft", "flush", "ruleset")
        self.stack("restart", "-t", "0", "db")
        self.inside("db", "ping", "-c", "1", "-W", "5", world.NEIGHBOUR_ADDRESS)

    def test_flushed_again_and_again(self):
        for _ in range(5):
            run("nft", "flush", "ruleset")
            self.in_stack("nft", "flush", "ruleset")
            self.expect_rules_again("host")
            self.expect_rules_again("stack")

    def test_quiet_when_nobody_does_anything(self):
        """Our own changes are not followed by repairs."""
        self.stack("restart", "-t", "0")
        self.expect_all_to_work()
        log = Path(os.environ["STACK_RUN"]) / "stacks" / self.project / "supervisor.log"
        self.assertNotIn("repairing", log.read_text())
        # Seen by a change of our own that comes after all of that.
        run("nft", "flush", "ruleset")
        self.expect_rules_again("host")
        self.assertEqual(log.read_text().count("repairing"), 1)

    def test_a_firewall_that_comes_later_lets_our_packets_pass(self):
        run("nft", "add table ip filter; add chain ip filter FORWARD "
            "{ type filter hook forward priority 0; policy drop; }")
        self.addCleanup(run, "nft", "delete", "table", "ip", "filter")
        eventually(lambda: "stack:" in run("nft", "list", "table", "ip", "filter").stdout,
                   "our rules are in the other firewall's chain", deadline=1)
        self.expect_all_to_work()
        run("nft", "flush", "chain", "ip", "filter", "FORWARD")
        eventually(lambda: "stack:" in run("nft", "list", "table", "ip", "filter").stdout,
                   "our rules are there again", deadline=1)
        self.stack("down", "-t", "0")
        self.assertNotIn("stack:", run("nft", "list", "ruleset").stdout)

    def test_one_that_fails_is_not_the_last_one(self):
        self.points.arm("firewall.stack", failpoints.FAIL, error=errno.ENOBUFS)
        self.in_stack("nft", "flush", "ruleset")
        self.expect_rules_again("stack", deadline=5)
        self.assertGreater(self.points.happened, 0)
        self.in_stack("nft", "flush", "ruleset")
        self.expect_rules_again("stack")

    # --- links

    def test_the_uplink_deleted(self):
        before = self.uplink()
        run("ip", "link", "delete", before)
        eventually(lambda: before in run("ip", "-o", "link").stdout, "it is there again", deadline=1)
        self.expect_all_to_work()

    def test_the_uplink_set_down(self):
        run("ip", "link", "set", self.uplink(), "down")
        eventually(lambda: "proto 83" in run("ip", "route").stdout, "its routes are back", deadline=1)
        self.expect_all_to_work()

    def test_routes_deleted(self):
        run("ip", "route", "flush", "proto", "83")
        eventually(lambda: run("ip", "route").stdout.count("proto 83") == 2, "they are back",
                   deadline=1)
        self.expect_all_to_work()

    def test_bridges_deleted(self):
        before = self.bridges()
        self.assertEqual(len(before), 2)
        for bridge in before:
            self.in_stack("ip", "link", "delete", bridge)
        eventually(lambda: self.bridges() == before and self.links().count(" master br-") == 3,
                   "bridges and their ports are back", deadline=1)
        self.expect_all_to_work()

    def test_a_port_taken_off_its_bridge(self):
        for port in re.findall(r"(v\w{14})@", self.links()):
            self.in_stack("ip", "link", "set", port, "nomaster")
        eventually(lambda: self.links().count(" master br-") == 3, "it is back", deadline=1)
        self.expect_all_to_work()

    def test_a_port_deleted(self):
        for port in re.findall(r"(v\w{14})@", self.links()):
            self.in_stack("ip", "link", "delete", port)
        eventually(lambda: self.links().count(" master br-") == 3, "all are plugged in again",
                   deadline=1)
        self.expect_all_to_work()

    def test_everything_at_once_while_the_supervisor_is_dead(self):
        supervisor = self.supervisor()
        os.kill(supervisor, 19)  # SIGSTOP: the keeper starts no other
        run("nft", "flush", "ruleset")
        self.in_stack("nft", "flush", "ruleset")
        for bridge in self.bridges():
            self.in_stack("ip", "link", "delete", bridge)
        for port in re.findall(r"(v\w{14})@", self.links()):
            self.in_stack("ip", "link", "delete", port)
        run("ip", "link", "delete", self.uplink())
        os.kill(supervisor, 9)
        eventually(lambda: self.links().count(" master br-") == 3, "all are plugged in again")
        self.expect_rules_again("host")
        self.expect_all_to_work()

    # --- the way out

    def test_the_way_out_has_another_mtu(self):
        run("ip", "link", "set", "lan0", "mtu", "1400")
        self.addCleanup(run, "ip", "link", "set", "lan0", "mtu", "1500")
        for service, interface in (("web", "eth0"), ("web", "eth1"), ("db", "eth0")):
            eventually(lambda s=service, i=interface: self.mtu(s, i) == "1400",
                       f"{interface} of {service} has it", deadline=1)
        self.assertNotIn("mtu 1500", self.links())
        self.expect_all_to_work()

    def test_another_way_out(self):
        """As when a VPN comes up: two routes that cover everything, or one that is preferred."""
        run("ip", "link", "add", "vpn0", "mtu", "1380", "type", "veth", "peer", "name", "vpn1")
        self.addCleanup(run, "ip", "link", "delete", "vpn0")
        run("ip", "address", "add", "203.0.113.1/24", "dev", "vpn0")
        run("ip", "link", "set", "vpn0", "up")
        run("ip", "route", "replace", "default", "dev", "vpn0")
        self.addCleanup(run, "ip", "route", "replace", "default", "via", world.NEIGHBOUR_ADDRESS)
        eventually(lambda: self.mtu("db") == "1380", "the MTU follows", deadline=1)
        run("ip", "route", "replace", "default", "via", world.NEIGHBOUR_ADDRESS)
        eventually(lambda: self.mtu("db") == "1500", "and back", deadline=1)
        self.expect_all_to_work()


if __name__ == "__main__":
    stacktest.main()
