# SPDX-License-Identifier: Apache-2.0
"""`stack port` and `stack network`: docker's words, and networks joined and left by what runs."""

import json
import os
import unittest
from pathlib import Path

import inventory
import stacktest
import world

PAGE = "mkdir /www; echo {text} > /www/index.html; exec httpd -f -p 80 -h /www"
STACK = """
    services:
      web:
        image: box:1
        command: sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'
        stop_grace_period: 0s
        {more}
"""


class Port(stacktest.StackTest):
    def test_a_published_port_is_told(self):
        self.up(STACK.format(more='ports: ["8080:80", "127.0.0.1:5300:53/udp"]'))
        self.assertEqual(self.stack("port", "web", "80").out, "0.0.0.0:8080\n")
        self.assertEqual(self.stack("port", "--protocol", "udp", "web", "53").out,
                         "127.0.0.1:5300\n")
        self.assertEqual(self.stack("port", "web", "53/udp").out, "127.0.0.1:5300\n")
        self.assertEqual(self.stack("port", "web").out,
                         "53/udp -> 127.0.0.1:5300\n80/tcp -> 0.0.0.0:8080\n"
                         "80/tcp -> [::]:8080\n")

    def test_one_that_is_not_published_is_refused(self):
        self.up(STACK.format(more='ports: ["8080:80"]'))
        name = f"{self.project}-web-1"
        refused = self.stack("port", "web", "81", expect=1)
        self.assertIn(f"no port 81/tcp for container {name}: 80/tcp", refused.err)
        self.assertIn('service "wb" is not running', self.stack("port", "wb", "80", expect=1).err)
        self.assertIn("is no port", self.stack("port", "web", "http", expect=2).err)

    def test_index_chooses_the_container(self):
        self.up(STACK.format(more='ports: ["80"]\n        scale: 2'))
        ports = {self.stack("port", "--index", str(index), "web", "80").out for index in (1, 2)}
        self.assertEqual(len(ports), 2)


class NetworkTest(stacktest.StackTest):
    def network(self, *arguments, **options):
        return self.stack("network", *arguments, **options)

    def create(self, *arguments):
        """Removed at the end, when it is still there."""
        self.addCleanup(self.stack, "network", "rm", "-f", arguments[-1])
        return self.network("create", *arguments).out.strip()

    def inspect(self, name):
        return json.loads(self.network("inspect", name).out)[0]

    def tearDown(self):
        # Before its networks go.
        self.take_down_stacks()

    def take_down_stacks(self):
        root = Path(os.environ["STACK_ROOT"]) / "stacks"
        for project in sorted(entry.name for entry in root.iterdir()) if root.exists() else []:
            if not project.startswith("@"):
                self.stack("-p", project, "down", "-v", "--now", "-t", "0")


