# SPDX-License-Identifier: Apache-2.0
"""What a network and a service's place in it may say: subnets, fixed addresses, default routes,
names of interfaces, options, IPv6, networks on devices of the host."""

import http.server
import os
import signal
import subprocess
import threading
import unittest
from pathlib import Path

import stacktest
import world

HOST6 = "2001:db8:1::2"
NEIGHBOUR6 = "2001:db8:1::1"
SERVE = "sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www'"


class OptionsTest(stacktest.StackTest):
    def address(self, service, interface="eth0", family="-4", scope="global"):
        """Addresses with prefix of an interface, as `ip` of the box shows them."""
        out = self.inside(service, "ip", family, "address", "show", "dev", interface, "scope", scope)
        lines = [line.split() for line in out.splitlines()]
        return [line[1] for line in lines if line and line[0] in ("inet", "inet6")]

    def routes(self, service, family="-4"):
        return [line.split() for line in
                self.inside(service, "ip", family, "route").splitlines() if "default" in line]

    def refused(self, text, message):
        self.write_stack(text)
        result = self.stack("up", "-d", expect=None)
        self.assertNotEqual(result.code, 0, result)
        self.assertIn(message, result.err)
        self.assertEqual(self.stack("ps", "-a", "-q", expect=None).out, "")


class Subnets(OptionsTest):
    def test_addresses_come_out_of_the_range_and_leave_out_what_is_reserved(self):
        self.up("""
            services:
              a: {image: "box:1", command: sleep 1001, networks: [front]}
              b: {image: "box:1", command: sleep 1002, networks: [front]}
            networks:
              front:
                ipam:
                  config:
                    - subnet: 10.77.0.0/24
                      ip_range: 10.77.0.128/30
                      gateway: 10.77.0.254
                      aux_addresses: {printer: 10.77.0.129}
        """)
        self.assertEqual(self.address("a"), ["10.77.0.128/24"])
        self.assertEqual(self.address("b"), ["10.77.0.130/24"])
        self.assertEqual(self.routes("a")[0][2], "10.77.0.254")
        self.inside("a", "ping", "-c", "1", "-W", "5", "10.77.0.254")

    def test_mistakes_are_told_at_their_lines(self):
        self.refused("""
            services: {a: {image: "box:1", command: sleep 1, networks: {front: {ipv4_address: 10.78.0.9}}}}
            networks:
              front:
                ipam:
                  config:
                    - subnet: 10.77.0.0/24
                      gateway: 10.78.0.1
                      ip_range: 10.78.0.0/25
        """, "stack.yaml:7:20: error: address 10.78.0.1 is not one of subnet 10.77.0.0/24")

    def test_a_subnet_of_the_host_is_refused_and_named(self):
        self.refused("""
            services: {a: {image: "box:1", command: sleep 1}}
            networks: {default: {ipam: {config: [{subnet: 198.51.100.0/25}]}}}
        """, "overlaps with 198.51.100.0/24: an address on lan0 of this machine")

    def test_a_subnet_of_another_stack_is_refused_and_named(self):
        other = self.write("other/stack.yaml", """
            name: other
            services: {a: {image: "box:1", command: sleep 1001}}
            networks: {default: {ipam: {config: [{subnet: 10.77.0.0/24}]}}}
        """)
        self.stack("-f", str(other), "up", "-d")
        self.refused("""
            services: {a: {image: "box:1", command: sleep 1}}
            networks: {default: {ipam: {config: [{subnet: 10.77.0.128/25}]}}}
        """, 'overlaps with 10.77.0.0/24: network other_default of stack "other"')

    def test_a_changed_subnet_is_a_reason_with_its_line_and_makes_everything_anew(self):
        text = """
            services: {{a: {{image: "box:1", command: sleep 1001}}}}
            networks:
              default:
                ipam: {{config: [{{subnet: {}}}]}}
        """
        self.up(text.format("10.77.0.0/24"))
        self.write_stack(text.format("10.78.0.0/24"))
        plan = self.stack("plan").out
        self.assertIn("ipam.config", plan)
        self.assertIn("stack.yaml:4:", plan)
        self.up()
        self.assertEqual(self.address("a"), ["10.78.0.2/24"])
        self.assertIn("nothing to change", self.stack("plan").out)

    def test_addresses_are_the_same_after_down_and_up(self):
        self.up("""
            services:
              a: {image: "box:1", command: sleep 1001}
              b: {image: "box:1", command: sleep 1002}
              c: {image: "box:1", command: sleep 1003}
        """)
        before = {name: self.address(name) for name in "abc"}
        self.stack("down", "-t", "0")
        self.stack("up", "-d", "c")
        self.stack("up", "-d")
        self.assertEqual({name: self.address(name) for name in "abc"}, before)


