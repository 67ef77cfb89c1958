# SPDX-License-Identifier: Apache-2.0
"""Published ports: who reaches what, and what happens when one is taken."""

import json
import os
import socket
import subprocess
import threading
import unittest
from pathlib import Path

import inventory
import stacktest
import world

SERVER = """
    services:
      web:
        image: box:1
        command: sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'
        ports: [{ports}]
"""


ASK_BY_UDP = """
import socket, sys
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.settimeout(0.3)
asker.connect((sys.argv[1], 7007))
asker.send(b"hello")
sys.exit(asker.recv(100) != b"hello")
"""


def udp_echoes(address, within=()):
    return subprocess.run([*within, "/usr/bin/python3", "-c", ASK_BY_UDP, address],
                          stderr=subprocess.DEVNULL).returncode == 0


def tcp_echo(sent, pause=0):
    """What comes back; the end of `sent` is told by closing that way alone."""
    try:
        with socket.create_connection(("127.0.0.1", 7007), timeout=30) as connection:
            def send():
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
            sender = threading.Thread(target=send, daemon=True)
            sender.start()
            sender.join(pause)  # until then nobody reads
            received = bytearray()
            while piece := connection.recv(1 << 20):
                received += piece
            sender.join()
            return bytes(received)
    except ConnectionError:
        return None


class ByDefault(stacktest.StackTest):
    """Where ports without an address are open: what /etc/stack/config.yaml and the user's own say."""
    def settings(self, text):
        self.write("xdg/stack/config.yaml", text)
        return {"environment": {"XDG_CONFIG_HOME": str(self.directory / "xdg")}}

    def test_an_address_for_all_ports_closes_them_to_the_network(self):
        self.up(SERVER.format(ports='"8080:80", "0.0.0.0:8081:80"'))
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)
        container = self.ps()["web"]["ID"]
        settings = self.settings("default_bind: 127.0.0.1\n")
        self.assertIn("127.0.0.1:8080:80", self.stack("plan", **settings).out)
        self.stack("up", "-d", **settings)
        self.assertEqual(self.ps()["web"]["ID"], container)
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.assertNotEqual(self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[0], 0)
        self.await_page(f"http://{world.HOST_ADDRESS}:8081/", "page\n", from_lan=True)
        self.assertNotIn("Creat", self.stack("up", "-d", **settings).err)

    def test_it_holds_for_single_containers(self):
        settings = self.settings("default_bind: 127.0.0.3\n")
        self.stack("container", "run", "-d", "--name", "one", "-p", "8080:80", "box:1", "sleep", "1000",
                   **settings)
        self.addCleanup(self.stack, "container", "rm", "-f", "one")
        self.assertEqual(self.stack("container", "port", "one").out, "80/tcp -> 127.0.0.3:8080\n")

    def test_what_it_does_not_understand_is_told_with_its_place(self):
        self.write_stack(SERVER.format(ports='"8080:80"'))
        refused = self.stack("up", "-d", expect=3, **self.settings("# mine\ndefault_bind: lo\n"))
        self.assertIn("xdg/stack/config.yaml:2:15: error: \"default_bind\" must be an IP address", refused.err)
        self.assertEqual(self.stack("ps", "-q").out, "")


