# SPDX-License-Identifier: Apache-2.0
"""What a newcomer types after a docker tutorial, about ports, addresses and links."""

import os
import re
import socket
import subprocess
from pathlib import Path

import stacktest
import world
from container_test import ContainerTest


WEB = ["httpd", "-f", "-p", "80", "-h", "/srv/data"]
PAGE = "hello from the image\n"


class NetworkTest(ContainerTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(stacktest.run_stack, "image", "rm", "-f", "exposing:1")

    def exposing(self, *ports):
        """An image that exposes them."""
        folder = self.directory / "root"
        stacktest.make_box(folder)
        self.stack("image", "import", str(folder), "exposing:1", "-c", f"EXPOSE {' '.join(ports)}",
                   "-c", "ENV COLOUR=blue")
        return "exposing:1"

    def value(self, template, name):
        return self.container("inspect", "--format", template, name).out.strip()


class Published(NetworkTest):
    def test_a_free_port_of_both_families(self):
        identity = self.run_box("-d", "-p", "80", "-", *WEB).out.strip()
        self.assertRegex(identity, "^[0-9a-f]{64}$")
        lines = self.container("port", identity[:6]).lines
        numbers = {line.rpartition(":")[2] for line in lines}
        self.assertEqual(len(numbers), 1, lines)
        (number,) = numbers
        self.assertEqual(lines, [f"80/tcp -> 0.0.0.0:{number}", f"80/tcp -> [::]:{number}"])
        self.assertEqual(self.container("port", identity[:6], "80").lines, [f"0.0.0.0:{number}", f"[::]:{number}"])
        self.assertEqual(self.container("port", identity[:6], "80/tcp").lines, [f"0.0.0.0:{number}", f"[::]:{number}"])
        self.await_page(f"http://127.0.0.1:{number}/from-image", PAGE)
        # What was asked for, and what came of it.
        self.assertEqual(self.value("{{ .HostConfig.PortBindings }}", identity), "map[80/tcp:[map[HostIp: HostPort:]]]")
        self.assertEqual(self.value('{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', identity), number)
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split())
        self.assertTrue(low <= int(number) <= high)

    def test_what_is_not_published_is_told(self):
        self.run_box("-d", "--name", "web", "-p", "80", "-", *WEB)
        err = self.container("port", "web", "81", expect=1).err
        self.assertIn("No public port '81/tcp' published for web", err)
        self.assertIn("No public port '80/udp' published for web", self.container("port", "web", "80/udp", expect=1).err)
        self.container("stop", "-t", "0", "web")
        self.assertEqual(self.container("port", "web").out, "")

    def test_exposed_ports_are_shown_bare_and_ranges_as_one(self):
        image = self.exposing("5000", "53/udp", "80")
        self.container("run", "-d", "--name", "web", "-p", "80", "-p", "13000-13002:13000-13002", image, *WEB)
        shown = self.row("web")["Ports"]
        number = self.container("port", "web", "80").out.strip().rpartition(":")[2]
        self.assertEqual(shown, "53/udp, 5000/tcp, 0.0.0.0:13000-13002->13000-13002/tcp, [::]:13000-13002->13000-13002/tcp, "
                                f"0.0.0.0:{number}->80/tcp, [::]:{number}->80/tcp")
        self.assertIn(f"5000/tcp, 0.0.0.0:", self.container("ps").out)
        names = lambda *flags: self.container("ps", *flags, "--format", "{{.Names}}").lines
        self.assertEqual((names("--filter", "expose=5000"), names("--filter", "publish=13001"),
                          names("--filter", "publish=5000")), (["web"], ["web"], []))
        self.container("stop", "-t", "0", "web")
        self.assertEqual(self.row("web")["Ports"], "")

    def test_all_that_is_exposed(self):
        image = self.exposing("80", "5000", "53/udp")
        self.container("run", "-d", "-P", "--name", "web", image, *WEB)
        self.assertEqual(sorted(line.split(" ")[0] for line in self.container("port", "web").lines),
                         ["5000/tcp", "5000/tcp", "53/udp", "53/udp", "80/tcp", "80/tcp"])
        address = self.container("port", "web", "80").lines[0].replace("0.0.0.0", "127.0.0.1")
        self.await_page(f"http://{address}/from-image", PAGE)
        # Not what is not exposed.
        self.run_box("-d", "-P", "--name", "closed", "-", *WEB)
        self.assertEqual(self.container("port", "closed").out, "")

    def test_addresses_of_its_own(self):
        self.run_box("-d", "--name", "web", "-p", "127.0.0.1:18080:80", "-p", "127.0.0.1::81", "-p", "18053:53/udp",
                     "-p", "[::1]:18081:80", "-", *WEB)
        lines = self.container("port", "web").lines
        self.assertIn("80/tcp -> 127.0.0.1:18080", lines)
        self.assertIn("80/tcp -> [::1]:18081", lines)
        self.assertIn("53/udp -> 0.0.0.0:18053", lines)
        self.assertEqual(len([line for line in lines if re.match(r"81/tcp -> 127.0.0.1:\d+$", line)]), 1)
        self.await_page("http://127.0.0.1:18080/from-image", PAGE)
        self.assertNotEqual(self.fetch(f"http://{world.HOST_ADDRESS}:18080/", from_lan=True)[0], 0)

    def test_reached_at_every_address_of_this_machine(self):
        self.run_box("-d", "--name", "web", "-p", "18080:80", "-", *WEB)
        for host in ("127.0.0.1", world.HOST_ADDRESS):
            self.await_page(f"http://{host}:18080/from-image", PAGE)
        self.await_page(f"http://{world.HOST_ADDRESS}:18080/from-image", PAGE, from_lan=True)
        self.assertEqual(self.run_box("--rm", "-", "wget", "-qO-", f"http://{world.HOST_ADDRESS}:18080/from-image").out, PAGE)

    def test_the_address_of_a_service_to_open(self):
        self.up("""
            services:
              web: {image: "box:1", command: sleep 1001, ports: ["18080:80", "127.0.0.1:18443:443"]}
              dark: {image: "box:1", command: sleep 1002}
        """)
        self.assertEqual(self.stack("open", "web").out, "http://127.0.0.1:18080\n")
        self.assertEqual(self.stack("open", "web", "443").out, "https://127.0.0.1:18443\n")
        self.assertIn("published", self.stack("open", "dark", expect=1).err)
        self.assertIn("no port 81/tcp", self.stack("open", "web", "81", expect=1).err)