class FixedAddresses(OptionsTest):
    NETWORK = "networks: {default: {ipam: {config: [{subnet: 10.77.0.0/24}]}}}"

    def test_a_fixed_address_is_kept_for_its_service(self):
        self.up(f"""
            services:
              early: {{image: "box:1", command: sleep 1001}}
              late:
                image: box:1
                command: sleep 1002
                depends_on: [early]
                networks: {{default: {{ipv4_address: 10.77.0.2}}}}
            {self.NETWORK}
        """)
        self.assertEqual(self.address("early"), ["10.77.0.3/24"])
        self.assertEqual(self.address("late"), ["10.77.0.2/24"])

    def test_a_fixed_address_of_a_stopped_service_is_given_to_nobody(self):
        text = f"""
            services:
              a:
                image: box:1
                command: sleep 1001
                networks: {{default: {{ipv4_address: 10.77.0.2}}}}
              b: {{image: "box:1", command: sleep 1002, profiles: [more]}}
            {self.NETWORK}
        """
        self.up(text)
        self.stack("stop", "-t", "0", "a")
        self.stack("--profile", "more", "up", "-d", "b")
        self.assertEqual(self.address("b"), ["10.77.0.3/24"])
        self.stack("start", "a")
        self.assertEqual(self.address("a"), ["10.77.0.2/24"])

    def test_who_has_an_address_already_is_named(self):
        text = f"""
            services:
              a: {{image: "box:1", command: sleep 1001}}
              {{}}
            {self.NETWORK}
        """.replace("{}", "# more")
        self.up(text)
        self.write_stack(text.replace("# more", """b:
                image: box:1
                command: sleep 1002
                networks: {default: {ipv4_address: 10.77.0.2}}"""))
        result = self.stack("up", "-d", expect=1)
        self.assertIn("address 10.77.0.2 in network", result.err)
        self.assertIn(f"is already in use by {self.project}-a-1", result.err)
        self.assertIn("stack.yaml:6:", result.err)

    def test_more_containers_than_fixed_addresses_are_refused(self):
        self.refused(f"""
            services:
              a:
                image: box:1
                command: sleep 1
                scale: 2
                networks: {{default: {{ipv4_address: 10.77.0.2}}}}
            {self.NETWORK}
        """, f"is already in use by {self.project}-a-1")