class Published(stacktest.StackTest):
    def serve(self, ports, **options):
        return self.up(SERVER.format(ports=ports), **options)

    def test_a_port_is_reached_from_everywhere(self):
        self.serve('"8080:80"')
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n")
        self.await_page("http://[::1]:8080/", "page\n")
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)

    def test_a_port_on_loopback_is_for_this_machine_only(self):
        self.serve('"127.0.0.1:8080:80"')
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.assertNotEqual(self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[0], 0)
        # Nor by a neighbour who sends the packet here with that address on it.
        subprocess.run(["ip", "-n", "lan", "route", "add", "127.0.0.2/32", "via", world.HOST_ADDRESS],
                       check=False, stderr=subprocess.DEVNULL)
        self.assertNotEqual(self.fetch("http://127.0.0.2:8080/", from_lan=True)[0], 0)

    def test_the_long_form_is_the_same(self):
        self.serve('{target: 80, published: "8080", host_ip: 127.0.0.1, protocol: tcp}')
        self.await_page("http://127.0.0.1:8080/", "page\n")

    def test_a_range_publishes_each_of_its_ports(self):
        self.up("""
            services:
              web:
                image: box:1
                command: >
                  sh -c 'mkdir /www; echo page > /www/index.html;
                         httpd -p 81 -h /www; exec httpd -f -p 80 -h /www'
                ports: ["8080-8081:80-81"]
        """)
        for port in (8080, 8081):
            self.await_page(f"http://127.0.0.1:{port}/", "page\n")

    def test_a_port_without_a_number_of_its_own_gets_a_free_one(self):
        self.serve('"80"')
        published = self.ps()["web"]["Publishers"][0]["PublishedPort"]
        self.assertGreater(published, 0)
        self.await_page(f"http://127.0.0.1:{published}/", "page\n")

    def test_udp_answers_at_loopback_and_from_the_network(self):
        # busybox has no UDP server: the host's python, by its own folders.
        self.up("""
            services:
              echo:
                image: box:1
                volumes: ["/usr:/usr:ro", "/usr/lib:/lib:ro", "/usr/lib64:/lib64:ro"]
                command:
                  - /usr/bin/python3
                  - -c
                  - |
                    import socket
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    s.bind(("0.0.0.0", 7))
                    while True:
                        s.sendto(*s.recvfrom(2000))
                ports: ["7007:7/udp"]
        """)

        # A connected client hears only whom it has asked.
        for address in ("127.0.0.1", "127.0.0.5", world.HOST_ADDRESS):
            stacktest.eventually(lambda address=address: udp_echoes(address), f"an answer by UDP at {address}")
        neighbour = ["nsenter", "--net=/run/netns/lan"]
        stacktest.eventually(lambda: udp_echoes(world.HOST_ADDRESS, neighbour), "one to the network")

    def test_much_comes_through_loopback_whole_both_ways_at_once(self):
        self.up("""
            services:
              echo: {image: "box:1", command: nc -ll -p 7 -e cat, ports: ["127.0.0.1:7007:7"]}
        """)
        sent = os.urandom(1 << 20) * 24
        stacktest.eventually(lambda: tcp_echo(b"ready") == b"ready", "an echo")
        self.assertTrue(tcp_echo(sent) == sent, "what came back differs")
        self.assertTrue(tcp_echo(sent, pause=0.5) == sent, "what came back to a slow reader differs")

    def test_ps_shows_the_ports(self):
        self.serve('"127.0.0.1:8080:80"')
        self.assertEqual(self.ps()["web"]["Ports"], "127.0.0.1:8080->80/tcp")
        self.assertEqual(self.ps()["web"]["Publishers"],
                         [{"URL": "127.0.0.1", "TargetPort": 80, "PublishedPort": 8080, "Protocol": "tcp"}])

    def test_a_port_is_free_again_after_down(self):
        self.serve('"8080:80"')
        self.stack("down", "-t", "0")
        with socket.create_server(("127.0.0.1", 8080)):
            pass

    def test_the_service_sees_the_address_of_its_client(self):
        self.up("""
            services:
              web:
                image: box:1
                command: nc -ll -p 80 -e sh -c 'echo HTTP/1.0 200 OK; echo; netstat -tn | grep ESTAB'
                ports: ["8080:80"]
        """)
        page = stacktest.eventually(
            lambda: self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[1], "a page")
        self.assertIn(world.NEIGHBOUR_ADDRESS, page)