class Taken(NetworkTest):
    WORDS = "Bind for 0.0.0.0:18080 failed: port is already allocated"

    def test_a_second_container_is_left_created(self):
        self.run_box("-d", "--name", "one", "-p", "18080:80", "-", *WEB)
        for flags in (["-d"], []):
            name = f"two{len(flags)}"
            err = self.run_box(*flags, "--name", name, "-p", "18080:80", "-", *WEB, expect=125).err
            self.assertIn(self.WORDS, err)
            self.assertIn("one", err)
            self.assertEqual(self.row(name)["State"], "created")
        err = self.run_box("--rm", "--name", "three", "-p", "18080:80", "-", *WEB, expect=125).err
        self.assertIn(self.WORDS, err)
        self.assertIsNone(self.row("three"))
        # Nothing of them is in the way of the first, and they start when it is gone.
        self.await_page("http://127.0.0.1:18080/from-image", PAGE)
        self.assertIn(self.WORDS, self.container("start", "two1", expect=1).err)
        self.container("rm", "-f", "one")
        self.container("start", "two1")
        self.await_page("http://127.0.0.1:18080/from-image", PAGE)

    def test_a_process_of_the_host_is_named(self):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("0.0.0.0", 18080))
            taken.listen()
            err = self.run_box("-p", "18080:80", "-", *WEB, expect=125).err
        self.assertIn(self.WORDS, err)
        self.assertRegex(err, rf"python3 \(pid {os.getpid()}\)")

    def test_up_changes_nothing(self):
        self.run_box("-d", "--name", "one", "-p", "18080:80", "-", *WEB)
        self.write_stack("""
            services:
              db: {image: "box:1", command: sleep 1001}
              web: {image: "box:1", command: sleep 1002, ports: ["18080:80"]}
        """)
        err = self.stack("up", "-d", expect=1).err
        self.assertIn(self.WORDS, err)
        self.assertEqual(self.ps(), {})