class Places(OptionsTest):
    def test_priorities_decide_what_they_say(self):
        self.up("""
            services:
              a:
                image: box:1
                command: sleep 1001
                mac_address: 02:00:00:00:00:07
                networks:
                  one: {}
                  two: {priority: 10}
                  three: {gw_priority: 5}
                  shut: {gw_priority: 100, priority: 5}
            networks: {one: {}, two: {}, three: {}, shut: {internal: true}}
        """)
        macs = self.inside("a", "cat", "/sys/class/net/eth0/address").strip()
        self.assertEqual(macs, "02:00:00:00:00:07")
        inspected = self.routes("a")
        self.assertEqual(len(inspected), 1, inspected)
        self.assertEqual(inspected[0][4], "eth3", "three is the last of those without priority")

    def test_equal_networks_lead_out_by_the_first_name(self):
        self.up("""
            services: {a: {image: "box:1", command: sleep 1001, networks: {zulu: {priority: 1}, alpha: {}}}}
            networks: {zulu: {}, alpha: {}}
        """)
        self.assertEqual(self.routes("a")[0][4], "eth1")
        self.inside("a", "ping", "-c", "1", "-W", "5", world.NEIGHBOUR_ADDRESS)

    def test_an_interface_has_the_name_the_addresses_and_the_settings_of_the_file(self):
        self.up("""
            services:
              a:
                image: box:1
                command: sleep 1001
                networks:
                  default:
                    interface_name: front0
                    mac_address: 02:00:00:00:00:09
                    link_local_ips: [169.254.7.7, "fe80::7"]
                    driver_opts:
                      com.docker.network.endpoint.sysctls: net.ipv4.conf.IFNAME.log_martians=1
        """)
        self.assertEqual(self.address("a", "front0", scope="link"), ["169.254.7.7/16"])
        self.assertIn("fe80::7/64", self.address("a", "front0", "-6", "link"))
        self.assertEqual(self.inside("a", "cat", "/sys/class/net/front0/address").strip(),
                         "02:00:00:00:00:09")
        self.assertEqual(
            self.inside("a", "cat", "/proc/sys/net/ipv4/conf/front0/log_martians").strip(), "1")

    def test_two_interfaces_of_one_name_are_refused(self):
        self.refused("""
            services:
              a:
                image: box:1
                command: sleep 1
                networks: {one: {interface_name: x0}, two: {interface_name: x0}}
            networks: {one: {}, two: {}}
        """, "has an interface x0 in network")

    def test_ports_lead_to_the_network_with_the_default_route(self):
        self.up(f"""
            services:
              web:
                image: box:1
                command: {SERVE}
                ports: ["8080:80"]
                networks: {{shut: {{priority: 100}}, open: {{}}}}
            networks: {{shut: {{internal: true}}, open: {{}}}}
        """)
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)


class Drivers(OptionsTest):
    def test_the_network_of_the_host_and_none(self):
        self.up("""
            services:
              a: {image: "box:1", command: sleep 1001, networks: [outside]}
              b: {image: "box:1", command: sleep 1002, networks: [nothing]}
            networks: {outside: {driver: host}, nothing: {driver: none}}
        """)
        self.assertIn("lan0", self.inside("a", "ls", "/sys/class/net"))
        self.assertEqual(self.inside("b", "ls", "/sys/class/net").split(), ["lo"])

    def test_overlay_is_an_error_at_its_line(self):
        self.refused("""
            services: {a: {image: "box:1", command: sleep 1}}
            networks: {default: {driver: overlay}}
        """, 'stack.yaml:2:30: error: network "default": driver "overlay" joins machines')

    def test_options_of_the_bridge(self):
        result = self.up("""
            services:
              a: {image: "box:1", command: sleep 1001}
              web:
                image: box:1
                command: %s
                ports: ["8080:80"]
            networks:
              default:
                driver_opts:
                  com.docker.network.bridge.name: br-mine
                  com.docker.network.driver.mtu: "1400"
                  com.docker.network.bridge.host_binding_ipv4: 127.0.0.1
                  com.docker.network.bridge.colour: blue
        """ % SERVE)
        self.assertIn("stack.yaml:13:", result.err)
        self.assertIn('option "com.docker.network.bridge.colour" is not known here', result.err)
        self.assertEqual(self.inside("a", "cat", "/sys/class/net/eth0/mtu").strip(), "1400")
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.assertNotEqual(self.fetch(f"http://{world.HOST_ADDRESS}:8080/", from_lan=True)[0], 0)

    def test_without_masquerading_a_container_goes_out_as_itself_and_gets_its_answers(self):
        self.up("""
            services: {a: {image: "box:1", command: sleep 1001}}
            networks:
              default:
                ipam: {config: [{subnet: 10.77.0.0/24}]}
                driver_opts: {com.docker.network.bridge.enable_ip_masquerade: "false"}
        """)
        address = self.address("a")[0].split("/")[0]
        route = ["ip", "-n", "lan", "route", "add", "10.77.0.0/24", "via", world.HOST_ADDRESS]
        subprocess.run(route, check=True)
        self.addCleanup(subprocess.run, [word.replace("add", "del") for word in route], check=True)
        self.inside("a", "ping", "-c", "1", "-W", "5", world.NEIGHBOUR_ADDRESS)
        def ping(target):
            return subprocess.run(["nsenter", "--net=/run/netns/lan", "busybox", "ping", "-c", "1", "-W", "1", target],
                                  stdout=subprocess.DEVNULL).returncode
        self.assertEqual(ping(world.HOST_ADDRESS), 0)
        self.assertEqual(ping(address), 1, "a stranger asks first")

    def test_a_network_that_may_not_use_the_host(self):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"secret\n")

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("0.0.0.0", 9999), Page)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.up("""
            services:
              open: {image: "box:1", command: sleep 1001, extra_hosts: ["machine:host-gateway"]}
              shut: {image: "box:1", command: sleep 1002, extra_hosts: ["machine:host-gateway"], networks: [shut]}
              web: {image: "box:1", command: %s, networks: [shut], ports: ["8080:80"]}
            networks:
              shut: {driver_opts: {stack.host_access: deny}}
        """ % SERVE)
        def get(service, url):
            return self.stack("exec", "-T", service, "wget", "-q", "-O", "-", url, expect=None)
        gateway = {service: self.routes(service)[0][2] for service in ("open", "shut")}
        for service, seen in (("open", "secret\n"), ("shut", "")):
            for host in ("machine", world.HOST_ADDRESS, gateway[service]):
                with self.subTest(service=service, host=host):
                    self.assertEqual(get(service, f"http://{host}:9999/").out, seen)
        self.assertEqual(get("shut", "http://web/").out, "page\n")
        self.assertEqual(get("shut", f"http://{world.HOST_ADDRESS}:8080/").out, "page\n")
        self.inside("shut", "ping", "-c", "1", "-W", "5", world.NEIGHBOUR_ADDRESS)
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)

    def test_the_host_is_allowed_or_denied(self):
        self.refused("""
            services: {a: {image: "box:1", command: sleep 1}}
            networks: {default: {driver_opts: {stack.host_access: maybe}}}
        """, "allow or deny")