class Taken(stacktest.StackTest):
    def test_a_port_of_a_process_is_refused_before_anything_is_made(self):
        self.write_stack(SERVER.format(ports='"8080:80"'))
        with socket.create_server(("0.0.0.0", 8080)):
            result = self.stack("up", "-d", expect=1)
            self.assertEqual(self.residue_but_the_socket(), [])
        self.assertRegex(result.err, r"port 8080 .*taken by .*python3.*pid \d+")

    def test_a_socket_that_nobody_has_any_more_is_waited_for(self):
        """That of a process that was killed a moment ago. Here it is under way between two others."""
        listener = socket.create_server(("0.0.0.0", 8080))
        ends = socket.socketpair()
        socket.send_fds(ends[0], [b"x"], [listener.fileno()])
        listener.close()
        self.write_stack(SERVER.format(ports='"8080:80"'))
        with subprocess.Popen([stacktest.STACK, "up", "-d"], cwd=self.directory, stdin=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as command:
            stacktest.eventually(lambda: "nanosleep" in Path(f"/proc/{command.pid}/wchan").read_text(), "it waits")
            for end in ends:
                end.close()
            self.assertEqual(command.wait(60), 0)
        self.await_page("http://127.0.0.1:8080", "page\n")

    def test_a_socket_that_nobody_has_and_that_stays_is_a_holder(self):
        listener = socket.create_server(("0.0.0.0", 8080))
        ends = socket.socketpair()
        self.addCleanup(ends[0].close)
        self.addCleanup(ends[1].close)
        socket.send_fds(ends[0], [b"x"], [listener.fileno()])
        listener.close()
        self.assertIn("port 8080 on 0.0.0.0 is taken", self.up(SERVER.format(ports='"8080:80"'), expect=1).err)

    def residue_but_the_socket(self):
        return [line for line in self.residue() if "8080" not in line]

    def test_a_port_of_another_stack_is_refused_naming_it(self):
        self.write_stack(SERVER.format(ports='"8080:80"'))
        self.stack("-p", "first", "up", "-d")
        before = inventory.take(self.state_folders())
        result = self.stack("-p", "second", "up", "-d", expect=1)
        self.assertRegex(result.err, r'port 8080 .*service "web" of stack "first"')
        self.assertEqual(inventory.difference(before, inventory.take(self.state_folders())), [])

    def test_two_services_that_want_the_same_port_are_told_before_anything_is_made(self):
        result = self.up("""
            services:
              a: {image: "box:1", command: sleep 1001, ports: ["8080:80"]}
              b: {image: "box:1", command: sleep 1002, ports: ["8080:80"]}
        """, expect=None)
        self.assertNotEqual(result.code, 0)
        self.assertRegex(result.err, "8080")
        self.assertEqual(inventory.processes(), [])

    def test_the_stacks_own_port_is_no_obstacle_to_a_recreate(self):
        self.write_stack(SERVER.format(ports='"8080:80"'))
        self.stack("up", "-d")
        self.write_stack(SERVER.format(ports='"8080:80"') + "        environment: {A: b}\n")
        self.stack("up", "-d")
        self.await_page("http://127.0.0.1:8080/", "page\n")

    def serve_two(self, blue, green):
        self.up("services:" + "".join(f"""
              {name}:
                image: box:1
                command: sh -c 'mkdir /www; echo {name} > /www/index.html; exec httpd -f -p 80 -h /www'
                ports: [{ports}]""" for name, ports in (("blue", blue), ("green", green))))

    def test_a_port_moves_from_one_service_to_another_in_one_up(self):
        self.serve_two('"8080:80"', "")
        self.await_page("http://127.0.0.1:8080/", "blue\n")
        self.serve_two("", '"8080:80"')
        self.await_page("http://127.0.0.1:8080/", "green\n")
        self.assertEqual(self.ps()["blue"]["Publishers"], [])

    def test_two_services_exchange_their_ports(self):
        self.serve_two('"8080:80"', '"8081:80"')
        self.serve_two('"8081:80"', '"8080:80"')
        self.await_page("http://127.0.0.1:8080/", "green\n")
        self.await_page("http://127.0.0.1:8081/", "blue\n")

    def host_ports(self, service):
        rows = [json.loads(line) for line in self.stack("ps", "--format", "json", service).lines]
        return sorted({each["PublishedPort"] for row in rows for each in row["Publishers"]})

    def up_two(self, a, b, expect=0):
        return self.up(f"""
            services:
              a: {{image: "box:1", command: sleep 1001, stop_grace_period: 0s, {a}}}
              b: {{image: "box:1", command: sleep 1002, stop_grace_period: 0s, {b}}}
        """, expect=expect)

    def test_two_services_exchange_their_ranges(self):
        low, high = 'scale: 2, ports: ["8000-8001:80"]', 'scale: 2, ports: ["8010-8011:80"]'
        self.up_two(low, high)
        self.up_two(high, low)
        self.assertEqual(self.host_ports("a"), [8010, 8011])
        self.assertEqual(self.host_ports("b"), [8000, 8001])

    def test_a_port_that_is_given_by_number_is_none_of_a_range(self):
        self.up_two('ports: ["8000-8002:80"]', 'ports: ["8000:80"]')
        self.assertEqual(self.host_ports("a"), [8001])
        self.assertEqual(self.host_ports("b"), [8000])

    def test_a_range_that_is_too_short_is_told_before_anything_is_made(self):
        refused = self.up_two('scale: 3, ports: ["8000-8001:80"]', 'ports: ["80"]', expect=3)
        self.assertIn('host ports 8000-8001 are 2: too few for the 3 containers of service "a"', refused.err)
        refused = self.up_two('scale: 2, ports: ["8000-8001:80"]', 'ports: ["8001:80"]', expect=3)
        self.assertIn("are 2, 1 of them given by number elsewhere: too few", refused.err)
        self.assertEqual(self.residue(), [])

    def test_a_range_of_which_others_have_ports_names_them(self):
        with socket.create_server(("0.0.0.0", 8001)):
            refused = self.up_two('scale: 3, ports: ["8000-8002:80"]', 'ports: ["80"]', expect=1)
            self.assertRegex(refused.err, r'needs 3 of them and can have 2: taken are 8001 by python3 \(pid \d+\)')
            self.up_two('scale: 2, ports: ["8000-8002:80"]', 'ports: ["80"]')
            self.assertEqual(self.host_ports("a"), [8000, 8002])

    def test_a_port_that_is_taken_in_ipv6_alone_is_refused_before_anything_is_made(self):
        with socket.create_server(("::", 8080), family=socket.AF_INET6):
            refused = self.up(SERVER.format(ports='"8080:80"'), expect=1)
            self.assertRegex(refused.err, r"port 8080 on :: is taken by python3 \(pid \d+\): Bind for \[::\]:8080")
            self.assertEqual(self.residue_but_the_socket(), [])
            self.up(SERVER.format(ports='"0.0.0.0:8080:80"'))

    def test_a_port_of_an_orphan_is_free_when_that_is_removed(self):
        self.write_stack(SERVER.format(ports='"8080:80"'))
        self.stack("up", "-d")
        self.write_stack(SERVER.format(ports='"8080:80"').replace("web:", "renamed:"))
        self.assertRegex(self.stack("up", "-d", expect=1).err, 'port 8080 .*service "web"')
        self.stack("up", "-d", "--remove-orphans")
        self.await_page("http://127.0.0.1:8080/", "page\n")


if __name__ == "__main__":
    stacktest.main()