class Addresses(NetworkTest):
    def test_the_host_reaches_it(self):
        self.run_box("-d", "--name", "web", "-", *WEB)
        address = self.container("inspect", "-f", "{{ .NetworkSettings.IPAddress }}", "web").out.strip()
        subprocess.run(["busybox", "ping", "-c", "1", "-W", "5", address], check=True, stdout=subprocess.DEVNULL)
        self.await_page(f"http://{address}/from-image", PAGE)
        self.assertEqual(self.value("{{ .NetworkSettings.Networks.bridge.IPAddress }}", "web"), address)
        self.assertIn(address, self.container("exec", "web", "ip", "address").out)


class Links(NetworkTest):
    def environment(self, *flags):
        out = self.run_box("--rm", *flags, "-", "env").out
        return dict(line.split("=", 1) for line in out.splitlines())

    def test_variables_and_names_in_the_default_network(self):
        image = self.exposing("5432", "53/udp")
        identity = self.container("run", "-d", "--name", "my-db", "-e", "USER_NAME=me", image, "sleep", "1001").out.strip()
        address = self.value("{{.NetworkSettings.IPAddress}}", "my-db")
        seen = self.environment("--name", "web", "--link", "my-db:the-db")
        wanted = {"THE_DB_NAME": "/web/the-db", "THE_DB_PORT": f"udp://{address}:53",
                  "THE_DB_PORT_5432_TCP": f"tcp://{address}:5432", "THE_DB_PORT_5432_TCP_ADDR": address,
                  "THE_DB_PORT_5432_TCP_PORT": "5432", "THE_DB_PORT_5432_TCP_PROTO": "tcp",
                  "THE_DB_PORT_53_UDP_ADDR": address, "THE_DB_ENV_USER_NAME": "me", "THE_DB_ENV_COLOUR": "blue"}
        self.assertEqual({key: seen.get(key) for key in wanted}, wanted)
        self.assertNotIn("THE_DB_ENV_PATH", seen)
        out = self.run_box("--rm", "--link", "my-db:the-db", "-", "sh", "-c",
                           "cat /etc/hosts; ping -c 1 the-db >/dev/null && echo reached").out
        for name in ("the-db", "my-db", identity[:12]):
            self.assertRegex(out, rf"(?m)^{re.escape(address)}\s.*\b{name}\b")
        self.assertIn("reached", out)
        # Without another name it has its own.
        self.assertEqual(self.environment("--link", "my-db")["MY_DB_PORT_5432_TCP_PORT"], "5432")

    def test_who_has_no_link_knows_nothing(self):
        self.run_box("-d", "--name", "db", "-", "sleep", "1001")
        self.run_box("-d", "--name", "web", "--link", "db:database", "-", "sleep", "1002")
        self.assertEqual(self.container("exec", "web", "ping", "-c", "1", "database").out.count("1 packets received"), 1)
        self.run_box("--rm", "-", "nslookup", "database", expect=1)
        self.assertEqual(self.value("{{json .HostConfig.Links}}", "web"), '["/db:/web/database"]')

    def test_in_a_network_of_a_stack_it_is_a_name_and_nothing_else(self):
        self.up("services: {db: {image: 'box:1', command: sleep 1001}}")
        network, name = f"{self.project}_default", f"{self.project}-db-1"
        out = self.run_box("--rm", "--network", network, "--link", f"{name}:database", "-", "sh", "-c",
                           "ping -c 1 database >/dev/null && echo reached; env; cat /etc/hosts").out
        self.assertIn("reached", out)
        self.assertNotIn("DATABASE_NAME", out)
        self.run_box("--rm", "--network", network, "-", "nslookup", "database", expect=1)

    def test_who_does_not_run_cannot_be_linked_to(self):
        self.run_box("--name", "db", "-", "true")
        err = self.run_box("--name", "web", "--link", "db:data", "-", "true", expect=125).err
        self.assertIn("Cannot link to a non running container: /db AS /web/data", err)
        self.assertIsNone(self.row("web"))
        self.assertIn("No such container: nope", self.run_box("--link", "nope:x", "-", "true", expect=None).err)


if __name__ == "__main__":
    stacktest.main()