class Commands(NetworkTest):
    def test_the_predefined_ones_stay(self):
        for name in ("bridge", "host", "none"):
            refused = self.network("rm", name, expect=1)
            self.assertIn(f"{name} is a pre-defined network and cannot be removed", refused.err)

    def test_one_is_made_listed_inspected_and_removed(self):
        self.assertEqual(self.network("ls").out, "NETWORK ID   NAME   DRIVER   SCOPE\n")
        made = self.create("--subnet", "10.5.0.0/24", "--gateway", "10.5.0.254", "--label", "a=b",
                           "--attachable", "tools")
        self.assertRegex(made, "^[0-9a-f]{64}$")
        self.assertEqual(self.network("ls").lines,
                         ["NETWORK ID     NAME    DRIVER   SCOPE",
                          f"{made[:12]}   tools   bridge   local"])
        self.assertEqual(self.network("ls", "-q", "--no-trunc").out, made + "\n")
        seen = self.inspect("tools")
        self.assertEqual((seen["Id"], seen["Name"], seen["Driver"], seen["Scope"]),
                         (made, "tools", "bridge", "local"))
        self.assertEqual(seen["IPAM"]["Config"],
                         [{"Subnet": "10.5.0.0/24", "Gateway": "10.5.0.254"}])
        self.assertEqual((seen["Labels"], seen["Attachable"], seen["Internal"]),
                         ({"a": "b"}, True, False))
        self.assertEqual(self.network("inspect", "--format", "{{.Name}} {{.Driver}}", made[:12]).out,
                         "tools bridge\n")
        self.assertEqual(self.network("rm", "tools").out, "tools\n")
        stacktest.eventually(lambda: not inventory.processes(), "nothing runs for it")

    def test_a_second_of_the_same_name_and_what_does_not_exist_are_refused(self):
        self.create("tools")
        self.assertIn("network with name tools already exists",
                      self.network("create", "tools", expect=1).err)
        self.assertIn("network nope not found", self.network("rm", "nope", expect=1).err)
        self.network("rm", "-f", "nope")
        missing = self.network("inspect", "nope", expect=1)
        self.assertEqual(missing.out, "[]\n")
        self.assertIn("network nope not found", missing.err)
        self.assertIn("is no name for a network", self.network("create", "../x", expect=2).err)
        self.assertIn("is no subnet", self.network("create", "--subnet", "10", "x", expect=2).err)
        self.assertIn("is in no --subnet", self.network("create", "--subnet", "10.5.0.0/24",
                                                        "--gateway", "10.6.0.1", "x", expect=2).err)

    def test_filters_and_formats(self):
        self.create("--label", "team=a", "one")
        self.create("two")
        self.assertEqual(self.network("ls", "--filter", "label=team=a", "--format",
                                      "{{.Name}}").out, "one\n")
        self.assertEqual(self.network("ls", "--filter", "name=tw", "--format", "{{.Name}}").out,
                         "two\n")
        rows = [json.loads(line) for line in self.network("ls", "--format", "json").lines]
        self.assertEqual([row["Name"] for row in rows], ["one", "two"])
        self.assertIn("invalid filter", self.network("ls", "--filter", "x=y", expect=2).err)

    def test_a_network_of_a_stack_has_its_labels_and_members(self):
        self.up(STACK.format(more=""))
        name = f"{self.project}_default"
        seen = self.inspect(name)
        self.assertEqual(seen["Labels"], {"com.docker.compose.network": "default",
                                          "com.docker.compose.project": self.project})
        member = next(iter(seen["Containers"].values()))
        self.assertEqual(member["Name"], f"{self.project}-web-1")
        self.assertRegex(member["IPv4Address"], r"^\d+\.\d+\.\d+\.\d+/20$")
        refused = self.network("rm", name, expect=1)
        self.assertIn(f"network {name} is in use by {self.project}-web-1", refused.err)

    def test_prune_removes_what_nobody_is_in(self):
        self.create("empty")
        self.create("used")
        self.up(STACK.format(more="networks: [used]") + "\n    networks: {used: {external: true}}")
        self.stack("stop")
        asked = self.network("prune", stdin="n\n")
        self.assertIn("WARNING! This will remove all custom networks", asked.err)
        self.assertEqual(self.network("prune", "-f").out, "Deleted Networks:\nempty\n")
        self.assertEqual(self.network("ls", "--format", "{{.Name}}").out, "used\n")

    def test_an_external_one_is_used_and_nothing_runs_for_it_afterwards(self):
        self.create("tools")
        self.up(STACK.format(more="networks: [tools]") + "\n    networks: {tools: {external: true}}")
        self.assertEqual(self.network("rm", "tools", expect=1).err,
                         f"stack: error: network tools is in use by {self.project}/"
                         f"{self.project}-web-1\n")
        self.stack("down", "-t", "0")
        stacktest.eventually(lambda: not inventory.processes(), "nothing runs for it")
        self.network("rm", "tools")