def ipv6_setting(name):
    return Path(f"/proc/sys/net/ipv6/conf/{name}").read_text().strip()


class IPv6(OptionsTest):
    @classmethod
    def setUpClass(cls):
        if not Path("/proc/sys/net/ipv6").exists():
            raise unittest.SkipTest("no IPv6 here")
        cls.address_lan("add")
        subprocess.run(["ip", "-6", "route", "add", "default", "via", NEIGHBOUR6], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.address_lan("del")

    @staticmethod
    def address_lan(verb):
        for prefix, address, device in (("", HOST6, "lan0"), ("-n lan", NEIGHBOUR6, "eth0")):
            subprocess.run(["ip", *prefix.split(), "-6", "address", verb, f"{address}/64", "dev",
                            device, *(["nodad"] if verb == "add" else [])], check=True)

    def serve(self, network="enable_ipv6: true", ports='"8080:80"'):
        return self.up(f"""
            services:
              web:
                image: box:1
                command: sh -c 'mkdir /www; echo page > /www/index.html; exec httpd -f -p [::]:80 -h /www'
                ports: [{ports}]
              other: {{image: "box:1", command: sleep 1002}}
            networks: {{default: {{{network}}}}}
        """)

    def own6(self, service):
        found = self.address(service, family="-6")
        self.assertEqual(len(found), 1, found)
        return found[0].split("/")[0]

    def test_containers_have_addresses_of_both_families_and_find_one_another(self):
        self.serve()
        address = self.own6("web")
        self.assertTrue(address.startswith("fd"), address)
        self.inside("other", "ping", "-6", "-c", "1", "-W", "5", address)
        names = self.inside("other", "nslookup", "-type=aaaa", "web")
        self.assertIn(address, names)
        self.assertIn(f"{self.project}-web-1", self.inside("other", "nslookup", address))
        self.assertIn(address, self.inside("web", "cat", "/etc/hosts"))

    def test_ipv6_addresses_stay_over_down_and_up(self):
        self.serve()
        before = self.own6("web")
        self.stack("down", "-t", "0")
        self.serve()
        self.assertEqual(self.own6("web"), before)

    def test_the_way_out_and_the_host(self):
        self.serve()
        self.inside("other", "ping", "-6", "-c", "1", "-W", "5", NEIGHBOUR6)
        self.await_page(f"http://[{self.own6('web')}]/", "page\n")

    def test_a_published_port_is_reached_from_everywhere(self):
        self.serve()
        self.await_page("http://[::1]:8080/", "page\n")
        self.await_page(f"http://[{HOST6}]:8080/", "page\n", from_lan=True)
        self.await_page(f"http://{world.HOST_ADDRESS}:8080/", "page\n", from_lan=True)
        page = self.inside("other", "wget", "-q", "-O", "-", f"http://[{HOST6}]:8080/")
        self.assertEqual(page, "page\n", "hairpin")

    def test_nobody_outside_reaches_a_container_by_its_address(self):
        self.serve()
        route = ["ip", "-n", "lan", "-6", "route", "add", f"{self.own6('web')}/128", "via", HOST6]
        subprocess.run(route, check=True)
        self.addCleanup(subprocess.run, [word.replace("add", "del") for word in route], check=True)
        self.assertNotEqual(self.fetch(f"http://[{self.own6('web')}]/", from_lan=True)[0], 0)

    def test_networks_are_apart_and_internal_ones_closed(self):
        self.up("""
            services:
              a: {image: "box:1", command: sleep 1001, networks: [one]}
              b: {image: "box:1", command: sleep 1002, networks: [two]}
              c: {image: "box:1", command: sleep 1003, networks: [shut]}
            networks: {one: {enable_ipv6: true}, two: {enable_ipv6: true},
                       shut: {enable_ipv6: true, internal: true}}
        """)
        for service, target in (("a", self.own6("b")), ("c", self.own6("a")), ("c", NEIGHBOUR6)):
            result = self.stack("exec", "-T", service, "ping", "-6", "-c", "1", "-W", "1", target,
                                expect=None)
            self.assertNotEqual(result.code, 0, f"{service} reaches {target}")

    def test_the_host_is_the_gateway_and_host_gateway(self):
        self.up("""
            services:
              a: {image: "box:1", command: sleep 1001, extra_hosts: ["home=host-gateway"]}
            networks: {default: {enable_ipv6: true, ipam: {config: [{subnet: "fd00:77::/64"}]}}}
        """)
        self.inside("a", "ping", "-6", "-c", "1", "-W", "5", "fd00:77::1")
        self.inside("a", "ping", "-6", "-c", "1", "-W", "5", "home")

    def test_a_container_without_icc_reaches_no_neighbour_by_either_family(self):
        self.serve('enable_ipv6: true, driver_opts: {com.docker.network.bridge.enable_icc: "false"}')
        self.inside("other", "ping", "-6", "-c", "1", "-W", "5", NEIGHBOUR6)
        for target in (self.own6("web"), self.address("web")[0].split("/")[0]):
            result = self.stack("exec", "-T", "other", "ping", "-c", "1", "-W", "1", target,
                                expect=None)
            self.assertNotEqual(result.code, 0, target)

    def test_ipv6_alone(self):
        self.serve("enable_ipv6: true, enable_ipv4: false")
        self.assertEqual(self.address("web"), [])
        self.inside("other", "ping", "-6", "-c", "1", "-W", "5", "web")
        self.await_page("http://127.0.0.1:8080/", "page\n")
        self.await_page(f"http://[{HOST6}]:8080/", "page\n", from_lan=True)

    def test_given_subnet_and_fixed_address(self):
        self.up("""
            services:
              a:
                image: box:1
                command: sleep 1001
                networks: {default: {ipv6_address: "fd00:77::9"}}
            networks: {default: {enable_ipv6: true, ipam: {config: [{subnet: "fd00:77::/64"}]}}}
        """)
        self.assertEqual(self.own6("a"), "fd00:77::9")

    def test_forwarding_is_what_it_was_and_the_host_keeps_its_routers(self):
        self.assertEqual(ipv6_setting("all/forwarding"), "0")
        Path("/proc/sys/net/ipv6/conf/lan0/accept_ra").write_text("1")
        self.serve()
        self.assertEqual(ipv6_setting("all/forwarding"), "1")
        self.assertEqual(ipv6_setting("lan0/accept_ra"), "2")
        self.assertEqual(self.inside("web", "cat", "/proc/sys/net/ipv6/conf/eth0/accept_ra"), "0\n")
        self.stack("down", "-t", "0")
        self.assertEqual(ipv6_setting("all/forwarding"), "0")
        self.assertEqual(ipv6_setting("lan0/accept_ra"), "1")

    def test_a_new_supervisor_goes_on_with_it(self):
        self.serve()
        os.kill(self.supervisor(), signal.SIGKILL)
        stacktest.eventually(lambda: self.pids_named("stack-superviso"), "a new supervisor")
        self.await_page("http://[::1]:8080/", "page\n")
        self.await_page(f"http://[{HOST6}]:8080/", "page\n", from_lan=True)
        self.stack("restart", "-t", "0", "other")
        self.inside("other", "ping", "-6", "-c", "1", "-W", "5", "web")

    def test_two_stacks_do_not_see_one_another(self):
        self.serve()
        other = self.write("other/stack.yaml", """
            name: other
            services: {a: {image: "box:1", command: sleep 1001}}
            networks: {default: {enable_ipv6: true}}
        """)
        self.stack("-f", str(other), "up", "-d")
        self.stack("-f", str(other), "exec", "-T", "a", "ping", "-6", "-c", "1", "-W", "5", NEIGHBOUR6)
        result = self.stack("-f", str(other), "exec", "-T", "a", "ping", "-6", "-c", "1", "-W", "1",
                            self.own6("web"), expect=None)
        self.assertNotEqual(result.code, 0)

    def test_a_network_with_ipv6_joins_a_stack_that_runs_without(self):
        text = """
            services:
              a: {image: "box:1", command: sleep 1001}
            networks: {default: {}, six: {enable_ipv6: true}}
        """
        self.up(text)
        self.write_stack(text.replace("networks:", """  b: {image: "box:1", command: sleep 1002, networks: [six]}
            networks:""", 1))
        self.stack("up", "-d")
        self.inside("b", "ping", "-6", "-c", "1", "-W", "5", NEIGHBOUR6)

    def test_a_machine_without_ipv6_says_so_at_the_line(self):
        setting = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
        setting.write_text("1")
        try:
            self.refused("""
                services: {a: {image: "box:1", command: sleep 1}}
                networks:
                  default:
                    enable_ipv6: true
            """, "stack.yaml:4:")
            self.assertIn("switched off", self.stack("doctor", expect=None).out)
        finally:
            setting.write_text("0")
            subprocess.run(["ip", "-6", "address", "add", f"{HOST6}/64", "dev", "lan0", "nodad"],
                           check=True)
            subprocess.run(["ip", "-6", "route", "replace", "default", "via", NEIGHBOUR6], check=True)


def can_make(kind):
    """Whether this kernel has links of a kind."""
    made = subprocess.run(["ip", "link", "add", "link", "lan0", "name", "trial0", "type", kind],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0
    if made:
        subprocess.run(["ip", "link", "del", "trial0"], check=True)
    return made


class Direct(OptionsTest):
    def setUp(self):
        super().setUp()
        if not can_make("macvlan"):
            self.skipTest("this kernel has no macvlan")

    def test_a_container_is_a_neighbour_of_the_lan(self):
        result = self.up(f"""
            services:
              web:
                image: box:1
                command: {SERVE}
                ports: ["8080:80"]
              other: {{image: "box:1", command: sleep 1002}}
            networks:
              default:
                driver: macvlan
                driver_opts: {{parent: lan0}}
                ipam:
                  config:
                    - {{subnet: 198.51.100.0/24, ip_range: 198.51.100.128/25, gateway: 198.51.100.1}}
        """)
        self.assertIn("ports of service", result.err)
        address = self.address("web")[0].split("/")[0]
        self.assertEqual(address, "198.51.100.129")
        self.await_page(f"http://{address}/", "page\n", from_lan=True)
        self.inside("other", "ping", "-c", "1", "-W", "5", world.NEIGHBOUR_ADDRESS)
        self.inside("other", "ping", "-c", "1", "-W", "5", "web")

    def test_it_goes_on_under_a_new_supervisor(self):
        self.up("""
            services:
              a: {image: "box:1", command: sleep 1001}
              b: {image: "box:1", command: sleep 1002}
            networks: {default: {driver: macvlan, internal: true, enable_ipv6: true}}
        """)
        os.kill(self.supervisor(), signal.SIGKILL)
        stacktest.eventually(lambda: self.pids_named("stack-superviso"), "a new supervisor")
        self.stack("restart", "-t", "0", "b")
        self.inside("a", "ping", "-c", "1", "-W", "5", "b")
        self.inside("a", "ping", "-6", "-c", "1", "-W", "5", "b")

    def test_a_container_takes_over_at_once_from_the_one_before(self):
        self.up("""
            services: {a: {image: "box:1", command: sleep 1001}}
            networks: {default: {driver: macvlan, internal: true}}
        """)
        before = self.address("a")
        for _ in range(5):
            self.stack("restart", "-t", "0", "a")
        self.assertEqual(self.address("a"), before)

    def test_an_internal_one_needs_no_device(self):
        self.up("""
            services:
              a: {image: "box:1", command: sleep 1001}
              b: {image: "box:1", command: sleep 1002}
            networks: {default: {driver: macvlan, internal: true}}
        """)
        self.inside("a", "ping", "-c", "1", "-W", "5", "b")
        self.assertEqual(self.routes("a"), [])

    def test_a_device_that_is_not_there_is_told_at_its_line(self):
        self.refused("""
            services: {a: {image: "box:1", command: sleep 1}}
            networks:
              default:
                driver: macvlan
                driver_opts:
                  parent: eth77
        """, "stack.yaml:6:15: error: network")

    def test_what_the_kernel_lacks_is_said(self):
        if can_make("ipvlan"):
            self.skipTest("this kernel has ipvlan")
        self.write_stack("""
            services: {a: {image: "box:1", command: sleep 1}}
            networks: {default: {driver: ipvlan, driver_opts: {parent: lan0}}}
        """)
        self.assertIn("this kernel has no ipvlan", self.stack("up", "-d", expect=None).err)


class Replicas(OptionsTest):
    def test_each_takes_a_port_of_the_range_and_an_address_of_its_own(self):
        self.up(f"""
            services:
              other: {{image: "box:1", command: sleep 1001}}
              web:
                image: box:1
                command: {SERVE}
                scale: 3
                ports: ["8080-8082:80"]
            networks: {{default: {{ipam: {{config: [{{subnet: 10.77.0.0/24}}]}}}}}}
        """)
        for port in (8080, 8081, 8082):
            self.await_page(f"http://127.0.0.1:{port}/", "page\n")
        addresses = {self.stack("exec", "-T", "--index", str(number), "web", "hostname", "-i").out.split()[0]
                     for number in (1, 2, 3)}
        self.assertEqual(addresses, {"10.77.0.3", "10.77.0.4", "10.77.0.5"})
        self.assertEqual(self.address("other"), ["10.77.0.2/24"])


class Sctp(OptionsTest):
    def test_it_is_published_or_refused(self):
        self.write_stack("""
            services: {a: {image: "box:1", command: sleep 1001, ports: ["9000:9000/sctp"]}}
        """)
        result = self.stack("up", "-d", expect=None)
        if "sctp" in Path("/proc/net/protocols").read_text().lower():
            self.assertEqual(result.code, 0, result)
        else:
            self.assertNotEqual(result.code, 0, result)
            self.assertIn("this kernel has no SCTP", result.err)
            self.assertIn("stack.yaml:1:", result.err)


if __name__ == "__main__":
    stacktest.main()