class Live(NetworkTest):
    """Networks joined and left while a container runs."""

    def start(self, more=""):
        self.up(STACK.format(more=more) + """
      client:
        image: box:1
        command: sleep 1000
        stop_grace_period: 0s
        networks: [side]
    networks:
      side: {external: true}
""")
        self.name = f"{self.project}-web-1"
        self.client = f"{self.project}-client-1"
        stacktest.eventually(lambda: self.own_page() == "page\n", "web serves")

    def own_page(self):
        return self.inside("web", "wget", "-q", "-O", "-", "http://127.0.0.1/", expect=None)

    def page_from_client(self, name):
        return self.inside("client", "wget", "-q", "-O", "-", f"http://{name}/",
                           expect=None)

    def test_a_container_is_found_in_a_network_that_it_has_joined_and_no_more_after_leaving(self):
        self.create("side")
        self.start()
        self.inside("client", "nslookup", "www", expect=1)
        self.network("connect", "--alias", "www", "side", self.name)
        for name in ("www", self.name):
            self.assertEqual(self.page_from_client(name), "page\n")
        self.assertIn(self.name, [each["Name"] for each in
                                  self.inspect("side")["Containers"].values()])
        self.assertIn(f"already exists in network side",
                      self.network("connect", "side", self.name, expect=1).err)
        self.network("disconnect", "side", self.name)
        self.inside("client", "nslookup", "www", expect=1)
        self.assertNotIn("eth1", self.inside("web", "ip", "link"))
        self.assertIn(f"container {self.name} is not connected to network side",
                      self.network("disconnect", "side", self.name, expect=1).err)
        self.network("disconnect", "-f", "side", self.name)

    def test_a_link_is_a_name_that_only_the_one_who_joins_knows(self):
        self.create("side")
        self.start()
        self.network("connect", "--link", f"{self.client}:buyer", "--link", self.client, "side", self.name)
        address = self.inside("client", "hostname", "-i").strip()
        for name in ("buyer", self.client):
            self.assertIn(f"Address: {address}", self.inside("web", "nslookup", name))
        self.inside("client", "nslookup", "buyer", expect=1)
        seat = json.loads(self.stack("container", "inspect", self.name).out)[0]["NetworkSettings"]["Networks"]["side"]
        self.assertEqual(seat["Links"], [f"{self.client}:buyer", f"{self.client}:{self.client}"])
        self.stack("restart", "web")
        self.assertIn(f"Address: {address}", self.inside("web", "nslookup", "buyer"))
        self.network("disconnect", "side", self.name)
        self.inside("web", "nslookup", "buyer", expect=1)
        self.assertIn("is no link", self.network("connect", "--link", "a:b:c", "side", self.name, expect=2).err)

    def way_out(self):
        """The gateway of the default route."""
        routes = [line.split() for line in self.inside("web", "ip", "route").splitlines()]
        (route,) = [words for words in routes if words[0] == "default"]
        return route[2]

    def test_the_way_out_goes_at_once_where_the_priority_is_highest(self):
        self.create("--subnet", "10.5.0.0/24", "side")
        self.start()
        before = self.way_out()
        self.network("connect", "--gw-priority", "7", "side", self.name)
        self.assertEqual(self.way_out(), "10.5.0.1")
        seat = json.loads(self.stack("container", "inspect", self.name).out)[0]["NetworkSettings"]["Networks"]["side"]
        self.assertEqual(seat["GwPriority"], 7)
        self.network("disconnect", "side", self.name)
        self.assertEqual(self.way_out(), before)
        self.network("connect", "--gw-priority", "-1", "side", self.name)
        self.assertEqual(self.way_out(), before)

    def test_ports_of_one_in_an_internal_network_alone_are_not_published(self):
        self.create("side")
        self.create("--internal", "inner")
        self.start('ports: ["8080:80"]')
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)
        self.network("connect", "inner", self.name)
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)
        self.network("disconnect", f"{self.project}_default", self.name)
        self.assertEqual(self.ps()["web"]["Publishers"], [])
        self.assertIn("no port 80/tcp", self.stack("port", "web", "80", expect=1).err)
        for address in (world.HOST_ADDRESS, "127.0.0.1"):
            self.assertNotEqual(self.fetch(f"http://{address}:8080/")[0], 0)
        self.assertNotEqual(self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[0], 0)
        self.network("connect", f"{self.project}_default", self.name)
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)

    def test_ports_are_bound_where_the_network_that_they_lead_to_says(self):
        self.create("-o", "com.docker.network.bridge.host_binding_ipv4=127.0.0.1", "bound")
        self.up(STACK.format(more='ports: ["8080:80"]\n        networks: [bound]') +
                "    networks: {bound: {external: true}}\n")
        self.create("open")
        expected = lambda address: [(address, 80, 8080)]
        told = lambda: [(each["URL"], each["TargetPort"], each["PublishedPort"]) for each in self.ps()["web"]["Publishers"]]
        self.assertEqual(told(), expected("127.0.0.1"))
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.assertNotEqual(self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[0], 0)
        name = f"{self.project}-web-1"
        self.network("connect", "--gw-priority", "1", "open", name)
        self.assertEqual(told(), expected("0.0.0.0") + expected("::"))
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)
        self.network("disconnect", "open", name)
        self.assertEqual(told(), expected("127.0.0.1"))
        self.assertNotEqual(self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[0], 0)

    def test_up_brings_back_what_was_taken_away(self):
        self.create("side")
        self.start()
        network = f"{self.project}_default"
        self.network("disconnect", network, self.name)
        self.assertIn("disconnected", self.stack("plan").out)
        self.stack("up", "-d")
        (seen,) = json.loads(self.stack("container", "inspect", self.name).out)
        self.assertIn(network, seen["NetworkSettings"]["Networks"])
        self.assertIn("nothing to change", self.stack("up", "-d").err)

    def test_what_was_joined_stays_after_a_restart(self):
        self.create("side")
        self.start()
        self.network("connect", "--alias", "www", "side", self.name)
        self.stack("restart", "web")
        stacktest.eventually(lambda: self.own_page() == "page\n", "web serves")
        self.assertEqual(self.page_from_client("www"), "page\n")

    def test_its_hosts_file_has_the_addresses_that_it_has(self):
        self.create("--subnet", "10.5.0.0/24", "side")
        self.start("hostname: front")
        self.inside("web", "sh", "-c", "echo 192.0.2.1 mine >> /etc/hosts")
        before = self.inside("web", "cat", "/etc/hosts").splitlines()
        self.network("connect", "--ip", "10.5.0.77", "side", self.name)
        self.assertEqual(self.inside("web", "cat", "/etc/hosts").splitlines().count("10.5.0.77\tfront"), 1)
        self.network("disconnect", "side", self.name)
        self.assertEqual(sorted(self.inside("web", "cat", "/etc/hosts").splitlines()), sorted(before))

    def test_an_address_can_be_asked_for(self):
        self.create("--subnet", "10.5.0.0/24", "side")
        self.start()
        self.network("connect", "--ip", "10.5.0.77", "side", self.name)
        self.assertIn("10.5.0.77/24", self.inside("web", "ip", "addr"))
        refused = self.network("connect", "--ip", "10.5.0.77", f"{self.project}_default",
                               self.client, expect=1)
        self.assertIn("10.5.0.77", refused.err)

    def test_ports_and_the_way_out_follow_when_the_first_network_is_left(self):
        self.create("side")
        self.start('ports: ["8080:80"]')
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.network("connect", "side", self.name)
        self.network("disconnect", f"{self.project}_default", self.name)
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.assertIn("default via", self.inside("web", "ip", "route"))
        self.network("connect", f"{self.project}_default", self.name)
        self.network("disconnect", "side", self.name)
        self.await_page("http://127.0.0.1:8080/", "page\n")

    def test_a_stopped_container_joins_at_its_next_start(self):
        self.create("side")
        self.start()
        self.stack("stop", "web")
        self.network("connect", "--alias", "www", "side", self.name)
        self.stack("start", "web")
        stacktest.eventually(lambda: self.own_page() == "page\n", "web serves")
        self.assertEqual(self.page_from_client("www"), "page\n")

    def test_who_has_no_network_of_its_own_joins_none(self):
        self.create("side")
        self.up(STACK.format(more="network_mode: host").replace("-p 80", "-p 8099"))
        refused = self.network("connect", "side", f"{self.project}-web-1", expect=1)
        self.assertIn("cannot be connected to any other network", refused.err)
        self.assertIn("No such container: nobody",
                      self.network("connect", "side", "nobody", expect=1).err)

    def test_a_hundred_rounds_leave_nothing(self):
        self.create("side")
        self.start()
        before = self.inside("web", "ip", "-o", "link").count("\n")
        for _ in range(100):
            self.network("connect", "side", self.name)
            self.network("disconnect", "side", self.name)
        self.assertEqual(self.inside("web", "ip", "-o", "link").count("\n"), before)
        record = Path(os.environ["STACK_ROOT"]) / "stacks/@networks/networks/side.json"
        self.assertNotIn(self.name, record.read_text())

    def test_aliases_change_without_a_restart(self):
        self.create("side")
        text = STACK.format(more="networks: {{default: {{aliases: [{0}]}}, side: {{aliases: [{0}]}}}}")
        text += """
      client:
        image: box:1
        command: sleep 1000
        stop_grace_period: 0s
        networks: [{{net}}]
    networks:
      side: {{external: true}}
"""
        for net in ("default", "side"):
            self.up(text.format("old").replace("{net}", net))
            started = self.inside("web", "cat", "/proc/1/stat").split()[21]
            self.inside("client", "nslookup", "old")
            result = self.up(text.format("new").replace("{net}", net))
            self.assertEqual(self.inside("web", "cat", "/proc/1/stat").split()[21], started,
                             result)
            self.inside("client", "nslookup", "new")
            self.inside("client", "nslookup", "old", expect=1)


if __name__ == "__main__":
    stacktest.main()
